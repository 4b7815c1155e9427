"""What a model must beat: predictions that need no look at the text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from distill.data.task_data import TaskData


def trivial_predictions(train: TaskData, data: TaskData, seed: int) -> Any:
    """Return a prediction for each row of `data` in the form of `decode`, of no skill.

    | kind | prediction |
    | --- | --- |
    | classification, tagging | the most frequent class of `train` |
    | multi-label | the most frequent label of `train` alone |
    | regression | the mean of `train` |
    | multiple choice | scores drawn by `seed` |
    | spans | no answer |
    | summaries | the first `summary_sentences` sentences (the lead) |
    """
    info, count = data.info, data.rows.num_rows
    match info.kind:
        case "classification":
            return np.full(count, np.bincount(train.labels).argmax())
        case "multi_label":
            frequent = np.zeros(len(info.labels), dtype=np.int64)
            frequent[train.labels.sum(axis=0).argmax()] = 1
            return np.tile(frequent, (count, 1))
        case "regression":
            return np.full(count, train.labels.mean())
        case "multiple_choice":
            return np.random.default_rng(seed).random((count, data.candidates or 1))
        case "tagging":
            counted = Counter(train.unit_labels.flat.tolist())
            tag = info.labels[min(counted, key=lambda tag: (-counted[tag], tag))]
            return [[tag] * length for length in data.unit_labels.lengths]
        case "extractive_summary":
            return [
                " ".join(sentences[: info.summary_sentences])
                for sentences in data.rows["sentences"].to_pylist()
            ]
        case _:
            return [""] * count
