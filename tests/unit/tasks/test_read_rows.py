from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distill.errors import DataError
from distill.tasks import read_rows, source_fingerprint

from .conftest import Make, refused, write

if TYPE_CHECKING:
    from pathlib import Path

GOOD = [{"text": "one", "label": 0}, {"text": "two", "label": "1"}]
OTHER = [{"text": "three", "label": 1}]


def test_classification_table_is_canonical(make: Make) -> None:
    splits = read_rows(make([{"text": "a", "label": "yes"}], OTHER), seed=1)

    assert splits.train.schema == pa.schema(
        [
            ("example_id", pa.int64()),
            ("id", pa.string()),
            ("text", pa.string()),
            ("label", pa.int32()),
        ]
    )
    assert splits.train.select(["id", "text", "label"]).to_pylist() == [
        {"id": "0", "text": "a", "label": 1}
    ]
    assert splits.warnings == ()


def test_integer_labels_of_csv_are_places_in_the_declared_order(make: Make) -> None:
    splits = read_rows(make("text,label\na,1\nb,0\n", "text,label\nc,1\n", suffix=".csv"), seed=1)

    assert splits.train["label"].to_pylist() == [1, 0]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".tsv.gz"])
def test_quoted_new_lines_separators_and_quotes_survive(make: Make, suffix: str) -> None:
    comma = "," if "csv" in suffix else "\t"
    header, label = f"text{comma}label\r\n", f"{comma}yes\r\n"
    train = f'{header}"a\n""b""{comma} c"{label}'

    splits = read_rows(make(train, f"{header}other{label}", suffix=suffix), seed=1)

    assert splits.train["text"].to_pylist() == [f'a\n"b"{comma} c']


def test_gzip_parquet_and_byte_order_mark_give_the_same_rows(make: Make, tmp_path: Path) -> None:
    plain = read_rows(make(GOOD, OTHER), seed=1)
    unzipped = read_rows(make(GOOD, OTHER, suffix=".jsonl.gz"), seed=1)
    text = "\ufefftext,label\none,0\ntwo,1\n"
    marked = read_rows(make(text, "text,label\nthree,1\n", suffix=".csv"), seed=1)
    spec = make(b"", b"", suffix=".parquet")
    for split, rows in (
        ("train", [row | {"label": int(row["label"])} for row in GOOD]),
        ("validation", OTHER),
    ):
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{split}.parquet")

    assert plain == unzipped == marked == read_rows(spec, seed=1)


def test_line_separator_inside_a_json_string_is_text(make: Make) -> None:
    line = '{"text": "a\u2028b", "label": 0}\n'

    assert read_rows(make(line, OTHER), seed=1).train["text"].to_pylist() == ["a\u2028b"]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (2, "label is 2; expected one of the labels 0 no, 1 yes"),
        (-1, "label is -1"),
        ("maybe", "label is 'maybe'"),
        (True, "label is True"),
        (1.0, "label is 1.0"),
        (None, "label is None"),
    ],
)
def test_bad_class_label_is_refused_with_its_row(make: Make, label: object, expected: str) -> None:
    (problem,) = refused(make([*GOOD, {"text": "x", "label": label}], OTHER))

    assert problem.startswith("train.jsonl: tasks.mine: row 3: ")
    assert expected in problem


def test_labels_that_mix_names_and_integers_are_refused(make: Make) -> None:
    rows = [{"text": "a", "label": "yes"}, {"text": "b", "label": 1}]

    assert "some labels are names and some are integers" in refused(make(rows, OTHER))[0]


def test_integer_label_that_names_another_class_is_refused(make: Make) -> None:
    problem = refused(make(GOOD, OTHER, labels=["1", "0"]))[0]

    assert "one class's name and another's place" in problem


@pytest.mark.parametrize("label", [float("nan"), float("inf"), "high", None, True])
def test_regression_label_that_is_no_finite_number_is_refused(make: Make, label: object) -> None:
    rows = [{"text": "a", "label": label}]

    assert "expected a finite number" in refused(make(rows, OTHER, "regression"))[0]


def test_regression_labels_are_float32(make: Make) -> None:
    splits = read_rows(make([{"text": "a", "label": "2.5"}], OTHER, "regression"), seed=1)

    assert splits.train.schema.field("label").type == pa.float32()
    assert splits.train["label"].to_pylist() == [2.5]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"text": None, "label": 0}], "row 1: text is null"),
        ([*GOOD, {"label": 0}], "row 3: text is null"),
        ([{"text": 3, "label": 0}], "text is 3; expected text, not int"),
        (
            [{"sentence": "a", "label": 0}],
            "there is no column text (our text); found sentence, label",
        ),
        ([], "there are no rows"),
        ('{"text": "a", "label": 0}\nnot json\n', "line 2 is not JSON"),
        ("[1]\n", "line 1 is not a JSON object"),
        ('{"text": "\\ud800", "label": 0}\n', "row 1: a text holds half of a surrogate pair"),
        (b'{"text": "a", "label": 0}\n{"text": "\xff"', "line 2 has the byte 0xff"),
    ],
)
def test_bad_json_lines_are_refused(make: Make, rows: Any, expected: str) -> None:
    (problem,) = refused(make(rows, OTHER))

    assert problem.startswith("train.jsonl: tasks.mine: ")
    assert expected in problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text,label\na,0,1\n", "row 1 (ending on line 2) has 3 fields, the header has 2"),
        ('text,label\n"a,0\n', "unexpected end of data"),
        ("text,text\na,b\n", "names a column twice"),
        ("", "there are no rows"),
        ("text,label\n", "there are no rows"),
    ],
)
def test_bad_csv_is_refused(make: Make, text: str, expected: str) -> None:
    assert expected in refused(make(text, "text,label\nc,1\n", suffix=".csv"))[0]


def test_truncated_files_are_refused(make: Make, tmp_path: Path) -> None:
    zipped = make(GOOD, OTHER, suffix=".jsonl.gz")
    path = tmp_path / "train.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-9])

    assert "is not a complete gzip file" in refused(zipped)[0]
    assert "is not a Parquet file" in refused(make(b"PAR1", b"PAR1", suffix=".parquet"))[0]


def test_missing_files_are_reported_together(make: Make, tmp_path: Path) -> None:
    spec = make(GOOD, OTHER)
    for split in ("train", "validation"):
        (tmp_path / f"{split}.jsonl").unlink()

    found = refused(spec)
    with pytest.raises(DataError) as caught:
        source_fingerprint(spec)

    assert [problem.split(":")[0] for problem in found] == ["train.jsonl", "validation.jsonl"]
    assert all("No such file" in problem for problem in (*found, *caught.value.problems))


def test_problems_of_both_splits_are_reported_and_shortened(make: Make) -> None:
    bad = [{"text": "a", "label": 9}] * 8

    found = refused(make(bad, [{"text": None, "label": 0}]))

    assert len(found) == 7
    assert found[5] == "train.jsonl: tasks.mine: ... and 3 more rows"
    assert found[6].startswith("validation.jsonl: tasks.mine: row 1")


def test_example_id_follows_the_row_and_not_its_place(make: Make) -> None:
    forward = read_rows(make(GOOD, OTHER), seed=1).train["example_id"].to_pylist()
    backward = read_rows(make(GOOD[::-1], OTHER), seed=1).train["example_id"].to_pylist()
    edited = (
        read_rows(make([GOOD[0] | {"label": 1}], OTHER), seed=1).train["example_id"].to_pylist()
    )

    assert forward == backward[::-1]
    assert edited[0] not in forward


def test_example_id_is_a_known_hash(make: Make) -> None:
    expected = 1345788999416566454  # printf '["one",0]' | sha256sum, the first 8 bytes signed

    assert read_rows(make(GOOD, OTHER), seed=1).train["example_id"][0].as_py() == expected


def test_own_ids_are_kept_and_must_be_unique(make: Make) -> None:
    columns = {"text": "text", "label": "label", "id": "key"}
    rows = [row | {"key": f"k{number}"} for number, row in enumerate(GOOD)]
    other = [OTHER[0] | {"key": 7}]
    kept = read_rows(make(rows, other, columns=columns), seed=1)

    assert kept.train["id"].to_pylist() == ["k0", "k1"]
    assert kept.validation["id"].to_pylist() == ["7"]
    repeated = refused(make([row | {"key": "k"} for row in GOOD], other, columns=columns))
    assert "1 ids stand twice or more, such as k" in repeated[0]
    null = refused(make([row | {"key": None} for row in GOOD], other, columns=columns))
    assert "row 1: key is null" in null[0]


def test_limits_draw_by_seed_and_keep_the_order(make: Make) -> None:
    rows = [{"text": f"t{number}", "label": 0} for number in range(50)]
    spec = make(rows, OTHER * 3, train_rows=10, validation_rows=2)

    first, again, other = (read_rows(spec, seed).train["id"].to_pylist() for seed in (1, 1, 2))

    assert first == again != other
    assert len(first) == 10
    assert first == sorted(first, key=int)
    assert read_rows(spec, 1).validation.num_rows == 2


def test_overlap_is_a_warning_and_above_the_limit_an_error(make: Make) -> None:
    rows = [{"text": f"t{number}", "label": 0} for number in range(9)]
    leaked = [*rows, {"text": " Two", "label": 0}]
    message = "1 of 10 validation rows (10.00%) have the same text as a training row"

    assert message in read_rows(make(GOOD, leaked, max_overlap=0.1), seed=1).warnings[0]
    (problem,) = refused(make(GOOD, leaked))
    assert problem.startswith(f"validation.jsonl: tasks.mine: {message}; at most 1.00% may")
    assert problem.endswith("tasks.mine.max_overlap: 0.1")


def test_fingerprint_changes_with_one_byte_and_not_with_the_folder(
    make: Make, tmp_path: Path
) -> None:
    spec = make(GOOD, OTHER)
    before = source_fingerprint(spec)
    assert before == source_fingerprint(spec)

    write(tmp_path / "validation.jsonl", [OTHER[0] | {"text": "thrEe"}])

    assert source_fingerprint(spec) != before


def test_fingerprint_tells_the_splits_apart(make: Make) -> None:
    assert source_fingerprint(make(GOOD, OTHER)) != source_fingerprint(make(OTHER, GOOD))
