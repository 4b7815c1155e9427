"""Teachers fine-tuned elsewhere: same soft labels whatever their label order, and wrong names."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import FullRun, Project

LABELS = ["sport", "money", "music"]
TAKE_OVER = ("--set", "teachers.per_task.topic={checkpoint: theirs}")
UNTIL = ("run", "recipe.yaml", "--until", "soft_labels")


@pytest.fixture
def project(full_run: FullRun, tmp_path: Path) -> Project:
    """A project whose other teachers are made, with the topic teacher at hand as `theirs`."""
    made = full_run.project.copy(tmp_path / "project", stages=("data", "teachers", "soft_labels"))
    shutil.copytree(made.artefact("teachers/topic"), made.folder / "theirs")
    return made


def name_labels(folder: Path, names: list[str]) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["id2label"] = {str(place): name for place, name in enumerate(names)}
    config["label2id"] = {name: place for place, name in enumerate(names)}
    path.write_text(json.dumps(config))


def topic_logits(folder: Path) -> np.ndarray:
    return load_file(folder / "train.safetensors")["logits"]


def test_another_label_order_gives_the_same_soft_labels(
    project: Project, full_run: FullRun
) -> None:
    order = [2, 0, 1]
    weights = load_file(project.folder / "theirs" / "model.safetensors")
    for name in ("classifier.weight", "classifier.bias"):
        weights[name] = np.ascontiguousarray(weights[name][order])
    save_file(weights, project.folder / "theirs" / "model.safetensors", {"format": "pt"})
    name_labels(project.folder / "theirs", [LABELS[place] for place in order])

    done = project.distill(*UNTIL, *TAKE_OVER)

    assert done.returncode == 0, done.stderr
    found = topic_logits(project.run / "3-soft_labels" / "topic")
    expected = topic_logits(full_run.project.run / "3-soft_labels" / "topic")
    # atol: where weights lie in memory decides how float32 sums are split; logits reach 10
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_labels_under_wrong_names_are_found_out_and_can_be_named(
    project: Project, full_run: FullRun
) -> None:
    name_labels(project.folder / "theirs", ["music", "sport", "money"])

    refused = project.distill(*UNTIL, *TAKE_OVER)

    assert refused.returncode == 2
    expected = "teachers.per_task.topic.labels: {music: sport, sport: money, money: music}"
    assert expected in refused.stderr
    assert "Traceback" not in refused.stderr
    named = "{checkpoint: theirs, labels: {music: sport, sport: money, money: music}}"
    done = project.distill(*UNTIL, "--set", f"teachers.per_task.topic={named}")
    assert done.returncode == 0, done.stderr
    found = topic_logits(project.run / "3-soft_labels" / "topic")
    expected_logits = topic_logits(full_run.project.run / "3-soft_labels" / "topic")
    np.testing.assert_allclose(found, expected_logits, rtol=0, atol=1e-5)  # as above


def test_labels_without_names_are_refused(project: Project) -> None:
    name_labels(project.folder / "theirs", ["LABEL_0", "LABEL_1", "LABEL_2"])

    refused = project.distill(*UNTIL, *TAKE_OVER)

    assert refused.returncode == 2
    assert "its labels have no names" in refused.stderr
    assert "labels: {LABEL_0: NAME, ...}" in refused.stderr
