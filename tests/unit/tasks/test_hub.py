from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from datasets import ClassLabel, Dataset, Features, List

from distill.errors import DataError
from distill.recipe import HubSource, Task
from distill.tasks import read_inputs, read_rows, resolve, source_fingerprint

from .conftest import write

ONE = [{"sentence": "a", "label": 1}]


def serve(
    monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]], **features: Any
) -> list[tuple[Any, ...]]:
    """Let every split be `rows`, its name before each first value; return the calls."""
    calls: list[tuple[Any, ...]] = []

    def load_dataset(path: str, config: str, *, revision: str, split: str) -> Dataset:
        calls.append((path, config, revision, split))
        text = next(iter(rows[0]))
        made = Dataset.from_list([row | {text: f"{split} {row[text]}"} for row in rows])
        return made.cast(Features(made.features | features))

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    return calls


def test_hub_is_read_at_the_pinned_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = serve(monkeypatch, ONE)
    spec = resolve("cola", Task(), base=Path(), data_root=None)

    read_rows(spec, seed=1)

    revision = "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"
    assert calls == [("nyu-mll/glue", "cola", revision, split) for split in ("train", "validation")]


def test_hub_labels_are_matched_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, ONE, label=ClassLabel(names=["acceptable", "unacceptable"]))
    spec = resolve("cola", Task(), base=Path(), data_root=None)

    assert read_rows(spec, seed=1).train["label"].to_pylist() == [0]


def test_hub_with_other_class_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, ONE, label=ClassLabel(names=["bad", "good"]))
    spec = resolve("cola", Task(), base=Path(), data_root=None)

    with pytest.raises(DataError, match="label is 'good'; expected one of the labels 0 unaccept"):
        read_rows(spec, seed=1)


def test_hub_that_cannot_be_reached_points_to_data_root(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("no route\nlong story")

    monkeypatch.setattr("datasets.load_dataset", unreachable)
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


def test_lists_of_hub_labels_are_matched_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"text": "a", "labels": [1, 0], "id": "k"}
    serve(monkeypatch, [row], labels=List(ClassLabel(names=["neutral", "joy"])))
    spec = resolve("goemotions", Task(), base=Path(), data_root=None)

    assert read_rows(spec, seed=1).train["label"].to_pylist() == [[17, 27]]


def test_more_splits_are_read_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, [{"premise": "a", "hypothesis": "b", "label": 2}])
    spec = resolve("mnli", Task(), base=Path(), data_root=None)

    splits = read_rows(spec, seed=1)

    assert splits.validation["text"].to_pylist() == ["validation_matched a"]
    assert splits.also["mismatched"]["text"].to_pylist() == ["validation_mismatched a"]


def test_hub_splits_without_labels_are_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    unlabelled = ClassLabel(names=["acceptable", "unacceptable"])
    calls = serve(monkeypatch, [{"sentence": "a", "label": -1}], label=unlabelled)
    spec = resolve("cola", Task(), base=Path(), data_root=None)

    rows = read_inputs(spec, "test")

    assert rows.select(["text", "label"]).to_pylist() == [{"text": "test a", "label": 0}]
    assert [call[-1] for call in calls] == ["test"]


def test_limits_draw_the_same_rows_from_hub_and_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows = [{"sentence": f"t{place}", "label": place % 2} for place in range(2500)]
    serve(monkeypatch, rows)
    for split in ("train", "validation"):
        texts = [row | {"sentence": f"{split} {row['sentence']}"} for row in rows]
        (tmp_path / "cola").mkdir(exist_ok=True)
        write(tmp_path / "cola" / f"{split}.jsonl", texts)
    limited = Task(train_rows=40, validation_rows=30)

    from_hub, from_files = (
        read_rows(resolve("cola", limited, base=Path(), data_root=root), seed=3)
        for root in (None, tmp_path)
    )

    assert from_hub == from_files
    assert (from_hub.train.num_rows, from_hub.validation.num_rows) == (40, 30)
