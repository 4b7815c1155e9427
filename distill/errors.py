"""Every error this project raises on purpose.

    DistillError                 base; never raised itself
    +-- UserError       exit 2   what the user gave is wrong: one line per problem, no traceback
    |   +-- RecipeError          the recipe, or a --set override
    |   +-- DataError            rows, columns, labels, splits, offsets
    |   +-- ModelError           a teacher or student that cannot be loaded or does not fit
    |   |                        its task
    |   +-- SoftLabelError       a soft-label file that is corrupted, foreign or does not match
    |   |                        its rows
    |   +-- StoreError           the store or run folder: format version, locks, disk space
    +-- WorkerFailed             a worker process stopped; it has already said why

Exit codes of the command line: 0 done, 1 a bug (traceback), 2 `UserError`, 3 a quality gate failed,
130 interrupted.
"""

from __future__ import annotations

EXIT_USER = 2
EXIT_INTERRUPTED = 130


class DistillError(Exception):
    """Base of every error below."""


class UserError(DistillError):
    """One or more problems with what the user gave.

    Each says what is wrong and where, what was expected and what to do.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class RecipeError(UserError):
    """The recipe file or a `--set` override is wrong."""


class DataError(UserError):
    """Rows, columns, labels, splits or answer offsets are wrong."""


class ModelError(UserError):
    """A checkpoint cannot be loaded or does not fit its task."""


class SoftLabelError(UserError):
    """A soft-label file is corrupted, foreign or does not match the rows it is used with."""


class StoreError(UserError):
    """The store or a run folder cannot be used: format version, lock or disk space."""


class WorkerFailed(DistillError):  # noqa: N818  # says what happened, as KeyboardInterrupt does
    """A worker process ended with `exit_code`; its own message is already on stderr."""

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(f"a worker process ended with exit code {exit_code}")
