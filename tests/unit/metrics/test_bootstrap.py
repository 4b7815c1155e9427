"""A draw is the score of examples drawn with replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from distill.metrics import Measured, interval, measure, score_task, statistics
from distill.metrics.modules import MODULES
from distill.recipe import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from distill.recipe import Kind

NAMES = ["cat", "cats", "dog", "a", "the", "bird", "sitting", ""]
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


Random = np.random.Generator


def lists(random: Random, values: list[str], lengths: list[int]) -> list[list[str]]:
    return [random.choice(values, length).tolist() for length in lengths]


def spans(random: Random, count: int) -> tuple[Any, Any]:
    golds = lists(random, NAMES, random.integers(0, 3, count).tolist())
    return random.choice(NAMES, count).tolist(), golds


def tagged(random: Random, count: int) -> tuple[Any, Any]:
    lengths = random.integers(1, 5, count).tolist()
    return lists(random, TAGS, lengths), lists(random, TAGS, lengths)


def summaries(random: Random, count: int) -> tuple[Any, Any]:
    one, two, three = (
        [" ".join(words) for words in lists(random, NAMES, [4] * count)] for _ in "123"
    )
    return one, [list(pair) for pair in zip(two, three, strict=True)]


# ties, rare classes and draws that leave a metric undefined are among them
MAKE: dict[Kind, Callable[[Random, int], tuple[Any, Any]]] = {
    "classification": lambda random, count: tuple(random.integers(0, 2, (2, count))),
    "multi_label": lambda random, count: tuple(
        (random.random((2, count, 4)) < [0.02, 0.1, 0.5, 0.9]).astype(int)
    ),
    "regression": lambda random, count: tuple(random.integers(0, 4, (2, count)) / 3),
    "span_extraction": spans,
    "tagging": tagged,
    "multiple_choice": lambda random, count: (
        random.integers(0, 3, (count, 3)) / 2,
        random.integers(0, 3, count),
    ),
    "extractive_summary": summaries,
}


def rows(kind: Kind, count: int) -> tuple[Any, Any]:
    return MAKE[kind](np.random.default_rng(count), count)


def taken(values: Any, indices: Any) -> Any:
    if isinstance(values, np.ndarray):
        return values[indices]
    return [values[index] for index in indices]


@pytest.mark.parametrize("count", [1, 2, 5, 40])
@pytest.mark.parametrize("kind", KINDS)
def test_each_draw_is_the_score_of_the_drawn_rows(kind: Kind, count: int) -> None:
    given, expected = rows(kind, count)
    names, draws, seed = KINDS[kind].metrics, 8, 3

    measured = measure(kind, names, given, expected, draws=draws, seed=seed)

    assert measured.scores == score_task(kind, names, given, expected)
    samples = np.random.default_rng(seed).integers(count, size=(draws, count))
    for draw, indices in enumerate(samples):
        score = score_task(kind, names, taken(given, indices), taken(expected, indices))
        drawn = {name: values[draw] for name, values in measured.draws.items()}
        # sums in another order, then a square root of a difference
        assert drawn == pytest.approx(score, rel=1e-9, abs=1e-9)


def test_macro_f1_and_matthews_of_many_classes_are_of_the_drawn_rows() -> None:
    random = np.random.default_rng(0)
    given, expected = random.integers(0, 7, (2, 30))
    names = ["accuracy", "macro_f1", "matthews"]
    measured = measure("classification", names, given, expected, draws=20)
    for draw, indices in enumerate(np.random.default_rng(0).integers(30, size=(20, 30))):
        score = score_task("classification", names, given[indices], expected[indices])
        drawn = {name: values[draw] for name, values in measured.draws.items()}
        assert drawn == pytest.approx(score, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_of_one_give_the_score(kind: Kind) -> None:
    given, expected = rows(kind, 300)
    names = KINDS[kind].metrics
    scores = score_task(kind, names, given, expected)
    every = {
        name: 100 * float(one.of_weights(np.ones((1, 300)))[0])
        for name, one in MODULES[kind].statistics(given, expected, names).items()
    }
    # the same sums in another order
    assert every == pytest.approx(scores, rel=1e-12, abs=1e-12)


def test_draws_do_not_depend_on_the_size_of_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    given, expected = rows("regression", 30)
    metrics = KINDS["regression"].metrics
    whole = measure("regression", metrics, given, expected, draws=50)
    monkeypatch.setattr(statistics, "_CELLS_OF_A_CHUNK", 7 * 30)
    chunked = measure("regression", metrics, given, expected, draws=50)
    assert all((whole.draws[name] == chunked.draws[name]).all() for name in metrics)


def accuracy(right: int, of: int, **more: int) -> Measured:
    """Return the accuracy of `right` right rows and then wrong ones."""
    given = (np.arange(of) >= right).astype(int)
    return measure("classification", ["accuracy"], given, np.zeros(of, int), **more)


def test_half_width_of_an_accuracy_is_that_of_the_binomial() -> None:
    low, high = interval(accuracy(1600, 2000, draws=4000).draws["accuracy"])
    half = 1.96 * 100 * np.sqrt(0.8 * 0.2 / 2000)
    # a percentile of 4,000 draws is off by 2% of the half-width or so
    assert (low, high) == pytest.approx((80 - half, 80 + half), abs=0.06 * half)


def test_interval_covers_the_truth_nineteen_times_in_twenty() -> None:
    random = np.random.default_rng(0)
    found = [
        interval(accuracy(int(right), 300, draws=400).draws["accuracy"])
        for right in random.binomial(300, 0.7, 200)
    ]
    covered = sum(low <= 70 <= high for low, high in found)
    assert 180 <= covered <= 198  # of 200; 190 +- 3 standard deviations, and discrete counts


def test_same_seed_same_bytes_other_seed_other_draws() -> None:
    first, again, other = (accuracy(70, 100, seed=seed).draws["accuracy"] for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_two_systems_are_drawn_alike() -> None:
    expected = np.arange(500) % 2
    better, worse = expected.copy(), expected.copy()
    better[:100] ^= 1
    worse[:110] ^= 1
    draws = [
        measure("classification", ["accuracy"], given, expected).draws["accuracy"]
        for given in (better, worse)
    ]
    low, high = interval(draws[0] - draws[1])
    assert 0 < low < 2 < high  # each alone is uncertain by 3.5 points


@pytest.mark.parametrize(
    ("kind", "metric"), [("regression", "pearson"), ("regression", "spearman")]
)
@pytest.mark.parametrize("same", [0.0, 0.1, 1e9])
def test_a_constant_side_draws_zeros(kind: Kind, metric: str, same: float) -> None:
    measured = measure(kind, [metric], np.full(50, same), np.arange(50.0), draws=20)
    assert (measured.draws[metric] == 0).all()


def test_interval_is_of_percentiles() -> None:
    assert interval(np.arange(101.0), level=0.9) == pytest.approx((5.0, 95.0))
    assert interval([3.0]) == (3.0, 3.0)


@pytest.mark.parametrize(("values", "level"), [([], 0.95), ([1.0], 0.0), ([1.0], 1.0), ([1.0], 95)])
def test_interval_of_nothing_or_at_no_level_is_refused(values: list[float], level: float) -> None:
    with pytest.raises(ValueError, match="a level between 0 and 1"):
        interval(values, level)


@pytest.mark.parametrize("draws", [0, -1])
def test_no_draws_are_refused(draws: int) -> None:
    with pytest.raises(ValueError, match=f"draws is {draws}; it must be 1 or more"):
        accuracy(1, 2, draws=draws)
