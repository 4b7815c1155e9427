"""Tokens, windows and where answers stand in them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill.data import encode, encode_rows
from distill.data.encode import answer_tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

LONG = " ".join(f"word{number:03d}" for number in range(40))
WORDS = st.lists(
    st.sampled_from(["the", "cat", "sat", "a", "x1", "seeing", "Émile", "naïve", "東京", "what?"])
)


def span_rows(*rows: tuple[str, str, str | None]) -> pa.Table:
    """Return rows of question, context and answer; the answer stands where it is found first."""
    return pa.table(
        {
            "question": [question for question, _, _ in rows],
            "context": [context for _, context, _ in rows],
            "answer_texts": pa.array(
                [[] if text is None else [text] for *_, text in rows], pa.list_(pa.string())
            ),
            "answer_starts": pa.array(
                [[] if text is None else [context.index(text)] for _, context, text in rows],
                pa.list_(pa.int32()),
            ),
        }
    )


def windows(
    tokenizer: PreTrainedTokenizerFast, rows: pa.Table, *, max_length: int = 24, stride: int = 4
) -> list[dict[str, Any]]:
    table = encode_rows("span_extraction", rows, tokenizer, max_length=max_length, stride=stride)
    return table.to_pylist()


def spans_of(window: dict[str, Any]) -> list[tuple[int, int]]:
    """Return the characters of each context token."""
    pairs = zip(window["char_start"], window["char_end"], strict=True)
    return [pair for pair in pairs if pair[0] >= 0]


def test_the_longer_text_of_a_pair_is_cut_first(tokenizer: PreTrainedTokenizerFast) -> None:
    rows = pa.table({"text": ["cat " * 3, "cat " * 20], "text_pair": ["sat " * 20, "sat " * 2]})

    found = encode_rows("classification", rows, tokenizer, max_length=12, stride=4)

    cat, sat = tokenizer.convert_tokens_to_ids(["cat", "sat"])
    counts = [(ids.count(cat), ids.count(sat)) for ids in found["input_ids"].to_pylist()]
    assert counts == [(3, 6), (7, 2)]


def test_the_second_text_has_its_own_token_type(tokenizer: PreTrainedTokenizerFast) -> None:
    pair = pa.table({"text": ["the cat"], "text_pair": ["sat"]})
    single = pa.table({"text": ["the cat"]})

    def types(rows: pa.Table) -> list[int]:
        found = encode_rows("classification", rows, tokenizer, max_length=12, stride=4)
        return found["token_type_ids"].to_pylist()[0]

    assert types(pair) == [0, 0, 0, 0, 1, 1]  # [CLS] the cat [SEP] sat [SEP]
    assert types(single) == [0, 0, 0, 0]


def test_rows_count_on_over_chunks(
    tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = span_rows(
        *[
            ("who", LONG if number % 2 else "the cat", "cat" if not number % 2 else None)
            for number in range(7)
        ]
    )
    whole = encode_rows("span_extraction", rows, tokenizer, max_length=24, stride=4)

    monkeypatch.setattr(encode, "CHUNK", 3)

    assert encode_rows("span_extraction", rows, tokenizer, max_length=24, stride=4).equals(whole)
    assert sorted(set(whole["row"].to_pylist())) == list(range(7))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(question=WORDS, context=WORDS, max_length=st.integers(16, 40), stride=st.integers(1, 64))
def test_windows_cover_the_context_and_share_the_stride(
    tokenizer: PreTrainedTokenizerFast,
    question: list[str],
    context: list[str],
    max_length: int,
    stride: int,
) -> None:
    text = " ".join(context)
    found = windows(
        tokenizer, span_rows((" ".join(question), text, None)), max_length=max_length, stride=stride
    )

    covered = np.zeros(len(text), dtype=bool)
    for window in found:
        for begin, end in spans_of(window):
            covered[begin:end] = True
        assert len(window["input_ids"]) <= max_length
    assert all(covered[place] for place in range(len(text)) if text[place] != " ")
    shared = min(stride, max_length // 4)
    for left, right in pairwise(found):
        assert spans_of(left)[-shared:] == spans_of(right)[:shared]
        assert len(spans_of(right)) > shared  # every window adds something


def test_long_questions_leave_half_a_window_to_the_context(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    found = windows(tokenizer, span_rows((LONG, "the cat sat", "cat")), max_length=16, stride=64)

    assert len(found) == 1
    (window,) = found
    tokens = tokenizer.convert_ids_to_tokens(window["input_ids"])
    assert tokens == [
        "[CLS]",
        *["w", "##o", "##r", "##d", "##0", "##0", "##0", "w"],
        "[SEP]",
        "the",
        "cat",
        "sat",
        "[SEP]",
    ]


@pytest.mark.parametrize("text", ["word000", "word020", "word039", "word013 word014"])
def test_the_answers_text_is_found_again_in_every_window_that_holds_it(
    tokenizer: PreTrainedTokenizerFast, text: str
) -> None:
    found = windows(tokenizer, span_rows(("who sat?", LONG, text)), max_length=40, stride=16)
    begin = LONG.index(text)
    holding = 0
    for window in found:
        inside = spans_of(window)
        first, last = window["answer"]
        if inside[0][0] <= begin and inside[-1][1] >= begin + len(text):
            holding += 1
            assert LONG[window["char_start"][first] : window["char_end"][last]] == text
        else:
            assert (first, last) == (0, 0)
    assert 0 < holding < len(found)


@pytest.mark.parametrize(
    ("context", "text"),
    [
        ("Émile sat", "Émile"),  # one letter that the normaliser turns into two, then one
        ("the cat E\u0301mile sat", "E\u0301mile"),
        ("über 東京 cat", "東京"),
        ("a \U0001f600 cat", "\U0001f600"),
        ("the cat.", "cat"),
    ],
)
def test_offsets_count_characters_of_the_text_as_it_was(
    tokenizer: PreTrainedTokenizerFast, context: str, text: str
) -> None:
    (window,) = windows(tokenizer, span_rows(("who", context, text)))
    first, last = window["answer"]

    assert context[window["char_start"][first] : window["char_end"][last]] == text


def test_an_answer_within_a_word_takes_its_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    (window,) = windows(tokenizer, span_rows(("who", "the seeing", "see")))
    first, last = window["answer"]

    assert "the seeing"[window["char_start"][first] : window["char_end"][last]] == "see"


# a window over characters 10 to 30; tokens 0, 1 and 6 are [CLS], [SEP] and [SEP]
STARTS, ENDS = np.array([-1, -1, 10, 15, 20, 25, -1]), np.array([-1, -1, 14, 19, 24, 30, -1])


@pytest.mark.parametrize(
    ("gold", "tokens"),
    [
        ((10, 14), (2, 2)),  # at the left edge
        ((25, 30), (5, 5)),  # at the right edge
        ((10, 30), (2, 5)),  # all of the window
        ((16, 22), (3, 4)),  # within words
        ((9, 14), (0, 0)),  # one character too early
        ((25, 31), (0, 0)),  # one character too late
        ((0, 5), (0, 0)),
        ((40, 45), (0, 0)),
        ((14, 15), (0, 0)),  # a space, which no token covers
        (None, (0, 0)),
    ],
)
def test_answer_tokens_by_hand(gold: tuple[int, int] | None, tokens: tuple[int, int]) -> None:
    assert answer_tokens(STARTS, ENDS, gold) == tokens


def test_a_window_without_context_has_no_answer() -> None:
    assert answer_tokens(np.array([-1, -1]), np.array([-1, -1]), (0, 1)) == (0, 0)


def test_the_first_gold_answer_is_the_one_to_learn(tokenizer: PreTrainedTokenizerFast) -> None:
    rows = pa.table(
        {
            "question": ["who"],
            "context": ["the cat sat"],
            "answer_texts": [["sat", "cat"]],
            "answer_starts": [[8, 4]],
        }
    )
    (window,) = windows(tokenizer, rows)

    assert tokenizer.decode([window["input_ids"][window["answer"][0]]]) == "sat"
