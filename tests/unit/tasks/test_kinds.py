"""Rows of multi-label, tagging, multiple-choice and summary tasks: what is read, what refused."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from distill.tasks import read_rows

from .conftest import Make, refused

Rows = list[dict[str, Any]]


def emotion(label: Any, text: str = "a") -> dict[str, Any]:
    return {"text": text, "label": label}


def tagged(words: Any, tags: Any) -> dict[str, Any]:
    return {"words": words, "tags": tags}


def choice(candidates: Any, label: Any = 0, text: str = "a") -> dict[str, Any]:
    return {"text": text, "candidates": candidates, "label": label}


def document(sentences: Any, summaries: Any) -> dict[str, Any]:
    return {"sentences": sentences, "summaries": summaries}


OTHER: dict[str, Rows] = {
    "multi_label": [emotion([], "other")],
    "tagging": [tagged(["other"], ["O"])],
    "multiple_choice": [choice(["y", "n"], "A", "other")],
    "extractive_summary": [document(["other"], "other")],
}
PLACES = pa.list_(pa.int32())


def first(make: Make, kind: str, rows: Rows, **keys: Any) -> dict[str, Any]:
    """Return the first training row without its ids."""
    table = read_rows(make(rows, OTHER[kind], kind, **keys), seed=1).train
    row: dict[str, Any] = table.drop_columns(["example_id", "id"]).to_pylist()[0]
    return row


def problem(make: Make, kind: str, rows: Rows, **keys: Any) -> str:
    """Return the one problem of the training file."""
    (found,) = refused(make(rows, OTHER[kind], kind, **keys))
    assert found.startswith("train.jsonl: tasks.mine: ")
    return found


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ([2, 0], [0, 2]),
        (["fear", "joy", "fear"], [0, 2]),
        ("2,0", [0, 2]),
        ("fear, joy", [0, 2]),
        ("1", [1]),
        ([], []),
        ("", []),
    ],
)
def test_label_sets_are_ascending_and_distinct(
    make: Make, label: object, expected: list[int]
) -> None:
    assert first(make, "multi_label", [emotion(label)]) == {"text": "a", "label": expected}


def test_label_sets_may_be_of_pairs(make: Make) -> None:
    columns = {"text": "text", "text_pair": "other", "label": "label"}
    spec = make(
        [emotion("joy") | {"other": "b"}],
        [emotion("") | {"other": "c"}],
        "multi_label",
        columns=columns,
    )

    table = read_rows(spec, seed=1).train

    assert table.schema.field("label").type == PLACES
    assert table["text_pair"].to_pylist() == ["b"]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (None, "label is None; expected a list of labels, or text with commas"),
        (1, "label is 1; expected a list of labels"),
        ([3], "label is 3; expected one of the labels 0 joy, 1 anger, 2 fear"),
        ("joy,rage", "label is 'rage'"),
        ([None], "label is None"),
        (["joy", 1], "some labels are names and some are integers"),
    ],
)
def test_bad_label_sets_are_refused(make: Make, label: object, expected: str) -> None:
    assert expected in problem(make, "multi_label", [emotion(label)])


def test_many_labels_are_not_all_printed(make: Make) -> None:
    labels = [f"l{place}" for place in range(28)]

    assert "11 l11, ... (16 more)" in problem(make, "multi_label", [emotion("x")], labels=labels)


@pytest.mark.parametrize("tags", [["O", "B-x"], [0, 1]])
def test_words_have_a_tag_each(make: Make, tags: list[object]) -> None:
    rows = [tagged(["in", "Rome"], tags)]

    assert first(make, "tagging", rows) == {"words": ["in", "Rome"], "label": [0, 1]}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (tagged(["a", "b"], ["O"]), "row 1: label has 1 tags for 2 words; expected one for each"),
        (tagged([], []), "row 1: words is []; expected a list of texts, at least one"),
        (tagged(None, []), "row 1: words is None"),
        (tagged("a b", ["O", "O"]), "row 1: words is 'a b'; expected a list of texts"),
        (tagged(["a", None], ["O", "O"]), "row 1: words has None at place 2; expected text"),
        (tagged(["a"], "O"), "row 1: label is 'O'; expected a list of labels"),
        (tagged(["a"], ["B-y"]), "row 1: label is 'B-y'; expected one of the labels 0 O"),
        (tagged(["a", "b"], ["O", 1]), "some labels are names and some are integers"),
    ],
)
def test_bad_sentences_are_refused(make: Make, row: dict[str, Any], expected: str) -> None:
    assert expected in problem(make, "tagging", [row])


@pytest.mark.parametrize(("label", "expected"), [(1, 1), ("1", 1), ("B", 1), ("A", 0)])
def test_right_candidate_is_a_place_or_a_letter(make: Make, label: object, expected: int) -> None:
    row = first(make, "multiple_choice", [choice(["x", "y"], label)])

    assert row == {"text": "a", "candidates": ["x", "y"], "label": expected}


def test_candidates_may_have_columns_of_their_own_and_follow_a_prompt(make: Make) -> None:
    columns = {"text": "sent1", "prompt": "sent2", "label": "label"}
    own = {"columns": columns, "candidate_columns": ["e0", "e1"]}
    row = {"sent1": "He sat.", "sent2": "Then he", "e0": "stood.", "e1": "flew.", "label": "0"}
    spec = make([row], [row | {"sent1": "Other."}], "multiple_choice", **own)

    assert read_rows(spec, seed=1).train["candidates"].to_pylist() == [
        ["Then he stood.", "Then he flew."]
    ]


def test_more_candidates_than_letters_are_told_by_place(make: Make) -> None:
    many = [f"c{place}" for place in range(30)]
    rows = [choice(many, 3), choice(many, 29, "b")]
    spec = make(rows, [choice(many, 0, "other")], "multiple_choice")

    assert read_rows(spec, seed=1).train["label"].to_pylist() == [3, 29]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [choice(["x", "y"]), choice(["x", "y", "z"], 0, "b")],
            "row 2: 3 candidates; expected 2, as many in every row",
        ),
        ([choice(["x"])], "row 1: 1 candidates; expected two or more"),
        ([choice([])], "row 1: candidates is []"),
        ([choice(["x", None])], "row 1: candidates has None at place 2"),
        ([choice(["x", "y"], 2)], "row 1: label is 2; expected one of the labels 0 A, 1 B"),
        ([choice(["x", "y"], "C")], "row 1: label is 'C'"),
        ([choice(["x", "y"], None)], "row 1: label is None"),
        (
            [choice(["x", "y"], "A"), choice(["x", "y"], 0, "b")],
            "some labels are names and some are integers",
        ),
        ([choice(["x", "y"], 0, None)], "row 1: text is null"),  # type: ignore[arg-type]
    ],
)
def test_bad_choices_are_refused(make: Make, rows: Rows, expected: str) -> None:
    assert expected in problem(make, "multiple_choice", rows)


def test_splits_with_unequal_candidates_are_refused(make: Make) -> None:
    spec = make([choice(["x", "y", "z"])], OTHER["multiple_choice"], "multiple_choice")

    assert refused(spec) == (
        "validation.jsonl: tasks.mine: rows have 2 candidates, training rows 3; expected the same "
        "number",
    )


def test_same_dialogue_with_other_candidates_is_a_leak(make: Make) -> None:
    spec = make([choice(["x", "y"])], [choice(["v", "w"])], "multiple_choice")

    assert "1 of 1 validation rows (100.00%) have the same text" in refused(spec)[0]


def test_documents_have_the_oracles_sentences_as_label(make: Make) -> None:
    rows = [document(["a b", " ", "c d", "e f"], ["c d e f", "\t"])]

    assert first(make, "extractive_summary", rows) == {
        "sentences": ["a b", "c d", "e f"],
        "summaries": ["c d e f"],
        "label": [0, 1, 1],
    }


def test_one_text_is_one_summary_and_limits_the_oracle(make: Make) -> None:
    rows = [document(["a b", "c d"], "a b c d")]

    assert first(make, "extractive_summary", rows, summary_sentences=1)["label"] == [1, 0]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (document([], "s"), "row 1: sentences is []"),
        (document([" ", "\n"], "s"), "row 1: sentences holds only white space"),
        (document("one text", "s"), "row 1: sentences is 'one text'; expected a list"),
        (document(["a"], None), "row 1: summaries is None"),
        (document(["a"], []), "row 1: summaries is []"),
        (document(["a"], [" "]), "row 1: summaries holds only white space"),
    ],
)
def test_bad_documents_are_refused(make: Make, row: dict[str, Any], expected: str) -> None:
    assert expected in problem(make, "extractive_summary", [row])


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("multi_label", "text"),
        ("tagging", "words"),
        ("multiple_choice", "candidates"),
        ("extractive_summary", "sentences"),
    ],
)
def test_missing_column_is_one_problem_whatever_the_rows(
    make: Make, kind: str, column: str
) -> None:
    rows = [{key: value for key, value in OTHER[kind][0].items() if key != column}] * 9

    assert f"there is no column {column} (our {column}); found" in problem(make, kind, rows)


def test_missing_candidate_column_is_named(make: Make) -> None:
    own = {"columns": {"text": "text", "label": "label"}, "candidate_columns": ["e0", "e1"]}
    rows = [{"text": "a", "e0": "x", "label": 0}]

    found = refused(make(rows, rows, "multiple_choice", **own))

    assert "there is no column e1 (our candidates); found text, e0, label" in found[0]


def test_training_inputs_that_stand_twice_are_counted(make: Make) -> None:
    rows = [emotion(0), emotion(1, " A"), emotion(2, "b")]
    rows = [row | {"label": [row["label"]]} for row in rows]

    (warning,) = read_rows(make(rows, OTHER["multi_label"] * 2, "multi_label"), seed=1).warnings

    assert warning == (
        "train.jsonl: tasks.mine: 2 of 3 rows have an input that stands there more than once"
    )
