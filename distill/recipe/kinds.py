"""The kinds of task: what each predicts, the columns it reads and the metrics that fit it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal[
    "classification",
    "multi_label",
    "regression",
    "span_extraction",
    "tagging",
    "multiple_choice",
    "extractive_summary",
]
MetricName = Literal[
    "accuracy",
    "f1",
    "macro_f1",
    "micro_f1",
    "matthews",
    "pearson",
    "spearman",
    "exact_match",
    "has_answer_exact",
    "has_answer_f1",
    "no_answer_exact",
    "entity_f1",
    "recall_at_1",
    "recall_at_2",
    "mrr",
    "rouge1",
    "rouge2",
    "rougeL",
]
ColumnName = Literal[
    "text",
    "text_pair",
    "label",
    "question",
    "context",
    "answers",
    "words",
    "candidates",
    "prompt",
    "sentences",
    "summaries",
    "id",
]


@dataclass(frozen=True)
class KindInfo:
    """What is true of every task of one kind."""

    predicts: str
    required: tuple[ColumnName, ...]
    optional: tuple[ColumnName, ...]
    metrics: tuple[MetricName, ...]
    default_metrics: tuple[MetricName, ...]
    """Of a task that names none."""
    default_score: tuple[MetricName, ...]
    """Those of `default_metrics` whose mean is the task's one score."""
    named_labels: bool = False
    """Whether the task declares label names."""


KINDS: Final[dict[Kind, KindInfo]] = {
    "classification": KindInfo(
        "one class of a text or a pair",
        ("text", "label"),
        ("text_pair", "id"),
        ("accuracy", "f1", "macro_f1", "matthews"),
        ("accuracy",),
        ("accuracy",),
        named_labels=True,
    ),
    "multi_label": KindInfo(
        "any number of labels of a text or a pair",
        ("text", "label"),
        ("text_pair", "id"),
        ("micro_f1", "macro_f1", "accuracy"),
        ("micro_f1", "macro_f1"),
        ("micro_f1",),
        named_labels=True,
    ),
    "regression": KindInfo(
        "a number for a text or a pair",
        ("text", "label"),
        ("text_pair", "id"),
        ("pearson", "spearman"),
        ("pearson", "spearman"),
        ("pearson", "spearman"),
    ),
    "span_extraction": KindInfo(
        "a span of a context that answers a question, or none",
        ("question", "context", "answers"),
        ("id",),
        ("exact_match", "f1", "has_answer_exact", "has_answer_f1", "no_answer_exact"),
        ("exact_match", "f1"),
        ("f1",),
    ),
    "tagging": KindInfo(
        "a tag for each word: named entities, parts of speech",
        ("words", "label"),
        ("id",),
        ("entity_f1", "accuracy"),
        ("accuracy",),
        ("accuracy",),
        named_labels=True,
    ),
    "multiple_choice": KindInfo(
        "the right one of k candidates: replies, endings",
        ("text", "candidates", "label"),
        ("prompt", "id"),
        ("recall_at_1", "recall_at_2", "mrr"),
        ("recall_at_1", "mrr"),
        ("recall_at_1",),
    ),
    "extractive_summary": KindInfo(
        "the sentences of a document that sum it up",
        ("sentences", "summaries"),
        ("id",),
        ("rouge1", "rouge2", "rougeL"),
        ("rouge1", "rouge2", "rougeL"),
        ("rouge1", "rouge2", "rougeL"),
    ),
}
