"""Every field of the schema, with values that break each of its limits."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from distill.errors import RecipeError
from distill.recipe import load, load_recipe
from distill.recipe.document import Document, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Write

COMMIT = "0123456789abcdef0123456789abcdef01234567"
EVERY_FIELD = f"""\
name: every-field
seed: 2
tasks:
  hub:
    kind: classification
    source: {{type: hub, path: a/b, config: c, revision: {COMMIT}, train: t, validation: v,
      also: {{more: w}}}}
    columns: {{text: sentence}}
    labels: [no, yes]
    metrics: [accuracy, f1]
    score: [f1]
    max_length: 64
    stride: 16
    max_answer_length: 10
    summary_sentences: 2
    candidate_columns: [a, b]
    class_weights: balanced
    train_rows: 10
    validation_rows: 10
    max_overlap: 0.5
  files:
    source: {{type: files, train: a.csv, validation: b.csv, header: [a, b], also: {{more: c.csv}}}}
  package:
    source: {{type: package, package: p, train: a.csv, validation: b.csv}}
  builder:
    source: {{type: package, package: p, builder: b}}
teachers:
  default: &teacher
    model: m
    revision: {COMMIT}
    sha256: {COMMIT}{COMMIT[:24]}
    family: bert
    epochs: 2
    learning_rate: 2e-5
    batch_size: 8
    gradient_accumulation_steps: 2
    warmup_fraction: 0
    weight_decay: 0
    max_grad_norm: 1
    dropout: 0
    evaluations: 1
    patience: 1
    checkpoint: c
    labels: {{LABEL_0: a}}
  per_task:
    hub: *teacher
soft_labels: {{dtype: float32, batch_size: 8}}
student: {{model: m, revision: {COMMIT}, sha256: {COMMIT}{COMMIT[:24]}, layers: [0, 2]}}
distillation:
  loss: mse
  temperature: 4
  schedule: {{type: annealed, start: 1, end: 0}}
  sampling_exponent: 1
  task_weights: {{hub: 2}}
training:
  epochs: 2.5
  learning_rate: 1e-4
  batch_size: 8
  gradient_accumulation_steps: 2
  warmup_fraction: 0
  weight_decay: 0
  max_grad_norm: 1
  dropout: 0
  evaluations: 1
  patience: 1
  processes: 2
  precision: bfloat16
  deepspeed: {{zero_stage: 3}}
quantization: {{backends: [bitsandbytes-int8]}}
benchmark: {{rows: 1}}
"""

NOT_A_NUMBER = ["'3'", "abc", "true", ".nan", ".inf", "-.inf", "[1]", "{a: 1}"]
REQUIRED_NUMBER = [*NOT_A_NUMBER, "null"]
POSITIVE = [*REQUIRED_NUMBER, "0", "-1", "1.5"]
OPTIONAL_POSITIVE = [*NOT_A_NUMBER, "0", "-1", "1.5"]
SHARE = [*REQUIRED_NUMBER, "-0.01", "1.01"]
BELOW_ONE = [*REQUIRED_NUMBER, "-0.01", "1"]
OPTIONAL_TEXT = ["''", "3", "1.5", "true", "[a]", "{a: b}"]
TEXT = [*OPTIONAL_TEXT, "null"]
OPTIONAL_CHOICE = [*OPTIONAL_TEXT, "unheard-of"]
CHOICE = [*OPTIONAL_CHOICE, "null"]
OPTIONAL_HASH = [*OPTIONAL_TEXT, COMMIT[:-1], COMMIT + "0", COMMIT.upper(), f" {'g' * 40}"]
LIST = ["[]", "a", "3", "true", "{a: b}"]
SECTION = ["3", "a", "true", "[a]", "null"]
OPTIMISATION = {
    "epochs": [*REQUIRED_NUMBER, "0", "-1", "1001"],
    "learning_rate": [*REQUIRED_NUMBER, "0", "-1e-5", "1"],
    "batch_size": POSITIVE,
    "gradient_accumulation_steps": POSITIVE,
    "warmup_fraction": SHARE,
    "weight_decay": BELOW_ONE,
    "max_grad_norm": [*REQUIRED_NUMBER, "0", "-1"],
    "dropout": BELOW_ONE,
    "evaluations": POSITIVE,
    "patience": OPTIONAL_POSITIVE,
}
PRETRAINED = {"model": TEXT, "revision": OPTIONAL_HASH, "sha256": OPTIONAL_HASH}
TEACHER = (
    OPTIMISATION
    | PRETRAINED
    | {"family": OPTIONAL_CHOICE, "checkpoint": OPTIONAL_TEXT, "labels.LABEL_0": TEXT}
)


def under(section: str, fields: dict[str, list[str]]) -> dict[str, list[str]]:
    return {f"{section}.{name}": bad for name, bad in fields.items()}


BAD: dict[str, list[str]] = {
    "name": [*TEXT, "A", "0", "-a", "a.b", "a b", "a/b", "é", "a" * 64],
    "seed": [*REQUIRED_NUMBER, "-1", "1.5", str(2**31), "9" * 400],
    "tasks": [*SECTION, "{}"],
    **under(
        "tasks.hub",
        {
            "kind": OPTIONAL_CHOICE,
            "columns.text": TEXT,
            "labels": [*LIST, "[a]", "[a, a]", "[a, '']", "[a, 1]", "[a, true]"],
            "metrics": [*LIST, "[unheard-of]", "[f1, f1]", "[null]"],
            "score": [*LIST, "[unheard-of]", "[f1, f1]"],
            "max_length": [*POSITIVE, "15", "8193"],
            "stride": POSITIVE,
            "max_answer_length": POSITIVE,
            "summary_sentences": POSITIVE,
            "candidate_columns": [*LIST, "[a]", "[a, a]", "[a, '']", "[a, 1]"],
            "class_weights": OPTIONAL_CHOICE,
            "train_rows": OPTIONAL_POSITIVE,
            "validation_rows": OPTIONAL_POSITIVE,
            "max_overlap": SHARE,
        },
    ),
    "tasks.hub.source": ["3", "a", "[a]", "{type: unheard-of}", "{}", "{type: null}", "{type: 3}"],
    "tasks.hub.source.path": TEXT,
    "tasks.hub.source.config": OPTIONAL_TEXT,
    "tasks.hub.source.revision": [*OPTIONAL_HASH, "null"],
    "tasks.hub.source.train": TEXT,
    "tasks.hub.source.validation": TEXT,
    "tasks.hub.source.also.more": TEXT,
    "tasks.hub.source.type": CHOICE,
    "tasks.files.source.type": CHOICE,
    "tasks.files.source.train": TEXT,
    "tasks.files.source.validation": TEXT,
    "tasks.files.source.header": [*LIST, "[a, a]", "['']", "[1]"],
    "tasks.files.source.also.more": TEXT,
    "tasks.package.source.type": CHOICE,
    "tasks.package.source.package": TEXT,
    "tasks.package.source.train": OPTIONAL_TEXT,
    "tasks.package.source.validation": OPTIONAL_TEXT,
    "tasks.builder.source.type": CHOICE,
    "tasks.builder.source.package": TEXT,
    "tasks.builder.source.builder": OPTIONAL_TEXT,
    "teachers": SECTION,
    "teachers.default": SECTION,
    **under("teachers.default", TEACHER),
    "teachers.per_task": SECTION,
    "teachers.per_task.hub": SECTION,
    **under("teachers.per_task.hub", TEACHER),
    "soft_labels.dtype": CHOICE,
    "soft_labels.batch_size": POSITIVE,
    "student": SECTION,
    **under("student", PRETRAINED),
    "student.layers": [*LIST, "[-1]", "[0, 0]", "[2, 1]", "[0.5]", "['0']", "[true]", "[null]"],
    "distillation.loss": CHOICE,
    "distillation.temperature": [*REQUIRED_NUMBER, "0", "-1", "101"],
    "distillation.schedule": ["linear", "null", "{}", "{type: constant, soft_weight: 2}"],
    "distillation.schedule.type": CHOICE,
    "distillation.schedule.start": SHARE,
    "distillation.schedule.end": SHARE,
    "distillation.sampling_exponent": SHARE,
    "distillation.task_weights": SECTION,
    "distillation.task_weights.hub": [*REQUIRED_NUMBER, "0", "-1"],
    **under("training", OPTIMISATION),
    "training.processes": OPTIONAL_POSITIVE,
    "training.precision": [*CHOICE, "float16"],
    "training.deepspeed": ["3", "a", "true", "[a]"],
    "training.deepspeed.zero_stage": [*REQUIRED_NUMBER, "4", "-1", "1.5", "a"],
    "quantization.backends": [*LIST, "null", "[bitsandbytes-int8, bitsandbytes-int8]", "[int4]"],
    "benchmark.rows": POSITIVE,
}


@pytest.fixture(scope="module")
def every_field(tmp_path_factory: pytest.TempPathFactory) -> Document:
    path = tmp_path_factory.mktemp("recipe") / "recipe.yaml"
    path.write_text(EVERY_FIELD)
    return read_document(path)


@pytest.fixture
def read_once(monkeypatch: pytest.MonkeyPatch, every_field: Document) -> None:
    """Reading YAML takes longer than all the rest; the same file serves every case."""
    monkeypatch.setattr(load, "read_document", lambda _: deepcopy(every_field))


@pytest.mark.parametrize(
    ("key", "bad"), [(key, bad) for key, values in BAD.items() for bad in values]
)
@pytest.mark.usefixtures("read_once")
def test_value_beyond_a_limit_is_one_problem_that_names_the_key(key: str, bad: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(Path("recipe.yaml"), [f"{key}={bad}"])
    (problem,) = caught.value.problems
    assert problem.startswith(f"--set {key}={bad}: "), problem
    told = problem.removeprefix(f"--set {key}={bad}: ")
    assert told.startswith(key)
    assert "\n" not in told
    assert "Input should" not in told, "pydantic's own words are for programmers"
    assert told.endswith((".", "?", "pretrained encoder.")), told


@pytest.mark.parametrize(
    "setting",
    [
        "tasks.package.source.train=null",
        "tasks.package.source.builder=b",
        "tasks.builder.source.builder=null",
    ],
)
def test_package_source_has_a_builder_or_both_files(write: Write, setting: str) -> None:
    with pytest.raises(RecipeError, match="takes either `builder`, or both `train` and") as caught:
        load_recipe(write(EVERY_FIELD), [setting])
    assert len(caught.value.problems) == 1


def leaves(value: Any, path: str = "") -> Iterator[str]:
    if not isinstance(value, BaseModel | dict):
        yield path
        return
    items = value.items() if isinstance(value, dict) else iter(value)
    for name, inner in items:
        yield from leaves(inner, f"{path}.{name}".removeprefix("."))


def test_no_field_is_without_a_breaking_value(write: Write) -> None:
    recipe = load_recipe(write(EVERY_FIELD))
    # of a task only one has all fields, and a source of a package has one of two forms
    expected = {path for path in leaves(recipe) if not path.endswith(("source", "builder.train"))}
    few = ("tasks.files.", "tasks.package.", "tasks.builder.")
    missing = {path for path in expected - BAD.keys() if not path.startswith(few)}
    assert not missing


def test_limits_themselves_are_allowed(write: Write) -> None:
    settings = ["seed=2147483647", "distillation.temperature=100", "tasks.hub.max_length=16"]
    settings += ["training.epochs=1000", "training.warmup_fraction=1", f"name={'a' * 63}"]
    assert load_recipe(write(EVERY_FIELD), settings).seed == 2**31 - 1
