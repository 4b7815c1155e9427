"""From rows to padded batches: tokenise once, cut windows, batch by length, decode answers."""

from distill.data.baseline import trivial_predictions
from distill.data.batches import length_batches, shuffled_length_batches
from distill.data.card import balanced_weights, card_markdown, describe_split, log_odds
from distill.data.decode import decode, prediction_rows, row_outputs
from distill.data.encode import encode_rows
from distill.data.gold import for_metrics, gold_answers
from distill.data.spans import Answers, merge_windows
from distill.data.targets import collate
from distill.data.task_data import TaskData, write_split
from distill.data.task_info import TaskInfo
from distill.data.units import merge_units

__all__ = [
    "Answers",
    "TaskData",
    "TaskInfo",
    "balanced_weights",
    "card_markdown",
    "collate",
    "decode",
    "describe_split",
    "encode_rows",
    "for_metrics",
    "gold_answers",
    "length_batches",
    "log_odds",
    "merge_units",
    "merge_windows",
    "prediction_rows",
    "row_outputs",
    "shuffled_length_batches",
    "trivial_predictions",
    "write_split",
]
