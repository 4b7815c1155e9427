"""SQuAD's answer comparison: text in, numbers from 0 to 1 out.

Equal to `evaluate-v2.0.py` of Rajpurkar et al. 2018: an answer that is nothing but articles and
punctuation counts as no answer. SQuAD 1.1's own script lets an empty answer match a gold such as
"."; 3 of its 10,570 validation rows have one.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

_PUNCTUATION: Final = str.maketrans("", "", string.punctuation)
_ARTICLES: Final = re.compile(r"\b(a|an|the)\b")


def normalise_answer(text: str) -> str:
    """Return `text` in lower case without ASCII punctuation, English articles and extra spaces."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def compare_answer(prediction: str, golds: Iterable[str]) -> tuple[float, float]:
    """Return exact match, and the F1 of shared words, of `prediction` and the gold nearest to it.

    Texts are normalised. Without golds, or where none has words, only an empty prediction is right.
    """
    given = normalise_answer(prediction)
    expected = [gold for gold in map(normalise_answer, golds) if gold] or [""]
    words = given.split()
    return float(given in expected), max(_f1(words, gold.split()) for gold in expected)


def _f1(given: list[str], gold: list[str]) -> float:
    if not given or not gold:
        return float(given == gold)
    shared = (Counter(given) & Counter(gold)).total()
    return 2 * shared / (len(given) + len(gold))


def compare_answers(
    predictions: Iterable[str], references: Iterable[Iterable[str]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return `compare_answer` of each row: exact match `[N]` and F1 `[N]`."""
    exact_f1_N2 = np.array(list(map(compare_answer, predictions, references))).reshape(-1, 2)
    return exact_f1_N2[:, 0], exact_f1_N2[:, 1]


class Thresholds(NamedTuple):
    """The best scores in percent, and the odds of "no answer" up to which rows are answered."""

    best_exact: float
    best_exact_threshold: float
    best_f1: float
    best_f1_threshold: float


def best_thresholds(
    no_answer_odds: ArrayLike, texts: Sequence[str], references: Sequence[Sequence[str]]
) -> Thresholds:
    """Return the best exact match and F1 in percent, and the thresholds that give them.

    A row is answered with its text when its odds of "no answer" are at most the threshold, else
    left unanswered; the lowest of equally good thresholds counts. `evaluate-v2.0.py` finds the same
    where odds are positive and distinct and no text is mere articles. Elsewhere its threshold may
    miss its score; here rows of equal odds stay together, and the threshold that leaves every row
    unanswered lies below all odds.

    Args:
        no_answer_odds: `[N]`, the null answer's score less that of the best span.
        texts: the best span of each row.
        references: golds of each row; none: unanswerable.

    Raises:
        ValueError: no rows, unequal lengths, or odds that are not numbers.
    """
    odds_N = np.asarray(no_answer_odds, np.float64)
    if odds_N.shape != (len(texts),) or len(texts) != len(references) or not len(texts):
        raise ValueError(
            f"no-answer odds have the shape {odds_N.shape} for {len(texts)} texts and "
            f"{len(references)} references; each row must have one of each"
        )
    if np.isnan(odds_N).any():
        raise ValueError("no-answer odds have values that are not numbers")
    order_N = np.argsort(odds_N, kind="stable")
    sorted_N = odds_N[order_N]
    lowest = sorted_N[0]
    none_answered = 0.0 if lowest > 0 else np.nextafter(lowest, -np.inf)
    thresholds = np.append(none_answered, sorted_N)
    ends_a_tie = np.append(thresholds[1:] != thresholds[:-1], True)
    answered = compare_answers(texts, references)
    unanswered = compare_answers([""] * len(texts), references)
    best: list[float] = []
    for kept_N, null_N in zip(answered, unanswered, strict=True):
        totals = np.cumsum(np.append(null_N.sum(), (kept_N - null_N)[order_N]))
        place = int(np.argmax(np.where(ends_a_tie, totals, -np.inf)))
        best += [100 * float(totals[place]) / len(texts), float(thresholds[place])]
    return Thresholds(*best)
