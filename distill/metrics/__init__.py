"""Metrics in percent, without network; `evaluate` itself is imported by the first score only."""

from distill.metrics.labels import best_label_threshold
from distill.metrics.score import Measured, measure, score_task
from distill.metrics.spans import Thresholds, best_thresholds, compare_answer, normalise_answer
from distill.metrics.statistics import interval

__all__ = [
    "Measured",
    "Thresholds",
    "best_label_threshold",
    "best_thresholds",
    "compare_answer",
    "interval",
    "measure",
    "normalise_answer",
    "score_task",
]
