"""Every metric against its formula, written again here in plain Python and numpy."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from distill.metrics import score_task

# evaluate sets up an Arrow table for each call, a few milliseconds
many = settings(deadline=None, max_examples=100)
# both sides work in float64 and add up in another order
CLOSE = {"rel": 1e-9, "abs": 1e-9}


def confusion(given: list[int], expected: list[int], classes: list[int]) -> list[list[int]]:
    pairs = Counter(zip(expected, given, strict=True))
    return [[pairs[row, column] for column in classes] for row in classes]


def f1_of_class(given: list[int], expected: list[int], which: int) -> float:
    both = sum(g == e == which for g, e in zip(given, expected, strict=True))
    total = given.count(which) + expected.count(which)
    return 2 * both / total if total else 0.0


def matthews(given: list[int], expected: list[int]) -> float:
    """Gorodkin 2004: the R_K statistic, from the confusion matrix."""
    classes = sorted({*given, *expected})
    table = confusion(given, expected, classes)
    rows, right = len(given), sum(table[k][k] for k in range(len(classes)))
    true = [sum(row) for row in table]
    predicted = [sum(column) for column in zip(*table, strict=True)]
    covariance = right * rows - sum(t * p for t, p in zip(true, predicted, strict=True))
    spread = (rows**2 - sum(p * p for p in predicted)) * (rows**2 - sum(t * t for t in true))
    return covariance / math.sqrt(spread) if spread else 0.0


def classification(given: list[int], expected: list[int]) -> dict[str, float]:
    classes = {*given, *expected}
    f1s = [f1_of_class(given, expected, which) for which in classes]
    right = sum(g == e for g, e in zip(given, expected, strict=True))
    return {
        "accuracy": 100 * right / len(given),
        "macro_f1": 100 * sum(f1s) / len(classes),
        "matthews": 100 * matthews(given, expected),
        **({"f1": 100 * f1_of_class(given, expected, 1)} if classes <= {0, 1} else {}),
    }


def labels(classes: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    one = st.integers(0, classes - 1)
    return st.lists(st.tuples(one, one), min_size=1, max_size=40)


@many
@given(st.integers(1, 5).flatmap(labels))
@example([(0, 0)])
@example([(1, 1)] * 5)
@example([(0, 1)] * 5)
@example([(0, 0), (0, 1)])
@example([(0, 0), (1, 0)])
@example([(0, 1), (1, 0)])
@example([(0, 0), (2, 2), (1, 2)])
def test_classification_equals_its_formulas(rows: list[tuple[int, int]]) -> None:
    predictions, references = [g for g, _ in rows], [e for _, e in rows]
    expected = classification(predictions, references)
    scores = score_task("classification", [*expected], np.array(predictions), np.array(references))
    assert scores == pytest.approx(expected, **CLOSE)


def test_classification_of_many_random_rows() -> None:
    generator = np.random.default_rng(0)
    references = generator.integers(0, 3, 5000)
    predictions = np.where(generator.random(5000) < 0.7, references, generator.integers(0, 3, 5000))
    expected = classification(predictions.tolist(), references.tolist())
    scores = score_task("classification", [*expected], predictions, references)
    assert scores == pytest.approx(expected, **CLOSE)


def test_mrpc_by_hand() -> None:
    # 4 true positives, 1 false positive, 2 false negatives, 3 true negatives
    predictions = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
    references = np.array([1, 1, 1, 1, 0, 1, 1, 0, 0, 0])
    scores = score_task("classification", ["accuracy", "f1"], predictions, references)
    assert scores == pytest.approx({"accuracy": 70.0, "f1": 100 * 8 / 11}, **CLOSE)


def test_cola_by_hand() -> None:
    # the same table: (4 * 3 - 1 * 2) / sqrt(5 * 6 * 4 * 5)
    predictions = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
    references = np.array([1, 1, 1, 1, 0, 1, 1, 0, 0, 0])
    scores = score_task("classification", ["matthews"], predictions, references)
    assert scores == pytest.approx({"matthews": 100 * 10 / math.sqrt(600)}, **CLOSE)


def pearson(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> float:
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / math.sqrt((x * x).sum() * (y * y).sum()))


def ranks(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return 1-based ranks, ties at their mean, by counting."""
    below = (values[None, :] < values[:, None]).sum(1)
    equal = (values[None, :] == values[:, None]).sum(1)
    return np.asarray(below + (equal + 1) / 2)


# sixteenths are exact, so that ties are ties and nothing is constant but for rounding
SIXTEENTHS = st.integers(-80, 80).map(lambda number: number / 16)


@many
@given(st.lists(st.tuples(SIXTEENTHS, SIXTEENTHS), min_size=2, max_size=40))
@example([(0.0, 1.0), (0.0, 2.0), (1.0, 2.0)])
@example([(1.0, 1.0), (1.0, 1.0)])
@example([(1.0, 1.0), (1.0, 2.0)])
@example([(1.0, 1.0), (2.0, 1.0)])
def test_regression_equals_its_formulas(rows: list[tuple[float, float]]) -> None:
    predictions, references = np.array(rows).T
    constant = len({*predictions}) == 1 or len({*references}) == 1
    expected = {
        "pearson": 0.0 if constant else 100 * pearson(predictions, references),
        "spearman": 0.0 if constant else 100 * pearson(ranks(predictions), ranks(references)),
    }
    assert score_task("regression", [*expected], predictions, references) == pytest.approx(
        expected, **CLOSE
    )


def test_regression_of_many_random_rows() -> None:
    generator = np.random.default_rng(0)
    references = generator.integers(0, 26, 1500) / 5  # STS-B's gold scores have many ties
    predictions = (references + generator.normal(0, 1, 1500)).astype(np.float32)
    wide = predictions.astype(np.float64)
    expected = {
        "pearson": 100 * pearson(wide, references),
        "spearman": 100 * pearson(ranks(wide), ranks(references)),
    }
    scores = score_task("regression", ["pearson", "spearman"], predictions, references)
    assert scores == pytest.approx(expected, **CLOSE)


@pytest.mark.parametrize("same", [[2.5, 2.5, 2.5], [1e9, 1e9 + 1e-6, 1e9]])
def test_a_collapsed_regressor_scores_zero_without_a_warning(same: list[float]) -> None:
    assert score_task("regression", ["pearson"], np.array(same), np.array([1.0, 2, 3])) == {
        "pearson": 0.0
    }


def test_one_row_has_no_correlation() -> None:
    scores = score_task("regression", ["pearson", "spearman"], np.array([1.0]), np.array([2.0]))
    assert scores == {"pearson": 0.0, "spearman": 0.0}


def multi_label(given: list[list[int]], expected: list[list[int]]) -> dict[str, float]:
    columns = [*zip(map(list, zip(*given, strict=True)), zip(*expected, strict=True), strict=True)]
    f1s = [f1_of_class(one, list(other), 1) for one, other in columns if 1 in {*one, *other}]
    flat = [[label for row in table for label in row] for table in (given, expected)]
    return {
        "micro_f1": 100 * f1_of_class(flat[0], flat[1], 1),
        "macro_f1": 100 * sum(f1s) / len(f1s) if f1s else 0.0,
        "accuracy": 100 * sum(map(list.__eq__, given, expected)) / len(given),
    }


def label_tables(labels: int) -> st.SearchStrategy[list[tuple[list[int], list[int]]]]:
    row = st.lists(st.integers(0, 1), min_size=labels, max_size=labels)
    return st.lists(st.tuples(row, row), min_size=1, max_size=12)


@many
@given(st.integers(2, 5).flatmap(label_tables))
@example([([0, 0], [0, 0])])
@example([([1, 1], [1, 1])])
@example([([0, 1], [1, 0])])
@example([([0, 0, 1], [0, 0, 1]), ([0, 0, 0], [0, 0, 1])])
def test_multi_label_equals_its_formulas(rows: list[tuple[list[int], list[int]]]) -> None:
    predictions, references = [given for given, _ in rows], [expected for _, expected in rows]
    expected = multi_label(predictions, references)
    scores = score_task("multi_label", [*expected], predictions, references)
    assert scores == pytest.approx(expected, **CLOSE)


def test_multi_label_by_hand() -> None:
    # labels: 1 of 2 + 1 given, 1 of 1 + 2, none of 1 + 0; the last label occurs nowhere
    predictions = [[1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    references = [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    scores = score_task(
        "multi_label", ["micro_f1", "macro_f1", "accuracy"], predictions, references
    )
    assert scores == pytest.approx(
        {"micro_f1": 100 * 4 / 7, "macro_f1": 100 * 4 / 9, "accuracy": 100 / 3}, **CLOSE
    )


def choice(scores: list[list[float]], right: list[int]) -> dict[str, float]:
    ranks = []
    for row, index in zip(scores, right, strict=True):
        ranking = sorted(range(len(row)), key=lambda place: (-row[place], place))
        ranks.append(1 + ranking.index(index))
    return {
        "recall_at_1": 100 * ranks.count(1) / len(ranks),
        "recall_at_2": 100 * (ranks.count(1) + ranks.count(2)) / len(ranks),
        "mrr": 100 * sum(1 / rank for rank in ranks) / len(ranks),
    }


def candidate_tables(candidates: int) -> st.SearchStrategy[list[tuple[list[float], int]]]:
    scores = st.lists(SIXTEENTHS, min_size=candidates, max_size=candidates)
    return st.lists(st.tuples(scores, st.integers(0, candidates - 1)), min_size=1, max_size=12)


@many
@given(st.integers(2, 5).flatmap(candidate_tables))
@example([([0.0, -0.0], 0), ([0.0, -0.0], 1)])
@example([([1.0, 1.0, 1.0], 0), ([1.0, 1.0, 1.0], 2)])
@example([([-1.0, 2.0, 2.0], 2)])
def test_choice_equals_its_formulas(rows: list[tuple[list[float], int]]) -> None:
    predictions, references = [scores for scores, _ in rows], [right for _, right in rows]
    expected = choice(predictions, references)
    scores = score_task("multiple_choice", [*expected], predictions, references)
    assert scores == pytest.approx(expected, **CLOSE)
