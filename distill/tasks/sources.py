"""Reads a task's two splits into canonical tables, and fingerprints what they are read from."""

from __future__ import annotations

import hashlib
import json
import math
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

import numpy as np

from distill.errors import DataError
from distill.recipe.schema import FilesSource, HubSource, PackageSource
from distill.tasks.builders import BUILDERS
from distill.tasks.files import read_file
from distill.tasks.rows import canonical, text_columns

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from distill.tasks.files import Row
    from distill.tasks.spec import TaskSpec

SPLITS: Final = ("train", "validation")


class Splits(NamedTuple):
    """Both splits in canonical columns, and what the user should know about them."""

    train: pa.Table
    validation: pa.Table
    warnings: tuple[str, ...]


class _File(NamedTuple):
    role: str  # what a change of the file changes: a split, or a builder's file by its name
    shown: str  # as the user knows it
    path: Path


class _Origin(NamedTuple):
    shown: str
    load: Callable[[], list[Row]]


def read_rows(spec: TaskSpec, seed: int) -> Splits:
    """Return the task's rows; row limits draw a subset by `seed`, task and split, in file order.

    Raises:
        DataError: One message for each problem of either split, or validation rows that stand in
            the training rows beyond `max_overlap`.
    """
    tables: list[pa.Table] = []
    problems: list[str] = []
    warnings: list[str] = []
    origins = _origins(spec)
    for split, origin in zip(SPLITS, origins, strict=True):
        prefix = f"{origin.shown}: tasks.{spec.name}: "
        try:
            read = canonical(origin.load(), spec, training=split == "train")
        except DataError as error:
            problems += [prefix + problem for problem in error.problems]
            continue
        problems += [prefix + problem for problem in read.problems]
        warnings += [prefix + warning for warning in read.warnings]
        tables.append(read.table)
    if problems:
        raise DataError(*problems)
    # Checks see all rows: whether data can be used must not depend on the seed of a subset.
    train, validation = tables
    warnings += _overlap_warnings(spec, train, validation, origins[1].shown)
    return Splits(
        _subset(train, spec.train_rows, f"{spec.name}/train", seed),
        _subset(validation, spec.validation_rows, f"{spec.name}/validation", seed),
        tuple(warnings),
    )


def source_fingerprint(spec: TaskSpec) -> str:
    """Return the sha256 over every file that `read_rows` reads; of a hub source, over its revision.

    Raises:
        DataError: A file or package is missing.
    """
    if isinstance(spec.source, HubSource):
        settings = json.dumps(spec.source.model_dump(), sort_keys=True)
        return hashlib.sha256(settings.encode()).hexdigest()
    total = hashlib.sha256()
    problems = []
    for file in _files(spec, spec.source):
        try:
            content = hashlib.sha256(file.path.read_bytes()).hexdigest()
        except OSError as error:
            reason = f"cannot be read: {error.strerror} ({file.path})"
            problems.append(f"{file.shown}: tasks.{spec.name}: {reason}")
            continue
        total.update(f"{file.role}\0{content}\n".encode())
    if problems:
        raise DataError(*problems)
    return total.hexdigest()


def _files(spec: TaskSpec, source: FilesSource | PackageSource) -> list[_File]:
    """Return the files that `source` reads: one per split, or all that its builder reads."""
    if isinstance(source, FilesSource):
        folder, shown = spec.base, ""
    else:
        folder, shown = package_folder(source, spec.name), f"{source.package}/"
    if isinstance(source, PackageSource) and source.builder is not None:
        pattern = BUILDERS[source.builder].files
        names = [path.relative_to(folder).as_posix() for path in sorted(folder.glob(pattern))]
        if not names:
            raise DataError(f"{shown}{pattern}: tasks.{spec.name}: the package has no such files")
        return [_File(name, shown + name, folder / name) for name in names]
    names = [str(source.train), str(source.validation)]
    return [
        _File(split, shown + name, folder / name) for split, name in zip(SPLITS, names, strict=True)
    ]


def package_folder(source: PackageSource, task: str) -> Path:
    """Return the folder of an installed package, found without importing it.

    Raises:
        DataError: The package is not installed.
    """
    top, *below = source.package.split(".")
    found = find_spec(top)
    if found is None or not found.submodule_search_locations:
        wanted = "'distill-glue[quickstart]'" if source.builder else top
        raise DataError(f"{top}: tasks.{task}: not installed; run: pip install {wanted}")
    return Path(found.submodule_search_locations[0], *below)


def _origins(spec: TaskSpec) -> list[_Origin]:
    """Return where training and validation rows come from."""
    source = spec.source
    match source:
        case HubSource():
            data_set = "/".join(filter(None, (source.path, source.config)))
            return [
                _Origin(f"{data_set} {split}", partial(_from_hub, source, split, spec))
                for split in (source.train, source.validation)
            ]
        case PackageSource(builder=str(name)):
            _files(spec, source)  # refuses a package without the builder's files
            built = BUILDERS[name].build(package_folder(source, spec.name))
            return [
                _Origin(f"{source.package} {split}", partial(list, rows))
                for split, rows in zip(SPLITS, built, strict=True)
            ]
        case FilesSource() | PackageSource():
            return [
                _Origin(file.shown, partial(read_file, file.path)) for file in _files(spec, source)
            ]
        case _:
            assert_never(source)


def _from_hub(source: HubSource, split: str, spec: TaskSpec) -> list[Row]:
    import datasets  # noqa: PLC0415

    try:
        rows = datasets.load_dataset(
            source.path, source.config, revision=source.revision, split=split
        )
    # The hub's client raises errors of several libraries; all mean that the data cannot be had.
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise DataError(
            f"cannot be loaded from the hub at revision {source.revision[:8]}: {reason}. Without "
            f"a network, give the folder that holds the data as files: --data-root DIR"
        ) from error
    label = spec.columns.get("label", "")
    names = getattr(rows.features.get(label), "names", None)
    raw: list[Row] = rows.to_list()
    if names is None:
        return raw
    # By name, never by number: another revision may order its classes differently.
    by_number: dict[object, str] = dict(enumerate(names))
    return [row | {label: by_number.get(row[label], row[label])} for row in raw]


def _subset(table: pa.Table, limit: int | None, stream: str, seed: int) -> pa.Table:
    if limit is None or limit >= table.num_rows:
        return table
    stream_key = int.from_bytes(hashlib.sha256(stream.encode()).digest()[:8])
    generator = np.random.default_rng([seed, stream_key])
    return table.take(np.sort(generator.choice(table.num_rows, limit, replace=False)))


def _overlap_warnings(
    spec: TaskSpec, train: pa.Table, validation: pa.Table, shown: str
) -> list[str]:
    """Return a warning on validation rows that stand in `train`; refuse more than `max_overlap`.

    Texts are equal when they are so without regard to case and white space.
    """
    seen = set(_inputs(spec, train))
    count = sum(texts in seen for texts in _inputs(spec, validation))
    if not count:
        return []
    share = count / validation.num_rows
    message = (
        f"{shown}: tasks.{spec.name}: {count:,} of {validation.num_rows:,} validation rows "
        f"({share:.2%}) have the same text as a training row"
    )
    if share > spec.max_overlap:
        raise DataError(
            f"{message}; at most {spec.max_overlap:.2%} may. Remove them from the training rows, "
            f"or accept them: tasks.{spec.name}.max_overlap: {math.ceil(share * 1000) / 1000}"
        )
    return [message]


def _inputs(spec: TaskSpec, table: pa.Table) -> list[tuple[str, ...]]:
    columns = (table.column(name).to_pylist() for name in text_columns(spec))
    return [
        tuple(" ".join(text.casefold().split()) for text in texts)
        for texts in zip(*columns, strict=True)
    ]
