"""Content-addressed artefacts: the same inputs give the same folder.

It appears by one rename or not at all.

Layout under the store's root:

    format.json                        the layout's version; another version is refused
    <stage>/<name>-<fingerprint>/      one artefact: its files and manifest.json
    .work/<stage>-<name>-<...>/        what an unfinished build left, used to resume
    .locks/                            one lock file per artefact

This module knows nothing of recipes, models or what the stages do.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock, Timeout

from distill.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

STORE_FORMAT: Final = 1
ALMOST_NOTHING: Final = 2**16
"""Free bytes below which a failed write is put down to the disk."""
LIBRARIES: Final = (
    "torch",
    "transformers",
    "tokenizers",
    "datasets",
    "accelerate",
    "deepspeed",
    "bitsandbytes",
)


def canonical_json(value: Any) -> str:
    """Return `value` as JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON; the file is either the old one or the whole new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@dataclass(frozen=True)
class Artefact:
    """What one build makes, before it is made.

    `settings` and the inputs' fingerprints decide its address; `locations` (paths on this machine)
    do not.
    """

    stage: str
    name: str
    version: int
    settings: Mapping[str, Any]
    inputs: Mapping[str, Artefact] = field(default_factory=dict)
    locations: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything that can change the artefact's bytes."""
        return {
            "stage": self.stage,
            "name": self.name,
            "version": self.version,
            "settings": dict(self.settings),
            "inputs": {label: made.fingerprint for label, made in sorted(self.inputs.items())},
        }

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of `identity` as canonical JSON."""
        return hashlib.sha256(canonical_json(self.identity).encode()).hexdigest()

    @property
    def label(self) -> str:
        """Name for people, such as `teachers/rte`."""
        return f"{self.stage}/{self.name}"


@dataclass(frozen=True)
class Workspace:
    """Where a build writes.

    `out` becomes the artefact; `scratch` survives a crash, so that the build can resume.
    """

    out: Path
    scratch: Path


class Store:
    """Artefacts under one root folder."""

    def __init__(self, root: Path) -> None:
        """Open the store at `root`; a folder that does not exist yet is an empty store.

        Raises:
            StoreError: the folder was written by another version of the format.
        """
        self.root = root.absolute()
        marker = self.root / "format.json"
        if marker.exists():
            try:
                found = json.loads(marker.read_text(encoding="utf-8"))["format"]
            except (ValueError, KeyError, TypeError):
                found = "unreadable"
            if found != STORE_FORMAT:
                raise StoreError(
                    f"{root}: the store's format is {found}, this version reads and writes format "
                    f"{STORE_FORMAT}; give another folder with --store, or delete this one"
                )

    def path(self, artefact: Artefact) -> Path:
        """Return where `artefact` is or will be."""
        return self.root / artefact.stage / f"{artefact.name}-{artefact.fingerprint[:16]}"

    def is_fresh(self, artefact: Artefact) -> bool:
        """Return whether the artefact is there, made from these very inputs."""
        manifest = read_manifest(self.path(artefact))
        return manifest is not None and manifest.get("fingerprint") == artefact.fingerprint

    def is_locked(self, artefact: Artefact) -> bool:
        """Return whether some process is building the artefact now."""
        path = self._lock_path(artefact)
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=0):
                return False
        except Timeout:
            return True

    @contextmanager
    def build(self, artefact: Artefact) -> Iterator[Workspace | None]:
        """Give a workspace for `artefact`, or None when it is fresh already.

        On success it appears by one rename. Another process that builds the same artefact is waited
        for.

        Raises:
            StoreError: the disk is full.
        """
        with _full_disk_explained(self.root):
            self._create()
            with FileLock(self._lock_path(artefact)):
                if self.is_fresh(artefact):
                    yield None
                    return
                work = (
                    self.root
                    / ".work"
                    / f"{artefact.stage}-{artefact.name}-{artefact.fingerprint[:16]}"
                )
                space = Workspace(out=work / "out", scratch=work / "scratch")
                shutil.rmtree(space.out, ignore_errors=True)
                space.out.mkdir(parents=True)
                space.scratch.mkdir(exist_ok=True)
                yield space
                self._publish(artefact, space.out)
                shutil.rmtree(work)

    def _create(self) -> None:
        (self.root / ".locks").mkdir(parents=True, exist_ok=True)
        if not (self.root / "format.json").exists():
            write_json(self.root / "format.json", {"format": STORE_FORMAT})

    def _lock_path(self, artefact: Artefact) -> Path:
        return (
            self.root
            / ".locks"
            / f"{artefact.stage}-{artefact.name}-{artefact.fingerprint[:16]}.lock"
        )

    def _publish(self, artefact: Artefact, out: Path) -> None:
        files = sorted(path for path in out.rglob("*") if path.is_file())
        manifest = {
            **artefact.identity,
            "format": STORE_FORMAT,
            "fingerprint": artefact.fingerprint,
            "libraries": {name: version(name) for name in LIBRARIES},
            "files": {
                path.relative_to(out).as_posix(): {
                    "sha256": sha256_file(path),
                    "bytes": path.stat().st_size,
                }
                for path in files
            },
        }
        for path in files:
            # a crash of the machine must not leave a manifest that names bytes which never reached
            # the disk
            with path.open("rb") as file:
                os.fsync(file.fileno())
        write_json(out / "manifest.json", manifest)
        final = self.path(artefact)
        final.parent.mkdir(parents=True, exist_ok=True)
        # only ever a folder whose manifest is not this artefact's
        shutil.rmtree(final, ignore_errors=True)
        out.rename(final)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of an artefact's folder, or None where there is no readable one."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) else None


def verify(folder: Path) -> None:
    """Check every file of an artefact against its manifest.

    Raises:
        StoreError: a file is missing, has other bytes than were written, or there is no manifest.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise StoreError(
            f"{folder}: manifest.json is missing or unreadable; delete the folder and run again"
        )
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file() or sha256_file(path) != expected["sha256"]:
            raise StoreError(
                f"{path}: the file is not the one that was written for "
                f"{manifest['stage']}/{manifest['name']} (its SHA-256 differs); "
                f"delete {folder} and run again to make it anew"
            )


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return a line, such as `epochs: 2 -> 3`, for each value that differs in nested mappings."""
    lines: list[str] = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            lines += differences(before, after, f"{prefix}{key}.")
        elif before != after:
            lines.append(f"{prefix}{key}: {before} -> {after}")
    return lines


@contextmanager
def _full_disk_explained(root: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not _is_full_disk(error, root):
            raise
        raise StoreError(
            f"{root}: no space left on the disk; free some or give another folder with --store, "
            "then run the same command again: it goes on where it stopped"
        ) from error


def _is_full_disk(error: Exception, root: Path) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    # safetensors and torch raise errors of their own, the latter without the reason
    return "os error 28" in str(error) or shutil.disk_usage(root).free < ALMOST_NOTHING
