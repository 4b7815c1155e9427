"""SQuAD's scores against `evaluate-v2.0.py`, written again in plain Python."""

from __future__ import annotations

import math
import re
import string
from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from distill.metrics import Thresholds, best_thresholds, score_task
from distill.recipe import KINDS

# evaluate sets up an Arrow table for each call, a few milliseconds
many = settings(deadline=None, max_examples=100)
# both sides work in float64 and add up in another order
CLOSE = {"rel": 1e-9, "abs": 1e-9}


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


def raw_scores(answer: str, golds: list[str]) -> tuple[float, float]:
    """`get_raw_scores`: exact match and F1."""
    kept = [gold for gold in golds if squad_normalise(gold)] or [""]
    exact = max(int(squad_normalise(gold) == squad_normalise(answer)) for gold in kept)
    return exact, max(squad_f1(gold, answer) for gold in kept)


def mean(values: list[float]) -> float:
    return 100.0 * sum(values) / len(values) if values else 0.0


def squad(answers: list[str], golds: list[list[str]]) -> dict[str, float]:
    """`make_eval_dict` over all questions, those with answers, and those without."""
    pairs = zip(answers, golds, strict=True)
    scored = [(bool(all_golds), *raw_scores(answer, all_golds)) for answer, all_golds in pairs]
    return {
        "exact_match": mean([exact for _, exact, _ in scored]),
        "f1": mean([f1 for _, _, f1 in scored]),
        "has_answer_exact": mean([exact for has, exact, _ in scored if has]),
        "has_answer_f1": mean([f1 for has, _, f1 in scored if has]),
        "no_answer_exact": mean([exact for has, exact, _ in scored if not has]),
    }


WORDS = st.sampled_from(
    ["a", "The", "an", "cat", "Cat's", "dog,", "U.S.", "é", "É", "«x»", "...", "theatre", "5%"]
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
    scores = score_task("span_extraction", KINDS["span_extraction"].metrics, answers, golds)
    assert scores == pytest.approx(squad(answers, golds), **CLOSE)


def at_threshold(
    threshold: float, odds: list[float], texts: list[str], golds: list[list[str]], which: int
) -> float:
    """Return the mean score where odds above the threshold mean no answer."""
    answers = [text if odd <= threshold else "" for odd, text in zip(odds, texts, strict=True)]
    return mean([raw_scores(*row)[which] for row in zip(answers, golds, strict=True)])


ODDS = st.integers(-3, 3).map(float) | st.just(math.inf) | st.floats(-5, 5)
ROWS = st.tuples(ODDS, ANSWERS, st.lists(ANSWERS, max_size=2))


@many
@given(st.lists(ROWS, min_size=1, max_size=10))
@example([(0.0, "cat", []), (0.0, "cat", ["cat"])])
@example([(-1.0, "the", []), (-1.0, "", ["cat"]), (2.0, "cat", ["the"])])
def test_thresholds_are_the_best_of_all_and_give_their_score(
    rows: list[tuple[float, str, list[str]]],
) -> None:
    odds, texts, golds = (
        [odd for odd, _, _ in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
    )
    found = best_thresholds(odds, texts, golds)
    pairs = [
        (found.best_exact, found.best_exact_threshold),
        (found.best_f1, found.best_f1_threshold),
    ]
    for which, (best, threshold) in enumerate(pairs):
        values = [at_threshold(one, odds, texts, golds, which) for one in [-math.inf, *odds]]
        assert best == pytest.approx(max(values), **CLOSE)
        assert best == pytest.approx(at_threshold(threshold, odds, texts, golds, which), **CLOSE)


def find_best_thresh(
    odds: list[float], texts: list[str], scores: list[float], golds: list[list[str]]
) -> tuple[float, float]:
    """`find_best_thresh` of `evaluate-v2.0.py`."""
    current = best = float(sum(not gold for gold in golds))
    threshold = 0.0
    for place in sorted(range(len(odds)), key=lambda row: odds[row]):
        if golds[place]:
            current += scores[place]
        elif texts[place]:
            current -= 1
        if current > best:
            best, threshold = current, odds[place]
    return 100.0 * best / len(odds), threshold


@pytest.mark.parametrize("seed", range(20))
def test_thresholds_of_distinct_positive_odds_are_the_official_ones(seed: int) -> None:
    generator = np.random.default_rng(seed)
    answers, all_golds = ["cat", "red cat", "dog", ""], [[], ["cat"], ["red cat", "dog"]]
    texts = [answers[place] for place in generator.integers(4, size=200)]
    golds = [all_golds[place] for place in generator.integers(3, size=200)]
    # unanswerable rows have larger odds, more so with larger seeds
    odds = [generator.random() + seed / 20 * (not gold) for gold in golds]
    scores = [raw_scores(*row) for row in zip(texts, golds, strict=True)]
    exact, f1 = (
        find_best_thresh(odds, texts, [score[which] for score in scores], golds)
        for which in range(2)
    )
    assert best_thresholds(odds, texts, golds) == pytest.approx(Thresholds(*exact, *f1), **CLOSE)
