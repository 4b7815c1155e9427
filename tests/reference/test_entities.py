"""Entity F1 against a plain reader of IOB tags, as `conlleval` has them."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from distill.metrics import score_task

Entity = tuple[str, int, int]
Rows = list[list[tuple[str, str]]]

# evaluate sets up an Arrow table for each call, a few milliseconds
many = settings(deadline=None, max_examples=100)


def entities(tags: list[str]) -> set[Entity]:
    """Return type, first and last word: B- opens one, I- goes on with its type or opens one."""
    found: list[Entity] = []
    for word, tag in enumerate(tags):
        if tag == "O":
            continue
        mark, kind = tag.split("-", 1)
        goes_on = mark == "I" and found and found[-1][0] == kind and found[-1][2] == word - 1
        first = found.pop()[1] if goes_on else word
        found.append((kind, first, word))
    return {*found}


def tagging(given_tags: list[list[str]], expected_tags: list[list[str]]) -> dict[str, float]:
    pairs = [*zip(given_tags, expected_tags, strict=True)]
    both = sum(len(entities(one) & entities(other)) for one, other in pairs)
    each = sum(len(entities(tags)) for pair in pairs for tags in pair)
    words = [one == other for pair in pairs for one, other in zip(*pair, strict=True)]
    return {
        "entity_f1": 200 * both / each if each else 0.0,
        "accuracy": 100 * sum(words) / len(words),
    }


TAGS = st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-creative-work"])
SENTENCES = st.lists(
    st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=8), min_size=1, max_size=6
)


@many
@given(SENTENCES)
@example([[("O", "O")]])
@example([[("O", "B-PER")]])
@example([[("B-PER", "O")]])
@example([[("B-PER", "I-PER"), ("I-PER", "B-PER")]])
@example([[("B-PER", "B-PER"), ("I-LOC", "I-PER"), ("I-LOC", "I-PER")]])
@example([[("B-PER", "B-PER")], [("I-PER", "I-PER")]])
@example([[("B-PER", "B-PER"), ("B-PER", "I-PER"), ("I-PER", "I-PER")]])
def test_tagging_equals_a_plain_reader(rows: Rows) -> None:
    predictions = [[given_tag for given_tag, _ in row] for row in rows]
    references = [[expected_tag for _, expected_tag in row] for row in rows]
    expected = tagging(predictions, references)
    scores = score_task("tagging", ["entity_f1", "accuracy"], predictions, references)
    # both sides add up in another order
    assert scores == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_tagging_by_hand() -> None:
    references = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-LOC"]]
    predictions = [["B-PER", "I-PER", "O", "B-PER"], ["O", "O"]]
    # one entity of two is right, one of three is found; four words of six
    scores = score_task("tagging", ["entity_f1", "accuracy"], predictions, references)
    assert scores == pytest.approx({"entity_f1": 40.0, "accuracy": 100 * 4 / 6})


def test_parts_of_speech_have_an_accuracy() -> None:
    assert score_task("tagging", ["accuracy"], [["NOUN", "VERB"]], [["NOUN", "ADV"]]) == {
        "accuracy": 50.0
    }
