"""Losses against gold labels, and which loss each kind has.

Shapes: B batch, C classes, T tokens.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from distill.losses import (
    MASKED,
    binary_soft_target_loss,
    class_loss,
    hard_loss,
    logit_mse,
    multi_label_loss,
    regression_loss,
    soft_loss,
    soft_target_loss,
    span_logit_mse,
    span_loss,
    span_soft_target_loss,
)


def logits(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


MASK_BT = torch.tensor([[1, 0, 1, 1, 0], [1, 0, 0, 1, 1]]).bool()


def test_class_loss_of_a_guess_is_the_logarithm_of_the_number_of_classes() -> None:
    # rel: one logarithm in float32
    assert class_loss(torch.zeros(4, 3), torch.tensor([0, 1, 2, 0])).item() == pytest.approx(
        math.log(3), rel=1e-6
    )


def test_a_regression_of_b_by_one_against_b_does_not_become_b_by_b() -> None:
    values_B1, labels_B = torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([1.0, 2.0, 4.0])

    assert regression_loss(values_B1, labels_B) == 0  # B x B pairs would cost 28 / 9
    assert regression_loss(values_B1 + 2, labels_B) == 4


def test_a_regression_of_one_row_keeps_its_batch() -> None:
    assert regression_loss(torch.tensor([[1.0]]), torch.tensor([3.0])) == 4


def test_a_window_without_the_answer_points_at_the_first_token() -> None:
    logits_BT2 = torch.zeros(1, 5, 2)
    logits_BT2[0, 0] = 3.0
    right = math.exp(3) / (math.exp(3) + 2)  # two more positions are in the mask

    loss = span_loss(logits_BT2, torch.tensor([[0, 0]]), MASK_BT[:1])

    # rel: an exponential and a logarithm in float32
    assert loss.item() == pytest.approx(-math.log(right), rel=1e-6)


def test_start_and_end_weigh_the_same() -> None:
    logits_BT2, positions_B2 = logits(2, 5, 2), torch.tensor([[2, 3], [0, 4]])
    sides = [
        class_loss(logits_BT2[:, :, side].masked_fill(~MASK_BT, -torch.inf), positions_B2[:, side])
        for side in range(2)
    ]

    # rtol: sums in another order, float32
    torch.testing.assert_close(
        span_loss(logits_BT2, positions_B2, MASK_BT), torch.stack(sides).mean(), rtol=1e-6, atol=0
    )


def test_gold_spans_ignore_positions_outside_the_mask() -> None:
    logits_BT2, positions_B2 = logits(2, 5, 2).requires_grad_(), torch.tensor([[2, 3], [0, 4]])
    noise_BT2 = 100 * logits(2, 5, 2, seed=2) * ~MASK_BT.unsqueeze(-1)
    before = span_loss(logits_BT2, positions_B2, MASK_BT)
    before.backward()

    assert span_loss(logits_BT2 + noise_BT2, positions_B2, MASK_BT) == before
    assert logits_BT2.grad is not None
    assert (logits_BT2.grad[~MASK_BT] == 0).all()


CLASSES: dict[str, Any] = {"labels": torch.tensor([0, 2]), "teacher_logits": logits(2, 3, seed=1)}
VALUES: dict[str, Any] = {
    "labels": torch.tensor([0.5, 2.0]),
    "teacher_logits": logits(2, 1, seed=1),
}
SPANS: dict[str, Any] = {
    "labels": torch.tensor([[2, 3], [0, 4]]),
    "mask": MASK_BT,
    "teacher_logits": logits(2, 5, 2, seed=1),
}


def test_each_kind_has_its_hard_loss() -> None:
    of_classes, of_values, of_spans = logits(2, 3), logits(2, 1), logits(2, 5, 2)

    assert hard_loss("classification", of_classes, CLASSES) == class_loss(
        of_classes, CLASSES["labels"]
    )
    assert hard_loss("regression", of_values, VALUES) == regression_loss(
        of_values, VALUES["labels"]
    )
    assert hard_loss("span_extraction", of_spans, SPANS) == span_loss(
        of_spans, SPANS["labels"], MASK_BT
    )


def test_each_kind_has_its_soft_loss() -> None:
    of_classes, of_values, of_spans = logits(2, 3), logits(2, 1), logits(2, 5, 2)

    def found(kind: str, given: torch.Tensor, batch: dict[str, Any], loss: str) -> torch.Tensor:
        return soft_loss(kind, given, batch, loss=loss, temperature=3.0)

    teacher = CLASSES["teacher_logits"]
    expected = soft_target_loss(of_classes, teacher, temperature=3.0)
    assert found("classification", of_classes, CLASSES, "kl") == expected
    assert found("classification", of_classes, CLASSES, "mse") == logit_mse(of_classes, teacher)
    for loss in ("kl", "mse"):  # one value has no distribution
        expected = logit_mse(of_values, VALUES["teacher_logits"])
        assert found("regression", of_values, VALUES, loss) == expected
    teacher = SPANS["teacher_logits"]
    expected = span_soft_target_loss(of_spans, teacher, MASK_BT, temperature=3.0)
    assert found("span_extraction", of_spans, SPANS, "kl") == expected
    expected = span_logit_mse(of_spans, teacher, MASK_BT)
    assert found("span_extraction", of_spans, SPANS, "mse") == expected


def test_span_mse_leaves_out_characters_the_teacher_never_scored() -> None:
    teacher_BT2 = SPANS["teacher_logits"].clone()
    teacher_BT2[0, 2, 1] = MASKED
    scored_BT = MASK_BT.clone()
    scored_BT[0, 2] = False
    student_BT2 = logits(2, 5, 2)

    found = soft_loss(
        "span_extraction",
        student_BT2,
        {**SPANS, "teacher_logits": teacher_BT2},
        loss="mse",
        temperature=1.0,
    )

    assert found == span_logit_mse(student_BT2, teacher_BT2, scored_BT)
    assert found < 100  # -1e9 squared would be 1e18


def test_a_guess_of_each_label_costs_the_logarithm_of_two() -> None:
    loss = multi_label_loss(torch.zeros(2, 3), torch.tensor([[1.0, 0, 0], [1, 1, 1]]))

    assert loss.item() == pytest.approx(math.log(2), rel=1e-6)  # one logarithm in float32


LABELS: dict[str, Any] = {
    "labels": torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]),
    "teacher_logits": logits(2, 3, seed=1),
}
TAGS: dict[str, Any] = {
    "labels": torch.tensor([[2, 0, 1, 0, 0], [1, 0, 0, 2, 2]]),
    "mask": MASK_BT,
    "teacher_logits": logits(2, 5, 3, seed=1),
}
SENTENCES: dict[str, Any] = {
    "labels": torch.tensor([[1.0, 0, 0, 1, 0], [0, 0, 0, 1, 0]]),
    "mask": MASK_BT,
    "teacher_logits": logits(2, 5, 1, seed=1),
}


def test_candidates_are_classes_of_their_row() -> None:
    given = logits(2, 3)

    assert hard_loss("multiple_choice", given, CLASSES) == class_loss(given, CLASSES["labels"])
    assert soft_loss(
        "multiple_choice", given, CLASSES, loss="kl", temperature=2.0
    ) == soft_target_loss(given, CLASSES["teacher_logits"], temperature=2.0)


def test_labels_are_independent_of_each_other() -> None:
    given = logits(2, 3)

    assert hard_loss("multi_label", given, LABELS) == multi_label_loss(given, LABELS["labels"])
    assert soft_loss(
        "multi_label", given, LABELS, loss="kl", temperature=2.0
    ) == binary_soft_target_loss(given, LABELS["teacher_logits"], temperature=2.0)


@pytest.mark.parametrize(("kind", "batch"), [("tagging", TAGS), ("extractive_summary", SENTENCES)])
@pytest.mark.parametrize("loss", ["hard", "kl", "mse"])
def test_tokens_that_stand_for_no_unit_do_not_count(
    kind: str, batch: dict[str, Any], loss: str
) -> None:
    def cost(given: torch.Tensor) -> torch.Tensor:
        if loss == "hard":
            return hard_loss(kind, given, batch)
        return soft_loss(kind, given, batch, loss=loss, temperature=2.0)

    given = logits(*batch["teacher_logits"].shape).requires_grad_()
    noise = 100 * logits(*given.shape, seed=2) * ~MASK_BT.unsqueeze(-1)
    cost(given).backward()

    assert cost(given + noise) == cost(given)
    assert given.grad is not None
    assert (given.grad[~MASK_BT] == 0).all()
    assert (given.grad[MASK_BT] != 0).all()


def test_words_weigh_the_same_whatever_their_sentence() -> None:
    given = logits(2, 5, 3)
    words = [
        class_loss(given[row, token].unsqueeze(0), TAGS["labels"][row, token].unsqueeze(0))
        for row, token in MASK_BT.nonzero().tolist()
    ]

    # rtol: sums in another order, float32
    torch.testing.assert_close(
        hard_loss("tagging", given, TAGS), torch.stack(words).mean(), rtol=1e-6, atol=0
    )


def test_a_kind_without_a_loss_is_refused() -> None:
    with pytest.raises(ValueError, match="translation"):
        hard_loss("translation", logits(2, 3), CLASSES)


def test_classes_weigh_as_asked() -> None:
    given = logits(2, 3)
    rows = [class_loss(given[[row]], CLASSES["labels"][[row]]) for row in range(2)]
    weights = torch.tensor([2.0, 1.0, 0.5])

    found = hard_loss("classification", given, {**CLASSES, "class_weights": weights})

    # labels are 0 and 2: the mean weighted by 2 and 0.5; rtol: sums in another order, float32
    torch.testing.assert_close(found, (2 * rows[0] + 0.5 * rows[1]) / 2.5, rtol=1e-6, atol=0)
