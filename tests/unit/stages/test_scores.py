"""Scores of students and of prediction files: the same numbers, for every kind of task."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from distill.errors import ModelError, RecipeError
from distill.recipe import Task
from distill.stages.scores import evaluate_checkpoint, evaluate_file
from distill.stages.use import predict_lines
from distill.tasks import TaskSpec, resolve
from teachers import new_teacher

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedTokenizerFast

    from .conftest import MakeStudent

Row = dict[str, Any]
TEXTS = (
    "the cat sat",
    "who sat at the hat",
    "a cat ate it",
    "cats sat",
    "the rat",
    "at last it sat",
)
TAGS = ("O", "B-x", "I-x")
SIZES = {"max_length": 24, "stride": 4, "max_overlap": 1.0}
CASES: dict[str, tuple[Row, list[Row]]] = {  # section of a recipe and rows
    "class": (
        {
            "kind": "classification",
            "labels": ["no", "yes"],
            "columns": {"text": "text", "label": "label"},
            "metrics": ["accuracy", "f1"],
        },
        [{"text": text, "label": place % 2} for place, text in enumerate(TEXTS)],
    ),
    "labels": (
        {
            "kind": "multi_label",
            "labels": ["joy", "anger", "fear"],
            "columns": {"text": "text", "label": "label"},
        },
        [{"text": text, "label": [place % 3]} for place, text in enumerate(TEXTS)],
    ),
    "value": (
        {"kind": "regression", "columns": {"text": "text", "label": "label"}},
        [{"text": text, "label": place / 2} for place, text in enumerate(TEXTS)],
    ),
    "span": (
        {
            "kind": "span_extraction",
            "columns": {name: name for name in ("id", "question", "context", "answers")},
            "metrics": ["exact_match", "f1"],
        },
        [
            {
                "id": f"q{place}",
                "question": "who sat",
                "context": text,
                "answers": {"text": text.split()[:1], "answer_start": [0]},
            }
            for place, text in enumerate(TEXTS[:-1])
        ]
        + [
            {
                "id": "q9",
                "question": "who",
                "context": "the end",
                "answers": {"text": [], "answer_start": []},
            }
        ],
    ),
    "tags": (
        {
            "kind": "tagging",
            "labels": list(TAGS),
            "columns": {"words": "words", "label": "tags"},
            "metrics": ["entity_f1", "accuracy"],
        },
        [
            {"words": text.split(), "tags": [TAGS[place % 2]] * len(text.split())}
            for place, text in enumerate(TEXTS)
        ],
    ),
    "reply": (
        {
            "kind": "multiple_choice",
            "columns": {"text": "text", "candidates": "candidates", "label": "label"},
            "metrics": ["recall_at_1", "recall_at_2", "mrr"],
        },
        [
            {"text": text, "candidates": ["cat", "rat", text], "label": place % 3}
            for place, text in enumerate(TEXTS)
        ],
    ),
    "summary": (
        {
            "kind": "extractive_summary",
            "columns": {"sentences": "sentences", "summaries": "summaries"},
            "summary_sentences": 1,
        },
        [
            {"sentences": [*TEXTS[place:], "end it"], "summaries": [text]}
            for place, text in enumerate(TEXTS)
        ],
    ),
}


def _spec(name: str, folder: Path, *, also: bool = False) -> TaskSpec:
    """Return the case's task, its rows written as training, validation and further files."""
    section, rows = CASES[name]
    for split in ("train", "validation", "more"):
        other = [_changed(row) if split == "train" else row for row in rows]
        lines = "".join(json.dumps(row) + "\n" for row in other)
        (folder / f"{name}.{split}.jsonl").write_text(lines, encoding="utf-8")
    source: Row = {
        "type": "files",
        "train": f"{name}.train.jsonl",
        "validation": f"{name}.validation.jsonl",
    }
    if also:
        source["also"] = {"more": f"{name}.more.jsonl"}
    task = Task.model_validate({**section, "source": source, **SIZES})
    return resolve(name, task, base=folder, data_root=None)


def _changed(row: Row) -> Row:
    return {key: f"{value} so" if key == "text" else value for key, value in row.items()}


def _student(make: MakeStudent, spec: TaskSpec, **changes: Any) -> Path:
    known: Row = {
        "kind": spec.kind,
        "labels": spec.labels,
        "metrics": spec.metrics,
        "score": spec.score,
        "summary_sentences": spec.summary_sentences,
    }
    return make({spec.name: {**known, **changes}})


@pytest.mark.parametrize("name", CASES)
def test_a_students_prediction_file_scores_as_the_student(
    name: str, make_student: MakeStudent, tmp_path: Path
) -> None:
    spec = _spec(name, tmp_path)
    student, out = _student(make_student, spec), tmp_path / "out"
    scores = evaluate_checkpoint(student, {name: spec}, seed=1, predictions=out)
    assert set(scores[name]) >= {"rows", "score", "intervals", *spec.metrics}
    for metric in spec.metrics:
        low, high = scores[name]["intervals"][metric]
        assert 0 <= low <= high <= 100 or spec.kind == "regression"
    files = [out / f"{name}.predictions.jsonl"]
    if spec.kind == "span_extraction":
        files.append(out / f"{name}.predictions.json")
    for file in files:
        again = evaluate_file(file, spec, seed=1, name=name)
        assert again[name] == {key: scores[name][key] for key in again[name]}


def test_spans_are_written_as_squads_script_reads_them(
    make_student: MakeStudent, tmp_path: Path
) -> None:
    spec = _spec("span", tmp_path)
    student = _student(make_student, spec, unanswerable=True)
    evaluate_checkpoint(student, {"span": spec}, seed=1, predictions=tmp_path)
    texts = json.loads((tmp_path / "span.predictions.json").read_text(encoding="utf-8"))
    odds = json.loads((tmp_path / "span.na_odds.json").read_text(encoding="utf-8"))
    assert list(texts) == list(odds) == [row["id"] for row in CASES["span"][1]]
    contexts = {row["id"]: row["context"] for row in CASES["span"][1]}
    assert all(text in contexts[key] for key, text in texts.items())
    # without a threshold of its own a student answers nothing where the odds are above 0
    assert {key for key, text in texts.items() if not text} == {
        key for key, value in odds.items() if value > 0
    }


def test_further_evaluation_sets_are_scored_beside_the_task(
    make_student: MakeStudent, tmp_path: Path
) -> None:
    spec = _spec("class", tmp_path, also=True)
    student = _student(make_student, spec)
    scores = evaluate_checkpoint(student, {"class": spec}, seed=1, predictions=tmp_path)
    assert list(scores) == ["class", "class/more"]
    assert scores["class/more"] == scores["class"]  # their rows are equal
    file = tmp_path / "class.more.predictions.jsonl"
    assert evaluate_file(file, spec, seed=1, name="class/more").keys() == {"class/more"}
    with pytest.raises(RecipeError, match="class has the evaluation sets class, class/more"):
        evaluate_file(file, spec, seed=1, name="class/other")


@pytest.mark.parametrize("name", CASES)
def test_a_line_with_a_rows_inputs_is_answered_as_the_row(
    name: str, make_student: MakeStudent, tmp_path: Path
) -> None:
    spec = _spec(name, tmp_path)
    student = _student(make_student, spec)
    evaluate_checkpoint(student, {name: spec}, seed=1, predictions=tmp_path)
    written = (tmp_path / f"{name}.predictions.jsonl").read_text(encoding="utf-8")
    expected = [json.loads(line)["prediction"] for line in written.splitlines()]
    lines = [json.dumps(row) for row in CASES[name][1]]
    found = [answer["prediction"] for answer in predict_lines(student, name, [], lines)]
    # another length of the batch changes the last digits of a number
    assert found == (pytest.approx(expected, rel=1e-4) if name == "value" else expected)


@pytest.mark.parametrize(
    ("name", "texts", "answers"),
    [
        ("class", ["the cat", "a rat"], 2),
        ("tags", ["the cat sat", "a rat"], 2),
        ("reply", ["the cat", "sat", "ate", "it"], 1),
        ("summary", ["the cat sat", "it ate", "the end"], 1),
    ],
)
def test_texts_of_the_command_line_make_whole_inputs(
    name: str, texts: list[str], answers: int, make_student: MakeStudent, tmp_path: Path
) -> None:
    student = _student(make_student, _spec(name, tmp_path))
    found = list(predict_lines(student, name, texts, None))
    assert len(found) == answers
    if name == "tags":
        assert [len(answer["prediction"]) for answer in found] == [3, 2]
    if name == "reply":
        assert found[0]["prediction"] in range(3)
    if name == "summary":
        assert found[0]["prediction"] in texts


def test_rows_may_have_other_numbers_of_candidates_on_other_lines(
    make_student: MakeStudent, tmp_path: Path
) -> None:
    student = _student(make_student, _spec("reply", tmp_path))
    sets = (["cat", "rat"], ["cat", "rat", "hat"], ["a", "the", "it"], ["at", "it"])
    lines = [json.dumps({"text": "who sat", "candidates": candidates}) for candidates in sets]
    found = list(predict_lines(student, "reply", [], lines))
    assert [len(answer["probabilities"]) for answer in found] == [2, 3, 3, 2]


def test_a_teacher_is_scored_as_its_task_alone(
    tmp_path: Path, tiny_bert: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    new_teacher(tiny_bert, "classification", ["yes", "no"]).save_pretrained(tmp_path / "theirs")
    new_teacher(tiny_bert, "regression", []).save_pretrained(tmp_path / "value")
    for name in ("theirs", "value"):
        tokenizer.save_pretrained(tmp_path / name)
    specs = {name: _spec(name, tmp_path) for name in ("class", "value")}

    scores = evaluate_checkpoint(tmp_path / "theirs", {"class": specs["class"]}, seed=1)

    assert set(scores["class"]) == {"rows", "accuracy", "f1", "score", "intervals"}
    with pytest.raises(ModelError, match="a bert model of one task; give one --task, not 2"):
        evaluate_checkpoint(tmp_path / "theirs", specs, seed=1)
    with pytest.raises(ModelError, match="its labels have no names"):
        evaluate_checkpoint(tmp_path / "value", {"class": specs["class"]}, seed=1)
