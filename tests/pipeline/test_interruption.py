"""A training that was stopped by Ctrl-C, then by a kill, makes the bytes of an undisturbed run."""

from __future__ import annotations

import re
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from .conftest import FullRun, Project

PATIENCE_S = 120
COMMAND = ("run", "recipe.yaml", "--until", "student")


@dataclass(frozen=True)
class Story:
    """What was seen while the training was stopped twice and then finished."""

    project: Project
    interrupted: tuple[int, str]
    alive_after_interrupt: list[psutil.Process]
    alive_after_kill: list[psutil.Process]
    states_after_kill: dict[str, str]
    steps_kept: list[int]
    finished: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def story(full_run: FullRun, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Interrupt at the first checkpoint, kill at a later one, finish."""
    folder = tmp_path_factory.mktemp("interrupted") / "project"
    project = full_run.project.copy(folder, stages=("data", "teachers", "soft_labels"))

    first = project.start(*COMMAND)
    _wait_until(lambda: _steps(project) != [], first)
    workers = psutil.Process(first.pid).children(recursive=True)
    first.send_signal(signal.SIGINT)
    told = first.communicate(timeout=PATIENCE_S)[1]
    alive_after_interrupt = psutil.wait_procs(workers, timeout=5)[1]
    reached = _steps(project)[-1]

    second = project.start(*COMMAND)
    _wait_until(lambda: _steps(project)[-1] > reached, second)
    workers = psutil.Process(second.pid).children(recursive=True)
    second.kill()
    second.communicate(timeout=PATIENCE_S)
    alive_after_kill = psutil.wait_procs(workers, timeout=5)[1]

    return Story(
        project=project,
        interrupted=(first.returncode, told),
        alive_after_interrupt=alive_after_interrupt,
        alive_after_kill=alive_after_kill,
        states_after_kill=project.states(),
        steps_kept=_steps(project),
        finished=project.distill(*COMMAND),
    )


def test_ctrl_c_exits_130_and_says_that_the_run_can_go_on(story: Story) -> None:
    code, told = story.interrupted
    assert code == 130
    assert "interrupted; the same command goes on from here" in told
    assert "Traceback" not in told


def test_no_worker_outlives_the_command(story: Story) -> None:
    assert story.alive_after_interrupt == []
    assert story.alive_after_kill == []


def test_status_after_a_kill_says_that_the_student_is_not_made(story: Story) -> None:
    states = story.states_after_kill
    assert states["student/seed-1"] == "missing"
    assert states["soft_labels/topic"] == "fresh"


def test_third_start_goes_on_from_the_last_checkpoint(story: Story) -> None:
    assert story.finished.returncode == 0, story.finished.stderr
    # the progress bar, "student:  33%|...| 96/288 [...", begins at the step that the checkpoint has
    first_shown = re.search(r"student: .*?\| (\d+)/\d+ \[", story.finished.stderr)
    assert first_shown is not None
    assert int(first_shown[1]) == story.steps_kept[-1] > 0


def test_model_is_the_one_of_an_undisturbed_run_to_the_last_byte(
    story: Story, full_run: FullRun
) -> None:
    for name in ("model.safetensors", "config.json", "score.json"):
        here, there = (
            project.artefact("student/seed-1") / name
            for project in (story.project, full_run.project)
        )
        assert here.read_bytes() == there.read_bytes(), name
    assert list((story.project.store / ".work").iterdir()) == []


def _steps(project: Project) -> list[int]:
    """Return the steps of the student's complete checkpoints, ascending."""
    found = project.store.glob(".work/student-*/scratch/checkpoint-*/trainer_state.json")
    return sorted(int(path.parent.name.rpartition("-")[2]) for path in found)


def _wait_until(reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not reached():
        if process.poll() is not None:
            pytest.fail(f"ended before it could be stopped: {process.communicate()[1]}")
        assert time.monotonic() < give_up, "no checkpoint in time"
        time.sleep(0.01)
