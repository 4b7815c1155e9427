"""What a change makes stale, what `status` says of it, and that equal inputs give equal bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import TASKS, FullRun, Project

if TYPE_CHECKING:
    from pathlib import Path

BEFORE_STUDENT = [
    f"{stage}/{task}" for stage in ("data", "teachers", "soft_labels") for task in TASKS
]
AFTER_STUDENT = (
    "quantize/bitsandbytes-int8",
    "evaluate/student-float32",
    "evaluate/student-bitsandbytes-int8",
    "benchmark/models",
    "report/tiny",
)
STAGES = (
    *("data", "teachers", "soft_labels", "student"),
    *("quantize", "evaluate", "benchmark", "report"),
)


@pytest.fixture
def finished(full_run: FullRun, tmp_path: Path) -> Project:
    """A copy of the full run in which everything is fresh."""
    project = full_run.project.copy(tmp_path / "finished", stages=STAGES)
    assert project.distill("run", "recipe.yaml").returncode == 0
    return project


def test_changed_student_setting_spares_teachers_and_says_what_changed(finished: Project) -> None:
    finished.edit(
        "training: {epochs: 12, learning_rate: 3.0e-3",
        "training: {epochs: 12, learning_rate: 1.0e-3",
    )
    rows = finished.status()
    assert {rows[label]["state"] for label in BEFORE_STUDENT} == {"fresh"}
    assert rows["student/seed-1"]["state"] == "stale"
    assert rows["student/seed-1"]["why"] == ["training.learning_rate: 0.003 -> 0.001"]
    for label in AFTER_STUDENT:
        assert rows[label]["state"] == "stale", label
    assert rows["quantize/bitsandbytes-int8"]["why"] == ["input student changed"]
    shown = finished.distill("status", "runs/tiny").stdout
    assert "training.learning_rate: 0.003 -> 0.001" in shown


def test_override_is_remembered_by_status_until_the_next_run(finished: Project) -> None:
    changes = ("--set", "training.learning_rate=1.0e-3")
    done = finished.distill("run", "recipe.yaml", "--until", "soft_labels", *changes)
    assert done.returncode == 0, done.stderr
    assert not (finished.run / "events.jsonl").exists()  # no teacher ran again
    rows = finished.status()
    assert {rows[label]["state"] for label in BEFORE_STUDENT} == {"fresh"}
    assert rows["student/seed-1"]["why"] == ["training.learning_rate: 0.003 -> 0.001"]
    assert {rows[label]["state"] for label in AFTER_STUDENT} == {"stale"}
    # without the override the student is still there, and nothing is made again
    assert finished.distill("run", "recipe.yaml").returncode == 0
    assert set(finished.states().values()) == {"fresh"}


def test_changed_rows_of_one_task_spare_the_other_teachers(finished: Project) -> None:
    rows = finished.folder / "topic.train.jsonl"
    rows.write_text(rows.read_text().replace("album", "single"), encoding="utf-8")
    states = finished.states()
    for label in BEFORE_STUDENT:
        assert states[label] == ("stale" if label.endswith("/topic") else "fresh"), label
    assert states["student/seed-1"] == "stale"


def test_order_of_tasks_changes_nothing_but_the_report(finished: Project) -> None:
    recipe = finished.folder / "recipe.yaml"
    head, rest = recipe.read_text().split("  match:\n")
    match, tail = rest.split("  rating:\n")
    recipe.write_text(
        head.replace("  topic:\n", f"  match:\n{match}  topic:\n") + "  rating:\n" + tail
    )
    states = finished.states()
    assert {label for label, state in states.items() if state != "fresh"} == {"report/tiny"}


def test_changed_benchmark_leaves_every_score_fresh(finished: Project) -> None:
    finished.edit("benchmark: {rows: 5}", "benchmark: {rows: 6}")
    stale = {label for label, state in finished.states().items() if state != "fresh"}
    assert stale == {"benchmark/models", "report/tiny"}


def test_from_refuses_to_start_where_earlier_stages_are_not_made(labelled: Project) -> None:
    done = labelled.distill("run", "recipe.yaml", "--from", "quantize")
    assert done.returncode == 2
    assert "student/seed-1" in done.stderr
    assert "without --from" in done.stderr


def test_same_inputs_give_the_same_bytes_in_another_store(
    full_run: FullRun, tmp_path: Path
) -> None:
    first = full_run.project
    second = first.copy(tmp_path / "second", stages=("data", "teachers"))
    done = second.distill("run", "recipe.yaml", "--until", "student")
    assert done.returncode == 0, done.stderr
    labels = [f"soft_labels/{task}" for task in TASKS]
    files = [(label, "train.safetensors") for label in labels]
    for label, name in [*files, ("student/seed-1", "model.safetensors")]:
        here, there = (project.artefact(label) / name for project in (first, second))
        assert here.read_bytes() == there.read_bytes(), label
