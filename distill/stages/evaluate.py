"""Stage evaluate: scores and predictions of one model.

It is reloaded from the bytes on disk, in a process of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from distill.data import TaskData, prediction_rows
from distill.stages.shared import device, scored, task_logits, write_json_lines
from students import load_student
from teachers import load_teacher

if TYPE_CHECKING:
    from distill.stages.job import Job


def run(job: Job) -> None:
    """Write `<task>.json` (metrics in percent) and `<task>.predictions.jsonl` for each task."""
    student = job.settings["role"] == "student"
    for name, folder in job.group("data").items():
        data = TaskData(folder, "validation")
        model = (
            load_student(job.inputs["model"], device())
            if student
            else load_teacher(job.inputs["model"], data.info.kind, device())
        )
        logits = task_logits(model, data, student=student, label=f"evaluate {job.name} {name}")
        result = {"rows": data.rows.num_rows, **scored(data, logits)}
        (job.out / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        write_json_lines(job.out / f"{name}.predictions.jsonl", prediction_rows(data, logits))
