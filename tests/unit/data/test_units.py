"""Words and sentences in features: packed whole, scored once, merged back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill.data import TaskData, collate, decode, encode_rows, merge_units, row_outputs
from distill.data.units import windows
from distill.soft_labels import UnitLabels

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

MakeData = Callable[..., TaskData]
TAGS = {"kind": "tagging", "labels": ("O", "B-x", "I-x")}
SUMMARY = {"kind": "extractive_summary", "labels": (), "summary_sentences": 2}
LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=30)


def document(*sentences: str, label: list[int]) -> dict[str, Any]:
    return {"sentences": list(sentences), "summaries": [sentences[0]], "label": label}


@given(LENGTHS, st.integers(9, 20), st.integers(0, 12))
def test_every_unit_is_scored_once_within_the_capacity(
    lengths: list[int], capacity: int, overlap: int
) -> None:
    found = list(windows(lengths, capacity, overlap))

    scored = [unit for window in found for unit in range(window.owned, window.end)]
    assert scored == list(range(len(lengths)))
    assert all(sum(lengths[window.first : window.end]) <= capacity for window in found)
    assert all(sum(lengths[window.first : window.owned]) <= overlap for window in found)


def test_a_window_takes_as_much_context_as_the_stride_allows() -> None:
    assert list(windows([2, 2, 2, 2, 2], 6, 2)) == [(0, 0, 3), (2, 3, 5)]
    assert list(windows([2, 2, 2, 2, 2], 6, 0)) == [(0, 0, 3), (3, 3, 5)]
    assert list(windows([5, 5], 6, 5)) == [(0, 0, 1), (1, 1, 2)]


def test_a_word_is_scored_at_its_first_piece(tokenizer: PreTrainedTokenizerFast) -> None:
    rows = pa.table({"words": [["the", "dog", "sat"]], "label": [[0, 1, 0]]})

    (feature,) = encode_rows("tagging", rows, tokenizer, max_length=16, stride=4).to_pylist()

    pieces = tokenizer.convert_ids_to_tokens(feature["input_ids"])
    assert pieces == ["[CLS]", "the", "d", "##o", "##g", "sat", "[SEP]"]
    assert feature["unit"] == [0, 1, 2]
    assert feature["position"] == [1, 2, 5]


def test_a_word_without_pieces_still_has_a_tag(tokenizer: PreTrainedTokenizerFast) -> None:
    rows = pa.table({"words": [["the", "\u200d", "cat"]], "label": [[0, 1, 0]]})

    (feature,) = encode_rows("tagging", rows, tokenizer, max_length=16, stride=4).to_pylist()

    assert tokenizer.convert_ids_to_tokens(feature["input_ids"])[2] == "[UNK]"
    assert feature["position"] == [1, 2, 3]


def test_a_sentence_longer_than_the_model_goes_on_in_the_next_feature(
    make_data: MakeData,
) -> None:
    tags = [place % 3 for place in range(20)]
    data = make_data([{"words": ["the"] * 20, "label": tags}], **TAGS, max_length=10, stride=2)

    assert data.lengths.max() <= 10
    assert len(data.lengths) == 3
    batch = collate(data, np.arange(3))
    assert batch["labels"][batch["mask"]].tolist() == tags


def test_a_word_longer_than_the_model_is_cut(make_data: MakeData) -> None:
    data = make_data([{"words": ["z" * 50, "cat"], "label": [1, 0]}], **TAGS, max_length=10)

    assert data.lengths.max() == 10
    batch = collate(data, np.arange(len(data.lengths)))
    assert batch["labels"][batch["mask"]].tolist() == [1, 0]


def test_a_sentence_of_a_document_is_scored_at_its_own_first_token(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    rows = pa.table({"sentences": [["the cat", "sat"]], "label": [[1, 0]]})

    (feature,) = encode_rows(
        "extractive_summary", rows, tokenizer, max_length=16, stride=4
    ).to_pylist()

    pieces = tokenizer.convert_ids_to_tokens(feature["input_ids"])
    assert pieces == ["[CLS]", "the", "cat", "[SEP]", "[CLS]", "sat", "[SEP]"]
    assert feature["token_type_ids"] == [0, 0, 0, 0, 1, 1, 1]
    assert feature["position"] == [0, 4]


def test_a_short_document_is_one_feature_and_a_long_one_is_not(make_data: MakeData) -> None:
    short = document("the cat", "sat", label=[1, 0])
    long = document(*["the cat sat"] * 6, label=[0, 1, 0, 0, 0, 1])

    data = make_data([short, long], **SUMMARY, max_length=16, stride=0)

    assert data.row_of_item.tolist() == [0, 1, 1]
    batch = collate(data, np.arange(3))
    assert batch["labels"][batch["mask"]].tolist() == [1, 0, 0, 1, 0, 0, 0, 1]


def test_tags_are_decoded_word_by_word_over_windows(make_data: MakeData) -> None:
    rows = [
        {"words": ["the"] * 20, "label": [place % 3 for place in range(20)]},
        {"words": ["cat"], "label": [2]},
    ]
    data = make_data(rows, **TAGS, max_length=10, stride=2)
    batch = collate(data, np.arange(len(data.lengths)))
    logits = [np.eye(3)[labels] for labels in batch["labels"].numpy()]

    assert decode(data, row_outputs(data, logits)) == data.references()
    assert data.references()[1] == ["I-x"]


def test_the_best_sentences_are_the_summary_in_the_documents_order(make_data: MakeData) -> None:
    data = make_data(
        [document("one", "two", "three", label=[0, 0, 0]), document("four", label=[1])], **SUMMARY
    )
    logits = [np.zeros((length, 1)) for length in data.lengths]
    for unit, value in ((0, 2.0), (1, -1.0), (2, 5.0)):
        logits[0][data.units(0)[1][unit]] = value

    assert decode(data, row_outputs(data, logits)) == ["one three", "four"]
    assert data.references() == [["one"], ["four"]]


def test_a_teachers_logits_stand_where_their_words_are(make_data: MakeData) -> None:
    rows = [{"words": ["cat"], "label": [0]}, {"words": ["the"] * 20, "label": [0] * 20}]
    data = make_data(rows, **TAGS, max_length=10, stride=2)
    teacher = np.random.default_rng(0).normal(size=(21, 3)).astype(np.float32)
    soft = UnitLabels(np.array([0, 1, 21]), teacher)

    batch = collate(data, np.arange(len(data.lengths)), soft)

    assert np.array_equal(batch["teacher_logits"][batch["mask"]].numpy(), teacher)
    given = list(batch["teacher_logits"].numpy())
    found_rows, merged = merge_units(data, given)
    assert found_rows.tolist() == [0, 1, 21]
    assert np.array_equal(merged, teacher)


@pytest.mark.parametrize("kind", ["tagging", "extractive_summary"])
def test_labels_have_the_type_of_their_loss(make_data: MakeData, kind: str) -> None:
    row = {"words": ["cat"], "label": [1]} if kind == "tagging" else document("cat", label=[1])
    data = make_data([row], **(TAGS if kind == "tagging" else SUMMARY))

    wanted = "torch.int64" if kind == "tagging" else "torch.float32"
    assert str(collate(data, np.array([0]))["labels"].dtype) == wanted
