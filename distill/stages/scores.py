"""Scores with intervals: of a model reloaded from disk, or of predictions made elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distill.data import gold_answers, prediction_rows
from distill.errors import ModelError, RecipeError
from distill.metrics.glue import glue_average
from distill.stages.checkpoint import open_checkpoint
from distill.stages.prediction_files import read_predictions, write_predictions
from distill.stages.shared import scored, scored_predictions, task_outputs
from distill.tasks import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

    from distill.data import TaskInfo
    from distill.stages.checkpoint import Checkpoint
    from distill.tasks import TaskSpec

    Scores = dict[str, Any]


def evaluate_checkpoint(
    folder: Path, specs: Mapping[str, TaskSpec], *, seed: int, predictions: Path | None = None
) -> dict[str, Scores]:
    """Return the scores of each task, as `task/set` of its further evaluation sets, and of `glue`.

    Scores are `rows`, metrics in percent, `score` and their `intervals`; of `glue`, where all its
    tasks but WNLI are there, the averages of `glue_average`. With `predictions`, write
    the files of `write_predictions` there. `seed` draws the rows where a specification limits them,
    as it did in the run.

    Raises:
        ModelError: the folder is no model, lacks a task, or has another kind or other labels
            than the data.
        DataError: the rows cannot be read.
    """
    checkpoint = open_checkpoint(folder, specs)
    infos = {
        name: checkpoint.info(name, metrics=spec.metrics, score=spec.score)
        for name, spec in specs.items()
    }
    for name, spec in specs.items():
        _refuse_mismatch(folder, infos[name], spec)
    scores = {
        name: _evaluate(checkpoint, infos[task], name, rows, predictions)
        for task, spec in specs.items()
        for name, rows in _evaluation_sets(spec, seed).items()
    }
    glue = glue_average(scores)
    return scores if glue is None else {**scores, "glue": glue._asdict()}


def evaluate_file(path: Path, spec: TaskSpec, *, seed: int, name: str) -> dict[str, Scores]:
    """Return the scores of the prediction file `path` by `name`: the task, or `task/set`.

    Raises:
        RecipeError: the task has no such set.
        DataError: the rows or the predictions cannot be read, or do not fit each other.
    """
    sets = _evaluation_sets(spec, seed)
    if name not in sets:
        raise RecipeError(f"{name}: {spec.name} has the evaluation sets {', '.join(sets)}")
    rows = sets[name]
    predictions = read_predictions(path, spec.kind, spec.labels, rows)
    gold = gold_answers(spec.kind, spec.labels, rows)
    found = scored_predictions(spec, predictions, gold, intervals=True)
    return {name: {"rows": rows.num_rows, **found}}


def _evaluation_sets(spec: TaskSpec, seed: int) -> dict[str, pa.Table]:
    read = read_rows(spec, seed)
    further = {f"{spec.name}/{name}": rows for name, rows in read.also.items()}
    return {spec.name: read.validation, **further}


def _evaluate(
    checkpoint: Checkpoint, info: TaskInfo, name: str, rows: pa.Table, predictions: Path | None
) -> Scores:
    threshold = checkpoint.threshold(info.name)
    with checkpoint.encoded(info, rows) as data:
        outputs = task_outputs(
            checkpoint.model, data, student=checkpoint.is_student, label=f"evaluate {name}"
        )
        if predictions is not None:
            answers = prediction_rows(data, outputs, threshold=threshold)
            write_predictions(predictions, name.replace("/", "."), answers, info.kind)
        found = scored(data, outputs, threshold=threshold, intervals=True)
        return {"rows": data.rows.num_rows, **found}


def _refuse_mismatch(folder: Path, info: TaskInfo, spec: TaskSpec) -> None:
    if info.kind != spec.kind:
        raise ModelError(f"{folder}: task {info.name} is {info.kind}, the data's is {spec.kind}")
    if tuple(info.labels) != tuple(spec.labels):
        raise ModelError(
            f"{folder}: task {info.name} has labels {', '.join(info.labels)}, "
            f"the data {', '.join(spec.labels)}; name them alike and in the same order"
        )
