"""Label order is matched by name."""

from __future__ import annotations

import numpy as np
import pytest

from teachers import label_order

TASK = ["entailment", "neutral", "contradiction"]


@pytest.mark.parametrize(
    ("checkpoint", "order"),
    [
        (["entailment", "neutral", "contradiction"], [0, 1, 2]),  # GLUE's own
        (["contradiction", "entailment", "neutral"], [1, 2, 0]),  # cross-encoders' and others'
        (["contradiction", "neutral", "entailment"], [2, 1, 0]),  # fairseq's RoBERTa and BART
    ],
)
def test_the_orders_that_mnli_is_found_in(checkpoint: list[str], order: list[int]) -> None:
    assert label_order(dict(enumerate(checkpoint)), TASK) == order


def test_columns_picked_by_the_order_are_the_tasks() -> None:
    logits = np.array([[0.1, 0.9, 0.5]])  # contradiction, entailment, neutral

    picked = logits[:, label_order({0: "contradiction", 1: "entailment", 2: "neutral"}, TASK)]

    assert picked.tolist() == [[0.9, 0.5, 0.1]]


def test_case_does_not_matter_and_the_index_decides_and_not_the_place() -> None:
    assert label_order({2: "NEUTRAL", 0: "Entailment", 1: "ContraDiction"}, TASK) == [0, 2, 1]


@pytest.mark.parametrize("names", [["LABEL_0", "LABEL_1"], ["label_0", "label_1"]])
def test_labels_without_names_are_refused_even_when_their_number_fits(names: list[str]) -> None:
    with pytest.raises(ValueError, match="order cannot be known; name them in the recipe"):
        label_order(dict(enumerate(names)), ["no", "yes"])


@pytest.mark.parametrize(
    "names",
    [
        ["entailment", "not_entailment"],
        ["entailment", "neutral"],
        ["entailment", "neutral", "contradiction", "other"],
        ["entailment", "neutral", "neutral"],
        ["entailment", "LABEL_1", "LABEL_2"],
    ],
)
def test_other_names_are_refused_and_both_sides_named(names: list[str]) -> None:
    with pytest.raises(ValueError, match="its labels are entailment, ") as caught:
        label_order(dict(enumerate(names)), TASK)

    assert ", ".join(names) in str(caught.value)
    assert ", ".join(TASK) in str(caught.value)
