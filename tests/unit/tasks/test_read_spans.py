from __future__ import annotations

import json
from typing import Any

import pytest

from distill.tasks import read_rows

from .conftest import Make, refused


def span(context: str, texts: list[str], starts: list[int], key: str = "q1") -> dict[str, Any]:
    answers = {"text": texts, "answer_start": starts}
    return {"id": key, "question": f"what {key}?", "context": context, "answers": answers}


def test_hub_shaped_spans_are_read(make: Make) -> None:
    rows = [span("a b c", ["b", "b c"], [2, 2]), span("a b c", [], [], "q2")]

    splits = read_rows(make(rows, [span("x", ["x"], [0])], "span_extraction"), seed=1)

    assert splits.train.drop_columns("example_id").to_pylist() == [
        {
            "id": "q1",
            "question": "what q1?",
            "context": "a b c",
            "answer_texts": ["b", "b c"],
            "answer_starts": [2, 2],
        },
        {
            "id": "q2",
            "question": "what q2?",
            "context": "a b c",
            "answer_texts": [],
            "answer_starts": [],
        },
    ]


def squad_json(context: str, *questions: dict[str, Any]) -> str:
    return json.dumps(
        {"data": [{"title": "t", "paragraphs": [{"context": context, "qas": questions}]}]}
    )


def test_squads_own_layout_is_read_with_unanswerable_questions(make: Make) -> None:
    train = squad_json(
        "a b c",
        {"id": "1", "question": "?", "answers": [{"text": "b", "answer_start": 2}]},
        {"id": "2", "question": "??", "answers": [], "is_impossible": True},
    )
    validation = squad_json("d", {"id": "3", "question": "?", "answers": []})

    splits = read_rows(make(train, validation, "span_extraction", ".json.gz"), seed=1)

    assert splits.train["id"].to_pylist() == ["1", "2"]
    assert splits.train["answer_starts"].to_pylist() == [[2], []]


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"data": [{"paragraphs": [{"qas": []}]', '{"data": [{}]}']
)
def test_json_in_another_layout_is_refused(make: Make, text: str) -> None:
    problem = refused(make(text, text, "span_extraction", ".json"))[0]

    assert "JSON lines end in .jsonl" in problem


def test_offset_is_repaired_where_the_text_occurs_once(make: Make) -> None:
    splits = read_rows(
        make([span("a bb c", ["bb"], [0])], [span("x y", ["y"], [2])], "span_extraction"), seed=1
    )

    assert splits.train["answer_starts"].to_pylist() == [[2]]
    assert splits.warnings == (
        "train.jsonl: tasks.mine: 1 answers did not stand at their offset and were moved to the "
        "one place where their text occurs",
    )


@pytest.mark.parametrize("context", ["b x b", "none"])
def test_offset_that_cannot_be_repaired_is_refused_in_training(make: Make, context: str) -> None:
    rows = [span(context, ["b"], [-1], "q9")]

    problem = refused(make(rows, [span("x y", ["y"], [2])], "span_extraction"))[0]

    assert "question q9: answer 'b' does not start at -1" in problem


def test_offset_that_cannot_be_repaired_is_a_warning_in_validation(make: Make) -> None:
    spec = make([span("x y", ["y"], [2])], [span("b b", ["b"], [1])], "span_extraction")

    splits = read_rows(spec, seed=1)

    assert splits.validation["answer_texts"].to_pylist() == [["b"]]
    assert splits.validation["answer_starts"].to_pylist() == [[-1]]
    assert "1 answers do not stand at their offset and keep none" in splits.warnings[0]


@pytest.mark.parametrize(
    "answers",
    [
        None,
        "b",
        {"text": ["b"]},
        {"text": ["b"], "answer_start": []},
        {"text": [""], "answer_start": [0]},
        {"text": ["b"], "answer_start": [None]},
        [{"text": "b"}],
    ],
)
def test_malformed_answers_are_refused(make: Make, answers: object) -> None:
    rows = [span("a b", [], []) | {"answers": answers}]

    assert (
        "expected {'text': [...]" in refused(make(rows, [span("x", [], [])], "span_extraction"))[0]
    )
