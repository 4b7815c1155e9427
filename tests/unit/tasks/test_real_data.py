"""Official GLUE and SQuAD files, where a machine has them: DISTILL_DATA_ROOT=DIR."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from distill.recipe import Task
from distill.tasks import read_inputs, read_rows, resolve

ROOT = os.environ.get("DISTILL_DATA_ROOT")


@pytest.mark.skipif(ROOT is None, reason="DISTILL_DATA_ROOT is not set")
@pytest.mark.parametrize(
    ("name", "train", "validation"),
    [
        ("cola", 8551, 1043),
        ("mrpc", 3668, 408),
        ("stsb", 5749, 1500),
        ("rte", 2490, 277),
        ("sst2", 67349, 872),
        ("goemotions", 43410, 5426),
        ("wnut17", 3394, 1009),
        ("ud_partut", 1781, 156),
        ("mutual", 7088, 886),
        ("scitldr", 1992, 619),
    ],
)
def test_official_files_are_read_within_the_overlap_limit(
    name: str, train: int, validation: int
) -> None:
    spec = resolve(name, Task(), base=Path(), data_root=Path(str(ROOT)))

    splits = read_rows(spec, seed=1)

    assert (splits.train.num_rows, splits.validation.num_rows) == (train, validation)


@pytest.mark.skipif(ROOT is None, reason="DISTILL_DATA_ROOT is not set")
@pytest.mark.parametrize(
    ("name", "rows", "unanswerable"), [("squad", 10570, 0), ("squad_v2", 11873, 5945)]
)
def test_official_squad_validation_is_complete(name: str, rows: int, unanswerable: int) -> None:
    spec = resolve(name, Task(), base=Path(), data_root=Path(str(ROOT)))

    texts = read_rows(spec, seed=1).validation["answer_texts"].to_pylist()

    assert (len(texts), texts.count([])) == (rows, unanswerable)


@pytest.mark.skipif(ROOT is None, reason="DISTILL_DATA_ROOT is not set")
def test_diagnostics_without_labels_are_inputs() -> None:
    spec = resolve("ax", Task(), base=Path(), data_root=Path(str(ROOT)))

    rows = read_inputs(spec, "test")

    assert rows.num_rows == 1104
    assert rows["text"][0].as_py() == "The cat sat on the mat."
