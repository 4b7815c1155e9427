"""Rows made of units, words to tag or sentences to choose: packed into features, scored once each.

Shapes: P units of all rows, C classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

    from distill.data.task_data import TaskData


class Window(NamedTuple):
    """Units `first` to `end` of a row in one feature, of which those from `owned` on are scored."""

    first: int
    owned: int
    end: int


class Packed(NamedTuple):
    """Features: tokens, their segments, and which unit each scored token stands for."""

    row: list[int]
    input_ids: list[list[int]]
    token_type_ids: list[list[int]]
    unit: list[list[int]]
    position: list[list[int]]


def encode_words(
    rows: pa.Table, tokenizer: PreTrainedTokenizerBase, max_length: int, stride: int
) -> Packed:
    """Return features of whole words, scored at their first pieces (Devlin et al. 2019, 5.3).

    A sentence longer than `max_length` tokens goes on in further features, each beginning with up
    to `stride` tokens of the one before.
    """
    lead, tail = [tokenizer.cls_token_id], [tokenizer.sep_token_id]
    packed = Packed([], [], [], [], [])
    words_of_row = rows["words"].to_pylist()
    # byte-level tokenizers tell a word's beginning by the space before it
    texts = [
        [word if place == 0 else f" {word}" for place, word in enumerate(words)]
        for words in words_of_row
    ]
    for row, units in enumerate(_tokens(texts, tokenizer)):
        pieces = [(ids or [tokenizer.unk_token_id])[: max_length - 2] for ids in units]
        for window in windows([len(ids) for ids in pieces], max_length - 2, stride):
            body, position = _joined(pieces[window.first : window.end], len(lead))
            packed.row.append(row)
            packed.input_ids.append([*lead, *body, *tail])
            packed.token_type_ids.append([0] * (len(body) + 2))
            _note_units(packed, window, position)
    return packed


def encode_sentences(
    rows: pa.Table, tokenizer: PreTrainedTokenizerBase, max_length: int, stride: int
) -> Packed:
    """Return features of whole sentences, each within `[CLS]` and `[SEP]`, in alternate segments.

    A sentence is scored at its `[CLS]`, and sees all others of its feature (BERTSUM, Liu & Lapata
    2019). A longer document goes on in further features, as in `encode_words`.
    """
    packed = Packed([], [], [], [], [])
    for row, units in enumerate(_tokens(rows["sentences"].to_pylist(), tokenizer)):
        framed = [
            [tokenizer.cls_token_id, *ids[: max_length - 2], tokenizer.sep_token_id]
            for ids in units
        ]
        for window in windows([len(ids) for ids in framed], max_length, stride):
            chosen = framed[window.first : window.end]
            body, position = _joined(chosen, 0)
            packed.row.append(row)
            packed.input_ids.append(body)
            packed.token_type_ids.append(
                [place % 2 for place, ids in enumerate(chosen) for _ in ids]
            )
            _note_units(packed, window, position)
    return packed


def windows(lengths: Sequence[int], capacity: int, overlap: int) -> Iterator[Window]:
    """Yield windows of at most `capacity` tokens that score every unit once.

    Each begins with as many units of the one before as `overlap` tokens hold. No length may be
    above `capacity`.
    """
    owned = 0
    while owned < len(lengths):
        first, used = owned, 0
        room = min(overlap, capacity - lengths[owned])
        while first > 0 and used + lengths[first - 1] <= room:
            first -= 1
            used += lengths[first]
        end = owned
        while end < len(lengths) and used + lengths[end] <= capacity:
            used += lengths[end]
            end += 1
        yield Window(first, owned, end)
        owned = end


class Units(NamedTuple):
    """Where each row's units begin and end `[N + 1]`, and the logits of all units `[P, C]`."""

    rows: NDArray[np.int64]
    logits: NDArray[np.floating]


def merge_units(data: TaskData, logits_TC: Sequence[NDArray[np.floating]]) -> Units:
    """Return every unit's logits, from the feature that scores it."""
    rows = np.concatenate([[0], np.cumsum(data.unit_labels.lengths)]).astype(np.int64)
    merged = np.zeros((int(rows[-1]), logits_TC[0].shape[1]), dtype=np.float32)
    for feature, row in enumerate(data.row_of_item):
        units, positions = data.units(feature)
        merged[rows[row] + units] = logits_TC[feature][positions]
    return Units(rows, merged)


def _tokens(
    texts_of_row: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase
) -> Iterator[list[list[int]]]:
    flat = [text for texts in texts_of_row for text in texts]
    encoded: Any = iter(tokenizer(flat, add_special_tokens=False)["input_ids"])
    for texts in texts_of_row:
        yield [next(encoded) for _ in texts]


def _joined(units: Sequence[list[int]], start: int) -> tuple[list[int], list[int]]:
    """Return the units' tokens in a row, and where each begins, counted from `start`."""
    begins = np.cumsum([start, *(len(ids) for ids in units)])[:-1]
    return [token for ids in units for token in ids], begins.tolist()


def _note_units(packed: Packed, window: Window, position: list[int]) -> None:
    packed.unit.append(list(range(window.owned, window.end)))
    packed.position.append(position[window.owned - window.first :])
