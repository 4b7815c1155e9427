from __future__ import annotations

import pytest

from distill.metrics import exact_match, f1_of_words, normalise_answer


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
    assert exact_match(prediction, golds) == exact
    assert f1_of_words(prediction, golds) == pytest.approx(f1)
