"""Stage benchmark: bytes on disk and latency of every model.

They are measured side by side in one process of its own.
"""

from __future__ import annotations

import platform
import statistics
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from distill.data import TaskData
from distill.recipe import Benchmark
from distill.stages.shared import device
from distill.store import write_json
from distill.training import progress_bar
from students import load_student
from teachers import load_teacher

if TYPE_CHECKING:
    from collections.abc import Callable

    from distill.stages.job import Job

WARM_UP = 3


@torch.inference_mode()
def run(job: Job) -> None:
    """Write `benchmark.json`: bytes and median milliseconds at batch 1.

    They are of the teachers and of each student. Each row is timed on all models in turn, so that a
    busy moment of the machine hits all alike. Tokenising is not timed.
    """
    section = Benchmark.model_validate(job.settings["benchmark"])
    roles: dict[str, list[float]] = {"teacher": [], **{name: [] for name in job.group("student")}}
    per_task: dict[str, dict[str, float]] = {}
    loaded = {name: load_student(folder, device()) for name, folder in job.group("student").items()}
    for task, folder in job.group("data").items():
        data = TaskData(folder, "validation")
        teacher = load_teacher(job.group("teacher")[task], data.info.kind, device())
        teacher_data = TaskData(job.group("teacher_data")[task], "validation")
        timed = {"teacher": _Timed(teacher, teacher_data)}
        timed |= {name: _Timed(partial(model, task=task), data) for name, model in loaded.items()}
        times = _time_rows(data, timed, section.rows)
        per_task[task] = {name: statistics.median(values) for name, values in times.items()}
        for name, values in times.items():
            roles[name] += values
    result = {
        "teachers": len(job.group("teacher")),
        "bytes": {
            "teacher": sum(_weight_bytes(folder) for folder in job.group("teacher").values()),
            **{name: _weight_bytes(folder) for name, folder in job.group("student").items()},
        },
        "latency_ms": {name: statistics.median(values) for name, values in roles.items()},
        "latency_ms_by_task": per_task,
        "machine": {
            "cpu": _cpu(),
            "threads": torch.get_num_threads(),
            "rows_per_task": section.rows,
        },
    }
    write_json(job.out / "benchmark.json", result)


class _Timed(NamedTuple):
    """A model and its own tokens of the rows: teacher and student may differ in tokenizer."""

    model: Callable[..., Any]
    data: TaskData

    def inputs(self, row: int) -> dict[str, torch.Tensor]:
        first = int(np.searchsorted(self.data.row_of_item, row))
        inputs = self.data.inputs(np.asarray([first]))
        return {name: value.to(device()) for name, value in inputs.items()}


def _time_rows(data: TaskData, timed: dict[str, _Timed], rows: int) -> dict[str, list[float]]:
    count = data.rows.num_rows
    chosen = np.linspace(0, count - 1, min(rows, count)).astype(np.int64)
    times: dict[str, list[float]] = {name: [] for name in timed}
    order = [*chosen[:WARM_UP], *chosen]
    for place, row in enumerate(progress_bar(f"benchmark {data.info.name}", iterable=order)):
        for name, one in timed.items():
            inputs = one.inputs(int(row))
            _wait_for_gpu()
            started = time.perf_counter()
            one.model(**inputs)
            _wait_for_gpu()
            if place >= WARM_UP:
                times[name].append(1000 * (time.perf_counter() - started))
    return times


def _wait_for_gpu() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _weight_bytes(folder: Path) -> int:
    return (folder / "model.safetensors").stat().st_size


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(
            line.partition(":")[2].strip() for line in lines if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
