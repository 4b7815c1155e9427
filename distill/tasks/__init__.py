"""What a task is and where its rows come from.

This room knows nothing of tokenizers, tensors or models; it ends at one Arrow table per split.
"""

from distill.tasks.builders import BUILDERS
from distill.tasks.catalogue import CATALOGUE
from distill.tasks.entry import Entry
from distill.tasks.resolve import resolve
from distill.tasks.sources import source_fingerprint
from distill.tasks.spec import TaskSpec
from distill.tasks.splits import Splits, read_inputs, read_rows, row_warnings

__all__ = [
    "BUILDERS",
    "CATALOGUE",
    "Entry",
    "Splits",
    "TaskSpec",
    "read_inputs",
    "read_rows",
    "resolve",
    "row_warnings",
    "source_fingerprint",
]
