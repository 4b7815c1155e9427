from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from distill.errors import DataError
from distill.recipe.schema import HubSource, Task
from distill.tasks import read_rows, resolve, source_fingerprint


class Rows:
    """What `datasets.load_dataset` returns, as far as it is used."""

    def __init__(self, rows: list[dict[str, Any]], names: list[str] | None) -> None:
        self.features = {"label": SimpleNamespace(names=names), "text": SimpleNamespace()}
        self._rows = rows

    def to_list(self) -> list[dict[str, Any]]:
        return self._rows


def serve(monkeypatch: pytest.MonkeyPatch, names: list[str] | None) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []

    def load_dataset(path: str, config: str, *, revision: str, split: str) -> Rows:
        calls.append((path, config, revision, split))
        return Rows([{"sentence": split, "label": 1}], names)

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    return calls


def test_hub_is_read_at_the_pinned_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = serve(monkeypatch, None)
    spec = resolve("cola", Task(), base=Path(), data_root=None)

    read_rows(spec, seed=1)

    revision = "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"
    assert calls == [("nyu-mll/glue", "cola", revision, split) for split in ("train", "validation")]


def test_hub_labels_are_matched_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, ["acceptable", "unacceptable"])
    spec = resolve("cola", Task(), base=Path(), data_root=None)

    assert read_rows(spec, seed=1).train["label"].to_pylist() == [0]


def test_hub_with_other_class_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, ["bad", "good"])
    spec = resolve("cola", Task(), base=Path(), data_root=None)

    with pytest.raises(DataError, match="label is 'good'; expected one of the labels 0 unaccept"):
        read_rows(spec, seed=1)


def test_hub_that_cannot_be_reached_points_to_data_root(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("no route\nlong story")

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=unreachable))
    spec = resolve("cola", Task(), base=Path(), data_root=None)

    with pytest.raises(DataError) as caught:
        read_rows(spec, seed=1)

    assert len(caught.value.problems) == 2
    assert caught.value.problems[0].startswith("nyu-mll/glue/cola train: tasks.cola: cannot be")
    assert all("no route. Without a network" in problem for problem in caught.value.problems)
    assert all("--data-root DIR" in problem for problem in caught.value.problems)


def test_hub_fingerprint_follows_the_revision() -> None:
    base = resolve("cola", Task(), base=Path(), data_root=None)
    assert isinstance(base.source, HubSource)
    moved = base.source.model_copy(update={"revision": "0" * 40})
    other = resolve("cola", Task(source=moved), base=Path(), data_root=None)

    assert source_fingerprint(base) != source_fingerprint(other)
