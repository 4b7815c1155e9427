"""Stage evaluate: scores and predictions of one model.

It is reloaded from the bytes on disk, in a process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distill.data import TaskData, prediction_rows, trivial_predictions
from distill.stages.shared import (
    decision_threshold,
    device,
    scored,
    scored_predictions,
    task_outputs,
    write_json_lines,
)
from distill.store import write_json
from students import load_student
from teachers import load_teacher

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from distill.stages.job import Job


def run(job: Job) -> None:
    """Write `<task>.json` (metrics in percent, with intervals) and `<task>.predictions.jsonl`.

    A task's further evaluation sets are in `<task>.<set>.json`. The role `baseline` is no model but
    `trivial_predictions`: what the models must beat.
    """
    for name, folder in job.group("data").items():
        model = _model(job, TaskData(folder, "validation").info.kind)
        for split in ("validation", *TaskData(folder, "validation").info.also):
            stem = name if split == "validation" else f"{name}.{split}"
            data = TaskData(folder, split)
            if model is None:
                result = _baseline(job, folder, data)
            else:
                result = _evaluate(job, stem, data, model)
            write_json(job.out / f"{stem}.json", {"rows": data.rows.num_rows, **result})


def _model(job: Job, kind: str) -> torch.nn.Module | None:
    match job.settings["role"]:
        case "student":
            return load_student(job.inputs["model"], device())
        case "teacher":
            return load_teacher(job.inputs["model"], kind, device())
        case _:
            return None


def _baseline(job: Job, folder: Path, data: TaskData) -> dict[str, Any]:
    predictions = trivial_predictions(TaskData(folder, "train"), data, job.settings["seed"])
    return scored_predictions(data.info, predictions, data.references(), intervals=True)


def _evaluate(job: Job, stem: str, data: TaskData, model: torch.nn.Module) -> dict[str, Any]:
    threshold = decision_threshold(model, data.info.name)
    outputs = task_outputs(
        model,
        data,
        student=job.settings["role"] == "student",
        label=f"evaluate {job.name} {stem}",
    )
    write_json_lines(
        job.out / f"{stem}.predictions.jsonl",
        prediction_rows(data, outputs, threshold=threshold),
    )
    return scored(data, outputs, threshold=threshold, intervals=True)
