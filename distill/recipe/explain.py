"""Validation errors in the user's words: what it is, what it must be, what to do next."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Union, get_args, get_origin

from distill.recipe.document import Key, dotted
from distill.recipe.fields import PATTERNS_IN_WORDS
from distill.recipe.schema import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic_core import ErrorDetails

SHOWN_CHARACTERS: Final = 60

_EXPECTED: Final = {
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "finite_number": "a finite number",
    "string_too_short": "text that is not empty",
}
_EXPECTED_TYPE: Final = {
    "int_type": "a whole number",
    "int_parsing_size": "a whole number of reasonable size",
    "float_type": "a number",
    "string_type": "text",
    "list_type": "a list, such as [a, b]",
    "dict_type": "a section of keys and values",
    "model_type": "a section of keys and values",
}
_TYPE_NAMES: Final = {
    NoneType: "nothing",
    bool: "a truth value",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a section",
}


@dataclass(frozen=True)
class Problem:
    """One broken rule: the key it stands at, the sentence, and what to drop to check the rest."""

    key: Key
    sentence: str
    drop: Key


def did_you_mean(given: object, allowed: Sequence[str], *, otherwise: str) -> str:
    """Return `did you mean 'close'?`, or `otherwise` and all that is allowed."""
    close = get_close_matches(str(given), allowed, n=1)
    return f"did you mean {close[0]!r}?" if close else f"{otherwise} {', '.join(allowed)}."


def shown(value: object) -> str:
    """Return `value` as it would be written in the recipe, on one line and short."""
    if isinstance(value, float):
        return f"{value:g}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


def explain(error: ErrorDetails) -> Problem:
    """Return the problem that `error`, of validating a `Recipe`, reports."""
    site, kind, value = _locate(error), error["type"], error["input"]
    if kind in _SPECIAL:
        return _SPECIAL[kind](site, error)
    if kind in _EXPECTED_TYPE:
        found, expected = f"{shown(value)} ({_TYPE_NAMES[type(value)]})", _EXPECTED_TYPE[kind]
    else:
        limits = {name: shown(limit) for name, limit in error.get("ctx", {}).items()}
        found, expected = shown(value), _EXPECTED.get(kind, error["msg"]).format(**limits)
    return site.problem(f"is {found}; it must be {expected}.{_rewrite(kind, value)}")


@dataclass(frozen=True)
class _Site:
    """Where an error is: its key, the type of the section around it, and its own type."""

    key: Key
    section: Any
    annotation: Any
    is_name: bool  # the key itself is wrong, not what stands under it

    def problem(self, predicate: str) -> Problem:
        return Problem(self.key, f"{dotted(self.key) or 'the recipe'} {predicate}", self.key)

    def bad_name(self, predicate: str) -> Problem:
        where = f"{dotted(self.key[:-1])}: " if self.key[:-1] else ""
        return Problem(self.key, f"{where}{predicate}", self.key)


def _rewrite(kind: str, value: object) -> str:
    if kind in {"int_type", "float_type"} and isinstance(value, str):
        try:
            number = float(value.replace(",", "."))
        except ValueError:
            return ""
        return f" Write {number:g}, without quotes." if math.isfinite(number) else ""
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f' Put it in quotes: "{shown(value)}".'
    if kind in {"model_type", "dict_type"} and value is None:
        return " Write {} for one without keys."
    return ""


def _missing(site: _Site, _: ErrorDetails) -> Problem:
    description = site.section.model_fields[site.key[-1]].description
    advice = f": {description}" if description else "; add this section."
    return Problem(site.key, f"{dotted(site.key)} is missing{advice}", site.key[:-1])


def _unknown_key(site: _Site, _: ErrorDetails) -> Problem:
    return _not_among(site, [*site.section.model_fields])


def _not_among(site: _Site, allowed: Sequence[str]) -> Problem:
    advice = did_you_mean(site.key[-1], allowed, otherwise="the keys here are")
    return site.bad_name(f"unknown key {site.key[-1]!r}; {advice}")


def _choice(site: _Site, error: ErrorDetails) -> Problem:
    choices = [str(choice) for choice in get_args(site.annotation)]
    if site.is_name:
        return _not_among(site, choices)
    given = error["input"]
    close = get_close_matches(str(given), choices, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return site.problem(f"is {shown(given)}; it must be {_one_of(choices)}.{hint}")


def _tag(site: _Site, error: ErrorDetails) -> Problem:
    choices = _one_of([_tag_of(member) for member in _members(site.annotation)])
    key, given = (*site.key, "type"), error["input"].get("type")
    found = "missing" if given is None else shown(given)
    return Problem(key, f"{dotted(key)} is {found}; it must be {choices}.", site.key)


def _pattern(site: _Site, error: ErrorDetails) -> Problem:
    words = PATTERNS_IN_WORDS[error["ctx"]["pattern"]]
    if site.is_name:
        return site.bad_name(f"{site.key[-1]!r} is no name; a name is {words}.")
    return site.problem(f"is {shown(error['input'])}; it must be {words}.")


def _too_short(site: _Site, error: ErrorDetails) -> Problem:
    found, needed = error["ctx"]["actual_length"], error["ctx"]["min_length"]
    return site.problem(f"has {found} entries; it needs at least {needed}.")


def _rule(site: _Site, error: ErrorDetails) -> Problem:
    return site.problem(str(error["ctx"]["error"]))


_SPECIAL: Final[dict[str, Callable[[_Site, ErrorDetails], Problem]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "literal_error": _choice,
    "union_tag_invalid": _tag,
    "union_tag_not_found": _tag,
    "string_pattern_mismatch": _pattern,
    "too_short": _too_short,
    "value_error": _rule,
}


def _locate(error: ErrorDetails) -> _Site:
    """Follow the error's path through the schema, leaving out the steps that are pydantic's own."""
    steps = error["loc"]
    is_name = steps[-1:] == ("[key]",) and error["type"] in {
        "literal_error",
        "string_pattern_mismatch",
    }
    key: Key = ()
    section: Any = None
    annotation: Any = Recipe
    for step in steps[:-1] if is_name else steps:
        members = _members(annotation)
        if len(members) > 1:  # a discriminated union: the step is the tag
            annotation = next(member for member in members if _tag_of(member) == step)
        else:
            key, section, annotation = (*key, step), members[0], _inside(members[0], step)
    own = get_args(section)[0] if is_name else annotation
    members = _members(own)
    return _Site(key, section, members[0] if len(members) == 1 else own, is_name)


def _members(annotation: Any) -> list[Any]:
    """Return the alternatives of a type: `Annotated[A | B, ...] | None` has A and B."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return [inner for member in get_args(annotation) for inner in _members(member)]
    return [] if annotation is NoneType else [annotation]


def _inside(section: Any, step: str | int) -> Any:
    if get_origin(section) in {dict, list}:
        return get_args(section)[-1]
    fields = section.model_fields
    return fields[step].annotation if step in fields else Any


def _tag_of(member: Any) -> str:
    tag: str = get_args(member.model_fields["type"].annotation)[0]
    return tag


def _one_of(choices: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(choices[:-1]), choices[-1]]))
