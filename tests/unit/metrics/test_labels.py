"""The threshold above which labels are given, against trying every one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill.metrics import best_label_threshold, score_task


def micro_f1(logits: np.ndarray, labels: np.ndarray, threshold: float) -> float:
    given_labels = (logits > threshold).astype(int)
    return score_task("multi_label", ["micro_f1"], given_labels, labels)["micro_f1"]


def test_labels_above_the_gap_are_given() -> None:
    logits = np.array([[-1.0, -3.0], [-4.0, -1.5]])
    labels = np.array([[1, 0], [0, 1]])

    # at 0 no label is given; between -1.5 and -3 exactly the right ones
    assert best_label_threshold(logits, labels) == -3.0
    assert micro_f1(logits, labels, -3.0) == 100.0


def test_every_label_is_given_where_all_are_right() -> None:
    logits = np.array([[2.0, -1.0]])

    assert best_label_threshold(logits, np.array([[1, 1]])) < -1.0


def test_equal_logits_stay_together() -> None:
    logits = np.array([[1.0, 1.0], [0.0, 0.0]])
    labels = np.array([[1, 0], [0, 0]])

    assert best_label_threshold(logits, labels) == 0.0


@given(
    st.lists(
        st.tuples(st.sampled_from([-2.0, -1.0, 0.0, 0.5, 3.0]), st.booleans()),
        min_size=4,
        max_size=12,
    ).filter(lambda cells: len(cells) % 2 == 0 and any(gold for _, gold in cells))
)
def test_no_threshold_is_better(cells: list[tuple[float, bool]]) -> None:
    logits = np.array([logit for logit, _ in cells]).reshape(-1, 2)
    labels = np.array([gold for _, gold in cells], int).reshape(-1, 2)

    found = micro_f1(logits, labels, best_label_threshold(logits, labels))

    tried = [micro_f1(logits, labels, threshold) for threshold in (-9, -2, -1, 0, 0.5, 3)]
    assert found == pytest.approx(max(tried), rel=1e-12)
