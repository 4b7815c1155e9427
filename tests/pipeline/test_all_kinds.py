"""One recipe, one student, tasks of every kind: all learn, and all can be used afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from distill.recipe import KINDS, load_recipe
from distill.stages.use import predict_lines

from .kinds_corpus import write_kinds

if TYPE_CHECKING:
    from .conftest import Project

TASKS = ("topic", "match", "rating", "city", "mood", "people", "reply", "digest")


@pytest.fixture(scope="module")
def kinds(fresh_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The tiny recipe with four more tasks, run to its report."""
    project = fresh_project.copy(tmp_path_factory.mktemp("kinds") / "project")
    write_kinds(project.folder)
    done = project.distill("run", "kinds.yaml")
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture(scope="module")
def report(kinds: Project) -> dict[str, dict[str, Any]]:
    """Return the report's rows by task."""
    path = kinds.run / "8-report" / "report.json"
    return {row["task"]: row for row in json.loads(path.read_text())["tasks"]}


def test_the_recipe_has_every_kind(kinds: Project) -> None:
    recipe = load_recipe(kinds.folder / "kinds.yaml")

    assert {task.kind for task in recipe.tasks.values()} == set(KINDS)


@pytest.mark.parametrize("model", ["teacher", "float32", "bitsandbytes-int8"])
@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_learnt(report: dict[str, dict[str, Any]], task: str, model: str) -> None:
    scores = report[task]["scores"]

    # the rows are templates: whoever learns anything is far above what needs no look at them
    assert scores[model]["score"] > scores["baseline"]["score"] + 10


@pytest.mark.parametrize("task", TASKS)
def test_a_score_lies_in_its_interval(report: dict[str, dict[str, Any]], task: str) -> None:
    for name, scores in report[task]["scores"].items():
        low, high = scores["intervals"]["score"]
        assert low <= scores["score"] <= high, name


@pytest.mark.parametrize(
    ("task", "line", "expected"),
    [
        ("mood", {"text": "ann is cross in oslo"}, ["anger"]),
        (
            "people",
            {"words": ["ann", "left", "oslo", "with", "a", "cup"]},
            ["B-person", "O", "B-place", "O", "O", "O"],
        ),
        (
            "reply",
            {"text": "ann asks about the cup", "candidates": ["what a day", "the cup is red"]},
            1,
        ),
        (
            "digest",
            {"sentences": ["it was a long day .", "so ann moved to oslo ."]},
            "so ann moved to oslo .",
        ),
    ],
)
def test_the_8_bit_student_answers_each_kind(
    kinds: Project, task: str, line: dict[str, Any], expected: object
) -> None:
    checkpoint = kinds.run / "5-quantize" / "bitsandbytes-int8"

    (answer,) = predict_lines(checkpoint, task, [], [json.dumps(line)])

    assert answer["prediction"] == expected
