"""One entry point for every score of every task."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

METRICS: Final = {
    "classification": ("accuracy", "f1", "macro_f1", "matthews"),
    "regression": ("pearson", "spearman"),
    "span_extraction": ("exact_match", "f1"),
}


def score_task(
    kind: str, metrics: Sequence[str], predictions: Any, references: Any
) -> dict[str, float]:
    """Return each of `metrics` in percent, in the given order; equal inputs give equal numbers.

    | kind | predictions | references |
    | --- | --- | --- |
    | classification | class numbers `[N]` | class numbers `[N]` |
    | regression | finite numbers `[N]` | finite numbers `[N]` |
    | span_extraction | `N` texts, empty for no answer | `N` lists of texts, empty: unanswerable |

    Correlations and Matthews' coefficient are 0 when predictions or references are all the same.

    Raises:
        ValueError: unknown kind or metric, no rows, unequal lengths, or values of another type.
    """
    if kind not in METRICS:
        raise ValueError(f"kind is {kind!r}; it must be one of {', '.join(METRICS)}")
    unknown = [name for name in metrics if name not in METRICS[kind]]
    if unknown or not metrics:
        fitting = ", ".join(METRICS[kind])
        raise ValueError(f"metrics of {kind} are {fitting}; not {unknown or 'none'}")
    check = _check_spans if kind == "span_extraction" else _check_numbers
    given, expected = check(kind, predictions, "predictions"), check(kind, references, "references")
    if len(given) != len(expected):
        raise ValueError(f"{len(given)} predictions for {len(expected)} references")
    return _compute(kind, metrics, given, expected)


def _compute(kind: str, metrics: Sequence[str], given: Any, expected: Any) -> dict[str, float]:
    # importing evaluate takes seconds, and only a run that measures needs it
    from distill.metrics.modules import MODULES  # noqa: PLC0415

    # evaluate makes its cache folder even when it keeps all rows in memory, by default in the home
    with TemporaryDirectory(prefix="distill-metrics-") as cache:
        module = MODULES[kind](keep_in_memory=True, cache_dir=cache, seed=0)
        scores: dict[str, float] = module.compute(
            predictions=given, references=expected, metrics=list(metrics)
        )
    return scores


def _check_numbers(kind: str, values: Any, what: str) -> np.ndarray[Any, Any]:
    array = np.asarray(values)
    wanted = "whole" if kind == "classification" else "finite"
    if array.ndim != 1 or not array.size:
        raise ValueError(f"{what} have the shape {array.shape}; they must be one row of numbers")
    if array.dtype.kind not in ("iu" if wanted == "whole" else "iuf"):
        raise ValueError(f"{what} are {array.dtype}; they must be {wanted} numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} have values that are not finite")
    return array.astype(np.int64 if wanted == "whole" else np.float64)


def _check_spans(kind: str, values: Any, what: str) -> list[Any]:
    del kind
    rows = list(values)
    if not rows:
        raise ValueError(f"there are no {what}")
    texts = rows if what == "predictions" else [gold for golds in rows for gold in golds]
    one_text = what == "references" and any(isinstance(golds, str) for golds in rows)
    if one_text or not all(isinstance(text, str) for text in texts):
        wanted = "texts" if what == "predictions" else "lists of texts"
        raise ValueError(f"{what} must be {wanted}")
    return rows if what == "predictions" else [list(golds) for golds in rows]
