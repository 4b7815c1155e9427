"""Metrics in percent, without network; `evaluate` itself is imported by the first score only."""

from distill.metrics.score import METRICS, score_task
from distill.metrics.spans import exact_match, f1_of_words, normalise_answer

__all__ = ["METRICS", "exact_match", "f1_of_words", "normalise_answer", "score_task"]
