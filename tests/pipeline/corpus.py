"""Four small tasks in templated English, learnable in seconds, and a tiny BERT with their words."""

from __future__ import annotations

import csv
import json
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Row = dict[str, Any]
TRAIN_ROWS, VALIDATION_ROWS = 96, 40
TOPICS = {
    "sport": ("team", "match", "goal", "coach"),
    "money": ("bank", "shares", "profit", "market"),
    "music": ("band", "album", "song", "singer"),
}
NAMES = ("ann", "ben", "carl", "dora", "eva", "finn", "gus", "hana", "ida", "jon")
JOBS = ("nurse", "baker", "pilot", "teacher", "farmer", "doctor", "painter", "cook")
CITIES = ("oslo", "rome", "paris", "lima", "cairo", "delhi", "berlin", "tokyo")
COLOURS = ("red", "blue", "green", "grey", "black", "white")
THINGS = ("car", "house", "boat", "door", "hat", "cup", "chair", "lamp")
PRAISE = ("awful", "bad", "fair", "good", "superb")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def topic_rows() -> list[Row]:
    """Single texts of three classes, told by one word."""
    return [
        {"text": f"{name} from {city} spoke of the {word}", "label": label}
        for label, words in TOPICS.items()
        for word, name, city in product(words, NAMES, CITIES)
    ]


def match_rows() -> list[Row]:
    """Pairs of two classes: the second text denies the first or not."""
    return [
        {
            "first": f"{name} has a {colour} {thing}",
            "second": f"{name} has {'no' if denied else 'some'} {thing}",
            "label": "no" if denied else "yes",
        }
        for name, colour, thing, denied in product(NAMES, COLOURS, THINGS, (False, True))
    ]


def rating_rows() -> list[Row]:
    """Texts with a number from 0 to 4: the mean of what two words are worth."""
    return [
        {
            "text": f"{name} says the {thing} is {one} and {two}",
            "stars": (PRAISE.index(one) + PRAISE.index(two)) / 2,
        }
        for name, thing, one, two in product(NAMES, THINGS, PRAISE, PRAISE)
    ]


def city_rows() -> list[Row]:
    """Questions whose answer, a city, stands in the context."""
    rows = []
    for name, job, city in product(NAMES, JOBS, CITIES):
        context = f"{name} the {job} moved to {city} with a cup and a lamp"
        answer = {"text": city, "answer_start": context.index(city)}
        rows.append(
            {"context": context, "question": f"where does {name} live", "answers": [answer]}
        )
    return rows


def write_corpus(folder: Path) -> None:
    """Write both splits of each task; no validation row stands in the training rows."""
    writers = {
        "topic": (topic_rows(), write_json_lines, "jsonl"),
        "match": (match_rows(), _write_csv, "csv"),
        "rating": (rating_rows(), write_json_lines, "jsonl"),
        "city": (city_rows(), _write_squad, "json"),
    }
    for name, (rows, write, suffix) in writers.items():
        Random(name).shuffle(rows)  # noqa: S311  # data, no secrets
        write(folder / f"{name}.train.{suffix}", rows[:TRAIN_ROWS])
        write(folder / f"{name}.dev.{suffix}", rows[TRAIN_ROWS : TRAIN_ROWS + VALIDATION_ROWS])


def write_json_lines(path: Path, rows: Iterable[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _write_squad(path: Path, rows: list[Row]) -> None:
    paragraphs = [
        {
            "context": row["context"],
            "qas": [{"id": f"q{number}", "question": row["question"], "answers": row["answers"]}],
        }
        for number, row in enumerate(rows)
    ]
    path.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}), encoding="utf-8")


def write_model(folder: Path) -> None:
    """Write a BERT of four layers of width 32, with random weights, and its tokenizer."""
    import torch  # noqa: PLC0415  # most tests of the command line need none
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast  # noqa: PLC0415

    tokenizer = _tokenizer()
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        BertModel(config).save_pretrained(folder)
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **dict(zip(names, SPECIAL, strict=True)),
    ).save_pretrained(folder)


def _tokenizer() -> Tokenizer:
    rows = [*topic_rows(), *match_rows(), *rating_rows(), *city_rows()]
    keys = ("text", "first", "second", "context", "question")
    words = {word for row in rows for key in keys for word in row.get(key, "").split()}
    letters = {mark + letter for letter in "abcdefghijklmnopqrstuvwxyz" for mark in ("", "##")}
    vocabulary = [*SPECIAL, *sorted(words | letters)]
    tokenizer = Tokenizer(
        models.WordPiece(
            {word: index for index, word in enumerate(vocabulary)},
            unk_token="[UNK]",  # noqa: S106  # no password
        )
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer
