"""From raw rows to a canonical Arrow table: labels by name, answers where they say they are."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distill.tasks.files import Row
    from distill.tasks.spec import TaskSpec

MAX_ROW_PROBLEMS: Final = 5
NOT_LOCATED: Final = -1  # offset of a validation answer that could not be found in its context

_ID_FIELDS: Final = [("example_id", pa.int64()), ("id", pa.string())]
_SPAN_FIELDS: Final = [
    ("question", pa.string()),
    ("context", pa.string()),
    ("answer_texts", pa.list_(pa.string())),
    ("answer_starts", pa.list_(pa.int32())),
]


class Canonical(NamedTuple):
    """A split in canonical columns; `table` is complete only when there are no `problems`."""

    table: pa.Table
    problems: list[str]
    warnings: list[str]


class _RowError(ValueError):
    """One row cannot be used; the message says which value and what was expected."""


def text_columns(spec: TaskSpec) -> tuple[str, ...]:
    """Return the names of the canonical columns that are a model's input."""
    if spec.kind == "span_extraction":
        return ("question", "context")
    return ("text", "text_pair") if spec.is_pair else ("text",)


def schema(spec: TaskSpec) -> pa.Schema:
    """Return the canonical columns of the task's kind."""
    if spec.kind == "span_extraction":
        return pa.schema([*_ID_FIELDS, *_SPAN_FIELDS])
    texts = [(name, pa.string()) for name in text_columns(spec)]
    label = pa.int32() if spec.kind == "classification" else pa.float32()
    return pa.schema([*_ID_FIELDS, *texts, ("label", label)])


def example_id(values: Sequence[object]) -> int:
    """Return the first 8 bytes, signed, of the sha256 of a row's canonical values without `id`."""
    payload = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return int.from_bytes(hashlib.sha256(payload).digest()[:8], "big", signed=True)


def canonical(raw: list[Row], spec: TaskSpec, *, training: bool) -> Canonical:
    """Return `raw` in canonical columns; of the row problems, `MAX_ROW_PROBLEMS` are spelt out.

    Rows are counted from 1 in messages and from 0 in `id`. An answer whose offset is wrong is moved
    when its text occurs once in the context; else it is a problem of a training row, and in a
    validation row, whose score uses texts only, its offset becomes `NOT_LOCATED`.
    """
    problem = _split_problem(raw, spec)
    if problem is not None:
        return Canonical(schema(spec).empty_table(), [problem], [])
    reader = _SpanReader(spec, training) if spec.kind == "span_extraction" else _TextReader(spec)
    good: list[Row] = []
    bad: list[str] = []
    for index, row in enumerate(raw):
        try:
            values = reader.read(row)
            key = str(index) if "id" not in spec.columns else _key(row, spec.columns["id"])
            good.append({"example_id": example_id(list(values.values())), "id": key, **values})
        except UnicodeEncodeError:
            bad.append(f"row {index + 1}: a text holds half of a surrogate pair")
        except _RowError as error:
            bad.append(f"row {index + 1}: {error}")
    problems = _shortened(bad) + reader.problems() + _repeated_ids(good)
    return Canonical(pa.Table.from_pylist(good, schema=schema(spec)), problems, reader.warnings())


def _split_problem(raw: list[Row], spec: TaskSpec) -> str | None:
    if not raw:
        return "there are no rows; give at least one"
    found = dict.fromkeys(chain.from_iterable(raw))
    missing = {ours: theirs for ours, theirs in spec.columns.items() if theirs not in found}
    if not missing:
        return None
    wanted = ", ".join(f"{theirs} (our {ours})" for ours, theirs in missing.items())
    return (
        f"there is no column {wanted}; found {', '.join(found)}. Correct tasks.{spec.name}.columns"
    )


def _key(row: Row, column: str) -> str:
    if row.get(column) is None:
        raise _RowError(f"{column} is null; expected an id")
    return str(row[column])


def _repeated_ids(rows: list[Row]) -> list[str]:
    # Predictions are written by id, so two rows of one id would be scored as one.
    repeated = [key for key, count in Counter(row["id"] for row in rows).items() if count > 1]
    return [f"{len(repeated):,} ids stand twice or more, such as {repeated[0]}"] if repeated else []


def _shortened(problems: list[str]) -> list[str]:
    rest = len(problems) - MAX_ROW_PROBLEMS
    return problems if rest <= 0 else [*problems[:MAX_ROW_PROBLEMS], f"... and {rest} more rows"]


def _text(row: Row, column: str) -> str:
    value = row.get(column)
    if value is None:
        raise _RowError(f"{column} is null; expected text")
    if not isinstance(value, str):
        raise _RowError(f"{column} is {value!r}; expected text, not {type(value).__name__}")
    return value


class _TextReader:
    """Reads rows of classification and regression."""

    def __init__(self, spec: TaskSpec) -> None:
        self._spec = spec
        self._texts = {ours: spec.columns[ours] for ours in text_columns(spec)}
        self._label = spec.columns["label"]
        self._label_forms: set[str] = set()

    def read(self, row: Row) -> Row:
        values: Row = {ours: _text(row, theirs) for ours, theirs in self._texts.items()}
        label = row.get(self._label)
        is_class = self._spec.kind == "classification"
        return values | {"label": self._class_index(label) if is_class else _number(label)}

    def _class_index(self, value: object) -> int:
        labels = self._spec.labels
        if isinstance(value, str) and value in labels:
            self._label_forms.add("names")
            return labels.index(value)
        index = _integer(value)
        if index is None or not 0 <= index < len(labels):
            expected = ", ".join(f"{place} {label}" for place, label in enumerate(labels))
            raise _RowError(f"label is {value!r}; expected one of the labels {expected}")
        if str(index) in labels and labels[index] != str(index):
            raise _RowError(f"label is {value!r}, one class's name and another's place; use text")
        self._label_forms.add("integers")
        return index

    def problems(self) -> list[str]:
        if len(self._label_forms) < 2:
            return []
        return ["some labels are names and some are integers; use one of the two"]

    def warnings(self) -> list[str]:
        return []


def _integer(value: object) -> int | None:
    """Return an integer label; CSV has them as text, and JSON's `true` is none."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float:
    try:
        number = float("nan") if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise _RowError(f"label is {value!r}; expected a finite number")
    return number


class _SpanReader:
    """Reads rows of span extraction, and finds answers whose offsets are wrong."""

    def __init__(self, spec: TaskSpec, training: bool) -> None:
        self._columns = spec.columns
        self._training = training
        self._moved = self._lost = 0

    def read(self, row: Row) -> Row:
        question = _text(row, self._columns["question"])
        context = _text(row, self._columns["context"])
        texts, claimed = _answers(row.get(self._columns["answers"]))
        starts = []
        for text, claim in zip(texts, claimed, strict=True):
            start = _located(context, text, claim)
            if start == NOT_LOCATED and self._training:
                named = f"question {row['id']}: " if "id" in row else ""
                raise _RowError(
                    f"{named}answer {text!r} does not start at {claim} in the context, where it "
                    f"occurs {context.count(text)} times; correct answer_start"
                )
            self._lost += start == NOT_LOCATED
            self._moved += start not in {NOT_LOCATED, claim}
            starts.append(start)
        return {
            "question": question,
            "context": context,
            "answer_texts": texts,
            "answer_starts": starts,
        }

    def problems(self) -> list[str]:
        return []

    def warnings(self) -> list[str]:
        found = []
        if self._moved:
            found.append(
                f"{self._moved:,} answers did not stand at their offset and were moved to the one "
                "place where their text occurs"
            )
        if self._lost:
            found.append(
                f"{self._lost:,} answers do not stand at their offset and keep none; scores use "
                "their texts only"
            )
        return found


def _answers(value: object) -> tuple[list[str], list[int]]:
    """Return texts and claimed offsets, from the hub's layout or from SQuAD's own."""
    if isinstance(value, list) and all(isinstance(answer, dict) for answer in value):
        value = {key: [answer.get(key) for answer in value] for key in ("text", "answer_start")}
    match value:
        case {"text": list(texts), "answer_start": list(starts)} if (
            len(texts) == len(starts)
            and all(isinstance(text, str) and text for text in texts)
            and all(_integer(start) is not None for start in starts)
        ):
            return list(texts), [int(start) for start in starts]
    raise _RowError(
        f"answers is {str(value)[:80]}; expected {{'text': [...], 'answer_start': [...]}} of equal "
        "lengths, with no empty text; both empty where there is no answer"
    )


def _located(context: str, text: str, claim: int) -> int:
    if claim >= 0 and context.startswith(text, claim):
        return claim
    first = context.find(text)
    return first if first >= 0 and context.find(text, first + 1) < 0 else NOT_LOCATED
