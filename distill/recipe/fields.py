"""What recipe sections share: their base, and types of fields with their limits."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

NAME: Final = r"^[a-z][a-z0-9_-]{0,62}$"
COMMIT: Final = r"^[0-9a-f]{40}$"
SHA256: Final = r"^[0-9a-f]{64}$"
PATTERNS_IN_WORDS: Final = {
    NAME: "a lower-case letter, then at most 62 of a-z, 0-9, `_` and `-`",
    COMMIT: "a full commit id: 40 of 0-9 and a-f",
    SHA256: "64 of 0-9 and a-f",
}

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(gt=0)]
Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=NAME)]
Commit = Annotated[str, Field(pattern=COMMIT)]
Sha256 = Annotated[str, Field(pattern=SHA256)]


class Section(BaseModel):
    """Base of every section: unknown keys refused, strict types, no NaN, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Item = TypeVar("Item")


def _distinct(values: list[Item]) -> list[Item]:
    repeated = next((value for place, value in enumerate(values) if value in values[:place]), None)
    if repeated is not None:
        raise ValueError(f"has {repeated!r} twice; each entry must be different.")
    return values


def _ascending(values: list[int]) -> list[int]:
    ascending = sorted(set(values))
    if values != ascending:
        raise ValueError(f"is {values}; layers must ascend, each once: {ascending}.")
    return values


_UNIQUE = Field(json_schema_extra={"uniqueItems": True})
Distinct = Annotated[list[Item], Field(min_length=1), AfterValidator(_distinct), _UNIQUE]
Labels = Annotated[list[Text], Field(min_length=2), AfterValidator(_distinct), _UNIQUE]
Layers = Annotated[
    list[Annotated[int, Field(ge=0)]], Field(min_length=1), AfterValidator(_ascending), _UNIQUE
]
