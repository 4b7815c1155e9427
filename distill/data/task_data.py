"""One split of one task, memory-mapped: rows, features and the batches a model takes.

A batch is made of items: an item is a feature, or for candidates a row with all of its features.

Shapes: B batch, K candidates, T tokens of the longest feature in the batch, C classes.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import torch

from distill.data.gold import gold_answers
from distill.data.task_info import TaskInfo

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def write_split(folder: Path, split: str, rows: pa.Table, features: pa.Table) -> None:
    """Write one split's rows and features as Arrow files that can be memory-mapped."""
    for name, table in (("rows", rows), ("features", features)):
        whole = table.combine_chunks()
        with pa.ipc.new_file(folder / f"{split}.{name}.arrow", whole.schema) as writer:
            writer.write_table(whole)


class TaskData:
    """One split of one task as `write_split` wrote it."""

    def __init__(self, folder: Path, split: str) -> None:
        """Map the split's files; nothing is read yet."""
        self.info = TaskInfo.read(folder)
        self.rows = _map_table(folder / f"{split}.rows.arrow")
        self._features = _map_table(folder / f"{split}.features.arrow")
        self._columns = {
            name: ListColumn(self._features[name])
            for name in self._features.column_names
            if name not in {"row", "answer"}
        }
        grouped = self.info.kind == "multiple_choice"
        self.candidates = self._features.num_rows // self.rows.num_rows if grouped else None
        """Features of an item, where items are rows."""

    @cached_property
    def row_of_item(self) -> NDArray[np.int32]:
        """Row that each item belongs to."""
        return _numpy(self._features["row"])[:: self.candidates or 1]

    @cached_property
    def lengths(self) -> NDArray[np.int32]:
        """Tokens of each item's longest feature."""
        lengths = self._columns["input_ids"].lengths
        return lengths.reshape(-1, self.candidates or 1).max(axis=1)  # type: ignore[no-any-return]

    @cached_property
    def example_id(self) -> NDArray[np.int64]:
        """Hash of each row."""
        return _numpy(self.rows["example_id"])

    @cached_property
    def labels(self) -> NDArray[np.generic]:
        """Gold label of each row: index, value, or for several labels 0 and 1 `[rows, C]`."""
        if self.info.kind != "multi_label":
            return _numpy(self.rows["label"])
        indicator = np.zeros((self.rows.num_rows, len(self.info.labels)), dtype=np.float32)
        lists = ListColumn(self.rows["label"])
        indicator[np.repeat(np.arange(len(indicator)), lists.lengths), lists.flat] = 1
        return indicator

    @cached_property
    def unit_labels(self) -> ListColumn:
        """Gold labels of each row's words or sentences."""
        return ListColumn(self.rows["label"])

    @cached_property
    def answers(self) -> NDArray[np.int32]:
        """Gold token positions `[features, 2]`."""
        column = _one_chunk(self._features["answer"])
        flat: NDArray[np.int32] = column.flatten().to_numpy(zero_copy_only=False)
        return flat.reshape(-1, 2)

    def references(self) -> Any:
        """Return the gold answers in the form that metrics take."""
        return gold_answers(self.info.kind, self.info.labels, self.rows)

    def chars(self, feature: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return each token's first and last character offset in the context, -1 outside it."""
        return self._columns["char_start"][feature], self._columns["char_end"][feature]

    def units(self, feature: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the words or sentences that a feature scores, and the token that stands for each.

        Words and sentences are numbered in their row.
        """
        return self._columns["unit"][feature], self._columns["position"][feature]

    def inputs(self, items: NDArray[np.integer]) -> dict[str, torch.Tensor]:
        """Return `items` as tensors padded to the longest among them.

        Keys: `input_ids`, `attention_mask` and, where models take them, `token_type_ids`; `[B, T]`,
        for candidates `[B, K, T]`.
        """
        width = int(self.lengths[items].max())
        each = self.candidates or 1
        features = (np.asarray(items)[:, None] * each + np.arange(each)).ravel()
        ids = np.full((len(features), width), self.info.pad_token_id, dtype=np.int64)
        mask, types = np.zeros_like(ids), np.zeros_like(ids)
        for place, feature in enumerate(features):
            tokens = self._columns["input_ids"][feature]
            ids[place, : len(tokens)] = tokens
            mask[place, : len(tokens)] = 1
            types[place, : len(tokens)] = self._columns["token_type_ids"][feature]
        made = {"input_ids": ids, "attention_mask": mask}
        if self.info.token_types:
            made["token_type_ids"] = types
        shape = (len(items), each, width) if self.candidates else (len(items), width)
        return {name: torch.from_numpy(value.reshape(shape)) for name, value in made.items()}


class ListColumn:
    """A column of lists as one flat array and offsets: no Python object per number."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        array = _one_chunk(column)
        self.flat = array.flatten().to_numpy(zero_copy_only=False)
        offsets = array.offsets.to_numpy()
        self._offsets = offsets - offsets[0]
        self.lengths: NDArray[np.int32] = np.diff(self._offsets)

    def __getitem__(self, index: int | np.integer[Any]) -> NDArray[Any]:
        """Return one list."""
        return self.flat[self._offsets[index] : self._offsets[index + 1]]  # type: ignore[no-any-return]


def _map_table(path: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    """Return the column as one array; the only chunk itself, as combining would copy it."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _numpy(column: pa.ChunkedArray) -> NDArray[Any]:
    return _one_chunk(column).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
