"""Soft labels of three rows on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from distill.soft_labels import Ragged, SoftLabelHeader, write_logits, write_spans

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LABELS = {
    "classification": ["no", "yes"],
    "regression": [],
    "span_extraction": [],
    "tagging": ["O", "B"],
}


@pytest.fixture
def make_header() -> Callable[..., SoftLabelHeader]:
    """Return a function that makes the header of three rows of a classification, with changes."""

    def make(**changes: Any) -> SoftLabelHeader:
        kind = changes.get("kind", "classification")
        usual = {
            "task": "rte",
            "split": "train",
            "kind": kind,
            "label_names": LABELS[kind],
            "teacher": "a" * 64,
            "data": "b" * 64,
            "dtype": "float32",
            "rows": 3,
        }
        return SoftLabelHeader(**{**usual, **changes})

    return make


@pytest.fixture
def ids() -> np.ndarray:
    """Return the rows' hashes; the first is the largest there can be."""
    return np.array([2**63 - 1, -5, 11], dtype=np.int64)


@pytest.fixture
def sides() -> dict[str, Ragged]:
    """Return starts and ends of three rows: 2, 3 and 1 characters, each after "no answer"."""
    rows = np.array([0, 3, 7, 9])
    starts = np.array([-1, 0, 4, -1, 0, 4, 9, -1, 2], dtype=np.int32)
    logits = np.random.default_rng(0).normal(scale=3, size=(2, 9)).astype(np.float32)
    return {
        "start": Ragged(rows, starts, logits[0]),
        "end": Ragged(rows, np.where(starts < 0, starts, starts + 3).astype(np.int32), logits[1]),
    }


@pytest.fixture
def written(tmp_path: Path, make_header: Callable[..., SoftLabelHeader], ids: np.ndarray) -> Path:
    """Return a folder with the soft labels of a classification."""
    write_logits(tmp_path, make_header(), ids, np.arange(6, dtype=np.float32).reshape(3, 2))
    return tmp_path


@pytest.fixture
def written_spans(
    tmp_path: Path,
    make_header: Callable[..., SoftLabelHeader],
    ids: np.ndarray,
    sides: dict[str, Ragged],
) -> Path:
    """Return a folder with the soft labels of a span extraction."""
    write_spans(tmp_path, make_header(kind="span_extraction"), ids, sides)
    return tmp_path
