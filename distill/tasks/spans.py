"""Rows of span extraction: answers that stand where they say they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from distill.tasks.readers import Reader, Role
from distill.tasks.values import RowError, integer, text

if TYPE_CHECKING:
    from distill.tasks.files import Row
    from distill.tasks.spec import TaskSpec

NOT_LOCATED: Final = -1  # offset of a validation answer that could not be found in its context


class SpanReader(Reader):
    """A question about a context, with the answers that stand in it, or none.

    An answer whose offset is wrong is moved when its text occurs once in the context; else it is a
    problem of a training row, and in a validation row, whose score uses texts only, its offset
    becomes `NOT_LOCATED`.
    """

    def __init__(self, spec: TaskSpec, role: Role) -> None:
        super().__init__(spec, role)
        self._moved = self._lost = 0

    @property
    def fields(self) -> dict[str, pa.DataType]:
        """`question`, `context`, `answer_texts` and, as long, `answer_starts`."""
        return {
            "question": pa.string(),
            "context": pa.string(),
            "answer_texts": pa.list_(pa.string()),
            "answer_starts": pa.list_(pa.int32()),
        }

    @property
    def inputs(self) -> tuple[str, ...]:
        """`question` and `context`."""
        return ("question", "context")

    def read(self, row: Row) -> Row:
        """Return question, context, and answers with their offsets in characters."""
        question = text(row, self.columns["question"])
        context = text(row, self.columns["context"])
        given: tuple[list[str], list[int]] = ([], [])
        if self.labelled:
            given = _answers(row.get(self.columns["answers"]))
        starts = []
        for answer, claim in zip(*given, strict=True):
            start = _located(context, answer, claim)
            if start == NOT_LOCATED and self.role == "train":
                named = f"question {row['id']}: " if "id" in row else ""
                raise RowError(
                    f"{named}answer {answer!r} does not start at {claim} in the context, where it "
                    f"occurs {context.count(answer)} times; correct answer_start"
                )
            self._lost += start == NOT_LOCATED
            self._moved += start not in {NOT_LOCATED, claim}
            starts.append(start)
        return {
            "question": question,
            "context": context,
            "answer_texts": given[0],
            "answer_starts": starts,
        }

    def warnings(self) -> list[str]:
        """Return how many answers were moved and how many were not found."""
        found = []
        if self._moved:
            found.append(
                f"{self._moved:,} answers did not stand at their offset and were moved to the one "
                "place where their text occurs"
            )
        if self._lost:
            found.append(
                f"{self._lost:,} answers do not stand at their offset and keep none; scores use "
                "their texts only"
            )
        return found


def _answers(value: object) -> tuple[list[str], list[int]]:
    """Return texts and claimed offsets, from the hub's layout or from SQuAD's own."""
    if isinstance(value, list) and all(isinstance(answer, dict) for answer in value):
        value = {key: [answer.get(key) for answer in value] for key in ("text", "answer_start")}
    match value:
        case {"text": list(texts), "answer_start": list(starts)} if (
            len(texts) == len(starts)
            and all(isinstance(each, str) and each for each in texts)
            and all(integer(start) is not None for start in starts)
        ):
            return list(texts), [int(start) for start in starts]
    raise RowError(
        f"answers is {str(value)[:80]}; expected {{'text': [...], 'answer_start': [...]}} of equal "
        "lengths, with no empty text; both empty where there is no answer"
    )


def _located(context: str, answer: str, claim: int) -> int:
    if claim >= 0 and context.startswith(answer, claim):
        return claim
    first = context.find(answer)
    return first if first >= 0 and context.find(answer, first + 1) < 0 else NOT_LOCATED
