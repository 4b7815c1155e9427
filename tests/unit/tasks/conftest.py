"""Small real files and the spec that reads them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from distill.errors import DataError, RecipeError
from distill.recipe import FilesSource, Task
from distill.tasks import TaskSpec, read_rows, resolve

Make = Callable[..., TaskSpec]
FILES = FilesSource(type="files", train="train.jsonl", validation="validation.jsonl")
COLUMNS: dict[str, dict[str, str]] = {
    "classification": {"text": "text", "label": "label"},
    "regression": {"text": "text", "label": "label"},
    "span_extraction": {
        "id": "id",
        "question": "question",
        "context": "context",
        "answers": "answers",
    },
    "multi_label": {"text": "text", "label": "label"},
    "tagging": {"words": "words", "label": "tags"},
    "multiple_choice": {"text": "text", "candidates": "candidates", "label": "label"},
    "extractive_summary": {"sentences": "sentences", "summaries": "summaries"},
}
LABELS: dict[str, list[str]] = {
    "classification": ["no", "yes"],
    "multi_label": ["joy", "anger", "fear"],
    "tagging": ["O", "B-x", "I-x"],
}


def resolved(name: str, data_root: Path | None = None, **keys: Any) -> TaskSpec:
    """Return the task of a recipe's section with these keys."""
    return resolve(name, Task(**keys), base=Path(), data_root=data_root)


def problems(name: str, data_root: Path | None = None, **keys: Any) -> tuple[str, ...]:
    """Return what is wrong with such a section."""
    with pytest.raises(RecipeError) as caught:
        resolved(name, data_root, **keys)
    return caught.value.problems


def put(folder: Path, *names: str) -> None:
    """Make empty files."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()


def write(path: Path, content: Any) -> None:
    """Write rows as JSON lines, and text or bytes as they are; `.gz` is compressed."""
    if isinstance(content, list):
        content = "".join(json.dumps(row) + "\n" for row in content)
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


def refused(spec: TaskSpec) -> tuple[str, ...]:
    """Return the problems that reading the task meets."""
    with pytest.raises(DataError) as caught:
        read_rows(spec, seed=1)
    return caught.value.problems


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that writes both splits and resolves a task over them."""

    def make_spec(
        train: Any,
        validation: Any,
        kind: str = "classification",
        suffix: str = ".jsonl",
        **keys: Any,
    ) -> TaskSpec:
        names = {split: f"{split}{suffix}" for split in ("train", "validation")}
        write(tmp_path / names["train"], train)
        write(tmp_path / names["validation"], validation)
        if kind in LABELS:
            keys.setdefault("labels", LABELS[kind])
        keys.setdefault("columns", COLUMNS[kind])
        source = FilesSource(type="files", **names, **keys.pop("source", {}))
        section = Task(kind=kind, source=source, **keys)
        return resolve("mine", section, base=tmp_path, data_root=None)

    return make_spec
