"""Losses against a teacher, where the answer is known. Shapes: B batch, C classes, T tokens."""

from __future__ import annotations

import math

import pytest
import torch

from distill.losses import (
    MASKED,
    binary_soft_target_loss,
    logit_mse,
    soft_target_loss,
    span_logit_mse,
    span_soft_target_loss,
)


def logits(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def gradient(
    student_BC: torch.Tensor, teacher_BC: torch.Tensor, temperature: float
) -> torch.Tensor:
    student_BC = student_BC.clone().requires_grad_()
    soft_target_loss(student_BC, teacher_BC, temperature=temperature).backward()
    assert student_BC.grad is not None
    return student_BC.grad


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0])
def test_equal_logits_cost_nothing(temperature: float) -> None:
    student_BC = logits(5, 3) * 10

    # both sides go through the same float32 operations, so not even a last bit differs
    assert soft_target_loss(student_BC, student_BC.clone(), temperature=temperature) == 0


def test_two_classes_at_temperature_two_by_hand() -> None:
    student_BC, teacher_BC = torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 0.0]])
    right = 1 / (1 + math.exp(-1))  # softmax([2, 0] / 2)
    by_hand = 4 * (right * math.log(right / 0.5) + (1 - right) * math.log((1 - right) / 0.5))

    # rel: float32 has 24 bits, and a handful of operations lose two or three of them
    assert soft_target_loss(student_BC, teacher_BC, temperature=2.0).item() == pytest.approx(
        by_hand, rel=1e-6
    )


def test_the_loss_is_the_mean_over_rows() -> None:
    student_BC, teacher_BC = logits(4, 3), logits(4, 3, seed=1)
    rows = [
        soft_target_loss(student_BC[[row]], teacher_BC[[row]], temperature=3.0) for row in range(4)
    ]

    whole = soft_target_loss(student_BC, teacher_BC, temperature=3.0)

    # rtol: sums in another order, float32
    torch.testing.assert_close(whole, torch.stack(rows).mean(), rtol=1e-6, atol=0)


def test_the_divergence_is_from_teacher_to_student_and_not_the_reverse() -> None:
    student_BC, teacher_BC = torch.tensor([[0.0, 0.0]]), torch.tensor([[8.0, 0.0]])

    # a certain teacher and a student that guesses: log 2; the reverse divergence is above 3
    assert soft_target_loss(student_BC, teacher_BC, temperature=1.0).item() == pytest.approx(
        math.log(2),
        abs=0.004,  # the teacher's other class has 3e-4 of the mass, and H(3e-4) is 0.003
    )


@pytest.mark.parametrize("side", ["student", "teacher"])
def test_a_constant_added_to_a_row_changes_nothing(side: str) -> None:
    student_BC, teacher_BC = logits(4, 3), logits(4, 3, seed=1)
    shift_B1 = torch.tensor([[3.0], [-8.0], [0.5], [16.0]])
    moved = (
        (student_BC + shift_B1, teacher_BC)
        if side == "student"
        else (student_BC, teacher_BC + shift_B1)
    )

    before = soft_target_loss(student_BC, teacher_BC, temperature=2.0)

    # rtol: adding 16 costs logits near 1 four of their 24 bits
    torch.testing.assert_close(soft_target_loss(*moved, temperature=2.0), before, rtol=1e-4, atol=0)


def test_the_gradients_size_hardly_depends_on_a_high_temperature() -> None:
    student_BC, teacher_BC = logits(8, 5), logits(8, 5, seed=1)

    at_20, at_40 = (gradient(student_BC, teacher_BC, value).norm() for value in (20.0, 40.0))

    # rel: the next term of the series is of order |logit| / T, 1 / 20; without T^2 the ratio is 4
    assert (at_20 / at_40).item() == pytest.approx(1.0, rel=0.05)


def test_the_high_temperature_limit_is_the_error_of_centred_logits() -> None:
    student_BC, teacher_BC = logits(8, 5), logits(8, 5, seed=1)
    difference_BC = student_BC - teacher_BC
    limit_BC = (difference_BC - difference_BC.mean(dim=1, keepdim=True)) / 5 / 8

    found_BC = gradient(student_BC, teacher_BC, 1000.0)

    # rtol: 1/T = 1e-3 of the leading term is left out, and softmaxes that differ by 1e-3 keep 14
    # bits
    torch.testing.assert_close(found_BC, limit_BC, rtol=2e-2, atol=1e-4)


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_the_gradient_is_that_of_differences(temperature: float) -> None:
    """Stands for gradcheck, which needs float64: the loss computes in float32 by contract."""
    student_BC, teacher_BC = logits(2, 3), logits(2, 3, seed=1)
    step = 2.0**-6  # exact in float32
    by_hand = torch.zeros_like(student_BC)
    for place in range(student_BC.numel()):
        move = torch.zeros(student_BC.numel())
        move[place] = step
        up, down = (
            soft_target_loss(
                student_BC + sign * move.view_as(student_BC), teacher_BC, temperature=temperature
            )
            for sign in (1, -1)
        )
        by_hand.view(-1)[place] = (up - down) / (2 * step)

    # atol: two losses near 4, each right to 5e-7, over a distance of 2^-5: 3e-5; the step's own
    # error is smaller
    torch.testing.assert_close(
        gradient(student_BC, teacher_BC, temperature), by_hand, rtol=0, atol=1e-4
    )


def test_low_precision_logits_are_compared_in_float32() -> None:
    student_BC, teacher_BC = logits(4, 3).bfloat16(), logits(4, 3, seed=1).half()

    loss = soft_target_loss(student_BC, teacher_BC, temperature=2.0)

    assert loss.dtype == torch.float32
    assert loss == soft_target_loss(student_BC.float(), teacher_BC.float(), temperature=2.0)
    assert logit_mse(student_BC, teacher_BC).dtype == torch.float32


def test_logit_mse_by_hand() -> None:
    student_BC, teacher_BC = (
        torch.tensor([[1.0, 2.0], [0.0, 0.0]]),
        torch.tensor([[0.0, 2.0], [3.0, 0.0]]),
    )

    assert logit_mse(student_BC, teacher_BC) == (1 + 0 + 9 + 0) / 4


MASK_BT = torch.tensor([[1, 0, 1, 1, 0], [1, 0, 0, 1, 1]]).bool()


@pytest.mark.parametrize("loss", ["kl", "mse"])
def test_positions_outside_the_mask_change_nothing_and_learn_nothing(loss: str) -> None:
    def value(student_BT2: torch.Tensor, teacher_BT2: torch.Tensor) -> torch.Tensor:
        if loss == "mse":
            return span_logit_mse(student_BT2, teacher_BT2, MASK_BT)
        return span_soft_target_loss(student_BT2, teacher_BT2, MASK_BT, temperature=2.0)

    student_BT2, teacher_BT2 = logits(2, 5, 2).requires_grad_(), logits(2, 5, 2, seed=1)
    noise_BT2 = 100 * logits(2, 5, 2, seed=2) * ~MASK_BT.unsqueeze(-1)
    before = value(student_BT2, teacher_BT2)
    before.backward()

    assert value(student_BT2 + noise_BT2, teacher_BT2) == before
    assert value(student_BT2, teacher_BT2 + noise_BT2) == before
    assert student_BT2.grad is not None
    assert (student_BT2.grad[~MASK_BT] == 0).all()
    assert (student_BT2.grad[MASK_BT] != 0).all()


def test_a_span_costs_the_mean_of_its_start_and_its_end() -> None:
    student_BT2, teacher_BT2 = logits(2, 5, 2), logits(2, 5, 2, seed=1)
    sides = [
        soft_target_loss(
            student_BT2[[row]][:, MASK_BT[row], side],
            teacher_BT2[[row]][:, MASK_BT[row], side],
            temperature=3.0,
        )
        for row in range(2)
        for side in range(2)
    ]

    found = span_soft_target_loss(student_BT2, teacher_BT2, MASK_BT, temperature=3.0)

    # rtol: sums in another order, float32
    torch.testing.assert_close(found, torch.stack(sides).mean(), rtol=1e-6, atol=0)


def test_a_character_the_teacher_never_scored_has_no_probability_and_a_finite_loss() -> None:
    student_BT2, teacher_BT2 = logits(2, 5, 2).requires_grad_(), logits(2, 5, 2, seed=1)
    teacher_BT2[0, 2] = MASKED

    loss = span_soft_target_loss(student_BT2, teacher_BT2, MASK_BT, temperature=2.0)
    loss.backward()

    assert torch.isfinite(loss)
    assert student_BT2.grad is not None
    assert torch.isfinite(student_BT2.grad).all()
    assert (student_BT2.grad[0, 2] > 0).all()  # the student is to score it lower


def test_span_mse_does_not_mind_a_constant_per_row_and_side() -> None:
    student_BT2, teacher_BT2 = logits(2, 5, 2), logits(2, 5, 2, seed=1)
    shift_B12 = torch.tensor([[[4.0, -2.0]], [[1.0, 8.0]]])

    before = span_logit_mse(student_BT2, teacher_BT2, MASK_BT)

    # rtol: adding 8 costs logits near 1 three of their 24 bits
    torch.testing.assert_close(
        span_logit_mse(student_BT2 + shift_B12, teacher_BT2, MASK_BT), before, rtol=1e-5, atol=0
    )
    # atol: differences of 8 and more cancel, each to 24 bits
    torch.testing.assert_close(
        span_logit_mse(teacher_BT2 + shift_B12, teacher_BT2, MASK_BT),
        torch.tensor(0.0),
        rtol=0,
        atol=1e-10,
    )


def test_span_mse_by_hand() -> None:
    student_BT2 = torch.tensor([[[1.0, 0.0], [9.0, 9.0], [3.0, 0.0]]])

    found = span_logit_mse(student_BT2, torch.zeros(1, 3, 2), torch.tensor([[True, False, True]]))

    assert found == ((1 + 1) + 0) / 4  # starts 1 and 3 are 1 from their mean, ends are equal


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_equal_logits_of_labels_cost_nothing(temperature: float) -> None:
    student_BC = logits(5, 3) * 10

    loss = binary_soft_target_loss(student_BC, student_BC.clone(), temperature=temperature)

    assert loss == 0  # both sides go through the same float32 operations


def test_one_label_at_temperature_two_by_hand() -> None:
    right = 1 / (1 + math.exp(-1))  # sigmoid(2 / 2)
    by_hand = 4 * (right * math.log(right / 0.5) + (1 - right) * math.log((1 - right) / 0.5))

    found = binary_soft_target_loss(torch.tensor([[0.0]]), torch.tensor([[2.0]]), temperature=2.0)

    assert found.item() == pytest.approx(by_hand, rel=1e-6)  # a handful of float32 operations


def test_labels_are_compared_one_by_one() -> None:
    student_BC, teacher_BC = logits(4, 3), logits(4, 3, seed=1)
    cells = [
        binary_soft_target_loss(
            student_BC[[row]][:, [label]], teacher_BC[[row]][:, [label]], temperature=3.0
        )
        for row in range(4)
        for label in range(3)
    ]

    whole = binary_soft_target_loss(student_BC, teacher_BC, temperature=3.0)

    # rtol: sums in another order, float32
    torch.testing.assert_close(whole, torch.stack(cells).mean(), rtol=1e-6, atol=0)


def test_the_gradient_of_labels_does_not_fade_with_the_temperature() -> None:
    student_BC, teacher_BC = logits(4, 3), logits(4, 3, seed=1)

    def gradient_at(temperature: float) -> torch.Tensor:
        given = student_BC.clone().requires_grad_()
        binary_soft_target_loss(given, teacher_BC, temperature=temperature).backward()
        assert given.grad is not None
        return given.grad

    # at large T sigmoid is linear with slope 1/4: the gradient is (student - teacher) / 4 / (B * C)
    expected = (student_BC - teacher_BC) / 4 / 12
    # rtol: the cubic term is (x / T)^2 / 12, below 1e-6 here; float32 differences lose more
    torch.testing.assert_close(gradient_at(300.0), expected, rtol=1e-2, atol=1e-5)


def test_the_derivative_of_labels_is_right() -> None:
    student_BC = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    teacher_BC = torch.randn(3, 2, dtype=torch.float64)

    assert torch.autograd.gradcheck(
        lambda given: binary_soft_target_loss(given, teacher_BC, temperature=2.0),
        student_BC,
        eps=1e-3,
        atol=1e-3,  # the loss computes in float32
    )
