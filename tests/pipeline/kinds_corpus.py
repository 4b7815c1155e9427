"""Four more small tasks in templated English: several labels, tags, replies and summaries."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

from .corpus import CITIES, COLOURS, NAMES, THINGS, TRAIN_ROWS, VALIDATION_ROWS, write_json_lines

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]
MOODS = {"joy": "glad", "fear": "scared", "anger": "cross"}
MORE_TASKS = """\
  mood:
    kind: multi_label
    source: {type: files, train: mood.train.jsonl, validation: mood.dev.jsonl}
    columns: {text: text, label: moods}
    labels: [joy, fear, anger]
    max_length: 24
  people:
    kind: tagging
    source: {type: files, train: people.train.conll, validation: people.dev.conll}
    columns: {words: words, label: tags}
    labels: [O, B-person, B-place]
    metrics: [entity_f1, accuracy]
    max_length: 16
    stride: 4
  reply:
    kind: multiple_choice
    source: {type: files, train: reply.train.jsonl, validation: reply.dev.jsonl}
    columns: {text: said, candidates: replies, label: right}
    metrics: [recall_at_1, recall_at_2, mrr]
    max_length: 24
  digest:
    kind: extractive_summary
    source: {type: files, train: digest.train.jsonl, validation: digest.dev.jsonl}
    columns: {sentences: sentences, summaries: summary}
    summary_sentences: 1
    max_length: 48
    stride: 8
"""


def write_kinds(folder: Path) -> None:
    """Write both splits of the four tasks, and `kinds.yaml`: the recipe with these tasks too."""
    for name, rows in (
        ("mood", _mood_rows()),
        ("reply", _reply_rows()),
        ("digest", _digest_rows()),
        ("people", _people_rows()),
    ):
        Random(name).shuffle(rows)  # noqa: S311  # data, no secrets
        parts = {
            "train": rows[:TRAIN_ROWS],
            "dev": rows[TRAIN_ROWS : TRAIN_ROWS + VALIDATION_ROWS],
        }
        for split, part in parts.items():
            if name == "people":
                _write_conll(folder / f"people.{split}.conll", part)
            else:
                write_json_lines(folder / f"{name}.{split}.jsonl", part)
    recipe = (folder / "recipe.yaml").read_text(encoding="utf-8")
    with_more = recipe.replace("teachers:\n", f"{MORE_TASKS}teachers:\n", 1)
    (folder / "kinds.yaml").write_text(with_more, encoding="utf-8")


def _mood_rows() -> list[Row]:
    rows = []
    for name, city, *felt in product(NAMES, CITIES, *((False, True) for _ in MOODS)):
        moods = [mood for mood, there in zip(MOODS, felt, strict=True) if there]
        words = " and ".join(MOODS[mood] for mood in moods) or "calm"
        rows.append({"text": f"{name} is {words} in {city}", "moods": moods})
    return rows


def _people_rows() -> list[Row]:
    return [
        {
            "words": [name, "left", city, "with", "a", thing],
            "tags": ["B-person", "O", "B-place", "O", "O", "O"],
        }
        for name, city, thing in product(NAMES, CITIES, THINGS)
    ]


def _reply_rows() -> list[Row]:
    rows = []
    for name, city, thing in product(NAMES, CITIES, THINGS):
        place = len(rows) % 3
        replies = ["what a day", "who are you"]
        replies.insert(place, f"the {thing} is {COLOURS[len(rows) % len(COLOURS)]}")
        said = f"{name} in {city} asks about the {thing}"
        rows.append({"said": said, "replies": replies, "right": "ABC"[place]})
    return rows


def _digest_rows() -> list[Row]:
    rows = []
    for name, city, thing in product(NAMES, CITIES, THINGS):
        place = len(rows) % 3
        sentences = [f"there is a {thing} here .", "it was a long day ."]
        sentences.insert(place, f"so {name} moved to {city} .")
        rows.append({"sentences": sentences, "summary": f"{name} moved to {city}"})
    return rows


def _write_conll(path: Path, rows: list[Row]) -> None:
    sentences = (
        "".join(f"{word}\t{tag}\n" for word, tag in zip(row["words"], row["tags"], strict=True))
        for row in rows
    )
    path.write_text("\n".join(sentences), encoding="utf-8")
