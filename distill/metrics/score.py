"""One entry point for every score of every task."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from distill.metrics.checks import checked
from distill.recipe import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from distill.recipe import Kind


class Measured(NamedTuple):
    """Metrics in percent: on the examples, and `[draws]` on resamples of them."""

    scores: dict[str, float]
    draws: dict[str, NDArray[np.float64]]


def score_task(
    kind: Kind, metrics: Sequence[str], predictions: Any, references: Any
) -> dict[str, float]:
    """Return each of `metrics` in percent, in the given order; equal inputs give equal numbers.

    | kind | predictions | references |
    | --- | --- | --- |
    | classification | class numbers `[N]` | class numbers `[N]` |
    | multi_label | 0 or 1 per label `[N, C]` | 0 or 1 per label `[N, C]` |
    | regression | finite numbers `[N]` | finite numbers `[N]` |
    | span_extraction | `N` texts, empty for no answer | `N` lists of texts, empty: unanswerable |
    | tagging | `N` lists of tag names | `N` lists of tag names, as long |
    | multiple_choice | finite scores `[N, K]` | numbers of the right candidates `[N]` |
    | extractive_summary | `N` texts | `N` lists of texts, none empty |

    A metric that the rows leave undefined is 0: correlations and Matthews' coefficient of
    predictions or references that are all the same, F1 of what occurs on neither side.

    Raises:
        ValueError: unknown kind or metric, no rows, unequal lengths, or values of another type.
    """
    return _compute(kind, metrics, predictions, references)


def measure(
    kind: Kind,
    metrics: Sequence[str],
    predictions: Any,
    references: Any,
    *,
    draws: int = 1000,
    seed: int = 0,
) -> Measured:
    """Return `score_task`'s result, and each metric on `draws` resamples of the examples.

    The examples are compared once for both. A draw is the same resample for every metric, and for
    every system measured on the same rows with this seed: values of one draw may be averaged over
    metrics and subtracted between systems. `interval` turns draws into a confidence interval.

    Raises:
        ValueError: as `score_task`, or `draws` is below 1.
    """
    if draws < 1:
        raise ValueError(f"draws is {draws}; it must be 1 or more, usually 1000")
    result = _compute(kind, metrics, predictions, references, draws=draws, seed=seed)
    return Measured(draws=result.pop("draws"), scores=result)


def _compute(
    kind: Kind, metrics: Sequence[str], predictions: Any, references: Any, **bootstrap: int
) -> dict[str, Any]:
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; it must be one of {', '.join(KINDS)}")
    unknown = [name for name in metrics if name not in KINDS[kind].metrics]
    if unknown or not metrics:
        fitting = ", ".join(KINDS[kind].metrics)
        raise ValueError(f"metrics of {kind} are {fitting}; not {unknown or 'none'}")
    given, expected = checked(kind, predictions, references)
    # importing evaluate takes seconds, and only a run that measures needs it
    from distill.metrics.modules import MODULES  # noqa: PLC0415

    # evaluate makes its cache folder even when it keeps all rows in memory, by default in the home
    with TemporaryDirectory(prefix="distill-metrics-") as cache:
        module = MODULES[kind](keep_in_memory=True, cache_dir=cache, seed=0)
        result: dict[str, Any] = module.compute(
            predictions=given, references=expected, metrics=list(metrics), **bootstrap
        )
    return result
