"""Several labels, candidates, and what a model of no skill predicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from distill.data import (
    TaskData,
    collate,
    decode,
    encode_rows,
    prediction_rows,
    row_outputs,
    trivial_predictions,
    write_split,
)
from distill.soft_labels import ClassLabels

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedTokenizerFast

MakeData = Callable[..., TaskData]
MANY = {"kind": "multi_label", "labels": ("joy", "fear", "hope")}
CHOICE = {"kind": "multiple_choice", "labels": (), "pair": True}
EMOTIONS = [
    {"text": "the cat", "label": [0, 2]},
    {"text": "sat", "label": []},
    {"text": "cat", "label": [2]},
]
REPLIES = [
    {"text": "who sat", "candidates": ["the cat", "sat"], "label": 0},
    {"text": "who", "candidates": ["the", "the cat sat sat sat"], "label": 1},
]


def test_labels_of_a_row_are_a_vector_of_zeros_and_ones(make_data: MakeData) -> None:
    data = make_data(EMOTIONS, **MANY)
    soft = ClassLabels(np.arange(9, dtype=np.float16).reshape(3, 3))

    batch = collate(data, np.array([2, 0]), soft)

    assert batch["labels"].tolist() == [[0, 0, 1], [1, 0, 1]]
    assert batch["teacher_logits"].tolist() == [[6, 7, 8], [0, 1, 2]]
    assert data.references().tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 1]]


def test_labels_more_likely_than_not_are_predicted(make_data: MakeData) -> None:
    data = make_data(EMOTIONS[:1], **MANY)
    logits = [np.array([np.log(3), -1.0, 0.0])]

    assert decode(data, row_outputs(data, logits)).tolist() == [[1, 0, 0]]
    assert decode(data, row_outputs(data, logits), threshold=-1.5).tolist() == [[1, 1, 1]]
    (row,) = prediction_rows(data, row_outputs(data, logits))
    assert row["prediction"] == ["joy"]
    assert row["probabilities"]["joy"] == 0.75
    assert row["probabilities"]["hope"] == 0.5


def test_candidates_of_a_row_stay_together(
    make_data: MakeData, tokenizer: PreTrainedTokenizerFast
) -> None:
    data = make_data(REPLIES, **CHOICE)

    batch = collate(data, np.array([1, 0]))

    assert data.lengths.tolist() == [7, 9]
    assert batch["input_ids"].shape == (2, 2, 9)
    longest = tokenizer.decode(batch["input_ids"][0, 1])
    assert longest == "[CLS] who [SEP] the cat sat sat sat [SEP]"
    assert batch["attention_mask"].sum(dim=-1).tolist() == [[5, 9], [7, 6]]
    assert batch["labels"].tolist() == [1, 0]


def test_too_long_a_dialogue_loses_its_beginning(tokenizer: PreTrainedTokenizerFast) -> None:
    rows = pa.table({"text": ["the " * 30 + "cat"], "candidates": [["sat", "who"]]})

    table = encode_rows("multiple_choice", rows, tokenizer, max_length=8, stride=2)

    texts = [tokenizer.decode(ids) for ids in table["input_ids"].to_pylist()]
    assert texts == [
        "[CLS] the the the cat [SEP] sat [SEP]",
        "[CLS] the the the cat [SEP] who [SEP]",
    ]
    assert tokenizer.truncation_side == "right"


def test_the_best_candidate_is_predicted(make_data: MakeData) -> None:
    data = make_data(REPLIES, **CHOICE)
    logits = [np.array([0.0, np.log(3)]), np.array([2.0, 2.0])]

    assert decode(data, row_outputs(data, logits)).tolist() == [[0.0, np.log(3)], [2.0, 2.0]]
    assert prediction_rows(data, row_outputs(data, logits)) == [
        {"id": "0", "prediction": 1, "probabilities": [0.25, 0.75]},
        {"id": "1", "prediction": 0, "probabilities": [0.5, 0.5]},
    ]


def beside(
    folder: Path, data: TaskData, validation: list[dict[str, Any]], tokenizer: Any
) -> TaskData:
    """Write a validation split beside the training split of `data`, and open it."""
    columns = {name: [row[name] for row in validation] for name in validation[0]}
    rows = pa.table({"id": [str(place) for place in range(len(validation))], **columns})
    info = data.info
    features = encode_rows(
        info.kind, rows, tokenizer, max_length=info.max_length, stride=info.stride
    )
    write_split(folder, "validation", rows, features)
    return TaskData(folder, "validation")


@pytest.mark.parametrize(
    ("train", "validation", "info", "expected"),
    [
        (
            [{"text": "a", "label": 1}, {"text": "b", "label": 1}, {"text": "c", "label": 0}],
            [{"text": "d", "label": 0}, {"text": "e", "label": 0}],
            {},
            [1, 1],
        ),
        (
            [{"text": "a", "label": 1.0}, {"text": "b", "label": 4.0}],
            [{"text": "d", "label": 0.0}],
            {"kind": "regression", "labels": ()},
            [2.5],
        ),
        (EMOTIONS, EMOTIONS[:2], MANY, [[0, 0, 1], [0, 0, 1]]),
        (
            [{"words": ["a", "b", "c"], "label": [0, 1, 1]}],
            [{"words": ["d", "e"], "label": [0, 0]}],
            {"kind": "tagging", "labels": ("O", "X")},
            [["X", "X"]],
        ),
        (
            [{"sentences": ["a"], "summaries": ["a"], "label": [1]}],
            [{"sentences": ["a", "b", "c"], "summaries": ["c"], "label": [0, 0, 1]}],
            {"kind": "extractive_summary", "labels": ()},
            ["a b"],
        ),
    ],
)
def test_what_needs_no_skill(  # noqa: PLR0917  # fixtures and one case
    tmp_path: Path,
    make_data: MakeData,
    tokenizer: PreTrainedTokenizerFast,
    train: list[dict[str, Any]],
    validation: list[dict[str, Any]],
    info: dict[str, Any],
    expected: list[Any],
) -> None:
    data = make_data(train, **info)

    found = trivial_predictions(
        data, beside(tmp_path / "data", data, validation, tokenizer), seed=1
    )

    assert (found.tolist() if isinstance(found, np.ndarray) else found) == expected


def test_random_replies_follow_the_seed(make_data: MakeData) -> None:
    data = make_data(REPLIES, **CHOICE)

    first, again, other = (trivial_predictions(data, data, seed) for seed in (1, 1, 2))

    assert first.shape == (2, 2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
