"""Stage data: one task's rows, read, checked and tokenised once, with a data card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from transformers import AutoTokenizer

from distill.data import TaskInfo, encode_rows, write_split
from distill.recipe import Task
from distill.tasks import Splits, TaskSpec, read_rows, resolve

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

    from distill.stages.job import Job


def run(job: Job) -> None:
    """Write rows and features of both splits, `task.json`, the tokenizer and the card.

    Raises:
        DataError: rows are missing, malformed, or stand in both splits.
    """
    spec = _spec(job)
    tokenizer = AutoTokenizer.from_pretrained(job.locations["tokenizer"])
    splits = read_rows(spec, job.settings["seed"])
    card: dict[str, Any] = {"task": spec.name, "kind": spec.kind, "warnings": list(splits.warnings)}
    for split, rows in (("train", splits.train), ("validation", splits.validation)):
        features = encode_rows(
            spec.kind, rows, tokenizer, max_length=spec.max_length, stride=spec.stride
        )
        write_split(job.out, split, rows, features)
        card[split] = _describe(spec, rows, features)
    _info(spec, splits, tokenizer).write(job.out)
    tokenizer.save_pretrained(job.out / "tokenizer")
    (job.out / "card.json").write_text(
        json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (job.out / "card.md").write_text(_markdown(card), encoding="utf-8")


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
    return TaskInfo(
        name=spec.name,
        kind=spec.kind,
        labels=spec.labels,
        pair=spec.is_pair,
        metrics=spec.metrics,
        score=spec.score,
        max_length=spec.max_length,
        stride=spec.stride,
        max_answer_length=spec.max_answer_length,
        unanswerable=spans and not all(splits.train["answer_texts"].to_pylist()),
        rows_fingerprint=hashlib.sha256(
            splits.train["example_id"].to_numpy().tobytes()
        ).hexdigest(),
        pad_token_id=int(tokenizer.pad_token_id or 0),
        token_types="token_type_ids" in tokenizer.model_input_names,
    )


def _describe(spec: TaskSpec, rows: pa.Table, features: pa.Table) -> dict[str, Any]:
    lengths = np.asarray([len(ids) for ids in features["input_ids"].combine_chunks()])
    counts: NDArray[np.int64] | list[int] = (
        np.bincount(rows["label"].to_numpy(), minlength=len(spec.labels)) if spec.labels else []
    )
    return {
        "rows": rows.num_rows,
        "features": features.num_rows,
        "tokens": int(lengths.sum()),
        "length_percentiles": {str(p): int(np.percentile(lengths, p)) for p in (5, 50, 95, 100)},
        "at_max_length": int((lengths >= spec.max_length).sum()),
        "labels": {name: int(count) for name, count in zip(spec.labels, counts, strict=True)},
    }


def _markdown(card: dict[str, Any]) -> str:
    lines = [
        f"# Data of {card['task']} ({card['kind']})",
        "",
        "| | train | validation |",
        "| --- | ---: | ---: |",
    ]
    lines += [
        f"| {key.replace('_', ' ')} | {card['train'][key]} | {card['validation'][key]} |"
        for key in ("rows", "features", "tokens", "at_max_length")
    ]
    for key, title in (("length_percentiles", "length, percentile"), ("labels", "label")):
        for name, value in card["train"][key].items():
            lines.append(f"| {title} {name} | {value} | {card['validation'][key][name]} |")
    return (
        "\n".join([*lines, "", *(f"- {warning}" for warning in card["warnings"])]).rstrip() + "\n"
    )
