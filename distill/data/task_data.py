"""One split of one task, memory-mapped: rows, features and the batches a model takes.

Shapes: B batch, T tokens of the longest row in the batch, C classes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import torch

from distill.losses import MASKED
from distill.soft_labels import ClassLabels, SoftLabels, SpanLabels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from distill.recipe import Kind


@dataclass(frozen=True)
class TaskInfo:
    """What the later stages must know of a task; `task.json` of its data artefact."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    pair: bool
    """Whether an input is two texts."""
    metrics: tuple[str, ...]
    score: tuple[str, ...]
    max_length: int
    stride: int
    max_answer_length: int
    unanswerable: bool
    """Whether some training questions have no answer, so that "none" may be predicted."""
    rows_fingerprint: str
    """SHA-256 of the training rows' example ids: what soft labels were made for."""
    pad_token_id: int
    token_types: bool
    """Whether models with this tokenizer take `token_type_ids`."""

    @classmethod
    def read(cls, folder: Path) -> TaskInfo:
        """Return what `write` wrote."""
        stored = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()
        }
        return cls(**values)

    def score_of(self, metrics: Mapping[str, float]) -> float:
        """Return the task's one score: the mean of the metrics named in `score`."""
        return sum(metrics[name] for name in self.score) / len(self.score)

    def write(self, folder: Path) -> None:
        """Write `task.json`."""
        (folder / "task.json").write_text(
            json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8"
        )


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
        self.row_of_feature: NDArray[np.int32] = _numpy(self._features["row"])
        self._columns = {
            name: _Lists(self._features[name])
            for name in ("input_ids", "token_type_ids", "char_start", "char_end")
            if name in self._features.column_names
        }

    @property
    def lengths(self) -> NDArray[np.int32]:
        """Tokens of each feature."""
        return self._columns["input_ids"].lengths

    @cached_property
    def example_id(self) -> NDArray[np.int64]:
        """Hash of each row."""
        return _numpy(self.rows["example_id"])

    @cached_property
    def labels(self) -> NDArray[np.generic]:
        """Gold label of each row; classes as indices, regression as values."""
        return _numpy(self.rows["label"])

    @cached_property
    def answers(self) -> NDArray[np.int32]:
        """Gold token positions `[features, 2]`."""
        column = _one_chunk(self._features["answer"])
        flat: NDArray[np.int32] = column.flatten().to_numpy(zero_copy_only=False)
        return flat.reshape(-1, 2)

    def references(self) -> Any:
        """Return the gold answers in the form that metrics take."""
        return (
            self.rows["answer_texts"].to_pylist()
            if self.info.kind == "span_extraction"
            else self.labels
        )

    def chars(self, feature: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return each token's first and last character offset in the context, -1 outside it."""
        return self._columns["char_start"][feature], self._columns["char_end"][feature]

    def collate(
        self,
        indices: NDArray[np.integer],
        soft: SoftLabels | None = None,
        *,
        temperature: float = 1.0,
    ) -> dict[str, Any]:
        """Return features `indices` as tensors padded to the longest among them.

        Keys: `input_ids`, `attention_mask`, `token_type_ids` `[B, T]`; `labels` `[B]`, for spans
        `[B, 2]` with `span_mask` `[B, T]`; with `soft`, `teacher_logits` `[B, C]`, for spans
        `[B, T, 2]` as `SpanLabels.scores` gives them at `temperature`.
        """
        batch: dict[str, Any] = self._inputs(indices)
        if self.info.kind == "span_extraction":
            self._add_span_targets(batch, indices, soft, temperature)
            return batch
        rows = self.row_of_feature[indices]
        integer = self.info.kind == "classification"
        batch["labels"] = torch.from_numpy(
            self.labels[rows].astype(np.int64 if integer else np.float32)
        )
        if isinstance(soft, ClassLabels):
            batch["teacher_logits"] = torch.from_numpy(soft.logits[rows].astype(np.float32))
        return batch

    def _inputs(self, indices: NDArray[np.integer]) -> dict[str, torch.Tensor]:
        width = int(self.lengths[indices].max())
        ids = np.full((len(indices), width), self.info.pad_token_id, dtype=np.int64)
        mask, types = np.zeros_like(ids), np.zeros_like(ids)
        for place, index in enumerate(indices):
            tokens = self._columns["input_ids"][index]
            ids[place, : len(tokens)] = tokens
            mask[place, : len(tokens)] = 1
            types[place, : len(tokens)] = self._columns["token_type_ids"][index]
        inputs = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        return (
            {**inputs, "token_type_ids": torch.from_numpy(types)}
            if self.info.token_types
            else inputs
        )

    def _add_span_targets(
        self,
        batch: dict[str, Any],
        indices: NDArray[np.integer],
        soft: SoftLabels | None,
        temperature: float,
    ) -> None:
        shape = tuple(batch["input_ids"].shape)
        mask = np.zeros(shape, dtype=bool)
        mask[:, 0] = True
        teacher = np.full((*shape, 2), MASKED, dtype=np.float32)
        for place, index in enumerate(indices):
            char_start, char_end = self.chars(int(index))
            inside = np.flatnonzero(char_start >= 0)
            mask[place, inside] = True
            if isinstance(soft, SpanLabels):
                row, where = int(self.row_of_feature[index]), np.concatenate([[0], inside])
                for side, (scores, chars) in enumerate(
                    ((soft.start, char_start), (soft.end, char_end))
                ):
                    teacher[place, where, side] = soft.scores(
                        scores, row, chars[inside], temperature
                    ).clip(min=MASKED)
        batch["span_mask"] = torch.from_numpy(mask)
        batch["labels"] = torch.from_numpy(self.answers[indices].astype(np.int64))
        if soft is not None:
            batch["teacher_logits"] = torch.from_numpy(teacher)


class _Lists:
    """A column of lists as one flat array and offsets: no Python object per number."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        array = _one_chunk(column)
        self._flat = array.values.to_numpy(zero_copy_only=False)
        self._offsets = array.offsets.to_numpy()
        self.lengths: NDArray[np.int32] = np.diff(self._offsets)

    def __getitem__(self, index: int | np.integer[Any]) -> NDArray[Any]:
        return self._flat[self._offsets[index] : self._offsets[index + 1]]  # type: ignore[no-any-return]


def _map_table(path: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    """Return the column as one array; the only chunk itself, as combining would copy it."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _numpy(column: pa.ChunkedArray) -> NDArray[Any]:
    return _one_chunk(column).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
