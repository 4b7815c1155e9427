"""From logits to predictions, by the kind of task."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, softmax

from distill.data.spans import best_spans
from distill.data.units import merge_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from distill.data.task_data import TaskData


def decode(
    data: TaskData, logits: Sequence[NDArray[np.floating]], *, threshold: float = 0.0
) -> Any:
    """Return one prediction per row as metrics take it.

    | kind | prediction |
    | --- | --- |
    | classification | index |
    | multi-label | 0 or 1 per label: 1 where the logit is above `threshold`; 0 is a half |
    | regression | value |
    | multiple choice | score per candidate |
    | spans | text; "" where there may be no answer and its odds are above `threshold` |
    | tagging | tag names, one per word |
    | summaries | the text of the chosen sentences |
    """
    match data.info.kind:
        case "span_extraction":
            answers = best_spans(data, logits)
            none = data.info.unanswerable & (answers.no_answer_odds > threshold)
            return ["" if no else text for no, text in zip(none, answers.texts(), strict=True)]
        case "tagging":
            rows, units_PC = merge_units(data, logits)
            tags = [data.info.labels[tag] for tag in units_PC.argmax(axis=1)]
            return [tags[first:end] for first, end in pairwise(rows)]
        case "extractive_summary":
            return _summaries(data, chosen_sentences(data, logits))
        case "classification":
            return np.stack(logits).argmax(axis=1)
        case "multi_label":
            return (np.stack(logits) > threshold).astype(np.int64)
        case "regression":
            return np.stack(logits)[:, 0]
        case _:
            return np.stack(logits)


def chosen_sentences(data: TaskData, logits: Sequence[NDArray[np.floating]]) -> list[list[int]]:
    """Return the numbers of each document's best `summary_sentences` sentences, ascending."""
    rows, units_PC = merge_units(data, logits)
    return [
        sorted(np.argsort(-units_PC[first:end, 0], kind="stable")[: data.info.summary_sentences])
        for first, end in pairwise(rows)
    ]


def _summaries(data: TaskData, chosen: list[list[int]]) -> list[str]:
    documents = data.rows["sentences"].to_pylist()
    return [
        " ".join(sentences[place] for place in places)
        for sentences, places in zip(documents, chosen, strict=True)
    ]


def prediction_rows(
    data: TaskData, logits: Sequence[NDArray[np.floating]], *, threshold: float = 0.0
) -> list[dict[str, Any]]:
    """Return a mapping per row: `id`, `prediction`, and what its kind has beside it.

    Classes and labels have `probabilities` by name, candidates in their order; spans have `n_best`
    texts with their scores and `no_answer_odds`; summaries have `sentences`, the chosen numbers.
    """
    ids = data.rows["id"].to_pylist()
    predictions = decode(data, logits, threshold=threshold)
    values = predictions.tolist() if isinstance(predictions, np.ndarray) else predictions
    names, more = data.info.labels, [dict[str, Any]() for _ in ids]
    match data.info.kind:
        case "classification":
            values = [names[index] for index in values]
            more = _named(names, softmax(np.stack(logits), axis=-1))
        case "multi_label":
            values = [[names[place] for place in np.flatnonzero(row)] for row in values]
            more = _named(names, expit(np.stack(logits)))
        case "multiple_choice":
            values = [int(np.argmax(row)) for row in values]
            scores = softmax(np.stack(logits), axis=-1).round(6).tolist()
            more = [{"probabilities": row} for row in scores]
        case "span_extraction":
            answers = best_spans(data, logits)
            more = [
                {
                    "n_best": [{"text": span.text, "score": round(span.score, 4)} for span in best],
                    "no_answer_odds": round(float(odds), 4),
                }
                for best, odds in zip(answers.best, answers.no_answer_odds, strict=True)
            ]
        case "extractive_summary":
            more = [
                {"sentences": [int(place) for place in places]}
                for places in chosen_sentences(data, logits)
            ]
    return [
        {"id": key, "prediction": value, **beside}
        for key, value, beside in zip(ids, values, more, strict=True)
    ]


def _named(names: Sequence[str], scores: NDArray[np.floating]) -> list[dict[str, Any]]:
    return [
        {"probabilities": dict(zip(names, row, strict=True))} for row in scores.round(6).tolist()
    ]
