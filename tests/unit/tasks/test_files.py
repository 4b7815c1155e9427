"""Formats of files: CoNLL, CoNLL-U, headers, delimiters and encodings."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from distill.errors import DataError
from distill.tasks import read_rows
from distill.tasks.files import read_file

from .conftest import Make, refused

if TYPE_CHECKING:
    from pathlib import Path

LINE = "{}\t{}\t{}\t{}\tS\t_\t0\troot\t_\t_\n"


def rows_of(folder: Path, name: str, text: str | bytes, *header: str) -> list[dict[str, object]]:
    raw = text.encode() if isinstance(text, str) else text
    path = folder / name
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return list(read_file(path, header or None))


@pytest.mark.parametrize("name", ["a.conll", "a.CONLL", "a.conll.gz"])
@pytest.mark.parametrize("space", ["\t", " "])
@pytest.mark.parametrize("end", ["\n", "\t\n", "  \r\n", "\n\n\n"])
def test_sentences_end_at_a_line_of_white_space(
    tmp_path: Path, name: str, space: str, end: str
) -> None:
    text = f"EU{space}B-x\nwon{space}O\n{end}Yes{space}O\n"

    assert rows_of(tmp_path, name, text) == [
        {"words": ["EU", "won"], "tags": ["B-x", "O"]},
        {"words": ["Yes"], "tags": ["O"]},
    ]


def test_document_lines_and_middle_columns_of_conll_2003_are_left_out(tmp_path: Path) -> None:
    text = "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nwon VBD B-VP O\r\n\n-DOCSTART- -X- -X- O\n"

    assert rows_of(tmp_path, "a.conll", text) == [{"words": ["EU", "won"], "tags": ["B-ORG", "O"]}]


def test_words_may_hold_spaces_and_unicode_line_separators(tmp_path: Path) -> None:
    text = "New York\tB-x\na\u2028b\tO\nc\x85d\tO\n"

    (row,) = rows_of(tmp_path, "a.conll", text)

    assert row["words"] == ["New York", "a\u2028b", "c\x85d"]


@pytest.mark.parametrize("line", ["alone", "\tO", "word\t"])
def test_line_without_word_or_tag_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(DataError, match=r"line 2 is .* expected a word and its tag"):
        rows_of(tmp_path, "a.conll", f"a\tO\n{line}\n")


@pytest.mark.parametrize("name", ["a.conllu", "a.conllu.gz"])
def test_conllu_gives_columns_without_ranges_and_empty_nodes(tmp_path: Path, name: str) -> None:
    lines = [("1-2", "can't", "_", "_"), (1, "ca", "can", "AUX"), (2, "n't", "not", "PART")]
    lines += [("2.1", "x", "_", "_"), (3, "#", "#", "SYM")]
    text = "# sent_id = 1\n" + "".join(LINE.format(*line) for line in lines) + "\n# end\n"

    (row,) = rows_of(tmp_path, name, text)

    assert row["form"] == ["ca", "n't", "#"]
    assert row["lemma"] == ["can", "not", "#"]
    assert row["upos"] == ["AUX", "PART", "SYM"]
    assert " ".join(row) == "form lemma upos xpos feats head deprel deps misc"


def test_conll_read_as_conllu_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 1 has 2 columns; CoNLL-U has 10 .* end in \.conll"):
        rows_of(tmp_path, "a.conllu", "EU\tB-x\n")


def test_tagging_task_reads_named_conllu_columns(make: Make) -> None:
    train, other = (LINE.format(1, word, word, "X") for word in ("a", "b"))
    spec = make(
        train,
        other,
        "tagging",
        ".conllu",
        labels=["VERB", "X"],
        columns={"words": "form", "label": "upos"},
        metrics=["accuracy"],
    )

    assert read_rows(spec, seed=1).train.select(["words", "label"]).to_pylist() == [
        {"words": ["a"], "label": [1]}
    ]


@pytest.mark.parametrize("suffix", [".csv", ".tsv.gz"])
def test_header_names_the_columns_of_files_without_one(make: Make, suffix: str) -> None:
    comma = "," if "csv" in suffix else "\t"
    spec = make(
        f'"a{comma}b"{comma}1{comma}k1\n',
        f"c{comma}0{comma}k2\n",
        suffix=suffix,
        columns={"text": "text", "label": "label", "id": "id"},
        source={"header": ["text", "label", "id"]},
    )

    train = read_rows(spec, seed=1).train

    assert train.select(["id", "text", "label"]).to_pylist() == [
        {"id": "k1", "text": f"a{comma}b", "label": 1}
    ]


def test_header_of_another_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 1 .* has 2 fields, the header has 3"):
        rows_of(tmp_path, "a.csv", "a,1\n", "text", "label", "id")


@pytest.mark.parametrize(
    ("suffix", "delimiter", "found", "promised"),
    [
        (".csv", "\t", "TABs", "commas"),
        (".csv", ";", "semicolons", "commas"),
        (".tsv", ",", "commas", "TABs"),
    ],
)
def test_wrong_delimiter_is_named(
    make: Make, suffix: str, delimiter: str, found: str, promised: str
) -> None:
    text = f"text{delimiter}label\na{delimiter}0\n"

    problem = refused(make(text, text, suffix=suffix))[0]

    assert f"the header is one column, {f'text{delimiter}label'!r}, with {found} in it" in problem
    assert f"promises {promised} between columns (.csv commas, .tsv TABs)" in problem


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("text,label\ncafé,0\n".encode("cp1252"), "line 2 has the byte 0xe9, which is not UTF-8"),
        ("text,label\na,0\n".encode("utf-16"), "is UTF-16, as its first two bytes tell"),
    ],
)
def test_wrong_encoding_is_named(tmp_path: Path, raw: bytes, expected: str) -> None:
    with pytest.raises(DataError, match=f"{expected}.*[Ss]ave .* as UTF-8"):
        rows_of(tmp_path, "a.csv", raw)
