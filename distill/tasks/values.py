"""Checked values of one raw row, and labels told by name or by place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distill.tasks.files import Row

LABELS_SHOWN: Final = 12


class RowError(ValueError):
    """One row cannot be used; the message says which value and what was expected."""


def text(row: Row, column: str) -> str:
    """Return a text, which may be empty.

    Raises:
        RowError: It is missing, null or no text.
    """
    value = row.get(column)
    if value is None:
        raise RowError(f"{column} is null; expected text")
    if not isinstance(value, str):
        raise RowError(f"{column} is {_shown(value)}; expected text, not {type(value).__name__}")
    return value


def texts(row: Row, column: str) -> list[str]:
    """Return a list of at least one text.

    Raises:
        RowError: It is missing, null, empty, or holds something that is no text.
    """
    value = row.get(column)
    if not isinstance(value, list) or not value:
        raise RowError(f"{column} is {_shown(value)}; expected a list of texts, at least one")
    for place, each in enumerate(value, start=1):
        if not isinstance(each, str):
            raise RowError(f"{column} has {_shown(each)} at place {place}; expected text")
    return list(value)


def integer(value: object) -> int | None:
    """Return an integer, also of CSV's text; None of anything else, such as JSON's `true`."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def finite(value: object) -> float | None:
    """Return a finite number, also of CSV's text; None of anything else."""
    try:
        found = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def number(value: object) -> float:
    """Return a finite number, also of CSV's text.

    Raises:
        RowError: It is none.
    """
    found = finite(value)
    if found is None:
        raise RowError(f"label is {_shown(value)}; expected a finite number")
    return found


class LabelPlaces:
    """Finds labels' places among the declared ones; names and places may not be mixed."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels
        self._places = {label: place for place, label in enumerate(labels)}
        self._forms: set[str] = set()

    def place(self, value: object) -> int:
        """Return the place of a label given by its name or its place.

        Raises:
            RowError: It is neither, or the name of one label and the place of another.
        """
        if isinstance(value, str) and value in self._places:
            self._forms.add("names")
            return self._places[value]
        found = integer(value)
        if found is None or not 0 <= found < len(self._labels):
            raise RowError(f"label is {_shown(value)}; expected one of the labels {self._known()}")
        if str(found) in self._places and self._labels[found] != str(found):
            raise RowError(f"label is {value!r}, one class's name and another's place; use text")
        self._forms.add("integers")
        return found

    def places(self, value: object) -> list[int]:
        """Return the places of a list of labels, in its order.

        Raises:
            RowError: It is no list, or one of its labels is unknown.
        """
        if not isinstance(value, list):
            raise RowError(f"label is {_shown(value)}; expected a list of labels")
        return [self.place(each) for each in value]

    def problems(self) -> list[str]:
        """Return what can be said only after all rows."""
        if len(self._forms) < 2:
            return []
        return ["some labels are names and some are integers; use one of the two"]

    def _known(self) -> str:
        shown = [f"{place} {label}" for place, label in enumerate(self._labels[:LABELS_SHOWN])]
        rest = len(self._labels) - len(shown)
        return ", ".join([*shown, f"... ({rest} more)"] if rest else shown)


def _shown(value: object) -> str:
    return repr(value)[:80]
