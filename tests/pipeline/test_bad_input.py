"""What a user can get wrong is refused before anything is written: a line each, all at once."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from .conftest import Project, run_in_process
from .corpus import topic_rows, write_json_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRAINING = "training: {epochs: 12"


@pytest.fixture
def project(fresh_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = fresh_project.copy(tmp_path / "project")
    monkeypatch.chdir(made.folder)
    return made


def _topic_train(project: Project, change: Callable[[list[dict[str, str]]], object]) -> None:
    path = project.folder / "topic.train.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    change(rows)
    write_json_lines(path, rows)


def _unknown_key(project: Project) -> None:
    project.edit(TRAINING, "training: {epoch: 12")


def _wrong_type(project: Project) -> None:
    project.edit(TRAINING, "training: {epochs: many")


def _number_as_text(project: Project) -> None:
    project.edit("training: {epochs: 12, learning_rate: 3.0e-3", 'training: {learning_rate: "2e-5"')


def _unknown_task(project: Project) -> None:
    project.edit("tasks:\n", "tasks:\n  squadv2: {}\n")


def _unknown_loss(project: Project) -> None:
    project.edit(TRAINING, "distillation: {loss: mae}\n" + TRAINING)


def _unknown_family(project: Project) -> None:
    project.edit("default: {model: model,", "default: {model: model, family: roberta,")


def _other_family(project: Project) -> None:
    config = project.folder / "model" / "config.json"
    config.write_text(config.read_text().replace('"bert"', '"distilbert"'), encoding="utf-8")
    project.edit("default: {model: model,", "default: {model: model, family: electra,")


def _missing_layer(project: Project) -> None:
    project.edit("layers: [0, 2]", "layers: [0, 4]")


def _missing_file(project: Project) -> None:
    (project.folder / "match.dev.csv").unlink()


def _missing_column(project: Project) -> None:
    path = project.folder / "rating.dev.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("stars", "rating"), encoding="utf-8")


def _undeclared_label(project: Project) -> None:
    _topic_train(project, lambda rows: rows[3].update(label="art"))


def _empty_split(project: Project) -> None:
    (project.folder / "rating.dev.jsonl").write_text("", encoding="utf-8")


def _half_a_line(project: Project) -> None:
    path = project.folder / "rating.dev.jsonl"
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")


def _overlap(project: Project) -> None:
    shutil.copyfile(project.folder / "topic.dev.jsonl", project.folder / "topic.train.jsonl")


def _answer_elsewhere(project: Project) -> None:
    path = project.folder / "city.train.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"answers": [{"text": "', '"answers": [{"text": "x', 1), "utf-8")


def _no_such_teacher(project: Project) -> None:
    project.edit("default: {model: model,", "default: {model: ./nowhere,")


def _hub_id_without_revision(project: Project) -> None:
    project.edit("default: {model: model,", "default: {model: google-bert/bert-base-uncased,")


def _no_such_package(project: Project) -> None:
    project.edit("default: {model: model,", 'default: {model: "package://no_such_package/model",')


def _other_teacher(project: Project, damage: Callable[[Path], object]) -> None:
    folder = project.folder / "teacher"
    shutil.copytree(project.folder / "model", folder)
    damage(folder)
    project.edit("default: {model: model,", "default: {model: teacher,")


def _truncated_weights(project: Project) -> None:
    def damage(folder: Path) -> None:
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])

    _other_teacher(project, damage)


def _pickled_weights(project: Project) -> None:
    _other_teacher(project, lambda it: (it / "model.safetensors").rename(it / "pytorch_model.bin"))


def _damaged_tokenizer(project: Project) -> None:
    def damage(folder: Path) -> None:
        tokenizer = folder / "tokenizer.json"
        tokenizer.write_bytes(tokenizer.read_bytes()[:500])

    _other_teacher(project, damage)


def _other_hash(project: Project) -> None:
    project.edit("default: {model: model,", f"default: {{model: model, sha256: {'f' * 64},")


CASES: dict[Callable[[Project], None], tuple[str, ...]] = {
    _unknown_key: ("recipe.yaml:", "unknown key 'epoch'; did you mean 'epochs'?"),
    _wrong_type: ("recipe.yaml:", 'training.epochs is "many" (text)', "must be a number"),
    _number_as_text: ("training.learning_rate is", "Write 2e-05, without quotes"),
    _unknown_task: ("tasks.squadv2", "did you mean squad_v2?"),
    _unknown_loss: ("distillation.loss", '"mae"', "kl or mse"),
    _unknown_family: ("teachers.default.family", '"roberta"', "bert or electra"),
    _other_family: ("teachers.default.family is electra", "is distilbert"),
    _missing_layer: ("student.layers", "has 4 layers, numbered 0 to 3"),
    _missing_file: ("match.dev.csv: tasks.match", "No such file"),
    _missing_column: ("rating.dev.jsonl: tasks.rating", "no column stars", "found text, rating"),
    _undeclared_label: (
        "topic.train.jsonl",
        "row 4",
        "label is 'art'",
        "0 sport, 1 money, 2 music",
    ),
    _empty_split: ("rating.dev.jsonl: tasks.rating", "there are no rows"),
    _half_a_line: ("rating.dev.jsonl: tasks.rating", "line 40 is not JSON"),
    _overlap: ("topic.dev.jsonl: tasks.topic", "40 of 40", "max_overlap"),
    _answer_elsewhere: ("city.train.json: tasks.city", "question q0", "correct answer_start"),
    _no_such_teacher: ("teachers.default.model is './nowhere'", "no such folder"),
    _hub_id_without_revision: ("teachers.default.model", "needs `revision:`"),
    _no_such_package: ("teachers.default.model", "'no_such_package' is not installed"),
    _truncated_weights: ("teachers.default.model", "model.safetensors is damaged"),
    _pickled_weights: ("teachers.default.model", "has no model.safetensors", "pickled"),
    _damaged_tokenizer: ("teachers.default.model", "tokenizer.json"),
    _other_hash: ("teachers.default.sha256", "it is another model"),
}


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("damage", CASES, ids=lambda case: case.__name__.strip("_"))
def test_wrong_input_is_told_in_one_line_and_nothing_is_written(
    damage: Callable[[Project], None],
    command: str,
    project: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    damage(project)
    before = _files(project)
    code, out, told = run_in_process([command, "recipe.yaml"], capsys, monkeypatch)
    assert code == 2, told
    assert out == ""
    assert told.count("error: ") == 1
    assert "Traceback" not in told
    for part in CASES[damage]:
        assert part in told
    assert _files(project) == before


def test_all_problems_are_told_at_once(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _unknown_key(project)
    _missing_file(project)
    _missing_column(project)
    _undeclared_label(project)
    _truncated_weights(project)
    code, _, told = run_in_process(["run", "recipe.yaml"], capsys, monkeypatch)
    assert code == 2
    for damage in (_unknown_key, _missing_file, _missing_column, _undeclared_label):
        for part in CASES[damage]:
            assert part in told
    assert "model.safetensors is damaged" in told


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["run", "nowhere.yaml"], ("nowhere.yaml", "no such file", "quickstart")),
        (["check", "quickstrat"], ("quickstrat", "quickstart")),
        (["run", "recipe.yaml", "--until", "students"], ("students", "soft_labels")),
        (["run", "recipe.yaml", "--from", "report", "--until", "data"], ("comes after",)),
        (["run", "recipe.yaml", "--set", "training.epoch=2"], ("did you mean 'epochs'?",)),
        (["run", "recipe.yaml", "--set", "training.epochs"], ("training.epochs",)),
        (["status", "runs/nowhere"], ("no run folder",)),
        (["run", "recipe.yaml", "--sat", "a=b"], ("No such option", "--set")),
    ],
)
def test_wrong_command_lines_are_refused(
    arguments: list[str],
    parts: tuple[str, ...],
    project: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = _files(project)
    code, _, told = run_in_process(arguments, capsys, monkeypatch)
    assert code == 2
    assert "Traceback" not in told
    assert all(part in told for part in parts), told
    assert _files(project) == before


def test_overlap_of_one_percent_is_a_warning_with_its_count(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = topic_rows()
    write_json_lines(project.folder / "topic.train.jsonl", rows[:100])
    write_json_lines(project.folder / "topic.dev.jsonl", rows[99:199])
    code, out, told = run_in_process(["check", "recipe.yaml"], capsys, monkeypatch)
    assert code == 0, told
    assert "no problems; 4 tasks" in out
    assert "1 of 100 validation rows (1.00%) have the same text as a training row" in told


def _files(project: Project) -> set[str]:
    return {path.relative_to(project.folder).as_posix() for path in project.folder.rglob("*")}
