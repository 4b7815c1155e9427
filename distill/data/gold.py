"""Gold answers of canonical rows, in the form that metrics take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

_COLUMN: Final = {"span_extraction": "answer_texts", "extractive_summary": "summaries"}
"""Where gold answers stand; of other kinds in `label`."""


def gold_answers(kind: str, labels: Sequence[str], rows: pa.Table) -> Any:
    """Return the gold answer of each row as metrics take it."""
    return for_metrics(kind, labels, rows[_COLUMN.get(kind, "label")].to_pylist())


def for_metrics(kind: str, labels: Sequence[str], values: list[Any]) -> Any:
    """Return `values`, in which labels are places, with tags by name and the rest as arrays."""
    match kind:
        case "tagging":
            return [[labels[tag] for tag in tags] for tags in values]
        case "multi_label":
            return np.asarray(
                [[place in row for place in range(len(labels))] for row in values], int
            )
        case "span_extraction" | "extractive_summary":
            return values
        case _:
            return np.asarray(values)
