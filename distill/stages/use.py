"""A finished student on new data: scores on validation rows, answers for texts."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from transformers import AutoTokenizer

from distill.data import TaskData, TaskInfo, encode_rows, prediction_rows, write_split
from distill.errors import ModelError, UserError
from distill.stages.job import quiet_libraries
from distill.stages.shared import device, scored, task_logits, write_json_lines
from distill.tasks import read_rows
from students import MultiTaskConfig, load_student

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from distill.tasks import TaskSpec
    from students import MultiTaskStudent

CHUNK: Final = 256
"""Lines predicted at a time: bounds memory whatever the length of stdin."""
INPUTS: Final = {"span_extraction": ("question", "context")}
"""Fields of an input; of a text task `text`, and `text_pair` where it was trained on pairs."""


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


def evaluate_checkpoint(
    folder: Path, specs: Mapping[str, TaskSpec], *, seed: int, predictions: Path | None = None
) -> dict[str, dict[str, float]]:
    """Return rows, metrics in percent and `score` for each task; optionally write predictions.

    `seed` draws the rows where a specification limits them, as it did in the run.

    Raises:
        ModelError: the folder is no student, lacks a task, or has another kind or other labels
            than the data.
        DataError: the rows cannot be read.
    """
    checkpoint = Checkpoint(folder)
    infos = {
        name: checkpoint.info(name, metrics=spec.metrics, score=spec.score)
        for name, spec in specs.items()
    }
    for name, spec in specs.items():
        _refuse_mismatch(folder, infos[name], spec)
    results: dict[str, dict[str, float]] = {}
    for name, spec in specs.items():
        with checkpoint.encoded(infos[name], read_rows(spec, seed).validation) as data:
            logits = task_logits(checkpoint.model, data, student=True, label=f"evaluate {name}")
            results[name] = {"rows": data.rows.num_rows, **scored(data, logits)}
            if predictions is not None:
                predictions.mkdir(parents=True, exist_ok=True)
                write_json_lines(
                    predictions / f"{name}.predictions.jsonl", prediction_rows(data, logits)
                )
    return results


def _refuse_mismatch(folder: Path, info: TaskInfo, spec: TaskSpec) -> None:
    if info.kind != spec.kind:
        raise ModelError(f"{folder}: task {info.name} is {info.kind}, the data's is {spec.kind}")
    if tuple(info.labels) != tuple(spec.labels):
        raise ModelError(
            f"{folder}: task {info.name} has labels {', '.join(info.labels)}, "
            f"the data {', '.join(spec.labels)}; name them alike and in the same order"
        )


def predict_lines(
    folder: Path, task: str, texts: Sequence[str], lines: Iterable[str] | None
) -> Iterator[dict[str, Any]]:
    """Yield one answer per input, from `texts` or from JSON `lines`, in order, a chunk at a time.

    Raises:
        ModelError: the folder is no student, or lacks the task.
        UserError: an input lacks a field, is no JSON, or texts do not come in pairs where they
            must.
    """
    checkpoint = Checkpoint(folder)
    info = checkpoint.info(task)
    names = INPUTS.get(info.kind, ("text", "text_pair") if info.pair else ("text",))
    inputs = _from_texts(texts, names) if lines is None else _from_lines(lines, names)
    chunk: list[tuple[str, ...]] = []
    for item in inputs:
        chunk.append(item)
        if len(chunk) == CHUNK:
            yield from _predict(checkpoint, info, chunk, names)
            chunk = []
    if chunk:
        yield from _predict(checkpoint, info, chunk, names)


def _predict(
    checkpoint: Checkpoint, info: TaskInfo, chunk: list[tuple[str, ...]], names: tuple[str, ...]
) -> list[dict[str, Any]]:
    columns: dict[str, Any] = {
        name: list(values) for name, values in zip(names, zip(*chunk, strict=True), strict=True)
    }
    columns["id"] = [str(number) for number in range(len(chunk))]
    if info.kind == "span_extraction":
        empty: list[list[str]] = [[] for _ in chunk]
        columns |= {
            "answer_texts": pa.array(empty, pa.list_(pa.string())),
            "answer_starts": pa.array(empty, pa.list_(pa.int32())),
        }
    else:
        columns["label"] = [0] * len(chunk)
    with checkpoint.encoded(info, pa.table(columns)) as data:
        rows = prediction_rows(data, task_logits(checkpoint.model, data, student=True))
    return [{key: value for key, value in row.items() if key != "id"} for row in rows]


def _from_texts(texts: Sequence[str], names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if len(texts) % len(names):
        raise UserError(
            f"this task takes {' and '.join(names)}: give texts in pairs; {len(texts)} were given"
        )
    for start in range(0, len(texts), len(names)):
        yield tuple(texts[start : start + len(names)])


def _from_lines(lines: Iterable[str], names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError:
            values = None
        if not isinstance(values, dict) or not all(
            isinstance(values.get(name), str) for name in names
        ):
            raise UserError(
                f"stdin, line {number}: expected a JSON object with the texts "
                f"{' and '.join(names)}, found {line.strip()[:60]!r}"
            )
        yield tuple(values[name] for name in names)
