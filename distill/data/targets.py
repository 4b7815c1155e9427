"""What a batch is compared with: gold labels, and a teacher's logits where they stand in it.

Shapes: B batch, K candidates, T tokens, C classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from distill.losses import MASKED
from distill.soft_labels import ClassLabels, SoftLabels, SpanLabels, UnitLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from distill.data.task_data import TaskData

_INTEGER_LABELS: Final = {"classification", "multiple_choice", "tagging"}
_UNIT_KINDS: Final = {"tagging", "extractive_summary"}


def collate(
    data: TaskData,
    items: NDArray[np.integer],
    soft: SoftLabels | None = None,
    *,
    temperature: float = 1.0,
) -> dict[str, Any]:
    """Return the inputs of `items` with their targets.

    | kind | `labels` | `mask` | `teacher_logits`, with `soft` |
    | --- | --- | --- | --- |
    | classification, regression | `[B]` | | `[B, C]` |
    | multiple choice | `[B]` | | `[B, K]` |
    | multi-label | `[B, C]` | | `[B, C]` |
    | tagging, summaries | `[B, T]` | `[B, T]` | `[B, T, C]` |
    | spans | `[B, 2]` | `[B, T]` | `[B, T, 2]`, `SpanLabels.scores` at `temperature` |
    """
    batch: dict[str, Any] = data.inputs(items)
    if data.info.kind == "span_extraction":
        _add_span_targets(batch, data, items, soft, temperature)
    elif data.info.kind in _UNIT_KINDS:
        _add_unit_targets(batch, data, items, soft)
    else:
        rows = data.row_of_item[items]
        batch["labels"] = torch.from_numpy(data.labels[rows].astype(_label_type(data)))
        if isinstance(soft, ClassLabels):
            batch["teacher_logits"] = torch.from_numpy(soft.logits[rows].astype(np.float32))
    if data.info.class_weights:
        batch["class_weights"] = torch.tensor(data.info.class_weights)
    return batch


def _label_type(data: TaskData) -> type[np.generic]:
    return np.int64 if data.info.kind in _INTEGER_LABELS else np.float32


def _add_span_targets(
    batch: dict[str, Any],
    data: TaskData,
    items: NDArray[np.integer],
    soft: SoftLabels | None,
    temperature: float,
) -> None:
    shape = tuple(batch["input_ids"].shape)
    mask = np.zeros(shape, dtype=bool)
    mask[:, 0] = True
    teacher = np.full((*shape, 2), MASKED, dtype=np.float32)
    for place, item in enumerate(items):
        chars_of_side = data.chars(int(item))
        inside = np.flatnonzero(chars_of_side[0] >= 0)
        mask[place, inside] = True
        if isinstance(soft, SpanLabels):
            row, where = int(data.row_of_item[item]), np.concatenate([[0], inside])
            for side, scores in enumerate((soft.start, soft.end)):
                teacher[place, where, side] = soft.scores(
                    scores, row, chars_of_side[side][inside], temperature
                ).clip(min=MASKED)
    batch["mask"] = torch.from_numpy(mask)
    batch["labels"] = torch.from_numpy(data.answers[items].astype(np.int64))
    if soft is not None:
        batch["teacher_logits"] = torch.from_numpy(teacher)


def _add_unit_targets(
    batch: dict[str, Any],
    data: TaskData,
    items: NDArray[np.integer],
    soft: SoftLabels | None,
) -> None:
    shape = tuple(batch["input_ids"].shape)
    mask, labels = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=_label_type(data))
    teacher = None
    if isinstance(soft, UnitLabels):
        teacher = np.zeros((*shape, soft.logits.shape[1]), dtype=np.float32)
    for place, item in enumerate(items):
        row = int(data.row_of_item[item])
        units, positions = data.units(int(item))
        mask[place, positions] = True
        labels[place, positions] = data.unit_labels[row][units]
        if teacher is not None and isinstance(soft, UnitLabels):
            teacher[place, positions] = soft.logits[soft.rows[row] + units]
    batch["mask"], batch["labels"] = torch.from_numpy(mask), torch.from_numpy(labels)
    if teacher is not None:
        batch["teacher_logits"] = torch.from_numpy(teacher)
