"""A finished student's answers to inputs that were never in a data set."""

from __future__ import annotations

import json
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from distill.data import prediction_rows
from distill.errors import UserError
from distill.stages.checkpoint import Checkpoint
from distill.stages.shared import task_outputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from distill.data import TaskInfo

    Input = tuple[Any, ...]

CHUNK: Final = 256
"""Inputs predicted at a time: bounds memory whatever the length of stdin."""
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "span_extraction": ("question", "context"),
    "tagging": ("words",),
    "multiple_choice": ("text", "candidates"),
    "extractive_summary": ("sentences",),
}
"""Fields of an input; of other kinds `text`, and `text_pair` where it was trained on pairs."""
LISTS: Final = frozenset({"words", "candidates", "sentences"})


def predict_lines(
    folder: Path, task: str, texts: Sequence[str], lines: Iterable[str] | None
) -> Iterator[dict[str, Any]]:
    """Yield one answer per input, from `texts` or from JSON `lines`, in order, a chunk at a time.

    Raises:
        ModelError: the folder is no student, or lacks the task.
        UserError: an input lacks a field, is no JSON, or the texts do not make whole inputs.
    """
    checkpoint = Checkpoint(folder)
    info = checkpoint.info(task)
    names = FIELDS.get(info.kind, ("text", "text_pair") if info.pair else ("text",))
    inputs = _from_texts(texts, info.kind, names) if lines is None else _from_lines(lines, names)
    for _, group in groupby(inputs, lambda item: len(item[-1]) if "candidates" in names else 0):
        while chunk := list(islice(group, CHUNK)):
            columns = zip(*chunk, strict=True)
            yield from _predict(checkpoint, info, dict(zip(names, columns, strict=True)))


def _predict(
    checkpoint: Checkpoint, info: TaskInfo, columns: dict[str, Sequence[Any]]
) -> list[dict[str, Any]]:
    table = {name: pa.array(list(values)) for name, values in columns.items()}
    count = len(next(iter(table.values())))
    table["id"] = pa.array([str(number) for number in range(count)])
    match info.kind:
        case "span_extraction":
            table["answer_texts"] = pa.array([[]] * count, pa.list_(pa.string()))
            table["answer_starts"] = pa.array([[]] * count, pa.list_(pa.int32()))
        case "tagging" | "extractive_summary":
            (units,) = columns.values()
            table["label"] = pa.array([[0] * len(of_row) for of_row in units], pa.list_(pa.int32()))
        case "multi_label":
            table["label"] = pa.array([[]] * count, pa.list_(pa.int32()))
        case _:
            table["label"] = pa.array([0] * count, pa.int32())
    with checkpoint.encoded(info, pa.table(table)) as data:
        outputs = task_outputs(checkpoint.model, data, student=True)
        threshold = checkpoint.threshold(info.name)
        rows = prediction_rows(data, outputs, threshold=threshold)
    return [{key: value for key, value in row.items() if key != "id"} for row in rows]


def _from_texts(texts: Sequence[str], kind: str, names: tuple[str, ...]) -> list[Input]:
    wanted = f"this task takes {' and '.join(names)}: "
    given = f"; {len(texts)} were given"
    match kind:
        case "tagging":
            if not all(text.split() for text in texts):
                raise UserError(f"{wanted}give sentences; one of those given has no word")
            return [(text.split(),) for text in texts]
        case "extractive_summary":
            return [(list(texts),)]
        case "multiple_choice":
            if len(texts) < 3:
                raise UserError(f"{wanted}give a text and at least two candidates{given}")
            return [(texts[0], list(texts[1:]))]
        case _:
            if len(texts) % len(names):
                raise UserError(f"{wanted}give texts in pairs{given}")
            return [
                tuple(texts[start : start + len(names)])
                for start in range(0, len(texts), len(names))
            ]


def _from_lines(lines: Iterable[str], names: tuple[str, ...]) -> Iterator[Input]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError:
            values = None
        if not isinstance(values, dict) or not all(
            _fits(values.get(name), name in LISTS) for name in names
        ):
            fields = " and ".join(f"{name} (a list)" if name in LISTS else name for name in names)
            raise UserError(
                f"stdin, line {number}: expected a JSON object with the texts {fields}, found "
                f"{line.strip()[:60]!r}"
            )
        yield tuple(values[name] for name in names)


def _fits(value: object, many: bool) -> bool:
    if many:
        return isinstance(value, list) and bool(value) and all(_fits(one, False) for one in value)
    return isinstance(value, str)
