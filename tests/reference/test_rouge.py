"""ROUGE against its definition (Lin 2004), on words that stemming leaves alone."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from distill.metrics import score_task

NAMES = ["rouge1", "rouge2", "rougeL"]
# evaluate sets up an Arrow table for each call, a few milliseconds
many = settings(deadline=None, max_examples=100)
# both sides work in float64 and add up in another order
CLOSE = {"rel": 1e-9, "abs": 1e-9}


def words(text: str) -> tuple[str, ...]:
    return tuple(re.findall("[a-z0-9]+", text.lower()))


def f_measure(shared: int, one: int, other: int) -> float:
    return 2 * shared / (one + other) if shared else 0.0


def of_grams(one: tuple[str, ...], other: tuple[str, ...], length: int) -> float:
    first, second = (
        Counter(side[place : place + length] for place in range(len(side) - length + 1))
        for side in (one, other)
    )
    return f_measure((first & second).total(), first.total(), second.total())


@cache
def longest_common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    if not one or not other:
        return 0
    if one[0] == other[0]:
        return 1 + longest_common(one[1:], other[1:])
    return max(longest_common(one[1:], other), longest_common(one, other[1:]))


def rouge(text: str, golds: list[str]) -> list[float]:
    pairs = [(words(text), words(gold)) for gold in golds]
    return [
        max(of_grams(*pair, 1) for pair in pairs),
        max(of_grams(*pair, 2) for pair in pairs),
        max(f_measure(longest_common(*pair), *map(len, pair)) for pair in pairs),
    ]


# stemming starts at four letters
WORDS = st.sampled_from(["cat", "Cat", "dog,", "a", "the", "5%", "x-y", "é", "naï", "...", "¿no?"])
TEXTS = st.lists(WORDS, max_size=9).map(" ".join)


@many
@given(st.lists(st.tuples(TEXTS, st.lists(TEXTS, min_size=1, max_size=3)), min_size=1, max_size=5))
@example([("", [""])])
@example([("", ["cat"]), ("cat", [""]), ("...", ["..."])])
@example([("cat", ["cat"])])
@example([("cat cat cat", ["cat"]), ("a b c d", ["d c b a"])])
@example([("cat dog", ["cat", "dog cat", "x cat dog"])])
def test_summaries_equal_the_definition(rows: list[tuple[str, list[str]]]) -> None:
    scores = score_task(
        "extractive_summary", NAMES, [text for text, _ in rows], [golds for _, golds in rows]
    )
    each = [rouge(*row) for row in rows]
    expected = [100 * sum(column) / len(rows) for column in zip(*each, strict=True)]
    assert scores == pytest.approx(dict(zip(NAMES, expected, strict=True)), **CLOSE)


def test_summary_by_hand() -> None:
    # 3 words of 4 and 6; 1 pair of 3 and 5; "the gun" in order
    scores = score_task(
        "extractive_summary", NAMES, ["police end the gun"], [["the gun was of the police"]]
    )
    assert scores == pytest.approx({"rouge1": 60.0, "rouge2": 25.0, "rougeL": 40.0})


def test_words_are_compared_by_their_stem() -> None:
    scores = score_task(
        "extractive_summary", NAMES, ["connected dogs"], [["Connection of connecting dog"]]
    )
    # connect dog, connect of connect dog: 2 words of 2 and 4; 1 pair of 1 and 3; both in order
    assert scores == pytest.approx({"rouge1": 200 / 3, "rouge2": 50.0, "rougeL": 200 / 3})
