"""SQuAD's answer comparison: text in, numbers from 0 to 1 out.

Equal to `evaluate-v2.0.py` of Rajpurkar et al. 2018: an answer that is nothing but articles and
punctuation counts as no answer.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_PUNCTUATION: Final = str.maketrans("", "", string.punctuation)
_ARTICLES: Final = re.compile(r"\b(a|an|the)\b")


def normalise_answer(text: str) -> str:
    """Return `text` in lower case without ASCII punctuation, English articles and extra spaces."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(prediction: str, golds: Sequence[str]) -> float:
    """Return 1 when `prediction` equals a gold, normalised; without golds, when it is empty."""
    given = normalise_answer(prediction)
    return float(given in _normalised(golds))


def f1_of_words(prediction: str, golds: Sequence[str]) -> float:
    """Return the best F1 of shared words over `golds`; 1 or 0 where either side has no words."""
    given = normalise_answer(prediction).split()
    return max(_f1(given, gold.split()) for gold in _normalised(golds))


def _normalised(golds: Sequence[str]) -> list[str]:
    return [gold for gold in map(normalise_answer, golds) if gold] or [""]


def _f1(given: list[str], gold: list[str]) -> float:
    if not given or not gold:
        return float(given == gold)
    shared = (Counter(given) & Counter(gold)).total()
    return 2 * shared / (len(given) + len(gold))
