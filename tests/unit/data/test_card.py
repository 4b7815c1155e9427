"""The data card, and weights of classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from distill.data import (
    TaskData,
    TaskInfo,
    balanced_weights,
    card_markdown,
    collate,
    describe_split,
    encode_rows,
    log_odds,
)

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

MakeInfo = Callable[..., TaskInfo]


def test_a_split_is_described_by_its_counts(
    make_info: MakeInfo, tokenizer: PreTrainedTokenizerFast
) -> None:
    info = make_info(max_length=24)
    rows = pa.table({"text": ["the cat", "cat " * 16, "cat " * 40], "label": [1, 1, 0]})
    features = encode_rows(info.kind, rows, tokenizer, max_length=24, stride=4)

    assert describe_split(info, rows, features) == {
        "rows": 3,
        "features": 3,
        "tokens": 4 + 18 + 24,
        "at_max_length": 1,
        "lengths": {"to 16": 1, "to 32": 2},
        "labels": {"no": 1, "yes": 2},
    }


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (pa.array([0, 1, 1, 1], pa.int32()), [1, 3]),
        (pa.array([[0, 1], [], [1], [1]], pa.list_(pa.int32())), [1, 3]),
    ],
)
def test_labels_are_counted_over_rows_and_over_words(
    make_info: MakeInfo, tokenizer: PreTrainedTokenizerFast, label: pa.Array, expected: list[int]
) -> None:
    rows = pa.table({"text": ["a", "b", "c", "d"], "label": label})
    features = encode_rows("classification", rows, tokenizer, max_length=16, stride=4)

    counts = describe_split(make_info(), rows, features)["labels"]

    assert list(counts.values()) == expected


def test_the_card_has_a_column_for_each_split() -> None:
    split = {"rows": 1, "features": 1, "tokens": 5, "at_max_length": 0}
    card = {
        "task": "mine",
        "kind": "classification",
        "warnings": ["two rows are alike"],
        "splits": {
            "train": {**split, "rows": 1200, "lengths": {"to 16": 1200}, "labels": {"no": 7}},
            "validation": {**split, "lengths": {"to 32": 1}, "labels": {"no": 1}},
        },
    }

    assert card_markdown(card).splitlines() == [
        "# Data of mine (classification)",
        "",
        "| | train | validation |",
        "| --- | ---: | ---: |",
        "| rows | 1,200 | 1 |",
        "| features | 1 | 1 |",
        "| tokens | 5 | 5 |",
        "| at max length | 0 | 0 |",
        "| tokens to 16 | 1,200 | 0 |",
        "| tokens to 32 | 0 | 1 |",
        "| label no | 7 | 1 |",
        "",
        "- two rows are alike",
    ]


def test_labels_start_at_their_log_odds(make_info: MakeInfo) -> None:
    labels = pa.array([[0, 1], [1], [], [1]], pa.list_(pa.int32()))

    found = log_odds(make_info(kind="multi_label"), pa.table({"label": labels}))

    # 1 and 3 of 4 rows, half a row added to either side
    assert found == pytest.approx((np.log(1.5 / 3.5), np.log(3.5 / 1.5)), rel=1e-12)


def test_sentences_start_at_the_log_odds_of_being_chosen(make_info: MakeInfo) -> None:
    labels = pa.array([[0, 1, 0], [0, 0, 1, 0]], pa.list_(pa.int32()))

    found = log_odds(make_info(kind="extractive_summary", labels=()), pa.table({"label": labels}))

    assert found == pytest.approx((np.log(2.5 / 5.5),), rel=1e-12)


def test_other_kinds_start_as_the_model_does(make_info: MakeInfo) -> None:
    assert log_odds(make_info(), pa.table({"label": [0, 1]})) == ()


def test_balanced_weights_make_every_class_weigh_the_same() -> None:
    rows = pa.table({"label": [0, 1, 1, 1]})

    # four rows, two classes: 4 / (2 * 1) and 4 / (2 * 3)
    assert balanced_weights(["no", "yes"], rows) == (2.0, 2 / 3)
    assert balanced_weights(["no", "yes", "never"], rows) == (4 / 3, 4 / 9, 0.0)


def test_weights_of_classes_are_in_every_batch(make_data: Callable[..., TaskData]) -> None:
    rows = [{"text": "the cat", "label": 1}, {"text": "sat", "label": 0}]

    weighted = collate(make_data(rows, class_weights=(2.0, 0.5)), np.array([0]))

    assert weighted["class_weights"].tolist() == [2.0, 0.5]
    assert "class_weights" not in collate(make_data(rows), np.array([0]))
