"""Small real files and the spec that reads them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from distill.errors import DataError
from distill.recipe.schema import FilesSource, Task
from distill.tasks import TaskSpec, read_rows, resolve

if TYPE_CHECKING:
    from pathlib import Path

Make = Callable[..., TaskSpec]
COLUMNS: dict[str, dict[str, str]] = {
    "classification": {"text": "text", "label": "label"},
    "regression": {"text": "text", "label": "label"},
    "span_extraction": {
        "id": "id",
        "question": "question",
        "context": "context",
        "answers": "answers",
    },
}


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
        if kind == "classification":
            keys.setdefault("labels", ["no", "yes"])
        keys.setdefault("columns", COLUMNS[kind])
        section = Task(kind=kind, source=FilesSource(type="files", **names), **keys)
        return resolve("mine", section, base=tmp_path, data_root=None)

    return make_spec
