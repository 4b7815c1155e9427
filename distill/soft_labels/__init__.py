"""The contract between teachers and the student: soft labels on disk, checked and memory-mapped."""

from distill.soft_labels.reader import (
    ClassLabels,
    SoftLabels,
    SpanLabels,
    UnitLabels,
    open_soft_labels,
)
from distill.soft_labels.schema import NO_ANSWER, Ragged, SoftLabelHeader
from distill.soft_labels.writer import write_logits, write_spans

__all__ = [
    "NO_ANSWER",
    "ClassLabels",
    "Ragged",
    "SoftLabelHeader",
    "SoftLabels",
    "SpanLabels",
    "UnitLabels",
    "open_soft_labels",
    "write_logits",
    "write_spans",
]
