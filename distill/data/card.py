"""The data card: what stands in a task's splits, as numbers and as a page to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from distill.data.task_data import ListColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distill.data.task_info import TaskInfo

BINS: Final = (16, 32, 64, 128, 256, 512)
"""Upper ends of the length histogram, in tokens."""


def describe_split(info: TaskInfo, rows: pa.Table, features: pa.Table) -> dict[str, Any]:
    """Return counts of rows, features, tokens, labels and lengths of one split.

    `at_max_length` counts features that were cut, or filled to the last token.
    """
    lengths = ListColumn(features["input_ids"]).lengths
    bins = np.searchsorted(BINS, lengths)
    counts = np.bincount(bins, minlength=len(BINS) + 1).tolist()
    names = [*(f"to {end}" for end in BINS), f"above {BINS[-1]}"]
    return {
        "rows": rows.num_rows,
        "features": features.num_rows,
        "tokens": int(lengths.sum()),
        "at_max_length": int((lengths >= info.max_length).sum()),
        "lengths": {name: count for name, count in zip(names, counts, strict=True) if count},
        "labels": dict(zip(info.labels, _label_counts(info.labels, rows), strict=True))
        if info.labels
        else {},
    }


def balanced_weights(labels: Sequence[str], rows: pa.Table) -> tuple[float, ...]:
    """Return a weight per class: N / (C * its count), as scikit-learn's `balanced` has it.

    N counts rows, or words to tag. A class without rows has weight 0.
    """
    counts = np.asarray(_label_counts(labels, rows))
    return tuple((counts.sum() / (len(labels) * np.maximum(counts, 1)) * (counts > 0)).tolist())


def log_odds(info: TaskInfo, rows: pa.Table) -> tuple[float, ...]:
    """Return the log-odds of each label, of sentences those of being chosen; else nothing.

    A head of many rare labels that starts there need not first learn to say no, which at the outset
    drives the encoder to one answer for all inputs (Lin et al. 2017, section 3.3).
    """
    if info.kind not in {"multi_label", "extractive_summary"}:
        return ()
    if info.kind == "multi_label":
        counts, total = np.asarray(_label_counts(info.labels, rows)), rows.num_rows
    else:
        chosen = ListColumn(rows["label"]).flat
        counts, total = np.asarray([chosen.sum()]), len(chosen)
    return tuple(np.log((counts + 0.5) / (total - counts + 0.5)).tolist())


def _label_counts(labels: Sequence[str], rows: pa.Table) -> list[int]:
    column = rows["label"]
    flat = ListColumn(column).flat if pa.types.is_list(column.type) else column.to_numpy()
    return np.bincount(flat, minlength=len(labels)).tolist()  # type: ignore[no-any-return]


def card_markdown(card: dict[str, Any]) -> str:
    """Return the card as Markdown: one column a split, then the warnings."""
    splits: dict[str, dict[str, Any]] = card["splits"]
    lines = [
        f"# Data of {card['task']} ({card['kind']})",
        "",
        "| | " + " | ".join(splits) + " |",
        "| --- |" + " ---: |" * len(splits),
    ]
    lines += [
        _line(key.replace("_", " "), [split[key] for split in splits.values()])
        for key in ("rows", "features", "tokens", "at_max_length")
    ]
    for key, title in (("lengths", "tokens"), ("labels", "label")):
        names = dict.fromkeys(name for split in splits.values() for name in split[key])
        for name in names:
            values = [split[key].get(name, 0) for split in splits.values()]
            lines.append(_line(f"{title} {name}", values))
    warnings = ["", *(f"- {warning}" for warning in card["warnings"])] if card["warnings"] else []
    return "\n".join([*lines, *warnings]) + "\n"


def _line(title: str, values: list[int]) -> str:
    return f"| {title} | " + " | ".join(f"{value:,}" for value in values) + " |"
