"""Which loss each kind of task has.

A batch has `labels` and with soft labels `teacher_logits`, shaped as the student's logits. Where
logits are of tokens, `mask` `[B, T]` tells those that count: for spans the positions that can be an
answer, for tags first pieces of words, for summaries the classification tokens of sentences.
`class_weights` `[C]` weigh gold classes and tags where a task has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distill.losses.hard import class_loss, multi_label_loss, regression_loss, span_loss
from distill.losses.soft import (
    MASKED,
    binary_soft_target_loss,
    logit_mse,
    soft_target_loss,
    span_logit_mse,
    span_soft_target_loss,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


def hard_loss(kind: str, logits: torch.Tensor, batch: Mapping[str, Any]) -> torch.Tensor:
    """Return the loss of one batch against its gold labels.

    Raises:
        ValueError: unknown kind.
    """
    labels, weights = batch["labels"], batch.get("class_weights")
    match kind:
        case "classification" | "multiple_choice":
            return class_loss(logits, labels, weights)
        case "multi_label":
            return multi_label_loss(logits, labels)
        case "regression":
            return regression_loss(logits, labels)
        case "span_extraction":
            return span_loss(logits, labels, batch["mask"])
        case "tagging":
            return class_loss(logits[batch["mask"]], labels[batch["mask"]], weights)
        case "extractive_summary":
            return multi_label_loss(logits[batch["mask"]].squeeze(-1), labels[batch["mask"]])
    raise ValueError(f"kind is {kind!r}; it has no loss")


def soft_loss(
    kind: str, logits: torch.Tensor, batch: Mapping[str, Any], *, loss: str, temperature: float
) -> torch.Tensor:
    """Return the loss of one batch against its teacher's logits.

    `loss` is `kl` (at `temperature`) or `mse` (of logits); regression has the squared error in
    both.
    """
    teacher = batch["teacher_logits"]
    if kind == "span_extraction":
        if loss == "kl":
            return span_soft_target_loss(logits, teacher, batch["mask"], temperature=temperature)
        scored_BT = batch["mask"] & (teacher > MASKED / 2).all(dim=-1)
        return span_logit_mse(logits, teacher, scored_BT)
    if "mask" in batch:
        logits, teacher = logits[batch["mask"]], teacher[batch["mask"]]
    if loss == "mse" or kind == "regression":
        return logit_mse(logits, teacher)
    independent = kind in {"multi_label", "extractive_summary"}
    divergence = binary_soft_target_loss if independent else soft_target_loss
    return divergence(logits, teacher, temperature=temperature)
