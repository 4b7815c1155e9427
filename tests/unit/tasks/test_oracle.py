"""The greedy oracle against rouge-score itself."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from rouge_score.rouge_scorer import RougeScorer

from distill.tasks.oracle import with_oracle

WORDS = ["run", "running", "cats", "cat", "on", "a", "mat", "Tables", "1,000", "naïve", "—"]


def labels(sentences: list[str], summaries: list[str], most: int) -> list[int]:
    table = pa.table({"sentences": [sentences], "summaries": [summaries]})
    (label,) = with_oracle(table, most, "mine")["label"].to_pylist()
    return list(label)


def mean_rouge(sentences: list[str], label: list[int], summaries: list[str]) -> float:
    """Return what the oracle maximises, by rouge-score."""
    scorer = RougeScorer(["rouge1", "rouge2"], use_stemmer=True)
    chosen = " ".join(text for text, taken in zip(sentences, label, strict=True) if taken)
    scores = [scorer.score(summary, chosen) for summary in summaries]
    return max((each["rouge1"].fmeasure + each["rouge2"].fmeasure) / 2 for each in scores)


def greedy(sentences: list[str], summaries: list[str], most: int) -> list[int]:
    """Choose as the oracle should, with rouge-score for every candidate."""
    label, best = [0] * len(sentences), 0.0
    for _ in range(most):
        trials = [
            (mean_rouge(sentences, trial, summaries), trial)
            for place in range(len(sentences))
            if not label[place]
            for trial in [[*label[:place], 1, *label[place + 1 :]]]
        ]
        score, trial = max(trials, key=lambda each: round(each[0], 12), default=(0.0, label))
        if score <= best + 1e-12:
            break
        label, best = trial, score
    return label


@pytest.mark.parametrize("seed", range(30))
def test_choice_is_that_of_rouge_score(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311

    def sentence() -> str:
        return " ".join(draw.choices(WORDS, k=draw.randint(1, 8)))

    sentences = [sentence() for _ in range(draw.randint(1, 7))]
    summaries = [sentence() for _ in range(draw.randint(1, 3))]
    most = draw.randint(1, 4)

    found = labels(sentences, summaries, most)

    # equal scores up to rounding: sums of the same fractions in another order
    assert mean_rouge(sentences, found, summaries) == pytest.approx(
        mean_rouge(sentences, greedy(sentences, summaries, most), summaries), abs=1e-12
    )
    assert sum(found) <= most


def test_search_stops_when_no_sentence_raises_the_score() -> None:
    assert labels(["the cat sat", "a dog ran off"], ["the cat sat"], 3) == [1, 0]


def test_first_of_equal_sentences_is_taken() -> None:
    assert labels(["x y", "a b", "a b"], ["a b"], 2) == [0, 1, 0]


def test_best_reference_counts() -> None:
    assert labels(["a b", "c d"], ["c d", "q"], 1) == [0, 1]


def test_document_without_a_word_of_the_summary_has_no_oracle() -> None:
    assert labels(["a b", "c d"], ["x y"], 2) == [0, 0]
    assert labels(["—", "!"], ["x y"], 2) == [0, 0]


def test_words_are_compared_by_their_stems() -> None:
    assert labels(["nothing here", "the cats were running"], ["running cat"], 1) == [0, 1]
    assert labels(["nothing here", "run, CATS"], ["running cat"], 1) == [0, 1]
