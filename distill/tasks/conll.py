"""Sentences of CoNLL and CoNLL-U files: one word a line, lists of equal length a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from distill.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distill.tasks.files import Row

CONLLU_COLUMNS: Final = (
    *("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"),
)


def conll(text: str) -> list[Row]:
    """Return `words`, each line's first column, and `tags`, its last, of every sentence.

    Columns stand apart by TABs, or by spaces in a line without any. A line of white space ends a
    sentence; `-DOCSTART-` lines are left out.

    Raises:
        DataError: A line has no word or no tag.
    """
    rows = _sentences(text, _word_and_tag)
    return [{"words": [word for word, _ in row], "tags": [tag for _, tag in row]} for row in rows]


def conllu(text: str) -> list[Row]:
    """Return the columns `form` to `misc` of every sentence, as lists.

    Comments, multi-word ranges (ids such as 3-4) and empty nodes (8.1) are left out
    (https://universaldependencies.org/format.html).

    Raises:
        DataError: A line has not ten columns.
    """
    rows = _sentences(text, _ten_columns)
    return [
        dict(zip(CONLLU_COLUMNS[1:], map(list, zip(*words, strict=True)), strict=True))
        for words in ([fields[1:] for fields in row] for row in rows)
    ]


def _sentences(
    text: str, fields_of: Callable[[str, int], Sequence[str] | None]
) -> Iterator[list[Sequence[str]]]:
    """Yield the lines' fields by sentence; a line that `fields_of` has none for is left out."""
    words: list[Sequence[str]] = []
    # Not splitlines(): words may hold U+0085 or U+2028.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            fields = fields_of(line.rstrip("\r"), number)
            words += [] if fields is None else [fields]
        elif words:
            yield words
            words = []
    if words:
        yield words


def _word_and_tag(line: str, number: int) -> Sequence[str] | None:
    if line.startswith("-DOCSTART-"):
        return None
    fields = line.split("\t") if "\t" in line else line.split()
    word, tag = fields[0].strip(), fields[-1].strip()
    if len(fields) < 2 or not word or not tag:
        raise DataError(
            f"line {number} is {line[:40]!r}; expected a word and its tag, with a TAB or a space "
            "between them"
        )
    return word, tag


def _ten_columns(line: str, number: int) -> Sequence[str] | None:
    if line.startswith("#"):
        return None
    fields = line.split("\t")
    if len(fields) != len(CONLLU_COLUMNS):
        raise DataError(
            f"line {number} has {len(fields)} columns; CoNLL-U has {len(CONLLU_COLUMNS)} with TABs "
            "between them. Files of words and tags end in .conll"
        )
    return fields if fields[0].isdecimal() else None
