"""GLUE's one number, from the scores of its tasks."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARTS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "cola": (("cola", "matthews"),),
    "sst2": (("sst2", "accuracy"),),
    "mrpc": (("mrpc", "accuracy"), ("mrpc", "f1")),
    "stsb": (("stsb", "pearson"), ("stsb", "spearman")),
    "qqp": (("qqp", "accuracy"), ("qqp", "f1")),
    "mnli": (("mnli", "accuracy"), ("mnli/mismatched", "accuracy")),
    "qnli": (("qnli", "accuracy"),),
    "rte": (("rte", "accuracy"),),
    "wnli": (("wnli", "accuracy"),),
}
"""The scores, as (evaluated set, metric), whose mean is a task's share in GLUE."""


class GlueAverage(NamedTuple):
    """The mean over GLUE's tasks, in percent."""

    average: float | None
    """As the leaderboard has it; None without WNLI."""
    without_wnli: float
    """Without WNLI, which many papers leave out."""


def glue_average(scores: Mapping[str, Mapping[str, float]]) -> GlueAverage | None:
    """Return GLUE's average of percentages; None where a metric of a task but WNLI is missing.

    `scores` has the metrics of `cola`, `sst2`, `mrpc`, `stsb`, `qqp`, `mnli` (matched),
    `mnli/mismatched`, `qnli`, `rte` and `wnli`; others, such as AX, take no part. Two metrics of a
    task are averaged first, and so are MNLI's two sets (Wang et al. 2019, GLUE,
    https://arxiv.org/abs/1804.07461).
    """
    means = {
        task: fmean(scores[name][metric] for name, metric in parts)
        for task, parts in _PARTS.items()
        if all(metric in scores.get(name, {}) for name, metric in parts)
    }
    if not means.keys() >= _PARTS.keys() - {"wnli"}:
        return None
    return GlueAverage(
        fmean(means.values()) if "wnli" in means else None,
        fmean(value for task, value in means.items() if task != "wnli"),
    )
