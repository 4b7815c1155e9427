"""Losses: pure functions of tensors, each with its equation, scaling, reduction and source."""

from distill.losses.by_kind import hard_loss, soft_loss
from distill.losses.hard import class_loss, multi_label_loss, regression_loss, span_loss
from distill.losses.soft import (
    MASKED,
    binary_soft_target_loss,
    logit_mse,
    soft_target_loss,
    span_logit_mse,
    span_soft_target_loss,
)

__all__ = [
    "MASKED",
    "binary_soft_target_loss",
    "class_loss",
    "hard_loss",
    "logit_mse",
    "multi_label_loss",
    "regression_loss",
    "soft_loss",
    "soft_target_loss",
    "span_logit_mse",
    "span_loss",
    "span_soft_target_loss",
]
