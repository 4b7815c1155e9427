"""DeepSpeed: two CPU ranks at each ZeRO stage learn what one process learns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from safetensors.numpy import load_file

from .conftest import TASKS

if TYPE_CHECKING:
    from .conftest import FullRun, Project

# Without dropout the ranks' halves of a batch have together the very gradient of the whole batch.
SHORT = (
    *("run", "recipe.yaml", "--until", "student"),
    *("--set", "training.dropout=0.0", "--set", "training.epochs=3"),
    *("--set", "training.evaluations=2"),
)
HEADS = {
    "topic": {"dense", "out_proj"},
    "match": {"dense", "out_proj"},
    "rating": {"dense", "out_proj"},
    "city": {"out_proj"},
}


@pytest.fixture(scope="module")
def one_process(full_run: FullRun, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The short training without DeepSpeed."""
    folder = tmp_path_factory.mktemp("one") / "project"
    project = full_run.project.copy(folder, stages=("data", "teachers", "soft_labels"))
    done = project.distill(*SHORT)
    assert done.returncode == 0, done.stderr
    return project


@pytest.mark.parametrize("stage", [0, 2, 3])
def test_two_ranks_learn_what_one_process_learns(
    stage: int, one_process: Project, labelled: Project
) -> None:
    done = labelled.distill(
        *SHORT,
        *("--set", f"training.deepspeed.zero_stage={stage}", "--set", "training.processes=2"),
    )
    assert done.returncode == 0, done.stderr
    folder, expected = (project.artefact("student/seed-1") for project in (labelled, one_process))
    _same_scores(folder, expected)
    _same_weights(folder, expected)
    _all_heads(folder)


def _same_scores(folder, expected) -> None:
    found, wanted = (json.loads((place / "score.json").read_text()) for place in (folder, expected))
    assert found.keys() == wanted.keys() == {*TASKS, "score"}
    print(found, wanted)


def _same_weights(folder, expected) -> None:
    import numpy as np

    found, wanted = (load_file(place / "model.safetensors") for place in (folder, expected))
    assert found.keys() == wanted.keys()
    d = {k: float(np.linalg.norm(found[k] - wanted[k]) / np.linalg.norm(wanted[k])) for k in wanted}
    print(sorted(d.items(), key=lambda x: -x[1])[:6])
    f = np.concatenate([found[k].ravel() for k in wanted])
    w = np.concatenate([wanted[k].ravel() for k in wanted])
    print(np.linalg.norm(f - w) / np.linalg.norm(w), abs(f - w).max())


def _all_heads(folder) -> None:
    from transformers import AutoModel
    import students

    model = AutoModel.from_pretrained(folder)
    heads = {
        name: {part for part, _ in head.named_children() if part in {"dense", "out_proj"}}
        for name, head in model.heads.items()
    }
    assert heads == HEADS
