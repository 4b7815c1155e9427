"""Metrics as functions of how often each example counts, which is what the bootstrap varies.

D draws, N examples, C classes or labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

# a handful of float64 arrays of this many cells are alive at a time: about 100 MB
_CELLS_OF_A_CHUNK: Final = 2_000_000
# scipy's bound: a spread below this share of the mean is rounding
_ROUNDING: Final = np.finfo(np.float64).eps ** 0.75


@dataclass(frozen=True)
class Statistic:
    """A metric of some examples: 1 is perfect.

    `of_weights` maps whole weights `[D, N]`, each row of which sums to N, to values `[D]`; weights
    of one give `point`.
    """

    point: float
    of_weights: Callable[[Floats], Floats]


def ratio_of_sums(top: ArrayLike, bottom: ArrayLike, point: float | None = None) -> Statistic:
    """Return sum(top) / sum(bottom) over examples `[N]`, and 0 when the bottom sums to 0.

    Of `[N, C]` it is the mean over the columns whose bottom does not sum to 0. Means, F1 and
    macro F1 are of this form. A `point` that a library has computed is taken as it is.
    """
    top_NC, bottom_NC = (np.asarray(side, np.float64) for side in (top, bottom))
    rows = len(top_NC)
    both = np.hstack([top_NC.reshape(rows, -1), bottom_NC.reshape(rows, -1)])

    def of_weights(weights_DN: Floats) -> Floats:
        top_DC, bottom_DC = np.hsplit(weights_DN @ both, 2)
        there_DC = bottom_DC > 0
        ratios_DC = np.divide(top_DC, bottom_DC, out=np.zeros_like(top_DC), where=there_DC)
        return np.asarray(ratios_DC.sum(1) / np.maximum(there_DC.sum(1), 1))

    return Statistic(
        float(of_weights(np.ones((1, rows)))[0]) if point is None else point, of_weights
    )


def matthews(given_NC: Floats, expected_NC: Floats, point: float) -> Statistic:
    """Return Matthews' coefficient of one-hot classes: R_K of Gorodkin 2004, 0 if undefined."""
    right_N = (given_NC * expected_NC).sum(1)

    def of_weights(weights_DN: Floats) -> Floats:
        rows_D = weights_DN.sum(1)
        given_DC, expected_DC = weights_DN @ given_NC, weights_DN @ expected_NC
        covariance_D = weights_DN @ right_N * rows_D - (given_DC * expected_DC).sum(1)
        spreads = [rows_D**2 - (side**2).sum(1) for side in (given_DC, expected_DC)]
        spread_D = np.sqrt(spreads[0]) * np.sqrt(spreads[1])
        return np.asarray(
            np.divide(covariance_D, spread_D, out=np.zeros_like(rows_D), where=spread_D > 0)
        )

    return Statistic(point, of_weights)


def correlation(given_N: Floats, expected_N: Floats, point: float) -> Statistic:
    """Return Pearson's correlation, 0 when either side is the same but for rounding."""
    return Statistic(point, lambda weights_DN: _pearson(weights_DN, given_N, expected_N))


def rank_correlation(given_N: Floats, expected_N: Floats, point: float) -> Statistic:
    """Return Spearman's correlation: Pearson's of ranks, ties at their mean rank in each draw."""
    ranks = [_ranking(side_N) for side_N in (given_N, expected_N)]
    return Statistic(
        point, lambda weights_DN: _pearson(weights_DN, *(rank(weights_DN) for rank in ranks))
    )


def _ranking(values_N: Floats) -> Callable[[Floats], Floats]:
    """Return what maps weights `[D, N]` to the mean ranks `[D, N]` of `values_N`."""
    _, group_N, sizes = np.unique(values_N, return_inverse=True, return_counts=True)
    order_N = np.argsort(group_N, kind="stable")
    starts = np.cumsum(sizes) - sizes

    def ranks(weights_DN: Floats) -> Floats:
        of_group = np.add.reduceat(weights_DN[:, order_N], starts, axis=1)
        # copies of a group of weight w have the ranks total - w + 1 .. total
        return np.asarray((np.cumsum(of_group, axis=1) - (of_group - 1) / 2)[:, group_N])

    return ranks


def _pearson(weights_DN: Floats, x: Floats, y: Floats) -> Floats:
    """Return Pearson's correlation `[D]` of `x` and `y`, each `[N]` or `[D, N]`."""
    centred, norms_D, defined_D = [], [], np.ones(len(weights_DN), bool)
    for values in (x, y):
        mean_D1 = (weights_DN * values).sum(1, keepdims=True) / weights_DN.sum(1, keepdims=True)
        centred_DN = values - mean_D1
        norm_D = np.sqrt((weights_DN * centred_DN**2).sum(1))
        defined_D &= norm_D > _ROUNDING * np.abs(mean_D1[:, 0])
        centred.append(centred_DN)
        norms_D.append(norm_D)
    covariance_D = (weights_DN * centred[0] * centred[1]).sum(1)
    correlation_D = np.divide(
        covariance_D, norms_D[0] * norms_D[1], out=np.zeros_like(covariance_D), where=defined_D
    )
    return np.asarray(np.clip(correlation_D, -1, 1))


def resample(
    statistics: Mapping[str, Statistic], rows: int, draws: int, seed: int
) -> dict[str, Floats]:
    """Return each statistic on `draws` resamples of the examples with replacement (Efron 1979).

    A draw is the same resample for every statistic, and for every system measured on as many rows
    with this seed: values of one draw may be averaged and subtracted.
    """
    generator = np.random.default_rng(seed)
    values = {name: np.empty(draws) for name in statistics}
    chunk = max(1, _CELLS_OF_A_CHUNK // rows)
    for start in range(0, draws, chunk):
        weights_DN = _weights(generator, min(chunk, draws - start), rows)
        for name, statistic in statistics.items():
            values[name][start : start + chunk] = statistic.of_weights(weights_DN)
    return values


def _weights(generator: np.random.Generator, draws: int, rows: int) -> Floats:
    """Return how often each example is drawn, `[D, N]`."""
    # counting indices is several times faster than `generator.multinomial`
    indices_DN = generator.integers(rows, size=(draws, rows)) + rows * np.arange(draws)[:, None]
    counts = np.bincount(indices_DN.ravel(), minlength=draws * rows)
    return counts.reshape(draws, rows).astype(np.float64)


def interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Return the percentiles between which the share `level` of the draws lies, as many each side.

    Raises:
        ValueError: there are no values, or the level is not between 0 and 1.
    """
    drawn = np.asarray(values, np.float64)
    if not drawn.size or not 0 < level < 1:
        raise ValueError(
            f"an interval of {drawn.size} values at level {level}; it takes one value or more, "
            "and a level between 0 and 1 such as 0.95"
        )
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
