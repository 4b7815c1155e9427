"""What several stages do alike with the rooms below them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from distill.data import TaskData, decode, length_batches
from distill.errors import ModelError
from distill.metrics import score_task
from distill.training import Hyperparameters, predict_logits, progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from distill.recipe import Optimisation

EVALUATION_BATCH = 64


def hyperparameters(section: Optimisation, seed: int, **more: Any) -> Hyperparameters:
    """Return a recipe section as the plain values that training takes."""
    names = Hyperparameters.__dataclass_fields__.keys() & type(section).model_fields.keys()
    return Hyperparameters(**{name: getattr(section, name) for name in names}, seed=seed, **more)


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
        inputs = data.collate(indices)
        return {**inputs, "task": data.info.name} if student else inputs

    progress = iter if label is None else lambda batches: progress_bar(label, iterable=batches)
    return predict_logits(model, length_batches(data.lengths, batch), collate, progress=progress)


def scored(data: TaskData, logits: Sequence[NDArray[np.floating]]) -> dict[str, float]:
    """Return the task's metrics in percent, and `score`, their one number.

    Raises:
        ModelError: the model gives NaN or infinity, as one does whose training diverged.
    """
    if not all(np.isfinite(one).all() for one in logits):
        raise ModelError(
            f"{data.info.name}: the model's outputs are not finite; its training diverged: lower "
            "learning_rate or max_grad_norm, or raise warmup_fraction"
        )
    metrics = score_task(data.info.kind, data.info.metrics, decode(data, logits), data.references())
    return {**metrics, "score": data.info.score_of(metrics)}


def task_score(model: torch.nn.Module, data: TaskData, *, student: bool = False) -> float:
    """Return the model's one score on the split."""
    return scored(data, task_logits(model, data, student=student))["score"]


def write_json_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
