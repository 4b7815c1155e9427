"""Prediction files: ours, SQuAD's official JSON and GLUE's TSV, written and read.

| name ends in | layout |
| --- | --- |
| `.jsonl` | one `{"id": ..., "prediction": ...}` a line, what `distill evaluate` writes |
| `.json` | SQuAD's `{id: text}` |
| `.tsv` | GLUE's columns `index` and `prediction`; the index is the row's place, counted from 0 |
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from distill.data import for_metrics
from distill.errors import DataError
from distill.stages.shared import write_json_lines
from distill.store import write_json
from distill.tasks.files import has_known_suffix, read_file
from distill.tasks.values import finite, integer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from distill.recipe import Kind

    Parse = Callable[[Any, int, Sequence[str]], Any]

SHOWN: Final = 5
"""Examples in a message."""
LAYOUTS: Final = (
    'expected JSON lines {"id": ..., "prediction": ...}, a TSV with the columns index and '
    "prediction, or SQuAD's JSON {id: text}"
)
_UNITS: Final = {"tagging": "words", "multiple_choice": "candidates"}
"""The column whose items a prediction must match in number."""


def write_predictions(folder: Path, name: str, rows: list[dict[str, Any]], kind: str) -> None:
    """Write `<name>.predictions.jsonl` and, of spans, the two files that SQuAD's script takes.

    They are `<name>.predictions.json` `{id: text}` and `<name>.na_odds.json` `{id: odds}`, for its
    `--na-prob-file`; `rows` are those of `prediction_rows`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json_lines(folder / f"{name}.predictions.jsonl", rows)
    if kind == "span_extraction":
        texts = {row["id"]: row["prediction"] for row in rows}
        odds = {row["id"]: row["no_answer_odds"] for row in rows}
        write_json(folder / f"{name}.predictions.json", texts)
        write_json(folder / f"{name}.na_odds.json", odds)


def read_predictions(path: Path, kind: Kind, labels: Sequence[str], rows: pa.Table) -> Any:
    """Return the prediction of each of `rows`, in their order, as metrics take it.

    Labels may be names or integers; of candidates a list of scores is expected, in `probabilities`
    or `prediction`.

    Raises:
        DataError: the file cannot be read, its ids are not those of the rows, or a prediction does
            not fit the task; one message for each of the first such rows.
    """
    found = _by_id(path, kind)
    ids = rows["id"].to_pylist()
    _refuse_other_ids(path, ids, found)
    units = rows[_UNITS[kind]].to_pylist() if kind in _UNITS else [()] * len(ids)
    values, problems = [], []
    for key, of_row in zip(ids, units, strict=True):
        try:
            values.append(_PARSE[kind](found[key], len(of_row), labels))
        except ValueError as error:
            problems.append(f"{path}: id {key}: prediction is {str(found[key])[:60]!r}; {error}")
    if problems:
        more = len(problems) - SHOWN
        raise DataError(*problems[:SHOWN], *([f"... and {more} more rows"] if more > 0 else []))
    return for_metrics(kind, labels, values)


def _by_id(path: Path, kind: Kind) -> dict[str, Any]:
    pairs = list(_pairs(path, kind))
    repeated = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    if repeated:
        raise DataError(
            f"{path}: {len(repeated):,} ids stand twice or more, such as {_some(repeated)}; give "
            "each row one prediction"
        )
    return dict(pairs)


def _pairs(path: Path, kind: Kind) -> Iterator[tuple[str, Any]]:
    if path.name.lower().endswith(".json"):
        yield from _squad_json(path).items()
        return
    if not has_known_suffix(path.name):
        raise DataError(f"{path}: its name ends in none of .jsonl, .tsv and .json; {LAYOUTS}")
    try:
        rows = read_file(path)
    except DataError as error:
        raise DataError(f"{path}: {error}; {LAYOUTS}") from None
    for number, row in enumerate(rows, start=1):
        key = row.get("id", row.get("index"))
        value = row.get("prediction")
        if key is None or value is None:
            raise DataError(f"{path}: row {number} lacks an id or a prediction; {LAYOUTS}")
        yield str(key), row.get("probabilities", value) if kind == "multiple_choice" else value


def _squad_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}; {LAYOUTS}") from None
    if not isinstance(found, dict):
        raise DataError(f"{path}: holds no JSON object; {LAYOUTS}")
    return found


def _refuse_other_ids(path: Path, ids: Sequence[str], found: dict[str, Any]) -> None:
    missing = [key for key in ids if key not in found]
    extra = list(found.keys() - set(ids))
    parts = []
    if missing:
        parts.append(f"{len(missing):,} of {len(ids):,} rows have none, such as {_some(missing)}")
    if extra:
        parts.append(f"{len(extra):,} are of no row, such as {_some(sorted(extra))}")
    if parts:
        raise DataError(
            f"{path}: predictions do not match the rows: {'; '.join(parts)}. Give one for each row "
            "of the evaluated set"
        )


def _some(keys: Sequence[str]) -> str:
    return ", ".join(keys[:SHOWN])


def _label(value: Any, labels: Sequence[str]) -> int:
    if isinstance(value, str) and value in labels:
        return labels.index(value)
    place = integer(value)
    # an integer that is one class's name and another's place is refused
    if (
        place is not None
        and 0 <= place < len(labels)
        and (str(place) not in labels or labels[place] == str(place))
    ):
        return place
    names = ", ".join(f"{place} {name}" for place, name in enumerate(labels))
    raise ValueError(f"expected one of the labels {names}")


def _one_label(value: Any, _: int, labels: Sequence[str]) -> int:
    return _label(value, labels)


def _some_labels(value: Any, _: int, labels: Sequence[str]) -> set[int]:
    if isinstance(value, list):
        return {_label(item, labels) for item in value}
    raise ValueError("expected a list of labels")


def _tags(value: Any, words: int, labels: Sequence[str]) -> list[int]:
    if isinstance(value, list) and len(value) == words:
        return [_label(item, labels) for item in value]
    raise ValueError(f"expected a list of {words} tags, one for each word")


def _number(value: Any, *_: Any) -> float:
    number = finite(value)
    if number is None:
        raise ValueError("expected a finite number")
    return number


def _scores(value: Any, candidates: int, _: Sequence[str]) -> list[float]:
    if isinstance(value, list) and len(value) == candidates:
        return [_number(item) for item in value]
    raise ValueError(f"expected a list of {candidates} scores, one for each candidate")


def _text(value: Any, *_: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("expected a text")


_PARSE: Final[dict[Kind, Parse]] = {
    "classification": _one_label,
    "multi_label": _some_labels,
    "regression": _number,
    "span_extraction": _text,
    "tagging": _tags,
    "multiple_choice": _scores,
    "extractive_summary": _text,
}
