"""Catalogue tasks on local files instead of the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from distill.recipe import FilesSource

from .conftest import FILES, problems, put, resolved

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("folder", ["glue/mnli", "mnli", "any/mnli"])
def test_data_root_replaces_the_hub(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    put(place, "train.tsv.gz", "validation_matched.jsonl")

    source = resolved("mnli", tmp_path).source

    assert source == FilesSource(
        type="files",
        train=str(place / "train.tsv.gz"),
        validation=str(place / "validation_matched.jsonl"),
    )


def test_more_evaluation_files_are_taken_where_they_are(tmp_path: Path) -> None:
    place = tmp_path / "mnli"
    put(place, "train.csv", "validation_matched.csv", "validation_mismatched.jsonl.gz")

    source = resolved("mnli", tmp_path).source

    assert isinstance(source, FilesSource)
    assert source.also == {"mismatched": str(place / "validation_mismatched.jsonl.gz")}


def test_task_without_a_hub_revision_asks_for_files(tmp_path: Path) -> None:
    (problem,) = problems("wnut17")

    assert problem.startswith("tasks.wnut17.source is missing: the catalogue pins no hub revision")
    assert "--data-root DIR, where DIR/wnut17 or DIR/*/wnut17 holds train.*" in problem
    assert "--data-root has no train.* and validation.*" in problems("wnut17", tmp_path)[0]
    assert resolved("wnut17", source=FILES).source == FILES


@pytest.mark.parametrize(
    ("suffix", "header"), [(".tsv.gz", ["text", "labels", "id"]), (".jsonl", None)]
)
def test_files_without_a_header_get_the_catalogues(
    tmp_path: Path, suffix: str, header: list[str] | None
) -> None:
    put(tmp_path / "goemotions", f"train{suffix}", f"validation{suffix}")

    source = resolved("goemotions", tmp_path).source

    assert isinstance(source, FilesSource)
    assert source.header == header


def test_files_may_have_other_columns_than_the_hub(tmp_path: Path) -> None:
    put(tmp_path / "glue" / "ax", "test.jsonl")
    own = {"text": "a", "text_pair": "b", "label": "c"}

    assert resolved("ax").columns["text"] == "premise"
    assert resolved("ax", tmp_path).columns["text"] == "sentence1"
    assert resolved("ax", tmp_path, columns=own).columns == own


def test_data_root_without_the_task_names_both_places(tmp_path: Path) -> None:
    (problem,) = problems("cola", tmp_path)

    assert str(tmp_path / "glue" / "cola") in problem
    assert str(tmp_path / "cola") in problem


def test_data_root_leaves_own_sources_and_packages_alone(tmp_path: Path) -> None:
    assert resolved("cola", tmp_path, source=FILES).source == FILES
    assert resolved("bbc_topic", tmp_path).source == resolved("bbc_topic").source
