"""Answers to questions: best spans over a context's windows, and scores per character.

Shapes: N rows, T tokens of one feature.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from distill.losses import MASKED
from distill.soft_labels import NO_ANSWER, Ragged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from distill.data.task_data import TaskData

CANDIDATES: Final = 20
"""Starts and ends that are paired in each window, as in BERT's own SQuAD decoder."""
N_BEST: Final = 5
"""Spans kept of each row."""


class Span(NamedTuple):
    """A span of the context and the sum of its start and end logit."""

    score: float
    text: str


class Answers(NamedTuple):
    """What a model answers: `best` spans of each row, best first, and odds `[N]` of "no answer".

    The odds are the smallest score of the classification token over the windows minus the best
    span's score (Devlin et al. 2019, section 4.3).
    """

    best: list[list[Span]]
    no_answer_odds: NDArray[np.float64]

    def texts(self) -> list[str]:
        """Return the best span of each row, "" where its windows hold none."""
        return [spans[0].text if spans else "" for spans in self.best]


def best_spans(data: TaskData, logits_T2: Sequence[NDArray[np.floating]]) -> Answers:
    """Return the best spans of each row over all its windows; the same text counts once."""
    count = data.rows.num_rows
    null = np.full(count, np.inf)
    found: list[dict[str, float]] = [{} for _ in range(count)]
    contexts = data.rows["context"].to_pylist()
    for feature, row in enumerate(data.row_of_item):
        char_start, char_end = data.chars(feature)
        logits = logits_T2[feature].astype(np.float32)
        null[row] = min(null[row], float(logits[0].sum()))
        for score, start, end in _window_spans(logits, char_start, data.info.max_answer_length):
            text = contexts[row][char_start[start] : char_end[end]]
            found[row][text] = max(score, found[row].get(text, -np.inf))
    best = [
        # ties keep the order in which spans were found
        [Span(score, text) for text, score in heapq.nlargest(N_BEST, spans.items(), _score)]
        for spans in found
    ]
    top = np.asarray([spans[0].score if spans else MASKED for spans in best])
    return Answers(best, null - top)


def _score(item: tuple[str, float]) -> float:
    return item[1]


def _window_spans(
    logits_T2: NDArray[np.floating], char_start: NDArray[np.int32], longest: int
) -> Iterator[tuple[float, int, int]]:
    """Yield score, first and last token of the window's `N_BEST` spans, best first."""
    inside = np.flatnonzero(char_start >= 0)
    if not len(inside):
        return
    starts = inside[np.argsort(-logits_T2[inside, 0], kind="stable")[:CANDIDATES]]
    ends = inside[np.argsort(-logits_T2[inside, 1], kind="stable")[:CANDIDATES]]
    width = ends[None, :] - starts[:, None]
    total = logits_T2[starts, 0][:, None] + logits_T2[ends, 1][None, :]
    total = np.where((width >= 0) & (width < longest), total, -np.inf)
    for flat in np.argsort(-total, axis=None, kind="stable")[:N_BEST]:
        start, end = np.unravel_index(flat, total.shape)
        if np.isfinite(total[start, end]):
            yield float(total[start, end]), int(starts[start]), int(ends[end])


def merge_windows(data: TaskData, logits_T2: Sequence[NDArray[np.floating]]) -> dict[str, Ragged]:
    """Return start and end scores of each row per character offset.

    A character's score is the log of its tokens' summed exponentials, and where windows overlap the
    largest of theirs; "no answer" (-1) has the classification token's smallest.
    """
    merged = {}
    for side, name in enumerate(("start", "end")):
        row: list[NDArray[np.int64]] = []
        char: list[NDArray[np.int64]] = []
        logit: list[NDArray[np.float32]] = []
        null = np.full(data.rows.num_rows, np.inf, dtype=np.float32)
        for feature, of_row in enumerate(data.row_of_item):
            chars = data.chars(feature)[side]
            inside = np.flatnonzero(chars >= 0)
            distinct, of_token = np.unique(chars[inside], return_inverse=True)
            scores = np.full(len(distinct), -np.inf, dtype=np.float32)
            np.logaddexp.at(scores, of_token, logits_T2[feature][inside, side].astype(np.float32))
            row.append(np.full(len(distinct), of_row, dtype=np.int64))
            char.append(distinct.astype(np.int64))
            logit.append(scores)
            null[of_row] = min(null[of_row], logits_T2[feature][0, side])
        row.append(np.arange(data.rows.num_rows))
        char.append(np.full(data.rows.num_rows, NO_ANSWER))
        logit.append(null)
        merged[name] = _largest_per_character(
            np.concatenate(row), np.concatenate(char), np.concatenate(logit)
        )
    return merged


def _largest_per_character(
    row: NDArray[np.int64], char: NDArray[np.int64], logit: NDArray[np.float32]
) -> Ragged:
    order = np.lexsort((-logit, char, row))
    row, char, logit = row[order], char[order], logit[order]
    first = np.ones(len(row), dtype=bool)
    first[1:] = (row[1:] != row[:-1]) | (char[1:] != char[:-1])
    row, char, logit = row[first], char[first], logit[first]
    rows = np.concatenate([[0], np.cumsum(np.bincount(row))]).astype(np.int64)
    return Ragged(rows, char.astype(np.int32), logit)
