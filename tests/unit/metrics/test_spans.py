from __future__ import annotations

import math
import re

import pytest

from distill.metrics import Thresholds, best_thresholds, compare_answer, normalise_answer


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Cat's\tpyjamas!", "cats pyjamas"),
        ("a an the", ""),
        ("A.N. Other", "other"),  # punctuation goes first, and what is left is an article
        ("theatre an-other", "theatre another"),
        ("U.S.A.", "usa"),
        ("«É» — ÀÇ", "«é» — àç"),  # only ASCII punctuation is removed
        ("...", ""),
        ("$5,000", "5000"),
        ("line\u00a0break\u2003x", "line break x"),
        ("", ""),
    ],
)
def test_normalisation_by_hand(text: str, normal: str) -> None:
    assert normalise_answer(text) == normal


@pytest.mark.parametrize(
    ("prediction", "golds", "exact", "f1"),
    [
        ("the cat", ["cat"], 1, 1),
        ("black cat", ["cat"], 0, 2 / 3),
        ("cat cat", ["cat"], 0, 2 / 3),  # a word counts as often as it is there on both sides
        ("cat cat", ["cat", "cat cat dog"], 0, 0.8),  # the best gold counts
        ("dog", ["cat"], 0, 0),
        ("", [], 1, 1),
        ("", ["cat"], 0, 0),
        ("cat", [], 0, 0),
        ("the", [], 1, 1),
        ("", ["", "cat"], 0, 0),  # an empty gold among others is ignored, as SQuAD does
        ("", ["the", "..."], 1, 1),
    ],
)
def test_scores_by_hand(prediction: str, golds: list[str], exact: float, f1: float) -> None:
    assert compare_answer(prediction, golds) == pytest.approx((exact, f1))


def test_best_thresholds_by_hand() -> None:
    found = best_thresholds(
        [-3.0, -1.0, 0.5, 2.0, 4.0],
        ["cat", "a red cat", "dog", "bird", "fish"],
        [["cat"], ["cat"], [], ["bird"], []],
    )
    # exact: nothing answered 2, then 3, 3, 2, 3, 2; F1: 2, then 3, 3 2/3, 2 2/3, 3 2/3, 2 2/3
    assert found == pytest.approx(Thresholds(60.0, -3.0, 100 * 11 / 15, -1.0))


@pytest.mark.parametrize(("odds", "threshold"), [([0.5, 2.0], 0.0), ([-1.0, 2.0], -1.0)])
def test_answering_nothing_can_be_best(odds: list[float], threshold: float) -> None:
    found = best_thresholds(odds, ["cat", "dog"], [[], ["bird"]])
    assert found.best_exact == found.best_f1 == 50.0
    assert found.best_exact_threshold == pytest.approx(threshold)
    assert found.best_exact_threshold < min(odds)


def test_rows_of_equal_odds_are_answered_together() -> None:
    found = best_thresholds([1.0, 1.0], ["cat", "dog"], [["cat"], []])
    assert found == Thresholds(50.0, 0.0, 50.0, 0.0)


def test_rows_without_a_span_have_infinite_odds() -> None:
    found = best_thresholds([math.inf, math.inf, 3.0], ["", "", "cat"], [["a"], [], ["cat"]])
    assert found == pytest.approx(Thresholds(100.0, 3.0, 100.0, 3.0))


@pytest.mark.parametrize(
    ("odds", "texts", "golds", "said"),
    [
        ([], [], [], "shape (0,) for 0 texts and 0 references"),
        ([1.0], ["a", "b"], [[], []], "shape (1,) for 2 texts and 2 references"),
        ([1.0], ["a"], [[], []], "shape (1,) for 1 texts and 2 references"),
        ([math.nan], ["a"], [[]], "not numbers"),
    ],
)
def test_thresholds_of_rows_that_do_not_fit(
    odds: list[float], texts: list[str], golds: list[list[str]], said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        best_thresholds(odds, texts, golds)
