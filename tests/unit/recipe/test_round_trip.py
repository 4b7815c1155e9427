from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import hypothesis.strategies as st
from hypothesis import given, settings

from distill.recipe import Backend, ColumnName, Kind, MetricName, Recipe, dump_recipe, load_recipe

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,62}", fullmatch=True)
# a recipe is UTF-8 text, which has no half surrogates
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
SHARES = st.floats(0, 1)
BELOW_ONE = st.floats(0, 1, exclude_max=True)
COUNTS = st.integers(1, 10**6)
COMMITS = st.text("0123456789abcdef", min_size=40, max_size=40)
HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)


def section(required: dict[str, Any] | None = None, **optional: Any) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(required or {}, optional=optional)


def some(choices: Any) -> st.SearchStrategy[Any]:
    return st.lists(st.sampled_from(get_args(choices)), min_size=1, unique=True)


HUB = section(
    {"type": st.just("hub"), "path": TEXTS, "revision": COMMITS},
    config=st.none() | TEXTS,
    train=TEXTS,
    validation=TEXTS,
)
FILES = section({"type": st.just("files"), "train": TEXTS, "validation": TEXTS})
PACKAGE = section({"type": st.just("package"), "package": TEXTS, "builder": TEXTS})
TASK = section(
    kind=st.sampled_from(get_args(Kind)),
    source=st.none() | HUB | FILES | PACKAGE,
    columns=st.dictionaries(st.sampled_from(get_args(ColumnName)), TEXTS),
    labels=st.lists(TEXTS, min_size=2, unique=True),
    metrics=some(MetricName),
    score=some(MetricName),
    max_length=st.integers(16, 8192),
    stride=COUNTS,
    max_answer_length=COUNTS,
    train_rows=st.none() | COUNTS,
    validation_rows=COUNTS,
    max_overlap=SHARES,
)
OPTIMISATION: dict[str, Any] = {
    "epochs": st.floats(0, 1000, exclude_min=True),
    "learning_rate": st.floats(0, 1, exclude_min=True, exclude_max=True),
    "batch_size": COUNTS,
    "gradient_accumulation_steps": COUNTS,
    "warmup_fraction": SHARES,
    "weight_decay": BELOW_ONE,
    "max_grad_norm": st.floats(0, exclude_min=True, allow_infinity=False),
    "dropout": BELOW_ONE,
    "evaluations": COUNTS,
    "patience": st.none() | COUNTS,
}
PRETRAINED: dict[str, Any] = {"revision": st.none() | COMMITS, "sha256": st.none() | HASHES}
MODEL = {"model": TEXTS.filter(lambda text: not text.startswith("teacher:"))}
TEACHER = OPTIMISATION | PRETRAINED | {"family": st.sampled_from(["bert", "electra", None])}
SCHEDULE = section({"type": st.just("constant")}, soft_weight=SHARES) | section(
    {"type": st.just("annealed")}, start=SHARES, end=SHARES
)


@st.composite
def recipes(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    by_task = st.sampled_from(names)
    weights = st.floats(0, exclude_min=True, allow_infinity=False)
    required = {
        "name": NAMES,
        "tasks": st.fixed_dictionaries(dict.fromkeys(names, TASK)),
        "teachers": section(
            {"default": section(MODEL, **TEACHER)},
            per_task=st.dictionaries(by_task, section(**TEACHER, **MODEL)),
        ),
        "student": section(
            MODEL | PRETRAINED,
            layers=st.none() | st.sets(st.integers(0, 48), min_size=1).map(sorted),
        ),
    }
    return draw(
        section(
            required,
            seed=st.integers(0, 2**31 - 1),
            soft_labels=section(dtype=st.sampled_from(["float16", "float32"]), batch_size=COUNTS),
            distillation=section(
                loss=st.sampled_from(["kl", "mse"]),
                temperature=st.floats(0, 100, exclude_min=True),
                schedule=SCHEDULE,
                sampling_exponent=SHARES,
                task_weights=st.dictionaries(by_task, weights),
            ),
            training=section(
                **OPTIMISATION,
                processes=st.none() | st.just(1),
                precision=st.sampled_from(["float32", "bfloat16"]),
                deepspeed=st.none() | section(zero_stage=st.sampled_from([0, 1, 2, 3])),
            ),
            quantization=section(backends=some(Backend)),
            benchmark=section(rows=COUNTS),
        )
    )


@settings(deadline=None)
@given(recipes())
def test_dumped_recipe_loads_to_an_equal_recipe(data: dict[str, Any]) -> None:
    recipe = Recipe.model_validate(data)
    with TemporaryDirectory() as folder:
        path = Path(folder, "recipe.yaml")
        path.write_bytes(dump_recipe(recipe).encode())
        loaded = load_recipe(path)
    assert loaded == recipe
    assert dump_recipe(loaded) == dump_recipe(recipe)
    for name in recipe.tasks:
        assert loaded.teachers.for_task(name) == recipe.teachers.for_task(name)
