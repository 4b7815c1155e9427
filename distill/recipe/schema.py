"""The recipe: every value that can change a result, its type and its limits.

This module knows nothing of catalogue tasks, files or models; `distill.tasks` and
`distill.pipeline` check those. Rules that join two sections are in `distill.recipe.rules`. Every
field's description is printed by `docs/recipe.md` and the JSON schema, generated from here.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, create_model

from distill.recipe.fields import (
    Commit,
    Distinct,
    Labels,
    Layers,
    Name,
    Positive,
    Section,
    Sha256,
    Share,
    Text,
    Weight,
)
from distill.recipe.kinds import ColumnName, Kind, MetricName
from distill.recipe.sources import Source

Columns = dict[ColumnName, Text]
Backend = Literal["bitsandbytes-int8"]

TEACHER_SCHEME: Final = "teacher:"  # `student.model` begins so to start from a teacher of this run


class Task(Section):
    """One task. A catalogue task needs no key: `rte: {}`; yours needs kind, columns and source."""

    kind: Kind | None = Field(
        None, description="What is predicted; the catalogue knows it for its own tasks."
    )
    source: Source | None = Field(None, description="Where rows come from.")
    columns: Columns | None = Field(None, description="Our column name to the name in the data.")
    candidate_columns: Labels | None = Field(
        None, description="Columns of the candidates where each has its own, not `candidates`."
    )
    labels: Labels | None = Field(
        None, description="Label names in the order of the integer labels."
    )
    metrics: Distinct[MetricName] | None = Field(None, description="Metrics reported.")
    score: Distinct[MetricName] | None = Field(
        None, description="Metrics whose mean is the task's one score; default: all `metrics`."
    )
    max_length: int = Field(
        128, ge=16, le=8192, description="Longest input in tokens; spans are cut into windows."
    )
    stride: int = Field(
        32, ge=1, description="Tokens that neighbouring windows of a long context share."
    )
    max_answer_length: Positive = Field(30, description="Longest span answer in tokens.")
    summary_sentences: Positive = Field(
        3, description="Sentences that an extractive summary takes."
    )
    train_rows: Positive | None = Field(
        None, description="Use at most this many training rows, drawn by the seed."
    )
    validation_rows: Positive | None = Field(
        None, description="Use at most this many evaluation rows."
    )
    class_weights: Literal["balanced"] | None = Field(
        None,
        description="`balanced`: rare classes and tags weigh more in the loss on gold labels, in "
        "inverse proportion to their rows.",
    )
    max_overlap: Share = Field(
        0.01, description="Share of evaluation rows that may stand in the training rows."
    )


class Optimisation(Section):
    """How one model is trained."""

    epochs: float = Field(3.0, gt=0, le=1000, description="Passes over the training rows.")
    learning_rate: float = Field(5e-5, gt=0, lt=1, description="Peak learning rate of AdamW.")
    batch_size: Positive = Field(
        32, description="Rows per micro-batch over all processes together."
    )
    gradient_accumulation_steps: Positive = Field(
        1, description="Micro-batches per optimizer step."
    )
    warmup_fraction: Share = Field(
        0.1, description="Share of the steps in which the learning rate rises linearly."
    )
    weight_decay: float = Field(0.01, ge=0, lt=1, description="Decoupled weight decay of AdamW.")
    max_grad_norm: float = Field(1.0, gt=0, description="Gradients are clipped to this norm.")
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.1, description="Dropout of hidden states and attention."
    )
    evaluations: Positive = Field(
        3, description="Times the dev score is measured and a checkpoint kept."
    )
    patience: Positive | None = Field(
        None, description="Stop after this many evaluations without a better score."
    )


class Pretrained(Section):
    """Weights to start from."""

    model: Text = Field(
        description="Folder, `package://name/folder`, or hub id of a pretrained encoder."
    )
    revision: Commit | None = Field(None, description="Commit of a hub model; required for one.")
    sha256: Sha256 | None = Field(None, description="Expected hash of `model.safetensors`.")


class Teacher(Pretrained, Optimisation):
    """One single-task teacher."""

    family: Literal["bert", "electra"] | None = Field(
        None, description="Default: the model's own. `electra` can start from BERT weights."
    )
    checkpoint: Text | None = Field(
        None,
        description="A model fine-tuned on this task elsewhere, taken over as it is: folder, "
        "`package://name/folder`, or hub id.",
    )
    labels: dict[Text, Text] = Field(
        {},
        description="True names of a checkpoint's labels, such as `{LABEL_0: entailment}`.",
    )


def _as_patch(model: type[Section]) -> dict[str, Any]:
    """Return the fields of `model` with their limits, none required."""
    return {
        name: (
            Annotated[field.annotation, Field(), *field.metadata],
            # a factory: `default: null` would stand in the JSON schema, where it is often illegal
            Field(default_factory=lambda: None, description=field.description),
        )
        for name, field in model.model_fields.items()
    }


TeacherPatch = create_model(
    "TeacherPatch",
    __base__=Section,
    __doc__="What one task's teacher does differently; every key of `teachers.default` is allowed.",
    **_as_patch(Teacher),
)


class Teachers(Section):
    """One fine-tuned teacher per task."""

    default: Teacher
    per_task: dict[Name, TeacherPatch] = Field({}, description="Differences for single tasks.")

    def for_task(self, name: str) -> Teacher:
        """Return the settings of the teacher of task `name`."""
        patch = self.per_task.get(name)
        changes = {} if patch is None else patch.model_dump(exclude_unset=True)
        if changes.keys() & {"model", "checkpoint"}:  # another model's commit and hash are not its
            changes = {"revision": None, "sha256": None, **changes}
        return self.default.model_copy(update=changes)


class SoftLabels(Section):
    """How teachers' outputs are stored."""

    dtype: Literal["float16", "float32"] = Field(
        "float16", description="Precision of the stored logits."
    )
    batch_size: Positive = Field(64, description="Rows per forward pass of a teacher.")


class Student(Pretrained):
    """The one multi-task student. `model: teacher:NAME` starts from the teacher of task NAME."""

    layers: Layers | None = Field(
        None, description="Layers copied, counted from 0, ascending; default: all."
    )


class Constant(Section):
    """Soft and hard labels keep their weights throughout."""

    type: Literal["constant"]
    soft_weight: Share = Field(
        0.5, description="Weight of soft targets; hard labels have 1 minus this."
    )


class Annealed(Section):
    """The weight of soft targets falls linearly (teacher annealing, Clark et al. 2019)."""

    type: Literal["annealed"]
    start: Share = Field(1.0, description="Weight of soft targets at the first step.")
    end: Share = Field(0.0, description="Weight of soft targets at the last step.")


Schedule = Annotated[Constant | Annealed, Field(discriminator="type")]


class Distillation(Section):
    """What the student learns from."""

    loss: Literal["kl", "mse"] = Field(
        "kl", description="Loss on soft targets of classes and spans."
    )
    temperature: float = Field(
        2.0, gt=0, le=100, description="Softens both distributions; usual values are 1 to 8."
    )
    schedule: Schedule = Field(
        Annealed(type="annealed"), description="Weight of soft targets against hard labels."
    )
    sampling_exponent: Share = Field(
        0.75, description="Tasks are sampled in proportion to rows to this power."
    )
    task_weights: dict[Name, Weight] = Field({}, description="Loss weight per task; default 1.")


class DeepSpeed(Section):
    """DeepSpeed ZeRO: on by default on a GPU; on a CPU it is on when this section is given."""

    zero_stage: int = Field(
        2, ge=0, le=3, description="What is partitioned: 1 optimizer, 2 gradients, 3 weights."
    )


class Training(Optimisation):
    """How the student is trained."""

    learning_rate: float = Field(1e-4, gt=0, lt=1, description="Peak learning rate of AdamW.")
    processes: Positive | None = Field(
        None, description="Ranks on this machine; default: one per GPU, or one."
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="bfloat16 is mixed precision."
    )
    deepspeed: DeepSpeed | None = None


class Quantization(Section):
    """The 8-bit artefacts."""

    backends: Distinct[Backend] = Field(["bitsandbytes-int8"], description="One artefact for each.")


class Benchmark(Section):
    """What is timed."""

    rows: Positive = Field(
        40, description="Evaluation rows per task, one at a time, timed on every model in turn."
    )


class Recipe(Section):
    """Everything from teachers to the report."""

    name: Name = Field(description="Name of the run folder.")
    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(
        1, description="Seed of every random choice."
    )
    tasks: dict[Name, Task] = Field(
        min_length=1, description="The tasks the student learns, by name."
    )
    teachers: Teachers
    soft_labels: SoftLabels = SoftLabels()
    student: Student
    distillation: Distillation = Distillation()
    training: Training = Training()
    quantization: Quantization = Quantization()
    benchmark: Benchmark = Benchmark()
