"""A tiny recipe with real files and a real model, and one full run of it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from distill.run_status import status as run_status

from .corpus import write_corpus, write_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

RECIPE = """\
name: tiny
tasks:
  topic:
    kind: classification
    source: {type: files, train: topic.train.jsonl, validation: topic.dev.jsonl}
    columns: {text: text, label: label}
    labels: [sport, money, music]
    metrics: [accuracy, macro_f1]
    max_length: 16
    validation_rows: 30
  match:
    kind: classification
    source: {type: files, train: match.train.csv, validation: match.dev.csv}
    columns: {text: first, text_pair: second, label: label}
    labels: ["no", "yes"]
    max_length: 24
  rating:
    kind: regression
    source: {type: files, train: rating.train.jsonl, validation: rating.dev.jsonl}
    columns: {text: text, label: stars}
    max_length: 16
  city:
    kind: span_extraction
    source: {type: files, train: city.train.json, validation: city.dev.json}
    columns: {id: id, question: question, context: context, answers: answers}
    max_length: 32
    stride: 8
teachers:
  default: {model: model, epochs: 8, learning_rate: 3.0e-3, batch_size: 16, evaluations: 2}
soft_labels: {dtype: float32}
student: {model: model, layers: [0, 2]}
training: {epochs: 12, learning_rate: 3.0e-3, batch_size: 16, evaluations: 6}
benchmark: {rows: 5}
"""
TASKS = ("topic", "match", "rating", "city")
TIMEOUT_S = 240


@dataclass(frozen=True)
class Project:
    """A folder with `recipe.yaml`, data and a model, where runs make `store` and `runs`."""

    folder: Path

    @property
    def run(self) -> Path:
        return self.folder / "runs" / "tiny"

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def distill(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line here, in a process of its own, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "distill", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command line here, and return at once."""
        return subprocess.Popen(
            [sys.executable, "-m", "distill", *arguments],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            # tests that run as a background job would hand on that Ctrl-C is ignored
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )

    def states(self) -> dict[str, str]:
        """Return the state of each artefact."""
        return {name: row["state"] for name, row in self.status().items()}

    def status(self) -> dict[str, dict[str, Any]]:
        """Return the rows that `distill status` shows, by artefact."""
        return {row["artefact"]: row for row in run_status(self.run)}

    def edit(self, before: str, after: str) -> None:
        """Replace one place of the recipe."""
        recipe = self.folder / "recipe.yaml"
        text = recipe.read_text(encoding="utf-8")
        assert text.count(before) == 1
        recipe.write_text(text.replace(before, after), encoding="utf-8")

    def copy(self, folder: Path, *, stages: Sequence[str] = ()) -> Project:
        """Return a copy with only the named stages' artefacts in its store, and no run."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("runs", "store"))
        for stage in stages:
            shutil.copytree(self.store / stage, folder / "store" / stage)
        return Project(folder)

    def artefact(self, label: str) -> Path:
        """Return the one folder of an artefact such as `teachers/topic`."""
        stage, _, name = label.partition("/")
        (found,) = (self.store / stage).glob(f"{name}-*")
        return found


@dataclass(frozen=True)
class FullRun:
    """The tiny recipe, run from data to report with `--json`."""

    project: Project
    done: subprocess.CompletedProcess[str]

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.done.stdout)
        return found


def run_in_process(
    arguments: Sequence[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[int, str, str]:
    """Run what trains nothing in this process; return exit code, stdout and stderr."""
    from distill.cli import main  # noqa: PLC0415

    monkeypatch.setattr(sys, "argv", ["distill", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    captured = capsys.readouterr()
    code = stopped.value.code
    return (code if isinstance(code, int) else 1), captured.out, captured.err


@pytest.fixture(scope="session", autouse=True)
def _environment() -> Iterator[None]:
    """Keep the command line off the network, and on one thread.

    A model of width 32 gains nothing from threads, and on a busy machine threads that wait for each
    other make it a hundred times slower.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="session")
def fresh_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Recipe, data and model; nothing has run here. Copy it before use."""
    folder = tmp_path_factory.mktemp("fresh") / "project"
    folder.mkdir()
    write_corpus(folder)
    write_model(folder / "model")
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    return Project(folder)


@pytest.fixture(scope="session")
def full_run(fresh_project: Project, tmp_path_factory: pytest.TempPathFactory) -> FullRun:
    """One whole run, shared: tests must not change it."""
    project = fresh_project.copy(tmp_path_factory.mktemp("full") / "project")
    done = project.distill("run", "recipe.yaml", "--json")
    assert done.returncode == 0, done.stderr
    return FullRun(project, done)


@pytest.fixture
def labelled(full_run: FullRun, tmp_path: Path) -> Project:
    """A copy of the full run's project in which everything before the student is made."""
    return full_run.project.copy(tmp_path / "project", stages=("data", "teachers", "soft_labels"))
