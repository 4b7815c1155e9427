"""One split on disk and the batches a model takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from distill.data import TaskData, TaskInfo, collate, encode_rows, write_split
from distill.losses import MASKED
from distill.soft_labels import NO_ANSWER, ClassLabels, Ragged, SpanLabels

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedTokenizerFast

MakeData = Callable[..., TaskData]
TEXTS = [
    {"text": "the cat", "label": 1},
    {"text": "the cat sat sat sat", "label": 0},
    {"text": "sat", "label": 1},
]
SPAN = {"kind": "span_extraction", "labels": (), "pair": True}
QUESTION: dict[str, Any] = {
    "question": "who",
    "context": "the cat sat",
    "answer_texts": ["cat"],
    "answer_starts": [4],
}


def test_what_was_written_is_read_back(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, make_info: Callable[..., TaskInfo]
) -> None:
    info = make_info(score=("accuracy", "f1"), metrics=("accuracy", "f1"))
    rows = pa.table(
        {"id": ["a", "é"], "example_id": [2**62, -3], "text": ["x", "東"], "label": [0, 1]}
    )
    features = encode_rows("classification", rows, tokenizer, max_length=16, stride=4)
    info.write(tmp_path)
    write_split(tmp_path, "validation", rows, features)

    data = TaskData(tmp_path, "validation")

    assert data.info == info
    assert data.rows.equals(rows)
    assert data.example_id.tolist() == [2**62, -3]
    assert data.labels.tolist() == [0, 1]
    assert data.row_of_item.tolist() == [0, 1]
    ids = features["input_ids"].to_pylist()
    assert data.lengths.tolist() == [len(tokens) for tokens in ids]
    assert collate(data, np.array([1]))["input_ids"].tolist() == [ids[1]]


def test_opening_a_split_takes_no_memory_for_its_texts(
    tmp_path: Path, make_info: Callable[..., TaskInfo], tokenizer: PreTrainedTokenizerFast
) -> None:
    rows = pa.table({"example_id": [1, 2], "text": ["cat " * 1_000_000, "cat"], "label": [0, 1]})
    features = encode_rows("classification", rows.slice(1), tokenizer, max_length=16, stride=4)
    make_info().write(tmp_path)
    write_split(tmp_path, "train", rows, features)
    before = pa.total_allocated_bytes()

    data = TaskData(tmp_path, "train")

    assert (tmp_path / "train.rows.arrow").stat().st_size > 4_000_000
    assert data.rows["text"][1].as_py() == "cat"
    # the other columns of two rows are a few hundred bytes
    assert pa.total_allocated_bytes() - before < 10_000


def test_a_batch_is_as_wide_as_its_own_longest_row(make_data: MakeData) -> None:
    data = make_data(TEXTS)

    assert [
        collate(data, np.array(rows))["input_ids"].shape[1] for rows in ([0], [2, 0], [1, 2])
    ] == [4, 4, 7]


def test_padding_is_masked_and_labels_follow_their_rows(make_data: MakeData) -> None:
    batch = collate(make_data(TEXTS), np.array([2, 1]))

    assert batch["attention_mask"].tolist() == [[1, 1, 1, 0, 0, 0, 0], [1] * 7]
    assert batch["input_ids"][0, 3:].tolist() == [0] * 4
    assert batch["labels"].tolist() == [1, 0]
    assert batch["labels"].dtype == torch.int64
    assert "teacher_logits" not in batch


def test_models_without_token_types_get_none(make_data: MakeData) -> None:
    assert "token_type_ids" in collate(make_data(TEXTS), np.array([0]))
    assert "token_type_ids" not in collate(make_data(TEXTS, token_types=False), np.array([0]))


def test_regression_labels_are_floats(make_data: MakeData) -> None:
    rows = [{"text": "the cat", "label": 2.5}, {"text": "sat", "label": 0.0}]

    labels = collate(make_data(rows, kind="regression", labels=()), np.array([1, 0]))["labels"]

    assert (labels.dtype, labels.tolist()) == (torch.float32, [0.0, 2.5])


def test_a_teachers_logits_follow_their_rows(make_data: MakeData) -> None:
    soft = ClassLabels(np.array([[0, 1], [2, 3], [4, 5]], dtype=np.float16))

    batch = collate(make_data(TEXTS), np.array([2, 0]), soft, temperature=7.0)

    assert batch["teacher_logits"].dtype == torch.float32
    assert batch["teacher_logits"].tolist() == [[4, 5], [0, 1]]


def test_a_span_can_only_stand_on_the_first_token_or_the_context(make_data: MakeData) -> None:
    data = make_data([QUESTION, {**QUESTION, "context": "the cat sat sat sat"}], **SPAN)

    batch = collate(data, np.array([0, 1]))

    # [CLS] who [SEP] the cat sat [SEP], and two more words in the second row
    assert batch["mask"].int().tolist() == [
        [1, 0, 0, 1, 1, 1, 0, 0, 0],
        [1, 0, 0, 1, 1, 1, 1, 1, 0],
    ]
    assert batch["labels"].tolist() == [[4, 4], [4, 4]]
    assert data.references() == [["cat"], ["cat"]]


def test_a_teachers_scores_stand_on_the_tokens_of_their_characters(make_data: MakeData) -> None:
    data = make_data([QUESTION], **SPAN)
    rows = np.array([0, 4])
    soft = SpanLabels(
        start=Ragged(rows, np.array([NO_ANSWER, 0, 4, 8]), np.array([0.5, 1.0, 2.0, 3.0])),
        end=Ragged(rows, np.array([NO_ANSWER, 3, 7, 11]), np.array([-0.5, 4.0, 5.0, 6.0])),
    )

    teacher = collate(data, np.array([0]), soft)["teacher_logits"]

    outside = [MASKED, MASKED]
    assert teacher.shape == (1, 7, 2)
    assert teacher[0].tolist() == [
        [0.5, -0.5],
        outside,
        outside,
        [1.0, 4.0],
        [2.0, 5.0],
        [3.0, 6.0],
        outside,
    ]


def test_characters_the_teacher_never_scored_are_masked_and_finite(make_data: MakeData) -> None:
    side = Ragged(np.array([0, 1]), np.array([NO_ANSWER]), np.array([0.5]))

    teacher = collate(make_data([QUESTION], **SPAN), np.array([0]), SpanLabels(side, side))[
        "teacher_logits"
    ]

    assert teacher[0, 0].tolist() == [0.5, 0.5]
    assert (teacher[0, 1:] == MASKED).all()


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_references_are_the_labels(make_data: MakeData, kind: str) -> None:
    data = make_data(TEXTS, kind=kind)

    assert np.asarray(data.references()).tolist() == [1, 0, 1]
