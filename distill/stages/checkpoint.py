"""A finished model on its own: loaded once, with what it says of its tasks."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import AutoTokenizer

from distill.data import TaskData, TaskInfo, encode_rows, write_split
from distill.errors import ModelError
from distill.stages.job import quiet_libraries
from distill.stages.shared import decision_threshold, describe_task, device
from students import MultiTaskConfig, load_student
from teachers import adopt_teacher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pyarrow as pa
    from transformers import PreTrainedModel

    from distill.tasks import TaskSpec


class Checkpoint:
    """A student's folder, loaded once: model, tokenizer and what it says of each task."""

    is_student = True

    def __init__(self, folder: Path) -> None:
        """Load the student.

        Raises:
            ModelError: the folder is no student checkpoint or cannot be loaded.
        """
        values = _config(folder)
        if values.get("model_type") != MultiTaskConfig.model_type:
            raise ModelError(
                f"{folder}: a {values.get('model_type')} model, not a student; give a folder that "
                "`distill run` made"
            )
        self.tasks: dict[str, dict[str, Any]] = values["tasks"]
        self._load(folder, lambda: load_student(folder, device()))

    def _load(self, folder: Path, load: Callable[[], PreTrainedModel]) -> None:
        quiet_libraries()
        self.folder = folder
        try:
            self.model = load()
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

    def threshold(self, task: str) -> float:
        """Return the threshold that the model decides a task with, 0 where it has none."""
        return decision_threshold(self.model, task)

    @contextmanager
    def encoded(self, info: TaskInfo, rows: pa.Table) -> Iterator[TaskData]:
        """Give `rows` tokenised for this model; their files last as long as the context."""
        with tempfile.TemporaryDirectory(prefix="distill-") as folder:
            features = encode_rows(
                info.kind, rows, self.tokenizer, max_length=info.max_length, stride=info.stride
            )
            write_split(Path(folder), "rows", rows, features)
            info.write(Path(folder))
            yield TaskData(Path(folder), "rows")


class TeacherCheckpoint(Checkpoint):
    """A model of one task: a teacher of a run, or one fine-tuned elsewhere."""

    is_student = False

    def __init__(self, folder: Path, spec: TaskSpec) -> None:
        """Load the model, its labels in the order of `spec`.

        Raises:
            ModelError: it cannot be loaded, or is no model of this kind and these labels.
        """
        values = _config(folder)
        self._load(folder, lambda: adopt_teacher(folder, spec.kind, spec.labels, device=device()))
        # of span models only those that may answer nothing have a threshold
        spans = spec.kind == "span_extraction"
        unanswerable = spans and "decision_threshold" in values
        info = describe_task(spec, self.tokenizer, unanswerable=unanswerable)
        self.tasks = {spec.name: asdict(info)}


def open_checkpoint(folder: Path, specs: Mapping[str, TaskSpec]) -> Checkpoint:
    """Return the student in `folder`, or the single-task model of the one task in `specs`.

    Raises:
        ModelError: it cannot be loaded, or is asked for several tasks and has one.
    """
    model_type = _config(folder).get("model_type")
    if model_type == MultiTaskConfig.model_type:
        return Checkpoint(folder)
    if len(specs) > 1:
        raise ModelError(
            f"{folder}: a {model_type} model of one task; give one --task, not {len(specs)}"
        )
    return TeacherCheckpoint(folder, next(iter(specs.values())))


def _config(folder: Path) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{folder}: no readable config.json; give a model's folder, such as "
            "runs/NAME/4-student/seed-1"
        ) from error
    return values
