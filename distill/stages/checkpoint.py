"""A finished student on its own: loaded once, with what it says of its tasks."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import AutoTokenizer

from distill.data import TaskData, TaskInfo, encode_rows, write_split
from distill.errors import ModelError
from distill.stages.job import quiet_libraries
from distill.stages.shared import device, null_threshold
from students import MultiTaskConfig, load_student

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from students import MultiTaskStudent


class Checkpoint:
    """A student's folder, loaded once: model, tokenizer and what it says of each task."""

    def __init__(self, folder: Path) -> None:
        """Load the student.

        Raises:
            ModelError: the folder is no student checkpoint or cannot be loaded.
        """
        quiet_libraries()
        self.folder = folder
        try:
            values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(
                f"{folder}: no readable config.json; give a student's folder, such as "
                "runs/NAME/4-student/seed-1"
            ) from error
        if values.get("model_type") != MultiTaskConfig.model_type:
            raise ModelError(
                f"{folder}: a {values.get('model_type')} model, not a student; give a folder that "
                "`distill run` made"
            )
        self.tasks: dict[str, dict[str, Any]] = values["tasks"]
        try:
            self.model: MultiTaskStudent = load_student(folder, device())
            self.tokenizer = AutoTokenizer.from_pretrained(folder)
        except (OSError, ValueError, RuntimeError, ImportError) as error:
            raise ModelError(f"{folder}: cannot be loaded: {error}") from error

    def info(self, task: str, **changes: Any) -> TaskInfo:
        """Return what the checkpoint knows of a task.

        Raises:
            ModelError: the student has no such task.
        """
        if task not in self.tasks:
            raise ModelError(
                f"{self.folder}: no task {task!r}; this student has {', '.join(self.tasks)}"
            )
        known = {field.name for field in fields(TaskInfo)}
        stored = {key: value for key, value in self.tasks[task].items() if key in known} | changes
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()
        }
        return TaskInfo(**values)

    def null_threshold(self, task: str) -> float:
        """Return the odds of "no answer" above which the student answers nothing."""
        return null_threshold(self.model, task)

    @contextmanager
    def encoded(self, info: TaskInfo, rows: pa.Table) -> Iterator[TaskData]:
        """Give `rows` tokenised for this student; their files last as long as the context."""
        with tempfile.TemporaryDirectory(prefix="distill-") as folder:
            features = encode_rows(
                info.kind, rows, self.tokenizer, max_length=info.max_length, stride=info.stride
            )
            write_split(Path(folder), "rows", rows, features)
            info.write(Path(folder))
            yield TaskData(Path(folder), "rows")
