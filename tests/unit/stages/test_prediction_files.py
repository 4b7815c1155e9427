"""Prediction files made elsewhere: what is read, and what is refused with the row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from distill.data import gold_answers
from distill.errors import DataError
from distill.stages.prediction_files import read_predictions

if TYPE_CHECKING:
    from pathlib import Path

    from distill.recipe import Kind

LABELS = ("no", "yes", "so")


def _rows(count: int = 3, **columns: Any) -> pa.Table:
    return pa.table({"id": [str(place) for place in range(count)], **columns})


def _lines(path: Path, predictions: list[Any], **more: Any) -> Path:
    rows = [{"id": str(place), "prediction": one, **more} for place, one in enumerate(predictions)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _tsv(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in ["index\tprediction", *lines]), "utf-8")
    return path


def test_classes_are_names_or_integers(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for given in (["so", "no", "yes"], [2, 0, 1], ["2", "0", "1"], ["so", 0, "1"]):
        found = read_predictions(_lines(path, given), "classification", LABELS, _rows())
        assert found.tolist() == [2, 0, 1]


def test_glue_tsv_is_read_by_its_index(tmp_path: Path) -> None:
    path = _tsv(tmp_path / "RTE.tsv", ["2\tyes", "0\tno", "1\tso"])
    assert read_predictions(path, "classification", LABELS, _rows()).tolist() == [0, 2, 1]
    path = _tsv(tmp_path / "STS-B.tsv", ["0\t1.500", "1\t0.000", "2\t5.000"])
    assert read_predictions(path, "regression", (), _rows()).tolist() == [1.5, 0, 5]


def test_squads_json_maps_ids_to_texts(tmp_path: Path) -> None:
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"2": "", "0": "the cat", "1": "a hat"}), encoding="utf-8")
    assert read_predictions(path, "span_extraction", (), _rows()) == ["the cat", "a hat", ""]


def test_several_labels_become_an_indicator(tmp_path: Path) -> None:
    path = _lines(tmp_path / "a.jsonl", [["so", "no"], [], [1]])
    expected = [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert read_predictions(path, "multi_label", LABELS, _rows()).tolist() == expected
    gold = gold_answers("multi_label", LABELS, _rows(label=[[0, 2], [], [1]]))
    assert gold.tolist() == expected


def test_tags_are_one_per_word(tmp_path: Path) -> None:
    rows = _rows(2, words=[["a", "b"], ["c"]], label=[[1, 0], [2]])
    path = _lines(tmp_path / "a.jsonl", [["yes", "no"], [2]])
    expected = [["yes", "no"], ["so"]]
    assert read_predictions(path, "tagging", LABELS, rows) == expected
    assert gold_answers("tagging", LABELS, rows) == expected


def test_scores_of_candidates_are_probabilities_or_the_prediction(tmp_path: Path) -> None:
    rows = _rows(1, candidates=[["a", "b"]], label=[1])
    path = _lines(tmp_path / "a.jsonl", [[0.25, -1]])
    assert read_predictions(path, "multiple_choice", (), rows).tolist() == [[0.25, -1]]
    path = _lines(tmp_path / "b.jsonl", [1], probabilities=[0.1, 0.9])
    assert read_predictions(path, "multiple_choice", (), rows).tolist() == [[0.1, 0.9]]
    np.testing.assert_array_equal(gold_answers("multiple_choice", (), rows), [1])


@pytest.mark.parametrize(
    ("kind", "predictions", "parts"),
    [
        ("classification", ["no", "maybe", 1], ("id 1", "'maybe'", "labels 0 no, 1 yes, 2 so")),
        ("classification", [3, 0, 0], ("id 0", "'3'")),
        ("classification", [0, -1, 0], ("id 1", "'-1'")),
        ("classification", [0, 0, True], ("id 2", "'True'")),
        ("classification", [0, 0, 1.0], ("id 2", "'1.0'")),
        ("multi_label", [[], "no", []], ("id 1", "expected a list of labels")),
        ("multi_label", [[], ["nope"], []], ("id 1", "expected one of the labels")),
        ("regression", [1, "high", 2], ("id 1", "'high'", "finite number")),
        ("regression", [1, 2, float("nan")], ("id 2", "finite number")),
        ("span_extraction", ["a", 5, "b"], ("id 1", "'5'", "expected a text")),
        ("tagging", [["no"], ["no", "so"], []], ("id 2", "a list of 1 tags")),
        ("tagging", [["no"], ["no", "ha"], ["no"]], ("id 1", "expected one of the labels")),
        ("multiple_choice", [[1, 2], 1, [3, 4]], ("id 1", "a list of 2 scores")),
        ("multiple_choice", [[1, 2], [1, 2], [3]], ("id 2", "a list of 2 scores")),
        ("extractive_summary", ["a", ["b"], "c"], ("id 1", "expected a text")),
    ],
)
def test_what_does_not_fit_the_task_is_refused_with_its_row(
    kind: Kind, predictions: list[Any], parts: tuple[str, ...], tmp_path: Path
) -> None:
    rows = _rows(words=[["a"], ["b", "c"], ["d"]], candidates=[["a", "b"]] * 3)
    path = _lines(tmp_path / "a.jsonl", predictions)
    with pytest.raises(DataError) as refused:
        read_predictions(path, kind, LABELS, rows)
    assert len(refused.value.problems) == 1
    assert all(part in str(refused.value) for part in (str(path), *parts)), str(refused.value)


def test_an_integer_that_is_another_labels_name_is_refused(tmp_path: Path) -> None:
    path = _lines(tmp_path / "a.jsonl", [0, 0, 0])
    with pytest.raises(DataError, match="labels 0 1, 1 0"):
        read_predictions(path, "classification", ("1", "0"), _rows())
    found = read_predictions(path, "classification", ("0", "1"), _rows())
    assert found.tolist() == [0, 0, 0]


def test_the_first_unfit_rows_are_spelt_out_and_the_rest_counted(tmp_path: Path) -> None:
    path = _lines(tmp_path / "a.jsonl", ["?"] * 9)
    with pytest.raises(DataError) as refused:
        read_predictions(path, "classification", LABELS, _rows(9))
    assert len(refused.value.problems) == 6
    assert refused.value.problems[-1] == "... and 4 more rows"


def test_missing_and_foreign_ids_are_one_message_with_counts_and_examples(tmp_path: Path) -> None:
    path = _tsv(tmp_path / "a.tsv", ["0\tno", "7\tno", "8\tno"])
    with pytest.raises(DataError) as refused:
        read_predictions(path, "classification", LABELS, _rows())
    (problem,) = refused.value.problems
    assert "2 of 3 rows have none, such as 1, 2" in problem
    assert "2 are of no row, such as 7, 8" in problem


def test_an_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = _tsv(tmp_path / "a.tsv", ["0\tno", "1\tno", "1\tyes", "2\tno"])
    with pytest.raises(DataError, match="1 ids stand twice or more, such as 1"):
        read_predictions(path, "classification", LABELS, _rows())


@pytest.mark.parametrize(
    ("name", "text", "parts"),
    [
        ("a.jsonl", "no json\n", ("line 1 is not JSON",)),
        ("a.jsonl", '{"id": "0"}\n', ("row 1 lacks an id or a prediction",)),
        ("a.tsv", "prediction\nno\n", ("row 1 lacks an id or a prediction",)),
        ("a.tsv", "index\tprediction\n0\tno\tyes\n", ("has 3 fields",)),
        ("a.json", "[]", ("no JSON object",)),
        ("a.json", "{", ("cannot be read",)),
        ("a.txt", "0 no\n", ("ends in none of",)),
        ("none.jsonl", None, ("cannot be read",)),
        ("none.json", None, ("cannot be read",)),
    ],
)
def test_other_layouts_are_refused_with_those_that_are_read(
    name: str, text: str | None, parts: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as refused:
        read_predictions(path, "classification", LABELS, _rows())
    told = str(refused.value)
    assert all(part in told for part in (str(path), "TSV with the columns index", *parts)), told
