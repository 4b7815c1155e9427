"""What predictions and references of each kind must look like."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from distill.recipe import Kind


def checked(kind: Kind, predictions: Any, references: Any) -> tuple[Any, Any]:
    """Return both sides in the types that the kind's module takes.

    Raises:
        ValueError: no rows, unequal lengths, or values of another type.
    """
    check_given, check_expected = _CHECKS[kind]
    given = check_given(predictions, "predictions")
    expected = check_expected(references, "references")
    if len(given) != len(expected):
        raise ValueError(f"{len(given)} predictions for {len(expected)} references")
    if kind == "multi_label" and given.shape != expected.shape:
        raise ValueError(f"predictions of {given.shape[1]} labels for {expected.shape[1]}")
    if kind == "multiple_choice" and not ((expected >= 0) & (expected < given.shape[1])).all():
        raise ValueError(f"references must be numbers of the {given.shape[1]} candidates, from 0")
    if kind == "tagging":
        for row, (tags, golds) in enumerate(zip(given, expected, strict=True)):
            if len(tags) != len(golds):
                raise ValueError(f"row {row}: {len(tags)} predicted tags for {len(golds)} words")
    return given, expected


def _numbers(values: Any, what: str, *, types: str, columns: bool = False) -> NDArray[Any]:
    """Return whole (`iu`), 0 or 1 (`biu`), or finite (`iuf`) numbers, in `columns` or one a row."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{what} have rows of different lengths") from error
    if array.ndim != 1 + columns or not array.size or (columns and array.shape[1] < 2):
        wanted = "a table of two columns or more" if columns else "one row of numbers"
        raise ValueError(f"{what} have the shape {array.shape}; they must be {wanted}")
    if array.dtype.kind not in types:
        wanted = "finite" if "f" in types else "whole"
        raise ValueError(f"{what} are {array.dtype}; they must be {wanted} numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} have values that are not finite")
    if "b" in types and not np.isin(array, (0, 1)).all():
        raise ValueError(f"{what} have values other than 0 and 1")
    return array.astype(np.float64 if "f" in types else np.int64)


def _texts(values: Any, what: str) -> list[str]:
    rows = list(values)
    if not rows:
        raise ValueError(f"there are no {what}")
    if not all(isinstance(text, str) for text in rows):
        raise ValueError(f"{what} must be texts")
    return rows


def _lists_of_texts(values: Any, what: str, *, least: int = 0) -> list[list[str]]:
    rows = list(values)
    if not rows:
        raise ValueError(f"there are no {what}")
    for row, texts in enumerate(rows):
        if not _is_list_of_texts(texts):
            raise ValueError(f"{what} must be lists of texts; row {row} is {texts!r}")
        if len(texts) < least:
            raise ValueError(f"{what} must have a text in every row; row {row} has none")
    return [list(texts) for texts in rows]


def _is_list_of_texts(texts: Any) -> bool:
    iterable = isinstance(texts, Iterable) and not isinstance(texts, str)
    return iterable and all(isinstance(text, str) for text in texts)


_CLASSES: Final = partial(_numbers, types="iu")
_LABELS: Final = partial(_numbers, types="biu", columns=True)
_VALUES: Final = partial(_numbers, types="iuf")
_SCORES: Final = partial(_numbers, types="iuf", columns=True)
_CHECKS: Final[dict[Kind, tuple[Callable[..., Any], Callable[..., Any]]]] = {
    "classification": (_CLASSES, _CLASSES),
    "multi_label": (_LABELS, _LABELS),
    "regression": (_VALUES, _VALUES),
    "span_extraction": (_texts, _lists_of_texts),
    "tagging": (_lists_of_texts, _lists_of_texts),
    "multiple_choice": (_SCORES, _CLASSES),
    "extractive_summary": (_texts, partial(_lists_of_texts, least=1)),
}
