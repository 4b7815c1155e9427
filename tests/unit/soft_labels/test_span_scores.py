"""The teacher's distribution over a context, seen through one window."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from distill.soft_labels import NO_ANSWER, Ragged, SpanLabels

CHARS = np.array([NO_ANSWER, 0, 4, 9, 15], dtype=np.int32)
LOGITS = np.array([1.5, -2.0, 4.0, 0.5, 3.0], dtype=np.float32)
OTHER = np.array([0.0, 9.0], dtype=np.float32)
SIDE = Ragged(
    np.array([0, 2, 7]),
    np.concatenate([[NO_ANSWER, 4], CHARS]).astype(np.int32),
    np.concatenate([OTHER, LOGITS]),
)
TEMPERATURES = pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 8.0])
CLOSE = {"rtol": 1e-5, "atol": 1e-7}
"""Scores near 5 are right to 2e-7 in float32, and to twice that in an exponent at T = 0.5."""


def distribution(chars: list[int], temperature: float, side: Ragged = SIDE) -> np.ndarray:
    """Return the probabilities of row 1 in the window `chars`, "not here" first."""
    scores = SpanLabels(side, side).scores(side, 1, np.array(chars, dtype=np.int32), temperature)
    assert scores.dtype == np.float32
    return softmax(scores.astype(np.float64) / temperature)


@TEMPERATURES
def test_a_window_over_everything_has_the_teachers_own_softmax(temperature: float) -> None:
    teacher = softmax(LOGITS.astype(np.float64) / temperature)

    np.testing.assert_allclose(distribution([0, 4, 9, 15], temperature), teacher, **CLOSE)


@TEMPERATURES
@pytest.mark.parametrize("window", [[0], [4, 9], [9, 15], []])
def test_what_lies_outside_the_window_belongs_to_no_answer(
    window: list[int], temperature: float
) -> None:
    teacher = dict(
        zip(CHARS.tolist(), softmax(LOGITS.astype(np.float64) / temperature), strict=True)
    )
    inside = [teacher[char] for char in window]

    found = distribution(window, temperature)

    np.testing.assert_allclose(found, [1 - sum(inside), *inside], **CLOSE)
    assert found.sum() == pytest.approx(1)


@TEMPERATURES
def test_all_windows_agree_on_a_character_they_share(temperature: float) -> None:
    left, right = distribution([0, 4, 9], temperature), distribution([9, 15], temperature)

    np.testing.assert_allclose(left[3], right[1], **CLOSE)


@pytest.mark.parametrize("unknown", [1, 5, 14, 16, 1000])
def test_characters_the_teacher_never_scored_have_no_probability(unknown: int) -> None:
    window = sorted([4, 9, unknown])
    found = distribution(window, 2.0)
    without = distribution([4, 9], 2.0)

    assert found[1 + window.index(unknown)] == 0
    np.testing.assert_allclose(np.delete(found, 1 + window.index(unknown)), without, **CLOSE)


def test_float16_scores_are_summed_in_float32() -> None:
    half = SIDE._replace(logits=SIDE.logits.astype(np.float16))

    # these logits are exact in float16
    assert distribution([4, 9], 2.0, half).tolist() == distribution([4, 9], 2.0).tolist()


def test_a_row_with_no_scored_character_is_all_no_answer() -> None:
    side = Ragged(np.array([0, 1, 2]), np.array([NO_ANSWER] * 2), np.array([0.5, 0.5]))

    assert distribution([0, 4], 1.0, side).tolist() == [1, 0, 0]


def test_tokens_of_one_character_share_its_mass() -> None:
    side = Ragged(
        np.array([0, 3]), np.array([-1, 0, 4], np.int32), np.array([0.0, 2.0, 1.0], np.float32)
    )
    chars = np.array([0, 0, 0, 4], np.int32)  # a Hangul syllable that the student cuts in three
    scores = SpanLabels(side, side).scores(side, 0, chars, temperature=2.0)
    teacher, student = softmax(np.array([0.0, 2.0, 1.0]) / 2), softmax(scores / 2)
    assert student[1:4].sum() == pytest.approx(teacher[1], rel=1e-6)  # float32
    assert student[[0, 4]] == pytest.approx(teacher[[0, 2]], rel=1e-6)
