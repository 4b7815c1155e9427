"""Where a task's raw rows come from: hub, files or packages; and the fingerprint of that."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

from distill.errors import DataError
from distill.recipe import FilesSource, HubSource, PackageSource
from distill.tasks.builders import BUILDERS
from distill.tasks.files import SUFFIXES, ArrowRows, read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from distill.tasks.files import Row, Rows
    from distill.tasks.spec import TaskSpec

SPLITS: Final = ("train", "validation")


class Origin(NamedTuple):
    """One split: its name as the user knows it, and how its rows are had."""

    shown: str
    load: Callable[[], Rows]


class _File(NamedTuple):
    role: str  # what a change of the file changes: a split, or a builder's file by its name
    shown: str  # as the user knows it
    path: Path


def origins(spec: TaskSpec) -> list[Origin]:
    """Return where training rows, validation rows and those of each `also` split come from.

    Raises:
        DataError: A package is missing.
    """
    source = spec.source
    match source:
        case HubSource():
            splits = (source.train, source.validation, *source.also.values())
            return [_hub_origin(source, split, spec) for split in splits]
        case PackageSource(builder=str(name)):
            _files(spec, source)  # refuses a package without the builder's files
            built = BUILDERS[name].build(package_folder(source, spec.name))
            return [
                Origin(f"{source.package} {split}", partial(list, rows))
                for split, rows in zip(SPLITS, built, strict=True)
            ]
        case FilesSource() | PackageSource():
            return [_file_origin(source, file) for file in _files(spec, source)]
        case _:
            assert_never(source)


def origin_of(spec: TaskSpec, split: str) -> Origin:
    """Return where another split comes from: of the hub, or the file `split.*` beside validation's.

    Raises:
        DataError: There is no such file, or the rows are made from a package.
    """
    source = spec.source
    if isinstance(source, HubSource):
        return _hub_origin(source, split, spec)
    if isinstance(source, PackageSource) and source.builder is not None:
        raise DataError(f"{source.package}: tasks.{spec.name}: there is no split {split}")
    beside = _files(spec, source)[1]
    path = first_file(beside.path.parent, split)
    if path is None:
        raise DataError(
            f"{beside.shown}: tasks.{spec.name}: there is no file {split}.* beside it "
            f"({beside.path.parent}); it ends in one of {', '.join(SUFFIXES)}"
        )
    return _file_origin(source, _File(split, path.name, path))


def first_file(folder: Path, stem: str) -> Path | None:
    """Return the file of this name and a known ending, if there is one."""
    candidates = (folder / f"{stem}{suffix}" for suffix in SUFFIXES)
    return next((path.absolute() for path in candidates if path.is_file()), None)


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
    files = {"train": str(source.train), "validation": str(source.validation)}
    if isinstance(source, FilesSource):
        files |= {f"also {name}": path for name, path in source.also.items()}
    return [_File(role, shown + name, folder / name) for role, name in files.items()]


def _file_origin(source: FilesSource | PackageSource, file: _File) -> Origin:
    header = source.header if isinstance(source, FilesSource) else None
    return Origin(file.shown, partial(read_file, file.path, header))


def _hub_origin(source: HubSource, split: str, spec: TaskSpec) -> Origin:
    data_set = "/".join(filter(None, (source.path, source.config)))
    return Origin(f"{data_set} {split}", partial(_from_hub, source, split, spec))


def _from_hub(source: HubSource, split: str, spec: TaskSpec) -> Rows:
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
    feature = rows.features.get(label)
    names = getattr(getattr(feature, "feature", feature), "names", None)  # of a list, its entries'
    table = rows.with_format("arrow")[:]  # mapped, not read
    return ArrowRows(table) if names is None else _NamedLabels(table, label, names)


class _NamedLabels(ArrowRows):
    """Rows whose labels stand by name: another revision may number its classes differently."""

    def __init__(self, table: pa.Table, column: str, names: list[str]) -> None:
        super().__init__(table)
        self._column = column
        self._by_number: dict[object, str] = dict(enumerate(names))

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows in their order."""
        for row in super().__iter__():
            yield row | {self._column: self._named(row[self._column])}

    def _named(self, value: object) -> object:
        if isinstance(value, list):
            return [self._named(each) for each in value]
        return self._by_number.get(value, value)
