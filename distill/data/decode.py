"""From logits to answers: decoding, best spans over windows, a teacher's scores per character.

Shapes: T tokens of one feature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.special import softmax

from distill.soft_labels import NO_ANSWER, Ragged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from distill.data.task_data import TaskData

CANDIDATES: Final = 20
"""Starts and ends that are paired in each window, as in BERT's own SQuAD decoder."""


def decode(
    data: TaskData, logits: Sequence[NDArray[np.floating]]
) -> NDArray[np.generic] | list[str]:
    """Return one prediction per row as metrics take it: class index, value, or answer text."""
    match data.info.kind:
        case "span_extraction":
            return best_answers(data, logits)
        case "regression":
            return np.stack(logits)[:, 0]
        case _:
            classes: NDArray[np.intp] = np.stack(logits).argmax(axis=1)
            return classes


def prediction_rows(data: TaskData, logits: Sequence[NDArray[np.floating]]) -> list[dict[str, Any]]:
    """Return a mapping per row: `id`, `prediction`, and for classes `probabilities` by name."""
    ids, predictions = data.rows["id"].to_pylist(), decode(data, logits)
    if data.info.kind != "classification":
        values = predictions if isinstance(predictions, list) else predictions.tolist()
        return [{"id": key, "prediction": value} for key, value in zip(ids, values, strict=True)]
    scores = softmax(np.stack(logits), axis=-1).tolist()
    return [
        {
            "id": key,
            "prediction": data.info.labels[int(best)],
            "probabilities": {
                name: round(value, 6) for name, value in zip(data.info.labels, row, strict=True)
            },
        }
        for key, best, row in zip(ids, predictions, scores, strict=True)
    ]


def best_answers(data: TaskData, logits_T2: Sequence[NDArray[np.floating]]) -> list[str]:
    """Return for each row the text of its best span over all its windows; "" means no answer.

    A span's score is start + end logit. Where the task has unanswerable questions, "" wins when the
    smallest score of the classification token over the windows is above the best span's (Devlin et
    al. 2019, section 4.3).
    """
    count = data.rows.num_rows
    score, null = np.full(count, -np.inf), np.full(count, np.inf)
    place: NDArray[np.int64] = np.zeros((count, 2), dtype=np.int64)
    for feature, row in enumerate(data.row_of_feature):
        char_start, char_end = data.chars(feature)
        logits = logits_T2[feature].astype(np.float32)
        null[row] = min(null[row], float(logits[0].sum()))
        found = _best_span(logits, char_start, data.info.max_answer_length)
        if found is not None and found[0] > score[row]:
            score[row] = found[0]
            place[row] = char_start[found[1]], char_end[found[2]]
    contexts = data.rows["context"].to_pylist()
    return [
        ""
        if data.info.unanswerable and null[row] > score[row]
        else contexts[row][place[row, 0] : place[row, 1]]
        for row in range(count)
    ]


def _best_span(
    logits_T2: NDArray[np.floating], char_start: NDArray[np.int32], longest: int
) -> tuple[float, int, int] | None:
    inside = np.flatnonzero(char_start >= 0)
    if not len(inside):
        return None
    starts = inside[np.argsort(-logits_T2[inside, 0], kind="stable")[:CANDIDATES]]
    ends = inside[np.argsort(-logits_T2[inside, 1], kind="stable")[:CANDIDATES]]
    width = ends[None, :] - starts[:, None]
    total = logits_T2[starts, 0][:, None] + logits_T2[ends, 1][None, :]
    total = np.where((width >= 0) & (width < longest), total, -np.inf)
    best = np.unravel_index(int(total.argmax()), total.shape)
    if not np.isfinite(total[best]):
        return None
    return float(total[best]), int(starts[best[0]]), int(ends[best[1]])


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
        for feature, of_row in enumerate(data.row_of_feature):
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
