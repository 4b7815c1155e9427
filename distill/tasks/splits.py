"""Reads a task's splits into canonical tables, draws row limits and finds what stands in two."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from distill.errors import DataError
from distill.tasks.oracle import with_oracle
from distill.tasks.rows import canonical
from distill.tasks.sources import SPLITS, origin_of, origins

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from distill.tasks.rows import Canonical
    from distill.tasks.sources import Origin
    from distill.tasks.spec import TaskSpec


class Splits(NamedTuple):
    """Splits in canonical columns, and what the user should know about them."""

    train: pa.Table
    validation: pa.Table
    warnings: tuple[str, ...]
    also: dict[str, pa.Table]
    """More evaluation splits, by name; `validation_rows` limits them too."""


class _Split(NamedTuple):
    shown: str
    read: Canonical


def read_rows(spec: TaskSpec, seed: int) -> Splits:
    """Return the task's rows; row limits draw a subset by `seed`, task and split, in file order.

    Raises:
        DataError: One message for each problem of any split, or evaluation rows that stand in the
            training rows beyond `max_overlap`.
    """
    splits, warnings = _checked(spec, seed)
    train, validation, *also = (_finished(spec, split.read.table) for split in splits)
    return Splits(
        train, validation, tuple(warnings), dict(zip(spec.source_also, also, strict=True))
    )


def row_warnings(spec: TaskSpec, seed: int) -> tuple[str, ...]:
    """Return the warnings of `read_rows` without the work that only training needs.

    Raises:
        DataError: As `read_rows`.
    """
    return tuple(_checked(spec, seed)[1])


def read_inputs(spec: TaskSpec, split: str) -> pa.Table:
    """Return the rows of another split without labels, such as a benchmark's test set.

    The columns are those of `read_rows`; labels are 0, 0.0 or empty, and one 0 for each word or
    sentence of tagging and summaries. Columns of labels may be missing.

    Args:
        spec: The task.
        split: The hub's name of the split; of files, the name without its ending, in the folder
            of the validation file.

    Raises:
        DataError: The split cannot be had, or a row lacks an input.
    """
    origin = origin_of(spec, split)
    prefix = f"{origin.shown}: tasks.{spec.name}: "
    try:
        read = canonical(origin.load(), spec, "inputs")
    except DataError as error:
        raise DataError(*(prefix + problem for problem in error.problems)) from error
    if read.problems:
        raise DataError(*(prefix + problem for problem in read.problems))
    return _finished(spec, read.table)


def _checked(spec: TaskSpec, seed: int) -> tuple[list[_Split], list[str]]:
    """Return training, validation and `also` splits, in this order, and warnings."""
    splits: list[_Split] = []
    problems: list[str] = []
    warnings: list[str] = []
    names = [*SPLITS, *(f"also/{name}" for name in spec.source_also)]
    for name, origin in zip(names, origins(spec), strict=True):
        prefix = f"{origin.shown}: tasks.{spec.name}: "
        try:
            read = _read(spec, name, origin, seed)
        except DataError as error:
            problems += [prefix + problem for problem in error.problems]
            continue
        problems += [prefix + problem for problem in read.problems]
        warnings += [prefix + warning for warning in read.warnings]
        splits.append(_Split(origin.shown, read))
    if problems:
        raise DataError(*problems)
    if spec.kind == "multiple_choice":
        _refuse_uneven(spec, splits)
    train, *others = splits
    seen = frozenset(train.read.contexts)
    for split in others:
        warnings += _overlap_warnings(spec, seen, split)
    return splits, warnings


def _read(spec: TaskSpec, name: str, origin: Origin, seed: int) -> Canonical:
    """Return one split; checks see all rows, so that no seed decides whether data can be used."""
    raw = origin.load()
    training = name == "train"
    limit = spec.train_rows if training else spec.validation_rows
    kept = _drawn(len(raw), limit, f"{spec.name}/{name}", seed)
    return canonical(raw, spec, "train" if training else "validation", kept)


def _drawn(count: int, limit: int | None, stream: str, seed: int) -> frozenset[int] | None:
    """Return the places of `limit` of `count` rows, or None for all."""
    if limit is None or limit >= count:
        return None
    stream_key = int.from_bytes(hashlib.sha256(stream.encode()).digest()[:8])
    generator = np.random.default_rng([seed, stream_key])
    return frozenset(generator.choice(count, limit, replace=False).tolist())


def _finished(spec: TaskSpec, table: pa.Table) -> pa.Table:
    if spec.kind != "extractive_summary":
        return table
    return with_oracle(table, spec.summary_sentences, spec.name)


def _refuse_uneven(spec: TaskSpec, splits: Sequence[_Split]) -> None:
    counts = [len(split.read.table["candidates"][0]) for split in splits]
    problems = [
        f"{split.shown}: tasks.{spec.name}: rows have {count} candidates, training rows "
        f"{counts[0]}; expected the same number"
        for split, count in zip(splits, counts, strict=True)
        if count != counts[0]
    ]
    if problems:
        raise DataError(*problems)


def _overlap_warnings(spec: TaskSpec, seen: frozenset[int], split: _Split) -> list[str]:
    """Return a warning on rows whose text is in `seen`; refuse more than `max_overlap`."""
    rows = split.read.contexts
    count = sum(context in seen for context in rows)
    if not count:
        return []
    share = count / len(rows)
    message = (
        f"{split.shown}: tasks.{spec.name}: {count:,} of {len(rows):,} validation rows "
        f"({share:.2%}) have the same text as a training row"
    )
    if share > spec.max_overlap:
        raise DataError(
            f"{message}; at most {spec.max_overlap:.2%} may. Remove them from the training rows, "
            f"or accept them: tasks.{spec.name}.max_overlap: {math.ceil(share * 1000) / 1000}"
        )
    return [message]
