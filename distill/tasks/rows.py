"""From raw rows to a canonical Arrow table, a chunk at a time, and what is wrong with them."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
from tqdm import tqdm

from distill.tasks.readers import ChoiceReader, SummaryReader, TextReader, WordReader
from distill.tasks.spans import SpanReader
from distill.tasks.values import RowError

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from distill.recipe import Kind
    from distill.tasks.files import Row, Rows
    from distill.tasks.readers import Reader, Role
    from distill.tasks.spec import TaskSpec

MAX_ROW_PROBLEMS: Final = 5
CHUNK: Final = 10_000  # rows that are Python objects at a time
TARGETS: Final = ("label", "answers", "summaries")  # columns that rows without labels may lack

_ID_FIELDS: Final = {"example_id": pa.int64(), "id": pa.string()}
_READERS: Final[dict[Kind, type[Reader]]] = {
    "classification": TextReader,
    "multi_label": TextReader,
    "regression": TextReader,
    "span_extraction": SpanReader,
    "tagging": WordReader,
    "multiple_choice": ChoiceReader,
    "extractive_summary": SummaryReader,
}


class Canonical(NamedTuple):
    """A split in canonical columns; `table` is complete only when there are no `problems`."""

    table: pa.Table
    problems: list[str]
    warnings: list[str]
    contexts: Sequence[int]
    """A hash of each row's text, without regard to case and white space; also of rows not kept."""


def example_id(values: Sequence[object]) -> int:
    """Return the first 8 bytes, signed, of the sha256 of a row's canonical values without `id`."""
    payload = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return int.from_bytes(hashlib.sha256(payload).digest()[:8], "big", signed=True)


def canonical(
    raw: Rows, spec: TaskSpec, role: Role, kept: Container[int] | None = None
) -> Canonical:
    """Return `raw` in canonical columns; of the row problems, `MAX_ROW_PROBLEMS` are spelt out.

    Every row is read and checked; the table has those whose places are in `kept`, by default all.
    Rows are counted from 1 in messages and from 0 in `id`.
    """
    reader = _READERS[spec.kind](spec, role)
    table = _Table(pa.schema(_ID_FIELDS | reader.fields))
    columns: dict[str, None] = {}
    bad: list[str] = []
    ids: list[str] = []
    inputs, contexts = array("q"), array("q")
    of_input, of_context = reader.inputs, reader.contexts
    bar = tqdm(raw, f"read {spec.name}", delay=2, leave=False, disable=None)
    for index, row in enumerate(bar):
        columns |= dict.fromkeys(row)
        try:
            values = reader.read(row)
            key = str(index) if "id" not in spec.columns else _key(row, spec.columns["id"])
            identity = example_id(list(values.values()))
        except UnicodeEncodeError:
            bad.append(f"row {index + 1}: a text holds half of a surrogate pair")
            continue
        except RowError as error:
            bad.append(f"row {index + 1}: {error}")
            continue
        if "id" in spec.columns:
            ids.append(key)
        inputs.append(_text_hash(values, of_input))
        contexts.append(inputs[-1] if of_context == of_input else _text_hash(values, of_context))
        if kept is None or index in kept:
            table.add({"example_id": identity, "id": key, **values})
    problem = _column_problem(columns, spec, role)
    problems = [problem] if problem else _shortened(bad) + reader.problems() + _repeated_ids(ids)
    warnings = reader.warnings() + (_duplicates(inputs) if role == "train" else [])
    return Canonical(table.finished(), problems, warnings, contexts)


class _Table:
    """Collects rows, of which at most `CHUNK` are Python objects."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._rows: list[Row] = []
        self._chunks: list[pa.Table] = []

    def add(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) == CHUNK:
            self._flush()

    def finished(self) -> pa.Table:
        self._flush()
        return pa.concat_tables(self._chunks).combine_chunks()

    def _flush(self) -> None:
        self._chunks.append(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows = []


def _column_problem(found: dict[str, None], spec: TaskSpec, role: Role) -> str | None:
    if not found:
        return "there are no rows; give at least one"
    wanted = [
        *((ours, theirs) for ours, theirs in spec.columns.items()),
        *(("candidates", theirs) for theirs in spec.candidate_columns),
    ]
    missing = [
        f"{theirs} (our {ours})"
        for ours, theirs in wanted
        if theirs not in found and not (role == "inputs" and ours in TARGETS)
    ]
    if not missing:
        return None
    return (
        f"there is no column {', '.join(missing)}; found {', '.join(found)}. "
        f"Correct tasks.{spec.name}.columns"
    )


def _key(row: Row, column: str) -> str:
    if row.get(column) is None:
        raise RowError(f"{column} is null; expected an id")
    return str(row[column])


def _text_hash(values: Row, names: Sequence[str]) -> int:
    given = (values[name] for name in names)
    texts = [value if isinstance(value, list) else [value] for value in given]
    return hash(tuple(" ".join(text.casefold().split()) for text in chain.from_iterable(texts)))


def _repeated_ids(ids: list[str]) -> list[str]:
    # Predictions are written by id, so two rows of one id would be scored as one.
    repeated = [key for key, count in Counter(ids).items() if count > 1]
    return [f"{len(repeated):,} ids stand twice or more, such as {repeated[0]}"] if repeated else []


def _duplicates(inputs: Sequence[int]) -> list[str]:
    repeated = sum(count for count in Counter(inputs).values() if count > 1)
    if not repeated:
        return []
    return [f"{repeated:,} of {len(inputs):,} rows have an input that stands there more than once"]


def _shortened(problems: list[str]) -> list[str]:
    rest = len(problems) - MAX_ROW_PROBLEMS
    return problems if rest <= 0 else [*problems[:MAX_ROW_PROBLEMS], f"... and {rest} more rows"]
