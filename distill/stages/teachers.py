"""Stage teachers: one model per task, fine-tuned on its gold labels, or taken over as it is.

Of a fine-tuned one, the checkpoint with the best dev score is kept.
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import confusion_matrix
from transformers import set_seed

from distill.data import TaskData, collate, decode, shuffled_length_batches
from distill.errors import ModelError
from distill.losses import hard_loss
from distill.recipe import Teacher
from distill.stages.shared import (
    device,
    hyperparameters,
    keep_thresholds,
    scored,
    task_outputs,
    task_score,
)
from distill.store import write_json
from distill.training import Objective, plan_batches, train
from teachers import adopt_teacher, likely_order, load_teacher, new_teacher

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import PreTrainedModel

    from distill.stages.job import Job


def run(job: Job) -> None:
    """Write a stock Hugging Face folder, and `score.json`.

    The folder has weights, configuration with label names, and tokenizer.

    Raises:
        ModelError: the checkpoint cannot become a teacher of this task, or predicts with its labels
            in another order than it says.
    """
    teacher = Teacher.model_validate(job.settings["teacher"])
    dev = TaskData(job.inputs["data"], "validation")
    model = _model(job, teacher, dev)
    scores = (
        _fine_tune(job, teacher, model, dev)
        if teacher.checkpoint is None
        else _take_over(job, teacher, model, dev)
    )
    shutil.copytree(job.inputs["data"] / "tokenizer", job.out, dirs_exist_ok=True)
    write_json(job.out / "score.json", scores)
    keep_thresholds(job.out, lambda: load_teacher(job.out, dev.info.kind, device()), [dev])


def _model(job: Job, teacher: Teacher, dev: TaskData) -> PreTrainedModel:
    source, info = Path(job.locations["model"]), dev.info
    set_seed(job.settings["seed"])
    try:
        if teacher.checkpoint is not None:
            return adopt_teacher(source, info.kind, info.labels, teacher.labels, device=device())
        return new_teacher(
            source,
            info.kind,
            info.labels,
            family=teacher.family,
            dropout=teacher.dropout,
            head_bias=info.head_bias,
        )
    except (ValueError, OSError, RuntimeError) as error:
        named = teacher.checkpoint or teacher.model
        raise ModelError(f"teachers, task {job.name}: {named} cannot be loaded: {error}") from error


def _fine_tune(
    job: Job, teacher: Teacher, model: PreTrainedModel, dev: TaskData
) -> dict[str, float]:
    rows = TaskData(job.inputs["data"], "train")
    name, seed = dev.info.name, job.settings["seed"]
    epoch = partial(shuffled_length_batches, rows.lengths, teacher.batch_size)
    objective = Objective(
        plan=plan_batches(
            {name: lambda generator: epoch(generator=generator)},
            sizes={name: len(rows.lengths)},
            epochs=teacher.epochs,
            sampling_exponent=1.0,
            seed=seed,
        ),
        collate=lambda planned, rank, ranks: collate(rows, planned.share(rank, ranks)),
        loss=lambda logits, batch, _: hard_loss(dev.info.kind, logits, batch),
        scores=lambda model: {name: task_score(model, dev)},
    )
    return train(
        model,
        objective,
        hyperparameters(teacher, seed),
        label=f"teacher {name}",
        scratch=job.scratch,
        out=job.out,
    )


def _take_over(
    job: Job, teacher: Teacher, model: PreTrainedModel, dev: TaskData
) -> dict[str, float]:
    outputs = task_outputs(model, dev, label=f"teacher {dev.info.name}")
    if dev.info.kind == "classification":
        _refuse_other_order(teacher, dev, outputs)
    model.save_pretrained(job.out)
    return {dev.info.name: float(scored(dev, outputs)["score"])}


def _refuse_other_order(teacher: Teacher, dev: TaskData, outputs: NDArray[np.floating]) -> None:
    names, predicted = dev.info.labels, decode(dev, outputs)
    order = likely_order(confusion_matrix(dev.labels, predicted, labels=np.arange(len(names))))
    if order is None:
        return
    plain = 100 * float((predicted == dev.labels).mean())
    meant = 100 * float((np.asarray(order)[dev.labels] == predicted).mean())
    own = {true: name for name, true in teacher.labels.items()}
    reading = ", ".join(
        f"{own.get(names[said], names[said])}: {name}"
        for name, said in zip(names, order, strict=True)
    )
    raise ModelError(
        f"teachers, task {dev.info.name}: {teacher.checkpoint} has {plain:.1f} accuracy, and "
        f"{meant:.1f} when its labels are read in another order; if it was trained so, say so: "
        f"teachers.per_task.{dev.info.name}.labels: {{{reading}}}"
    )
