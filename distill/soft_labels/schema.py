"""Names, versions and types of the soft-label files of one task and split.

`<split>.safetensors` has `example_id` int64 `[N]` and
    classification, multi-label, regression, multiple choice
        `logits` `[N, C]`, of candidates `[N, K]`
    tagging, extractive summary: ragged over rows, one entry per word or sentence
        `unit_rows` int64 `[N + 1]`      where each row's entries begin and end
        `logits` `[P, C]`
    span extraction: for each side (start, end), ragged over rows
        `<side>_rows` int64 `[N + 1]`    where each row's entries begin and end
        `<side>_chars` int32 `[P]`       character offsets into the context; -1 is "no answer"
        `<side>_logits` `[P]`
`<split>.json` is the header below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from distill.recipe import Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT: Final = 1
NO_ANSWER: Final = -1
SIDES: Final = ("start", "end")


class Ragged(NamedTuple):
    """Scores over character offsets.

    Row i has `chars` and `logits` `[rows[i]:rows[i + 1]]`, sorted by offset.
    """

    rows: NDArray[np.int64]
    chars: NDArray[np.int32]
    logits: NDArray[np.floating]


class SoftLabelHeader(BaseModel):
    """Whose soft labels these are, and for which rows."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1] = FORMAT
    task: str
    split: str
    kind: Kind
    label_names: list[str]
    teacher: str
    data: str
    dtype: Literal["float16", "float32"]
    rows: Annotated[int, Field(ge=1)]
    sha256: str = ""
