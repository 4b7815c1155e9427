"""What several stages do alike with the rooms below them."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from distill.data import TaskData, TaskInfo, decode, length_batches, row_outputs
from distill.errors import ModelError
from distill.metrics import best_label_threshold, best_thresholds, interval, measure, score_task
from distill.store import write_json
from distill.training import Hyperparameters, predict_logits, progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

    from distill.recipe import Kind, Optimisation
    from distill.tasks import TaskSpec

EVALUATION_BATCH = 64


def hyperparameters(section: Optimisation, seed: int, **more: Any) -> Hyperparameters:
    """Return a recipe section as the plain values that training takes."""
    names = Hyperparameters.__dataclass_fields__.keys() & type(section).model_fields.keys()
    return Hyperparameters(**{name: getattr(section, name) for name in names}, seed=seed, **more)


def describe_task(
    spec: TaskSpec, tokenizer: PreTrainedTokenizerBase, *, unanswerable: bool
) -> TaskInfo:
    """Return what models of a task must know of it; nothing yet of its training rows."""
    named = {field.name for field in fields(TaskInfo)} & {field.name for field in fields(spec)}
    named -= {"class_weights"}  # a choice there, numbers here
    return TaskInfo(
        **{name: getattr(spec, name) for name in named},
        pair=spec.is_pair,
        unanswerable=unanswerable,
        rows_fingerprint="",
        pad_token_id=int(tokenizer.pad_token_id or 0),
        token_types="token_type_ids" in tokenizer.model_input_names,
    )


def device() -> str:
    """Return where models run in a single process."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def task_logits(
    model: torch.nn.Module,
    data: TaskData,
    *,
    student: bool = False,
    label: str | None = None,
    batch: int = EVALUATION_BATCH,
) -> list[NDArray[np.float32]]:
    """Return a model's logits of every feature.

    A student is told the task, and `label` shows a progress bar.
    """

    def collate(indices: NDArray[np.integer]) -> dict[str, Any]:
        inputs = data.inputs(indices)
        return {**inputs, "task": data.info.name} if student else inputs

    progress = iter if label is None else lambda batches: progress_bar(label, iterable=batches)
    return predict_logits(model, length_batches(data.lengths, batch), collate, progress=progress)


def task_outputs(
    model: torch.nn.Module, data: TaskData, *, student: bool = False, label: str | None = None
) -> Any:
    """Return a model's `row_outputs`.

    Raises:
        ModelError: the model gives NaN or infinity, as one does whose training diverged.
    """
    return finite_outputs(data, task_logits(model, data, student=student, label=label))


def finite_outputs(data: TaskData, logits: Sequence[NDArray[np.floating]]) -> Any:
    """Return the `row_outputs` of logits that are all finite.

    Raises:
        ModelError: some are not.
    """
    if not all(np.isfinite(one).all() for one in logits):
        raise ModelError(
            f"{data.info.name}: the model's outputs are not finite; its training diverged: lower "
            "learning_rate or max_grad_norm, or raise warmup_fraction"
        )
    return row_outputs(data, logits)


def scored(
    data: TaskData, outputs: Any, *, threshold: float | None = None, intervals: bool = False
) -> dict[str, Any]:
    """Return the task's metrics in percent, and `score`, their one number.

    Where predictions hang on a threshold and none is given, it is `best_threshold` of these rows,
    and is returned too. With `intervals`, `intervals` has for each number its 95% interval.
    """
    if threshold is None and data.info.has_threshold:
        threshold = best_threshold(data, outputs)
    predictions = decode(data, outputs, threshold=threshold or 0.0)
    found = scored_predictions(data.info, predictions, data.references(), intervals=intervals)
    return {**found, "decision_threshold": threshold} if data.info.has_threshold else found


class Scored(Protocol):
    """What of a task decides how it is scored."""

    @property
    def kind(self) -> Kind:
        """Kind of the task."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics to compute."""

    @property
    def score(self) -> tuple[str, ...]:
        """Those whose mean is the task's one score."""


def scored_predictions(
    task: Scored, predictions: Any, references: Any, *, intervals: bool = False
) -> dict[str, Any]:
    """Return the metrics of `predictions`, as `decode` gives them, in percent, and `score`."""

    def mean(values: Mapping[str, Any]) -> Any:
        return sum(values[name] for name in task.score) / len(task.score)

    if not intervals:
        metrics = score_task(task.kind, task.metrics, predictions, references)
        return {**metrics, "score": mean(metrics)}
    found = measure(task.kind, task.metrics, predictions, references)
    drawn = {**found.draws, "score": mean(found.draws)}
    return {
        **found.scores,
        "score": mean(found.scores),
        "intervals": {name: list(interval(values)) for name, values in drawn.items()},
    }


def best_threshold(data: TaskData, outputs: Any) -> float:
    """Return the threshold of `decode` with which these rows have the best F1.

    It is of the odds of "no answer", or of several labels' logits; their F1 is the micro average.
    """
    if data.info.kind == "multi_label":
        return best_label_threshold(outputs, data.references())
    found = best_thresholds(outputs.no_answer_odds, outputs.texts(), data.references())
    return float(found.best_f1_threshold)


def keep_thresholds(
    folder: Path, load: Callable[[], torch.nn.Module], dev_sets: Iterable[TaskData]
) -> None:
    """Write the threshold of each task that has one into the model's config.json.

    A model predicts with the threshold that was best on its development rows, whatever rows come.
    """
    chosen = [dev for dev in dev_sets if dev.info.has_threshold]
    if not chosen:
        return
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    student, model = "tasks" in config, load()
    for dev in chosen:
        section = config["tasks"][dev.info.name] if student else config
        outputs = task_outputs(model, dev, student=student)
        section["decision_threshold"] = best_threshold(dev, outputs)
    write_json(folder / "config.json", config)


def decision_threshold(model: torch.nn.Module, task: str) -> float:
    """Return the threshold that `keep_thresholds` wrote, 0 where it wrote none."""
    config: Any = model.config
    section = getattr(config, "tasks", {}).get(task, {})
    return float(section.get("decision_threshold", getattr(config, "decision_threshold", 0.0)))


def task_score(model: torch.nn.Module, data: TaskData, *, student: bool = False) -> float:
    """Return the model's one score on the split."""
    return float(scored(data, task_outputs(model, data, student=student))["score"])


def write_json_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
