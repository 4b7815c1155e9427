"""From one raw row to canonical values: a reader for each kind but span extraction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from string import ascii_uppercase
from typing import TYPE_CHECKING, Final, Literal

import pyarrow as pa

from distill.tasks.values import LabelPlaces, RowError, number, text, texts

if TYPE_CHECKING:
    from distill.tasks.files import Row
    from distill.tasks.spec import TaskSpec

Role = Literal["train", "validation", "inputs"]
"""What rows are for; `inputs` have no labels, and get zeros or empty lists in their place."""

_TEXT: Final = pa.string()
_TEXTS: Final = pa.list_(pa.string())
_PLACES: Final = pa.list_(pa.int32())


class Reader(ABC):
    """Reads the rows of one split, each alone, and says at the end what it met."""

    def __init__(self, spec: TaskSpec, role: Role) -> None:
        self.spec, self.role = spec, role
        self.columns = spec.columns
        self.labelled = role != "inputs"
        self.labels = LabelPlaces(spec.labels)

    @property
    @abstractmethod
    def fields(self) -> dict[str, pa.DataType]:
        """Names and types of the values that `read` returns."""

    @property
    @abstractmethod
    def inputs(self) -> tuple[str, ...]:
        """Names of the values that are a model's input."""

    @property
    def contexts(self) -> tuple[str, ...]:
        """Names of the values that must not stand in both training and evaluation rows."""
        return self.inputs

    @abstractmethod
    def read(self, row: Row) -> Row:
        """Return a row's canonical values.

        Raises:
            RowError: A value is missing or not as expected.
        """

    def problems(self) -> list[str]:
        """Return what is wrong with the rows together."""
        return self.labels.problems()

    def warnings(self) -> list[str]:
        """Return what the user should know of the rows together."""
        return []


class TextReader(Reader):
    """A text or a pair, with one class, any number of labels, or a number."""

    @property
    def fields(self) -> dict[str, pa.DataType]:
        """`text`, perhaps `text_pair`, and `label`."""
        label = {"classification": pa.int32(), "multi_label": _PLACES}
        return dict.fromkeys(self.inputs, _TEXT) | {
            "label": label.get(self.spec.kind, pa.float32())
        }

    @property
    def inputs(self) -> tuple[str, ...]:
        """`text` and perhaps `text_pair`."""
        return ("text", "text_pair") if self.spec.is_pair else ("text",)

    def read(self, row: Row) -> Row:
        """Return the texts and the label: a place, ascending places, or a float."""
        values: Row = {ours: text(row, self.columns[ours]) for ours in self.inputs}
        return values | {"label": self._label(row.get(self.columns["label"]))}

    def _label(self, value: object) -> object:
        match self.spec.kind:
            case "classification":
                return self.labels.place(value) if self.labelled else 0
            case "multi_label":
                return self._label_set(value) if self.labelled else []
            case _:
                return number(value) if self.labelled else 0.0

    def _label_set(self, value: object) -> list[int]:
        if isinstance(value, str):
            value = [name.strip() for name in value.split(",")] if value.strip() else []
        if not isinstance(value, list):
            raise RowError(
                f"label is {value!r}; expected a list of labels, or text with commas between them; "
                "empty where there is none"
            )
        return sorted(set(self.labels.places(value)))


class WordReader(Reader):
    """A sentence's words, with a tag for each."""

    @property
    def fields(self) -> dict[str, pa.DataType]:
        """`words` and, as long, `label`."""
        return {"words": _TEXTS, "label": _PLACES}

    @property
    def inputs(self) -> tuple[str, ...]:
        """`words`."""
        return ("words",)

    def read(self, row: Row) -> Row:
        """Return words and the places of their tags."""
        words = texts(row, self.columns["words"])
        if not self.labelled:
            return {"words": words, "label": [0] * len(words)}
        label = self.labels.places(row.get(self.columns["label"]))
        if len(label) != len(words):
            raise RowError(
                f"label has {len(label)} tags for {len(words)} words; expected one for each"
            )
        return {"words": words, "label": label}


class ChoiceReader(Reader):
    """A text with candidates to follow it, the same number in every row, of which one is right."""

    _count: int | None = None

    @property
    def fields(self) -> dict[str, pa.DataType]:
        """`text`, `candidates` and the right one's place as `label`."""
        return {"text": _TEXT, "candidates": _TEXTS, "label": pa.int32()}

    @property
    def inputs(self) -> tuple[str, ...]:
        """`text` and `candidates`."""
        return ("text", "candidates")

    @property
    def contexts(self) -> tuple[str, ...]:
        """`text`: the same dialogue with other candidates is a leak too."""
        return ("text",)

    def read(self, row: Row) -> Row:
        """Return text, candidates, each after the row's prompt if there is one, and the label."""
        of_columns = self.spec.candidate_columns
        candidates = (
            [text(row, column) for column in of_columns]
            if of_columns
            else texts(row, self.columns["candidates"])
        )
        self._check_count(len(candidates))
        if "prompt" in self.columns:
            prompt = text(row, self.columns["prompt"])
            candidates = [f"{prompt} {candidate}" for candidate in candidates]
        label = self.labels.place(row.get(self.columns["label"])) if self.labelled else 0
        return {
            "text": text(row, self.columns["text"]),
            "candidates": candidates,
            "label": label,
        }

    def _check_count(self, count: int) -> None:
        if self._count is None and count > 1:
            self._count = count
            letters = ascii_uppercase[:count]
            self.labels = LabelPlaces(
                [*letters, *(f"#{place}" for place in range(len(letters), count))]
            )
        if count != self._count:
            expected = self._count or "two or more"
            raise RowError(f"{count} candidates; expected {expected}, as many in every row")


class SummaryReader(Reader):
    """A document's sentences, and summaries that people wrote."""

    @property
    def fields(self) -> dict[str, pa.DataType]:
        """`sentences` and `summaries`; the label is made from both when rows are drawn."""
        return {"sentences": _TEXTS, "summaries": _TEXTS}

    @property
    def inputs(self) -> tuple[str, ...]:
        """`sentences`."""
        return ("sentences",)

    def read(self, row: Row) -> Row:
        """Return sentences and summaries, without those that are only white space."""
        column = self.columns["sentences"]
        sentences = [each for each in texts(row, column) if each.strip()]
        if not sentences:
            raise RowError(f"{column} holds only white space; expected a sentence. Remove the row")
        return {"sentences": sentences, "summaries": self._summaries(row) if self.labelled else []}

    def _summaries(self, row: Row) -> list[str]:
        column = self.columns["summaries"]
        value = row.get(column)
        given = [value] if isinstance(value, str) else texts(row, column)
        summaries = [each for each in given if each.strip()]
        if not summaries:
            raise RowError(f"{column} holds only white space; expected a summary")
        return summaries
