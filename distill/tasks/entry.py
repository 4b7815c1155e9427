"""What the catalogue says of a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distill.recipe import Columns, Task


@dataclass(frozen=True)
class Entry:
    """A shipped task: what a recipe's section may override, and what `distill tasks` prints.

    A task whose hub revision nobody checked has no source: it needs `--data-root` or its own.
    """

    task: Task
    description: str
    licence: str
    header: list[str] | None = None
    """Column names of the task's CSV or TSV files, which have none."""
    file_columns: Columns | None = None
    """Columns of the task's files where they differ from the hub's."""
