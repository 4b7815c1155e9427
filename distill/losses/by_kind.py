"""Which loss each kind of task has.

A batch has `labels`, for spans `span_mask`, and with soft labels `teacher_logits`, shaped as the
student's logits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distill.losses.hard import class_loss, regression_loss, span_loss
from distill.losses.soft import (
    MASKED,
    logit_mse,
    soft_target_loss,
    span_logit_mse,
    span_soft_target_loss,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


def hard_loss(kind: str, logits: torch.Tensor, batch: Mapping[str, Any]) -> torch.Tensor:
    """Return the loss of one batch against its gold labels."""
    match kind:
        case "span_extraction":
            return span_loss(logits, batch["labels"], batch["span_mask"])
        case "regression":
            return regression_loss(logits, batch["labels"])
        case _:
            return class_loss(logits, batch["labels"])


def soft_loss(
    kind: str, logits: torch.Tensor, batch: Mapping[str, Any], *, loss: str, temperature: float
) -> torch.Tensor:
    """Return the loss of one batch against its teacher's logits.

    `loss` is `kl` (at `temperature`) or `mse` (of logits); regression has the squared error in
    both.
    """
    teacher = batch["teacher_logits"]
    match kind, loss:
        case "regression", _:
            return logit_mse(logits, teacher)
        case "span_extraction", "kl":
            return span_soft_target_loss(
                logits, teacher, batch["span_mask"], temperature=temperature
            )
        case "span_extraction", _:
            scored_BT = batch["span_mask"] & (teacher > MASKED / 2).all(dim=-1)
            return span_logit_mse(logits, teacher, scored_BT)
        case _, "kl":
            return soft_target_loss(logits, teacher, temperature=temperature)
        case _:
            return logit_mse(logits, teacher)
