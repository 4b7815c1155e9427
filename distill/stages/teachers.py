"""Stage teachers: fine-tune one model on one task's gold labels.

The checkpoint with the best dev score is kept.
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from transformers import set_seed

from distill.data import TaskData, collate, shuffled_length_batches
from distill.errors import ModelError
from distill.losses import hard_loss
from distill.recipe import Teacher
from distill.stages.shared import device, hyperparameters, keep_null_thresholds, task_score
from distill.store import write_json
from distill.training import Objective, plan_batches, train
from teachers import load_teacher, new_teacher

if TYPE_CHECKING:
    from distill.stages.job import Job


def run(job: Job) -> None:
    """Write a stock Hugging Face folder, and `score.json`.

    The folder has weights, configuration with label names, and tokenizer.

    Raises:
        ModelError: the checkpoint cannot become a teacher of this task.
    """
    teacher = Teacher.model_validate(job.settings["teacher"])
    train_rows, dev = (
        TaskData(job.inputs["data"], "train"),
        TaskData(job.inputs["data"], "validation"),
    )
    info = train_rows.info
    set_seed(job.settings["seed"])
    try:
        model = new_teacher(
            Path(job.locations["model"]),
            info.kind,
            info.labels,
            family=teacher.family,
            dropout=teacher.dropout,
        )
    except (ValueError, OSError, RuntimeError) as error:
        raise ModelError(
            f"teachers, task {job.name}: {teacher.model} cannot be loaded: {error}"
        ) from error
    epoch = partial(shuffled_length_batches, train_rows.lengths, teacher.batch_size)
    plan = plan_batches(
        {info.name: lambda generator: epoch(generator=generator)},
        sizes={info.name: len(train_rows.lengths)},
        epochs=teacher.epochs,
        sampling_exponent=1.0,
        seed=job.settings["seed"],
    )
    objective = Objective(
        plan=plan,
        collate=lambda planned, rank, ranks: collate(train_rows, planned.share(rank, ranks)),
        loss=lambda logits, batch, _: hard_loss(info.kind, logits, batch),
        scores=lambda model: {info.name: task_score(model, dev)},
    )
    scores = train(
        model,
        objective,
        hyperparameters(teacher, job.settings["seed"]),
        label=f"teacher {info.name}",
        scratch=job.scratch,
        out=job.out,
    )
    shutil.copytree(job.inputs["data"] / "tokenizer", job.out, dirs_exist_ok=True)
    write_json(job.out / "score.json", scores)
    keep_null_thresholds(job.out, lambda: load_teacher(job.out, info.kind, device()), [dev])
