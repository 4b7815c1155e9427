"""Official SQuAD answers, where a machine has them: DISTILL_DATA_ROOT=DIR."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from distill.metrics import interval, measure
from distill.recipe import KINDS

ROOT = os.environ.get("DISTILL_DATA_ROOT")


def gold_answers(name: str) -> list[list[str]]:
    with gzip.open(Path(str(ROOT)) / name / "validation.json.gz", "rt", encoding="utf-8") as file:
        articles = json.load(file)["data"]
    return [
        [answer["text"] for answer in question["answers"]]
        for article in articles
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]


@pytest.mark.skipif(ROOT is None, reason="DISTILL_DATA_ROOT is not set")
@pytest.mark.parametrize(("name", "unanswerable"), [("squad", 0), ("squad_v2", 5945)])
def test_perfect_answers_score_100_and_empty_ones_the_unanswerable(
    name: str, unanswerable: int
) -> None:
    golds = gold_answers(name)
    metrics = KINDS["span_extraction"].metrics[:2]

    perfect = measure(
        "span_extraction", metrics, [texts[0] if texts else "" for texts in golds], golds
    )
    empty = measure("span_extraction", metrics, [""] * len(golds), golds)

    assert perfect.scores == {"exact_match": 100.0, "f1": 100.0}
    assert all(interval(values) == (100.0, 100.0) for values in perfect.draws.values())
    assert [*empty.scores.values()] == pytest.approx([100 * unanswerable / len(golds)] * 2)
