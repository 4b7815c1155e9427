"""Stage data: one task's rows, read, checked and tokenised once, with a data card."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import AutoTokenizer

from distill.data import (
    balanced_weights,
    card_markdown,
    describe_split,
    encode_rows,
    log_odds,
    write_split,
)
from distill.recipe import Task
from distill.stages.shared import describe_task
from distill.store import write_json
from distill.tasks import Splits, TaskSpec, read_rows, resolve

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from distill.data import TaskInfo
    from distill.stages.job import Job


def run(job: Job) -> None:
    """Write rows and features of every split, `task.json`, the tokenizer and the card.

    Raises:
        DataError: rows are missing, malformed, or stand in both splits.
    """
    spec = _spec(job)
    tokenizer = AutoTokenizer.from_pretrained(job.locations["tokenizer"])
    read = read_rows(spec, job.settings["seed"])
    info = _info(spec, read, tokenizer)
    splits = {"train": read.train, "validation": read.validation, **read.also}
    card: dict[str, Any] = {"task": spec.name, "kind": spec.kind, "warnings": list(read.warnings)}
    card["splits"] = {}
    for split, rows in splits.items():
        features = encode_rows(
            spec.kind, rows, tokenizer, max_length=spec.max_length, stride=spec.stride
        )
        write_split(job.out, split, rows, features)
        card["splits"][split] = describe_split(info, rows, features)
    info.write(job.out)
    tokenizer.save_pretrained(job.out / "tokenizer")
    write_json(job.out / "card.json", card)
    (job.out / "card.md").write_text(card_markdown(card), encoding="utf-8")


def _spec(job: Job) -> TaskSpec:
    section = Task.model_validate_json(json.dumps(job.locations["section"]))
    root = job.locations["data_root"]
    return resolve(
        job.name,
        section,
        base=Path(job.locations["base"]),
        data_root=None if root is None else Path(root),
    )


def _info(spec: TaskSpec, splits: Splits, tokenizer: PreTrainedTokenizerBase) -> TaskInfo:
    spans = spec.kind == "span_extraction"
    info = describe_task(
        spec,
        tokenizer,
        unanswerable=spans and not all(splits.train["answer_texts"].to_pylist()),
    )
    balanced = spec.class_weights == "balanced"
    return replace(
        info,
        rows_fingerprint=hashlib.sha256(
            splits.train["example_id"].to_numpy().tobytes()
        ).hexdigest(),
        also=tuple(splits.also),
        head_bias=log_odds(info, splits.train),
        class_weights=balanced_weights(spec.labels, splits.train) if balanced else (),
    )
