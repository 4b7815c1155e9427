"""Losses against a teacher's outputs (soft targets).

Shapes: B batch, C classes, T tokens.
"""

from __future__ import annotations

from typing import Final

import torch
from torch.nn import functional

MASKED: Final = -1e9
"""Logit of a position that cannot be an answer.

Its probability is exactly 0 in float32, and gradients stay finite.
"""


def soft_target_loss(
    student_BC: torch.Tensor, teacher_BC: torch.Tensor, *, temperature: float
) -> torch.Tensor:
    """Return T^2 * KL(softmax(teacher/T) || softmax(student/T)), mean over B, in float32.

    T^2 keeps the gradient's size independent of T (Hinton et al. 2015, section 2).
    """
    student_log = functional.log_softmax(student_BC.float() / temperature, dim=-1)
    teacher_log = functional.log_softmax(teacher_BC.float() / temperature, dim=-1)
    divergence = functional.kl_div(student_log, teacher_log, log_target=True, reduction="batchmean")
    return divergence * temperature**2


def binary_soft_target_loss(
    student_BC: torch.Tensor, teacher_BC: torch.Tensor, *, temperature: float
) -> torch.Tensor:
    """Return T^2 * KL of each label's Bernoulli distribution, mean over B and C, in float32.

    The distributions are sigmoid(teacher/T) and sigmoid(student/T): `soft_target_loss` over the two
    outcomes of every label (Hinton et al. 2015, section 2).
    """
    student_2 = _two_outcomes(student_BC)
    teacher_2 = _two_outcomes(teacher_BC)
    return soft_target_loss(student_2, teacher_2, temperature=temperature)


def _two_outcomes(logits_BC: torch.Tensor) -> torch.Tensor:
    """Return `[B * C, 2]` logits whose softmax at any temperature is the labels' sigmoid."""
    flat = logits_BC.float().flatten()
    return torch.stack([flat, torch.zeros_like(flat)], dim=-1)


def logit_mse(student_BC: torch.Tensor, teacher_BC: torch.Tensor) -> torch.Tensor:
    """Return the mean over B and C of (student - teacher)^2, in float32.

    For logits (Ba & Caruana 2014) and for regression targets.
    """
    return functional.mse_loss(student_BC.float(), teacher_BC.float())


def span_soft_target_loss(
    student_BT2: torch.Tensor,
    teacher_BT2: torch.Tensor,
    mask_BT: torch.Tensor,
    *,
    temperature: float,
) -> torch.Tensor:
    """Return the mean of `soft_target_loss` over start and end positions.

    Only positions in `mask_BT` take part. Padding, question and separators are outside the mask:
    they have probability 0 in both distributions.
    """
    student_2BT = _mask_positions(student_BT2, mask_BT)
    teacher_2BT = _mask_positions(teacher_BT2, mask_BT)
    return soft_target_loss(
        student_2BT.flatten(0, 1), teacher_2BT.flatten(0, 1), temperature=temperature
    )


def span_logit_mse(
    student_BT2: torch.Tensor, teacher_BT2: torch.Tensor, mask_BT: torch.Tensor
) -> torch.Tensor:
    """Return the mean squared difference of start and end logits over the positions in `mask_BT`.

    Logits are defined up to a constant per row, so each is centred on its own mean over the mask
    first.
    """
    difference_BT2 = (student_BT2.float() - teacher_BT2.float()) * mask_BT.unsqueeze(-1)
    count_B11 = mask_BT.sum(dim=1).view(-1, 1, 1)
    mean_B12 = difference_BT2.sum(dim=1, keepdim=True) / count_B11
    centred_BT2 = (difference_BT2 - mean_B12) * mask_BT.unsqueeze(-1)
    return (centred_BT2.square().sum(dim=(1, 2)) / (2 * count_B11.flatten())).mean()


def _mask_positions(logits_BT2: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
    return logits_BT2.float().masked_fill(~mask_BT.unsqueeze(-1), MASKED).permute(2, 0, 1)
