"""Losses against gold annotations (hard labels).

Shapes: B batch, C classes, T tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from distill.losses.soft import MASKED

if TYPE_CHECKING:
    import torch


def class_loss(
    logits_BC: torch.Tensor, labels_B: torch.Tensor, weights_C: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the cross-entropy of class indices, in float32.

    It is the mean over B, with `weights_C` the mean weighted by each row's class.
    """
    return functional.cross_entropy(logits_BC.float(), labels_B, weight=weights_C)


def multi_label_loss(logits_BC: torch.Tensor, labels_BC: torch.Tensor) -> torch.Tensor:
    """Return the binary cross-entropy of each label, mean over B and C, in float32."""
    return functional.binary_cross_entropy_with_logits(logits_BC.float(), labels_BC.float())


def regression_loss(values_B1: torch.Tensor, labels_B: torch.Tensor) -> torch.Tensor:
    """Return the mean squared error over B, in float32."""
    return functional.mse_loss(values_B1.float().squeeze(-1), labels_B.float())


def span_loss(
    logits_BT2: torch.Tensor, positions_B2: torch.Tensor, mask_BT: torch.Tensor
) -> torch.Tensor:
    """Return the mean of the start's and the end's cross-entropy, in float32.

    Both are over the positions in `mask_BT`. A window without the answer has position 0, the
    classification token (Devlin et al. 2019, section 4.3).
    """
    masked_BT2 = logits_BT2.float().masked_fill(~mask_BT.unsqueeze(-1), MASKED)
    return functional.cross_entropy(masked_BT2, positions_B2)
