"""Features stay on disk: every rank maps the same file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from distill.data import TaskData, TaskInfo, write_split

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_features_are_memory_mapped(tmp_path: Path, make_info: Callable[..., TaskInfo]) -> None:
    count = 20_000
    rows = pa.table({"example_id": np.arange(count), "label": [0] * count})
    ids = pa.ListArray.from_arrays(
        pa.array(np.arange(count + 1, dtype=np.int32) * 50),
        pa.array(np.zeros(count * 50, dtype=np.int32)),
    )
    numbers = np.arange(count, dtype=np.int32)
    features = pa.table({"row": numbers, "input_ids": ids, "token_type_ids": ids})
    make_info().write(tmp_path)
    write_split(tmp_path, "train", rows, features)
    before = pa.total_allocated_bytes()
    data = TaskData(tmp_path, "train")
    data.inputs(np.arange(8))
    assert pa.total_allocated_bytes() - before < 100_000  # the features have 8.4 million bytes
