"""From logits to answers: known answers over one and several windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from distill.data import TaskData, decode, merge_windows, prediction_rows, row_outputs
from distill.soft_labels import NO_ANSWER

if TYPE_CHECKING:
    from numpy.typing import NDArray

MakeData = Callable[..., TaskData]
SPAN = {"kind": "span_extraction", "labels": (), "pair": True}
LOW = -50.0


def question(context: str) -> dict[str, Any]:
    return {"question": "who", "context": context, "answer_texts": ["a"], "answer_starts": [0]}


@pytest.fixture
def one(make_data: MakeData) -> Callable[..., TaskData]:
    """Return a function that asks about `a b c d e`: tokens 3 to 7 after [CLS] who [SEP]."""
    return lambda **changes: make_data([question("a b c d e")], **{**SPAN, **changes})


@pytest.fixture
def three_windows(make_data: MakeData) -> Callable[..., TaskData]:
    """Return a function that cuts eighteen letters into windows of eight that share three.

    [CLS] who [SEP] stand before them: a letter's token is 3 plus its place in the window.
    """

    def make(**changes: Any) -> TaskData:
        size = {"max_length": 12, "stride": 3}
        data = make_data(
            [question("a b c d e f g h i j k l m n o p q r")], **{**SPAN, **size, **changes}
        )
        assert [data.chars(feature)[0].max() // 2 for feature in range(3)] == [7, 12, 17]
        assert data.lengths.tolist() == [12, 12, 12]
        return data

    return make


def logits_of(
    data: TaskData, *, start: dict[tuple[int, int], float], end: dict[tuple[int, int], float]
) -> list[NDArray[np.float32]]:
    """Return logits that are low but for the given (feature, token) pairs."""
    made = [np.full((length, 2), LOW, dtype=np.float32) for length in data.lengths]
    for side, values in enumerate((start, end)):
        for (feature, token), value in values.items():
            made[feature][token, side] = value
    return made


def test_the_best_pair_of_start_and_end_is_the_answer(one: Callable[..., TaskData]) -> None:
    data = one()

    assert decode(data, row_outputs(data, logits_of(data, start={(0, 4): 5}, end={(0, 6): 5}))) == [
        "b c d"
    ]


def test_an_answer_does_not_end_before_it_starts(one: Callable[..., TaskData]) -> None:
    data = one()
    logits = logits_of(data, start={(0, 6): 5, (0, 3): 1}, end={(0, 4): 5, (0, 7): 2})

    # d..b is worth 10 but runs backwards; d..e is 7, a..b is 6
    assert decode(data, row_outputs(data, logits)) == ["d e"]


@pytest.mark.parametrize(("longest", "answer"), [(1, "d"), (2, "c d"), (3, "b c d"), (9, "b c d")])
def test_an_answer_has_no_more_tokens_than_allowed(
    one: Callable[..., TaskData], longest: int, answer: str
) -> None:
    data = one(max_answer_length=longest)
    logits = logits_of(data, start={(0, 4): 9, (0, 5): 6, (0, 6): 3}, end={(0, 6): 9})

    assert decode(data, row_outputs(data, logits)) == [answer]


def test_question_and_special_tokens_are_never_the_answer(one: Callable[..., TaskData]) -> None:
    data = one()
    logits = logits_of(data, start={(0, 1): 90, (0, 2): 90, (0, 5): 1}, end={(0, 8): 90, (0, 5): 1})

    assert decode(data, row_outputs(data, logits)) == ["c"]


def test_the_best_window_gives_the_answer(three_windows: Callable[..., TaskData]) -> None:
    data = three_windows()
    start = {(0, 4): 3.0, (1, 6): 5.0, (2, 5): 4.0}
    end = {(0, 5): 3.0, (1, 7): 4.5, (2, 5): 5.0}

    # window 1 begins at the sixth letter: tokens 6 and 7 are i and j; scores are 6, 9.5 and 9
    assert decode(data, row_outputs(data, logits_of(data, start=start, end=end))) == ["i j"]


def test_a_start_and_an_end_of_different_windows_make_no_answer(
    three_windows: Callable[..., TaskData],
) -> None:
    data = three_windows()
    logits = logits_of(data, start={(0, 3): 20.0, (1, 5): 4.0}, end={(2, 11): 20.0, (1, 5): 4.0})

    # window 0 has 20 + LOW, window 1 has 8
    assert decode(data, row_outputs(data, logits)) == ["h"]


@pytest.mark.parametrize(
    ("unanswerable", "null", "answer"),
    [(True, 10.5, ""), (True, 9.5, "b"), (False, 10.5, "b")],
)
def test_no_answer_wins_only_where_a_task_has_unanswerable_questions(
    one: Callable[..., TaskData], unanswerable: bool, null: float, answer: str
) -> None:
    data = one(unanswerable=unanswerable)
    half = null / 2
    logits = logits_of(data, start={(0, 4): 5, (0, 0): half}, end={(0, 4): 5, (0, 0): half})

    assert decode(data, row_outputs(data, logits)) == [answer]


@pytest.mark.parametrize(("smallest", "answer"), [(9.0, "b"), (11.0, "")])
def test_the_window_that_is_least_sure_of_no_answer_counts(
    three_windows: Callable[..., TaskData], smallest: float, answer: str
) -> None:
    data = three_windows(unanswerable=True)
    null = {(0, 0): 30.0, (1, 0): smallest / 2, (2, 0): 40.0}
    logits = logits_of(data, start={(0, 4): 5.0, **null}, end={(0, 4): 5.0, **null})

    assert decode(data, row_outputs(data, logits)) == [answer]


def test_the_threshold_moves_the_odds_at_which_nothing_is_answered(
    one: Callable[..., TaskData],
) -> None:
    data = one(unanswerable=True)
    logits = logits_of(data, start={(0, 4): 5, (0, 0): 6}, end={(0, 4): 5, (0, 0): 6})

    assert row_outputs(data, logits).no_answer_odds.tolist() == [2.0]
    assert decode(data, row_outputs(data, logits), threshold=1.9) == [""]
    assert decode(data, row_outputs(data, logits), threshold=2.0) == ["b"]


def test_the_n_best_list_has_each_text_once_best_first(one: Callable[..., TaskData]) -> None:
    data = one()
    logits = logits_of(data, start={(0, 4): 5, (0, 5): 3}, end={(0, 5): 5, (0, 6): 4})

    (best,) = row_outputs(data, logits).best

    assert [(span.text, span.score) for span in best][:4] == [
        ("b c", 10.0),
        ("b c d", 9.0),
        ("c", 8.0),
        ("c d", 7.0),
    ]


def test_rows_keep_their_own_answers(make_data: MakeData) -> None:
    data = make_data([question("a b"), question("c d")], **SPAN)
    logits = logits_of(data, start={(0, 3): 1, (1, 4): 9}, end={(0, 4): 1, (1, 4): 9})

    assert decode(data, row_outputs(data, logits)) == ["a b", "d"]


def test_answers_are_cut_from_the_text_as_it_was(make_data: MakeData) -> None:
    data = make_data([question("Émile  Sat")], **SPAN)
    logits = logits_of(data, start={(0, 3): 1}, end={(0, int(data.lengths[0]) - 2): 1})

    assert decode(data, row_outputs(data, logits)) == ["Émile  Sat"]


def test_overlapping_windows_merge_to_the_largest_score_per_character(
    three_windows: Callable[..., TaskData],
) -> None:
    data = three_windows()
    generator = np.random.default_rng(0)
    logits = [generator.normal(size=(length, 2)).astype(np.float32) for length in data.lengths]

    merged = merge_windows(data, logits)

    for side, name in enumerate(("start", "end")):
        best: dict[int, float] = {NO_ANSWER: min(float(window[0, side]) for window in logits)}
        for feature, window in enumerate(logits):
            for token, char in enumerate(data.chars(feature)[side].tolist()):
                if char >= 0:
                    best[char] = max(best.get(char, -np.inf), float(window[token, side]))
        found = merged[name]
        assert found.rows.tolist() == [0, len(best)] == [0, 19]
        assert found.chars.tolist() == sorted(best)
        assert found.logits.tolist() == [best[char] for char in sorted(best)]
        assert found.chars.dtype == np.int32


def test_merged_rows_stand_one_after_the_other(make_data: MakeData) -> None:
    data = make_data([question("a b"), question("c d e")], **SPAN)
    logits = [np.arange(length * 2, dtype=np.float32).reshape(length, 2) for length in data.lengths]

    merged = merge_windows(data, logits)

    assert merged["start"].rows.tolist() == [0, 3, 7]
    assert merged["start"].chars.tolist() == [NO_ANSWER, 0, 2, NO_ANSWER, 0, 2, 4]
    assert merged["end"].chars.tolist() == [NO_ANSWER, 1, 3, NO_ANSWER, 1, 3, 5]
    assert merged["end"].logits.tolist() == [1, 7, 9, 1, 7, 9, 11]


def test_classes_and_values_are_decoded_by_kind(make_data: MakeData) -> None:
    rows = [{"text": "a", "label": 0}, {"text": "b", "label": 1}]
    logits = [np.array([0.1, 0.2]), np.array([3.0, -1.0])]
    values = [np.array([2.5]), np.array([-0.5])]

    classes = make_data(rows)
    found = decode(classes, row_outputs(classes, logits))
    assert np.asarray(found).tolist() == [1, 0]
    numbers = make_data(rows, kind="regression", labels=())
    found = decode(numbers, row_outputs(numbers, values))
    assert np.asarray(found).tolist() == [2.5, -0.5]


def test_predictions_name_their_labels(make_data: MakeData) -> None:
    data = make_data([{"text": "a", "label": 0}])

    found = prediction_rows(data, row_outputs(data, [np.array([0.0, np.log(3)])]))

    assert found == [{"id": "0", "prediction": "yes", "probabilities": {"no": 0.25, "yes": 0.75}}]
    data = make_data([{"text": "a", "label": 0}], kind="regression", labels=())
    value = prediction_rows(data, row_outputs(data, [np.array([2.5])]))
    assert value == [{"id": "0", "prediction": 2.5}]
