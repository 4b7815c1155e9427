"""Every metric against its formula, written again here in plain Python and numpy."""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from distill.metrics import METRICS, score_task

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


def squad_normalise(answer: str) -> str:
    kept = [letter for letter in answer.lower() if letter not in set(string.punctuation)]
    words = re.sub(re.compile(r"\b(a|an|the)\b", re.UNICODE), " ", "".join(kept))
    return " ".join(words.split())


def squad_f1(gold: str, answer: str) -> float:
    gold_words, words = squad_normalise(gold).split(), squad_normalise(answer).split()
    common = Counter(gold_words) & Counter(words)
    same = sum(common.values())
    if len(gold_words) == 0 or len(words) == 0:
        return int(gold_words == words)
    if same == 0:
        return 0
    precision, recall = 1.0 * same / len(words), 1.0 * same / len(gold_words)
    return (2 * precision * recall) / (precision + recall)


def squad(answers: list[str], golds: list[list[str]]) -> dict[str, float]:
    """SQuAD's evaluate-v2.0.py, `get_raw_scores` and `make_eval_dict`."""
    exact, f1 = 0.0, 0.0
    for answer, all_golds in zip(answers, golds, strict=True):
        kept = [gold for gold in all_golds if squad_normalise(gold)] or [""]
        exact += max(int(squad_normalise(gold) == squad_normalise(answer)) for gold in kept)
        f1 += max(squad_f1(gold, answer) for gold in kept)
    return {"exact_match": 100.0 * exact / len(answers), "f1": 100.0 * f1 / len(answers)}


WORDS = st.sampled_from(
    [
        "a",
        "The",
        "an",
        "cat",
        "Cat's",
        "cat",
        "dog,",
        "U.S.",
        "é",
        "É",
        "«x»",
        "...",
        "theatre",
        "5%",
    ]
)
ANSWERS = st.lists(WORDS, max_size=6).map(" ".join) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=12
)


@many
@given(st.lists(st.tuples(ANSWERS, st.lists(ANSWERS, max_size=4)), min_size=1, max_size=8))
@example([("", [])])
@example([("", [""]), ("the", ["a"]), ("cat", []), ("", ["cat"])])
@example([("The Cat", ["dog", "a cat"]), ("İstanbul", ["i̇stanbul"]), ("ß", ["SS"])])
def test_spans_equal_the_official_algorithm(rows: list[tuple[str, list[str]]]) -> None:
    answers, golds = [answer for answer, _ in rows], [gold for _, gold in rows]
    scores = score_task("span_extraction", METRICS["span_extraction"], answers, golds)
    assert scores == pytest.approx(squad(answers, golds), **CLOSE)
