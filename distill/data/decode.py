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

    from distill.data.spans import Answers
    from distill.data.task_data import TaskData
    from distill.data.units import Units

    RowOutputs = Answers | Units | NDArray[np.floating]


def row_outputs(data: TaskData, logits: Sequence[NDArray[np.floating]]) -> RowOutputs:
    """Return what a model gives of each row, from its logits of every feature.

    Windows are merged: to the best spans, or to the logits of words and sentences. Rows of one
    feature have their logits stacked.
    """
    match data.info.kind:
        case "span_extraction":
            return best_spans(data, logits)
        case "tagging" | "extractive_summary":
            return merge_units(data, logits)
        case _:
            return np.stack(logits)


def decode(data: TaskData, outputs: Any, *, threshold: float = 0.0) -> Any:
    """Return one prediction per row as metrics take it, from its `row_outputs`.

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
            none = data.info.unanswerable & (outputs.no_answer_odds > threshold)
            return ["" if no else text for no, text in zip(none, outputs.texts(), strict=True)]
        case "tagging":
            rows, units_PC = outputs
            tags = [data.info.labels[tag] for tag in units_PC.argmax(axis=1)]
            return [tags[first:end] for first, end in pairwise(rows)]
        case "extractive_summary":
            return _summaries(data, _chosen_sentences(data, outputs))
        case "classification":
            return outputs.argmax(axis=1)
        case "multi_label":
            return (outputs > threshold).astype(np.int64)
        case "regression":
            return outputs[:, 0]
        case _:
            return outputs


def _chosen_sentences(data: TaskData, units: Units) -> list[list[int]]:
    """Return the numbers of each document's best `summary_sentences` sentences, ascending."""
    rows, units_PC = units
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
    data: TaskData, outputs: Any, *, threshold: float = 0.0
) -> list[dict[str, Any]]:
    """Return a mapping per row: `id`, `prediction`, and what its kind has beside it.

    Classes and labels have `probabilities` by name, candidates in their order; spans have `n_best`
    texts with their scores and `no_answer_odds`; summaries have `sentences`, the chosen numbers.
    """
    ids = data.rows["id"].to_pylist()
    predictions = decode(data, outputs, threshold=threshold)
    values = predictions.tolist() if isinstance(predictions, np.ndarray) else predictions
    names, more = data.info.labels, [dict[str, Any]() for _ in ids]
    match data.info.kind:
        case "classification":
            values = [names[index] for index in values]
            more = _named(names, softmax(outputs, axis=-1))
        case "multi_label":
            values = [[names[place] for place in np.flatnonzero(row)] for row in values]
            more = _named(names, expit(outputs))
        case "multiple_choice":
            values = [int(np.argmax(row)) for row in values]
            scores = softmax(outputs, axis=-1).round(6).tolist()
            more = [{"probabilities": row} for row in scores]
        case "span_extraction":
            more = [
                {
                    "n_best": [{"text": span.text, "score": round(span.score, 4)} for span in best],
                    "no_answer_odds": round(float(odds), 4),
                }
                for best, odds in zip(outputs.best, outputs.no_answer_odds, strict=True)
            ]
        case "extractive_summary":
            more = [
                {"sentences": [int(place) for place in places]}
                for places in _chosen_sentences(data, outputs)
            ]
    return [
        {"id": key, "prediction": value, **beside}
        for key, value, beside in zip(ids, values, more, strict=True)
    ]


def _named(names: Sequence[str], scores: NDArray[np.floating]) -> list[dict[str, Any]]:
    return [
        {"probabilities": dict(zip(names, row, strict=True))} for row in scores.round(6).tolist()
    ]
