"""From one file to its raw rows, by the extension; nothing here knows what a task is."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from distill.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Row = dict[str, object]

_BOM: Final = b"\xef\xbb\xbf"


def has_known_suffix(path: str) -> bool:
    """Whether `read_file` knows the format of a file of this name."""
    return path.lower().endswith(SUFFIXES)


def read_file(path: Path) -> list[Row]:
    """Return the rows of a .jsonl, .csv, .tsv, .json (SQuAD) or .parquet file, text also .gz.

    Raises:
        DataError: The file is missing, not UTF-8, truncated or not of its format. Messages do not
            name the file: the caller knows the name that the user gave it.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror} ({path})") from None
    name = path.name.lower()
    if name.endswith(".parquet"):
        return _parquet(raw)
    if name.endswith(".gz"):
        raw, name = _unzipped(raw), name.removesuffix(".gz")
    return _TEXT_READERS[name[name.rindex(".") :]](_decoded(raw))


def _unzipped(raw: bytes) -> bytes:
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"is not a complete gzip file: {error}") from None


def _decoded(raw: bytes) -> str:
    raw = raw.removeprefix(_BOM)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"line {line} has the byte 0x{raw[error.start]:02x}, which is not UTF-8; "
            "save the file as UTF-8"
        ) from None


def _json_lines(text: str) -> list[Row]:
    rows = []
    # Not splitlines(): it also splits at U+2028, which JSON allows inside strings.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"line {number} is not JSON: {error.msg}") from None
        if not isinstance(row, dict):
            raise DataError(f"line {number} is not a JSON object; expected {{column: value}}")
        rows.append(row)
    return rows


def _separated(text: str, delimiter: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    try:
        header = next(reader, [])
        if len(set(header)) < len(header):
            raise DataError(f"the header names a column twice: {', '.join(header)}")
        for number, fields in enumerate(reader, start=1):
            if not fields:
                continue
            if len(fields) != len(header):
                raise DataError(
                    f"row {number} (ending on line {reader.line_num}) has {len(fields)} fields, "
                    f"the header has {len(header)}; quote fields that hold the separator or quotes"
                )
            rows.append(dict(zip(header, fields, strict=True)))
    except csv.Error as error:
        raise DataError(
            f"line {reader.line_num}: {error}; a quote inside a quoted field is written twice"
        ) from None
    return rows


def _csv(text: str) -> list[Row]:
    return _separated(text, ",")


def _tsv(text: str) -> list[Row]:
    return _separated(text, "\t")


def _squad(text: str) -> list[Row]:
    try:
        articles = json.loads(text)["data"]
        return [
            _squad_row(question, paragraph["context"])
            for article in articles
            for paragraph in article["paragraphs"]
            for question in paragraph["qas"]
        ]
    except json.JSONDecodeError as error:
        raise DataError(f"is not JSON: {error}; JSON lines end in .jsonl") from None
    except (KeyError, TypeError, IndexError) as error:
        raise DataError(
            f"is not in SQuAD's layout data/paragraphs/qas ({type(error).__name__}: {error}); "
            "JSON lines end in .jsonl"
        ) from None


def _squad_row(question: Row, context: object) -> Row:
    answers = [] if question.get("is_impossible") else question["answers"]
    return {
        "id": question["id"],
        "question": question["question"],
        "context": context,
        "answers": answers,
    }


def _parquet(raw: bytes) -> list[Row]:
    import pyarrow.parquet as pq  # noqa: PLC0415  # costs more than the rest of this room

    try:
        rows: list[Row] = pq.read_table(io.BytesIO(raw)).to_pylist()
    except pa.ArrowException as error:
        raise DataError(f"is not a Parquet file: {error}") from None
    return rows


_TEXT_READERS: Final[dict[str, Callable[[str], list[Row]]]] = {
    ".jsonl": _json_lines,
    ".csv": _csv,
    ".tsv": _tsv,
    ".json": _squad,
}
SUFFIXES: Final = (*_TEXT_READERS, *(f"{suffix}.gz" for suffix in _TEXT_READERS), ".parquet")
