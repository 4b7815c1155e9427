"""Tokenise rows, once; cut long contexts into windows with a stride.

A feature is one input of a model. A text or pair has one; candidates have one each; a question
about a long context, a long sentence to tag and a long document have one per window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from distill.data.units import encode_sentences, encode_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerBase

    from distill.data.units import Packed

CHUNK: Final = 2000
"""Rows tokenised at a time: bounds the memory that offsets take as Python objects."""


def encode_rows(
    kind: str, rows: pa.Table, tokenizer: PreTrainedTokenizerBase, *, max_length: int, stride: int
) -> pa.Table:
    """Return the features of `rows`, a table with one row for each.

    Columns: `row`, `input_ids`, `token_type_ids`; for spans character and token positions; for tags
    and summaries `unit`, the words or sentences that a feature scores, and `position`, the token
    that stands for each.

    Texts longer than `max_length` are cut, the longer one of a pair first. For spans the context is
    cut into windows that share `stride` tokens; `char_start` and `char_end` are offsets into the
    context, -1 outside it; `answer` is the first and last token of the first gold answer, or 0, 0
    where the window does not hold all of it.
    """
    chunks = []
    for start in range(0, rows.num_rows, CHUNK):
        part = rows.slice(start, CHUNK)
        match kind:
            case "span_extraction":
                columns = _encode_spans(part, tokenizer, max_length, stride)
            case "tagging":
                columns = _encode_units(encode_words(part, tokenizer, max_length, stride))
            case "extractive_summary":
                columns = _encode_units(encode_sentences(part, tokenizer, max_length, stride))
            case "multiple_choice":
                columns = _encode_candidates(part, tokenizer, max_length)
            case _:
                columns = _encode_texts(part, tokenizer, max_length)
        columns["row"] = pa.array(np.asarray(columns["row"]) + start, pa.int32())
        chunks.append(pa.table(columns))
    return pa.concat_tables(chunks).combine_chunks()


def _encode_texts(
    rows: pa.Table, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> dict[str, Any]:
    pair = rows["text_pair"].to_pylist() if "text_pair" in rows.column_names else None
    encoded = tokenizer(
        rows["text"].to_pylist(),
        pair,
        truncation=True,
        max_length=max_length,
        return_token_type_ids=True,
    )
    return {"row": np.arange(rows.num_rows), **_token_columns(encoded)}


def _encode_candidates(
    rows: pa.Table, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> dict[str, Any]:
    """Return a feature per candidate, those of a row one after the other.

    Too long a text loses its beginning: a reply answers what was said last.
    """
    candidates = rows["candidates"].combine_chunks()
    of_row = np.repeat(np.arange(rows.num_rows), np.asarray(candidates.value_lengths()))
    pairs = pa.table({"text": rows["text"].take(of_row), "text_pair": candidates.flatten()})
    side, tokenizer.truncation_side = tokenizer.truncation_side, "left"
    try:
        return {**_encode_texts(pairs, tokenizer, max_length), "row": of_row}
    finally:
        tokenizer.truncation_side = side


def _encode_units(packed: Packed) -> dict[str, Any]:
    return {
        "row": packed.row,
        **_token_columns(packed._asdict()),
        "unit": _lists(packed.unit, pa.int32()),
        "position": _lists(packed.position, pa.int32()),
    }


def _encode_spans(
    rows: pa.Table, tokenizer: PreTrainedTokenizerBase, max_length: int, stride: int
) -> dict[str, Any]:
    encoded = tokenizer(
        _cut_questions(rows["question"].to_pylist(), tokenizer, max_length // 2),
        rows["context"].to_pylist(),
        truncation="only_second",
        max_length=max_length,
        stride=min(stride, max_length // 4),
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_token_type_ids=True,
    )
    of_row = encoded["overflow_to_sample_mapping"]
    texts, starts = rows["answer_texts"].to_pylist(), rows["answer_starts"].to_pylist()
    char_start, char_end, answers = [], [], []
    for feature, row in enumerate(of_row):
        offsets = np.asarray(encoded["offset_mapping"][feature], dtype=np.int32)
        inside = np.asarray([part == 1 for part in encoded.sequence_ids(feature)])
        first = np.where(inside, offsets[:, 0], -1).astype(np.int32)
        last = np.where(inside, offsets[:, 1], -1).astype(np.int32)
        char_start.append(first)
        char_end.append(last)
        gold = (starts[row][0], starts[row][0] + len(texts[row][0])) if texts[row] else None
        answers.append(answer_tokens(first, last, gold))
    return {
        "row": np.asarray(of_row),
        **_token_columns(encoded),
        "char_start": _lists(char_start, pa.int32()),
        "char_end": _lists(char_end, pa.int32()),
        "answer": pa.array(answers, pa.list_(pa.int32(), 2)),
    }


def answer_tokens(
    char_start: np.ndarray, char_end: np.ndarray, gold: tuple[int, int] | None
) -> tuple[int, int]:
    """Return the first and last token that cover the characters `gold`.

    It is (0, 0) when the window has not all of them.
    """
    inside = np.flatnonzero(char_start >= 0)
    if gold is None or not len(inside):
        return 0, 0
    begin, end = gold
    if char_start[inside[0]] > begin or char_end[inside[-1]] < end:
        return 0, 0
    covering = inside[(char_end[inside] > begin) & (char_start[inside] < end)]
    return (int(covering[0]), int(covering[-1])) if len(covering) else (0, 0)


def _cut_questions(
    questions: Sequence[str], tokenizer: PreTrainedTokenizerBase, limit: int
) -> list[str]:
    """Return the questions cut to `limit` tokens, so that every window has room for its context."""
    encoded = tokenizer(list(questions), add_special_tokens=False, return_offsets_mapping=True)
    return [
        question if len(offsets) <= limit else question[: offsets[limit - 1][1]]
        for question, offsets in zip(questions, encoded["offset_mapping"], strict=True)
    ]


def _token_columns(encoded: Any) -> dict[str, pa.Array]:
    return {
        "input_ids": _lists(encoded["input_ids"], pa.int32()),
        "token_type_ids": _lists(encoded["token_type_ids"], pa.int8()),
    }


def _lists(values: Sequence[Any], item: pa.DataType) -> pa.ListArray:
    lengths = np.fromiter((len(value) for value in values), np.int64, len(values))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    flat = np.concatenate([np.asarray(value) for value in values])
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat, item))
