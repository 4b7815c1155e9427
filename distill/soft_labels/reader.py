"""Read soft labels, memory-mapped, after checking that they are whole and belong to these rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from distill.errors import SoftLabelError
from distill.soft_labels.schema import Ragged, SoftLabelHeader
from distill.store import sha256_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_DTYPES = {"F16": "<f2", "F32": "<f4", "I64": "<i8", "I32": "<i4"}


@dataclass(frozen=True)
class ClassLabels:
    """Logits `[N, C]` of a classifier, `[N, K]` of candidates, or `[N, 1]` of a regression."""

    logits: NDArray[np.floating]


@dataclass(frozen=True)
class UnitLabels:
    """Logits `[P, C]` of words or sentences; row i has those from `rows[i]` to `rows[i + 1]`."""

    rows: NDArray[np.int64]
    logits: NDArray[np.floating]


@dataclass(frozen=True)
class SpanLabels:
    """Start and end scores over character offsets."""

    start: Ragged
    end: Ragged

    def scores(
        self, side: Ragged, row: int, chars: NDArray[np.int32], temperature: float
    ) -> NDArray[np.float32]:
        """Return the logits of one window: index 0 is "not in this window", then one per `chars`.

        The teacher's scores over all of the context are one distribution at `temperature`. What
        lies outside the window belongs, with the teacher's own "no answer", to index 0; offsets the
        teacher never scored get -inf.
        """
        span = slice(int(side.rows[row]), int(side.rows[row + 1]))
        known, logits = side.chars[span], side.logits[span].astype(np.float32)
        place = np.searchsorted(known, chars).clip(max=len(known) - 1)
        found = known[place] == chars
        # a character can have several tokens (of one Hangul syllable, say): they share its mass
        _, of_char, tokens = np.unique(chars, return_inverse=True, return_counts=True)
        shared = logits[place] - temperature * np.log(tokens[of_char])
        inside = np.where(found, shared, -np.inf)
        outside = np.ones(len(known), dtype=bool)
        outside[place[found]] = False
        rest = temperature * np.logaddexp.reduce(logits[outside] / temperature)
        return np.concatenate([[rest], inside]).astype(np.float32)


SoftLabels = ClassLabels | UnitLabels | SpanLabels


def open_soft_labels(
    folder: Path, split: str, *, expected: SoftLabelHeader, example_id: NDArray[np.int64]
) -> SoftLabels:
    """Return the soft labels of one split, memory-mapped.

    `expected` says task, kind, label names, teacher and data; its dtype, rows and checksum are not
    compared.

    Raises:
        SoftLabelError: the file is missing, damaged, of another format version, teacher, data set
            or label order, or its rows are not `example_id`. The message names the file and the
            task.
    """
    path = folder / f"{split}.safetensors"
    where = f"{path}: soft labels of {expected.task}"
    header = _header(folder / f"{split}.json", where)
    again = f"delete {folder} and run again to label anew"
    for name in ("task", "split", "kind", "label_names", "teacher", "data"):
        found, wanted = getattr(header, name), getattr(expected, name)
        if found != wanted:
            raise SoftLabelError(
                f"{where} were made for {name} {_short(found)}, this run has {_short(wanted)}; "
                f"{again}"
            )
    if not path.is_file() or sha256_file(path) != header.sha256:
        raise SoftLabelError(
            f"{where} are missing or damaged (the SHA-256 differs from the header's); {again}"
        )
    tensors = _map_tensors(path)
    _check_rows(tensors["example_id"], example_id, f"{where}: {{}}; {again}")
    if "unit_rows" in tensors:
        return UnitLabels(tensors["unit_rows"], tensors["logits"])
    if "logits" in tensors:
        return ClassLabels(tensors["logits"])
    return SpanLabels(_ragged(tensors, "start"), _ragged(tensors, "end"))


def _header(path: Path, where: str) -> SoftLabelHeader:
    try:
        return SoftLabelHeader.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SoftLabelError(
            f"{where} have no header {path.name}; run the soft_labels stage"
        ) from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()
        )
        raise SoftLabelError(
            f"{where} have a header this version cannot read ({problems})"
        ) from error


def _short(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    text = str(value)
    return text if len(text) <= 60 else f"{text[:16]}..."  # a fingerprint


def _map_tensors(path: Path) -> dict[str, NDArray[Any]]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {
        name: np.memmap(
            path,
            _DTYPES[info["dtype"]],
            "r",
            8 + length + info["data_offsets"][0],
            tuple(info["shape"]),
        )
        for name, info in header.items()
    }


def _check_rows(found: NDArray[np.int64], wanted: NDArray[np.int64], message: str) -> None:
    if np.array_equal(found, wanted):
        return
    if np.array_equal(np.sort(found), np.sort(wanted)):
        raise SoftLabelError(message.format("the same rows stand in another order"))
    both = len(np.intersect1d(found, wanted))
    raise SoftLabelError(
        message.format(
            f"of {len(wanted)} rows now in the data, {both} are among the {len(found)} labelled"
        )
    )


def _ragged(tensors: dict[str, NDArray[Any]], side: str) -> Ragged:
    return Ragged(tensors[f"{side}_rows"], tensors[f"{side}_chars"], tensors[f"{side}_logits"])
