"""What a task is and where its rows come from.

This room knows nothing of tokenizers, tensors or models; it ends at one Arrow table per split.
"""

from distill.tasks.builders import BUILDERS
from distill.tasks.catalogue import CATALOGUE, Entry
from distill.tasks.resolve import resolve
from distill.tasks.sources import Splits, read_rows, source_fingerprint
from distill.tasks.spec import TaskSpec

__all__ = [
    "BUILDERS",
    "CATALOGUE",
    "Entry",
    "Splits",
    "TaskSpec",
    "read_rows",
    "resolve",
    "source_fingerprint",
]
