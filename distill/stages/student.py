"""Stage student: one multi-task student, trained on soft and hard labels.

It is trained on one process or under DeepSpeed; `python -m distill.stages.student JOB.json` is what
each rank runs.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import set_seed

from distill.data import TaskData, shuffled_length_batches
from distill.data import collate as collate_items
from distill.errors import ModelError, WorkerFailed
from distill.losses import hard_loss, soft_loss
from distill.recipe import Annealed, DeepSpeed, Distillation, Student, Training
from distill.soft_labels import SoftLabelHeader, SoftLabels, open_soft_labels
from distill.stages.job import Job, worker_main
from distill.stages.shared import device, hyperparameters, keep_thresholds, task_score
from distill.store import write_json
from distill.training import (
    Objective,
    PlannedBatch,
    is_distributed,
    launch_ranks,
    linear_weight,
    plan_batches,
    train,
)
from students import MultiTaskStudent, initialise_student, load_student

if TYPE_CHECKING:
    import torch


def run(job: Job) -> None:
    """Write the checkpoint: weights, configuration, tokenizer, model card; and `score.json`.

    Raises:
        ModelError: the student's first weights cannot be loaded.
        SoftLabelError: soft labels do not belong to these rows or teachers.
        WorkerFailed: a rank stopped; it has said why.
    """
    training = Training.model_validate(job.settings["training"])
    if _distributed(training):
        code = launch_ranks("distill.stages.student", [str(job.save())], training.processes)
        if code != 0:
            raise WorkerFailed(code)
    else:
        train_rank(job)
    shutil.copytree(
        next(iter(job.group("data").values())) / "tokenizer", job.out, dirs_exist_ok=True
    )
    keep_thresholds(
        job.out,
        lambda: load_student(job.out, device()),
        [TaskData(folder, "validation") for folder in job.group("data").values()],
    )
    scores = json.loads((job.out / "score.json").read_text(encoding="utf-8"))
    (job.out / "README.md").write_text(_card(scores), encoding="utf-8")


@dataclass(frozen=True)
class _Lesson:
    """One task as the student meets it."""

    train: TaskData
    dev: TaskData
    soft: SoftLabels
    weight: float

    @cached_property
    def kind(self) -> str:
        return self.train.info.kind


def train_rank(job: Job) -> None:
    """Train on this rank; rank 0 writes."""
    training = Training.model_validate(job.settings["training"])
    distillation = Distillation.model_validate(job.settings["distillation"])
    lessons = {name: _lesson(job, name, distillation) for name in job.group("data")}
    set_seed(job.settings["seed"])
    model = _new_student(job, lessons, training.dropout)
    scores = train(
        model,
        _objective(lessons, distillation, training, job.settings["seed"]),
        hyperparameters(
            training,
            job.settings["seed"],
            bfloat16=training.precision == "bfloat16",
            zero_stage=(training.deepspeed or DeepSpeed()).zero_stage
            if _distributed(training)
            else None,
        ),
        label="student",
        scratch=job.scratch,
        out=job.out,
    )
    if scores:
        write_json(job.out / "score.json", scores)


def _distributed(training: Training) -> bool:
    asked = training.deepspeed
    return is_distributed(training.processes, None if asked is None else asked.zero_stage)


def _lesson(job: Job, name: str, distillation: Distillation) -> _Lesson:
    folder = job.group("data")[name]
    data = TaskData(folder, "train")
    expected = SoftLabelHeader(
        task=name,
        split="train",
        kind=data.info.kind,
        label_names=list(data.info.labels),
        teacher=job.fingerprints[f"soft_labels:{name}/teacher"],
        data=data.info.rows_fingerprint,
        dtype="float32",
        rows=data.rows.num_rows,
    )
    soft = open_soft_labels(
        job.group("soft_labels")[name], "train", expected=expected, example_id=data.example_id
    )
    return _Lesson(
        data, TaskData(folder, "validation"), soft, distillation.task_weights.get(name, 1.0)
    )


def _new_student(job: Job, lessons: dict[str, _Lesson], dropout: float) -> MultiTaskStudent:
    section = Student.model_validate(job.settings["student"])
    source = job.inputs.get("initial") or Path(job.locations["model"])
    tasks = {name: asdict(lesson.train.info) for name, lesson in lessons.items()}
    try:
        return initialise_student(source, tasks, layers=section.layers, dropout=dropout)
    except (ValueError, OSError, RuntimeError) as error:
        raise ModelError(f"student.model: {section.model} cannot be loaded: {error}") from error


def _objective(
    lessons: dict[str, _Lesson], distillation: Distillation, training: Training, seed: int
) -> Objective:
    schedule = distillation.schedule
    ends = (
        (schedule.start, schedule.end)
        if isinstance(schedule, Annealed)
        else (schedule.soft_weight, schedule.soft_weight)
    )

    def collate(planned: PlannedBatch, rank: int, ranks: int) -> dict[str, Any]:
        lesson = lessons[planned.task]
        batch = collate_items(
            lesson.train,
            planned.share(rank, ranks),
            lesson.soft,
            temperature=distillation.temperature,
        )
        return {**batch, "task": planned.task}

    def loss(logits: torch.Tensor, batch: dict[str, Any], progress: float) -> torch.Tensor:
        lesson = lessons[batch["task"]]
        soft_weight = linear_weight(progress, start=ends[0], end=ends[1])
        soft = soft_loss(
            lesson.kind, logits, batch, loss=distillation.loss, temperature=distillation.temperature
        )
        hard = hard_loss(lesson.kind, logits, batch)
        return lesson.weight * (soft_weight * soft + (1 - soft_weight) * hard)

    def epoch(lengths: Any) -> Any:
        return lambda generator: shuffled_length_batches(lengths, training.batch_size, generator)

    return Objective(
        plan=plan_batches(
            {name: epoch(lesson.train.lengths) for name, lesson in lessons.items()},
            sizes={name: len(lesson.train.lengths) for name, lesson in lessons.items()},
            epochs=training.epochs,
            sampling_exponent=distillation.sampling_exponent,
            seed=seed,
        ),
        collate=collate,
        loss=loss,
        scores=lambda model: {
            name: task_score(model, lesson.dev, student=True) for name, lesson in lessons.items()
        },
    )


def _card(scores: dict[str, float]) -> str:
    rows = [f"| {name} | {value:.1f} |" for name, value in scores.items()]
    return "\n".join(
        [
            "# Multi-task student",
            "",
            "One encoder with a head per task. Load it with",
            "",
            "```python",
            "import students  # registers the architecture",
            "from transformers import AutoModel, AutoTokenizer",
            "",
            'model = AutoModel.from_pretrained("this-folder").eval()',
            'tokenizer = AutoTokenizer.from_pretrained("this-folder")',
            (
                'logits = model(**tokenizer("some text", return_tensors="pt"), '
                f'task="{next(iter(scores))}").logits'
            ),
            "```",
            "",
            "| task | dev score at the kept checkpoint |",
            "| --- | ---: |",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    worker_main(partial(train_rank, Job.load(Path(sys.argv[1]))))
