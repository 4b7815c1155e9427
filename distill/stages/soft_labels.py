"""Stage soft_labels: one teacher's outputs on its training rows, on disk.

A teacher runs once per data set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from distill.data import TaskData, merge_units, merge_windows
from distill.errors import ModelError
from distill.recipe import SoftLabels
from distill.soft_labels import SoftLabelHeader, write_logits, write_spans
from distill.stages.shared import device, task_logits
from teachers import label_order, load_teacher

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import PretrainedConfig

    from distill.data import TaskInfo
    from distill.stages.job import Job


def run(job: Job) -> None:
    """Write the soft labels of the training split.

    Raises:
        ModelError: the teacher's label names are not the task's.
        SoftLabelError: the teacher's logits are not finite.
    """
    section = SoftLabels.model_validate(job.settings["soft_labels"])
    data = TaskData(job.inputs["data"], "train")
    model = load_teacher(job.inputs["teacher"], data.info.kind, device())
    columns = _columns(data.info, model.config)
    logits = task_logits(
        model, data, label=f"soft labels {data.info.name}", batch=section.batch_size
    )
    header = SoftLabelHeader(
        task=data.info.name,
        split="train",
        kind=data.info.kind,
        label_names=list(data.info.labels),
        teacher=job.fingerprints["teacher"],
        data=data.info.rows_fingerprint,
        dtype=section.dtype,
        rows=data.rows.num_rows,
    )
    match data.info.kind:
        case "span_extraction":
            write_spans(job.out, header, data.example_id, merge_windows(data, logits))
        case "tagging" | "extractive_summary":
            unit_rows, units_PC = merge_units(data, logits)
            units_PC = units_PC[:, columns]
            write_logits(job.out, header, data.example_id, units_PC, unit_rows=unit_rows)
        case _:
            write_logits(job.out, header, data.example_id, np.stack(logits)[:, columns])


def _columns(info: TaskInfo, config: PretrainedConfig) -> NDArray[np.int64] | slice:
    if not info.labels:
        return slice(None)
    try:
        id2label = cast("dict[int, str]", config.id2label)
        return np.asarray(label_order(id2label, info.labels), dtype=np.int64)
    except ValueError as error:
        raise ModelError(f"the teacher of {info.name} does not fit: {error}") from error
