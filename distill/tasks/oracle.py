"""Which sentences of a document make the best extractive summary: labels to learn from."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa
from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Words = list[str]
    Counts = Counter[tuple[str, ...]]


def with_oracle(table: pa.Table, most: int, name: str) -> pa.Table:
    """Return `table` of sentences and summaries with the oracle's choice as `label`, 0 or 1.

    Args:
        table: Columns `sentences` and `summaries`; a row without summaries has zeros.
        most: Sentences chosen at most.
        name: The task's, for the progress bar.
    """
    words = _words_of()
    rows = zip(table["sentences"].to_pylist(), table["summaries"].to_pylist(), strict=True)
    bar = tqdm(rows, f"oracle {name}", total=table.num_rows, delay=2, leave=False, disable=None)
    labels = [
        _oracle(list(map(words, sentences)), list(map(words, summaries)), most)
        for sentences, summaries in bar
    ]
    return table.append_column("label", pa.array(labels, pa.list_(pa.int32())))


def _words_of() -> Callable[[str], Words]:
    """Return ROUGE's own words of a text, stemmed as in the score."""
    from rouge_score.tokenizers import DefaultTokenizer  # noqa: PLC0415  # imports nltk: seconds

    # A text has the words of its parts between white space, and most parts come again.
    of_part = cache(DefaultTokenizer(use_stemmer=True).tokenize)
    return lambda text: [word for part in text.split() for word in of_part(part)]


def _oracle(sentences: Sequence[Words], references: Sequence[Words], most: int) -> list[int]:
    """Return 1 for the sentences that greedy search takes (Nallapati et al. 2017, section 3).

    Each step takes the sentence that raises the score most, the first of equals, until none does.
    """
    counted = [(_ngrams(words, 1), _ngrams(words, 2)) for words in references]
    chosen: list[int] = []
    best = 0.0
    while len(chosen) < min(most, len(sentences)):
        score, negative = max(
            (_score(_joined(sentences, [*chosen, place]), counted), -place)
            for place in range(len(sentences))
            if place not in chosen
        )
        if score <= best:
            break
        best = score
        chosen.append(-negative)
    return [int(place in chosen) for place in range(len(sentences))]


def _joined(sentences: Sequence[Words], chosen: Sequence[int]) -> Words:
    return [word for place in sorted(chosen) for word in sentences[place]]


def _score(words: Words, references: Sequence[tuple[Counts, Counts]]) -> float:
    """Return the mean of ROUGE-1 and ROUGE-2 F with the reference that fits best."""
    one, two = _ngrams(words, 1), _ngrams(words, 2)
    means = ((_f(one, of_one) + _f(two, of_two)) / 2 for of_one, of_two in references)
    return max(means, default=0.0)


def _ngrams(words: Words, size: int) -> Counts:
    return Counter(zip(*(words[start:] for start in range(size)), strict=False))


def _f(found: Counts, wanted: Counts) -> float:
    total = found.total() + wanted.total()
    return 2 * (found & wanted).total() / total if total else 0.0
