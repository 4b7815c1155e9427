"""From rows to padded batches: tokenise once, cut windows, batch by length, decode answers."""

from distill.data.batches import length_batches, shuffled_length_batches
from distill.data.decode import best_answers, decode, merge_windows, prediction_rows
from distill.data.encode import encode_rows
from distill.data.task_data import TaskData, TaskInfo, write_split

__all__ = [
    "TaskData",
    "TaskInfo",
    "best_answers",
    "decode",
    "encode_rows",
    "length_batches",
    "merge_windows",
    "prediction_rows",
    "shuffled_length_batches",
    "write_split",
]
