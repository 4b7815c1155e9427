"""From one file to its raw rows, by the extension; nothing here knows what a task is."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from typing import TYPE_CHECKING, Final, Protocol

import pyarrow as pa

from distill.errors import DataError
from distill.tasks.conll import conll, conllu

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

Row = dict[str, object]

BATCH: Final = 1000  # rows of an Arrow table that are Python objects at a time

_BOM: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}
_IN_WORDS: Final = {",": "commas", "\t": "TABs", ";": "semicolons"}


class Rows(Protocol):
    """Raw rows of one split, counted, and read from the start as often as wanted."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows in their order."""


class ArrowRows:
    """The rows of an Arrow table, which may be larger than memory; few are Python objects."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._table.num_rows)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows in their order."""
        for batch in self._table.to_batches(max_chunksize=BATCH):
            yield from batch.to_pylist()


def has_known_suffix(path: str) -> bool:
    """Whether `read_file` knows the format of a file of this name."""
    return path.lower().endswith(SUFFIXES)


def read_file(path: Path, header: Sequence[str] | None = None) -> Rows:
    """Return the rows of a file of one of `SUFFIXES`; `.json` is SQuAD's own layout.

    Args:
        path: The file.
        header: Column names of a CSV or TSV file whose first line is a row already.

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
    suffix = name[name.rindex(".") :]
    if suffix in _DELIMITERS:
        return _separated(_decoded(raw), _DELIMITERS[suffix], header)
    return _TEXT_READERS[suffix](_decoded(raw))


def _unzipped(raw: bytes) -> bytes:
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"is not a complete gzip file: {error}") from None


def _decoded(raw: bytes) -> str:
    if raw.startswith(_UTF_16):
        raise DataError("is UTF-16, as its first two bytes tell; save the file as UTF-8")
    raw = raw.removeprefix(_BOM)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"line {line} has the byte 0x{raw[error.start]:02x}, which is not UTF-8; the file has "
            "another encoding, such as Windows-1252. Save it as UTF-8"
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


def _separated(text: str, delimiter: str, names: Sequence[str] | None) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    try:
        header = _header(reader, delimiter) if names is None else names
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


def _header(reader: Iterator[list[str]], delimiter: str) -> list[str]:
    header = next(reader, [])
    if len(set(header)) < len(header):
        raise DataError(f"the header names a column twice: {', '.join(header)}")
    for other, words in _IN_WORDS.items():
        if len(header) == 1 and other != delimiter and other in header[0]:
            raise DataError(
                f"the header is one column, {header[0]!r}, with {words} in it; the file's name "
                f"promises {_IN_WORDS[delimiter]} between columns (.csv commas, .tsv TABs)"
            )
    return header


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


def _parquet(raw: bytes) -> Rows:
    import pyarrow.parquet as pq  # noqa: PLC0415  # costs more than the rest of this room

    try:
        return ArrowRows(pq.read_table(io.BytesIO(raw)))
    except pa.ArrowException as error:
        raise DataError(f"is not a Parquet file: {error}") from None


_TEXT_READERS: Final[dict[str, Callable[[str], list[Row]]]] = {
    ".jsonl": _json_lines,
    ".json": _squad,
    ".conll": conll,
    ".conllu": conllu,
}
_TEXT_SUFFIXES: Final = (*_TEXT_READERS, *_DELIMITERS)
SUFFIXES: Final = (*_TEXT_SUFFIXES, *(f"{suffix}.gz" for suffix in _TEXT_SUFFIXES), ".parquet")


def separates_columns(path: str) -> bool:
    """Whether a file of this name is CSV or TSV, and so may lack a header."""
    return path.lower().removesuffix(".gz").endswith(tuple(_DELIMITERS))
