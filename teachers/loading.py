"""Build and load single-task models: stock Hugging Face classes, nothing of ours inside.

A teacher folder can be used by anyone with transformers alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from transformers import (
    AutoConfig,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    ElectraConfig,
    ElectraForQuestionAnswering,
    ElectraForSequenceClassification,
    PretrainedConfig,
    PreTrainedModel,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FAMILIES: Final = ("bert", "electra")


def new_teacher(
    source: Path,
    kind: str,
    labels: Sequence[str],
    *,
    family: str | None = None,
    dropout: float = 0.1,
) -> PreTrainedModel:
    """Return a model for one task with the encoder of `source` and a new head, in float32.

    `labels` names the logits of a classifier and is empty for other kinds. New weights come from
    torch's global generator.

    Raises:
        ValueError: `source` cannot become a model of `family`.
    """
    config = AutoConfig.from_pretrained(source)
    _set_task(config, kind, labels, dropout)
    if family in (None, config.model_type):
        model: PreTrainedModel = _auto_class(kind).from_pretrained(
            source, config=config, dtype=torch.float32
        )
        return model
    if (family, config.model_type) != ("electra", "bert"):
        raise ValueError(
            f"a {config.model_type} checkpoint cannot start a teacher of family {family}"
        )
    return electra_from_bert(source, kind, config)


def electra_from_bert(source: Path, kind: str, config: PretrainedConfig) -> PreTrainedModel:
    """Return an ELECTRA task model whose encoder has the weights of the BERT in `source`.

    An ELECTRA discriminator with `embedding_size == hidden_size` has BERT's encoder, weight for
    weight; this is a warm start, not a claim about replaced-token pre-training (Clark et al. 2020).
    """
    values = config.to_dict()
    values.pop("model_type")
    electra = ElectraConfig(**values, embedding_size=config.hidden_size)
    classes = {"span_extraction": ElectraForQuestionAnswering}
    model: PreTrainedModel = classes.get(kind, ElectraForSequenceClassification)(electra)
    bert = _auto_class(kind).from_pretrained(source, config=config, dtype=torch.float32)
    weights = {
        name: value
        for name, value in bert.base_model.state_dict().items()
        if not name.startswith("pooler.")
    }
    model.base_model.load_state_dict(weights)
    return model


def load_teacher(folder: Path, kind: str, device: str = "cpu") -> PreTrainedModel:
    """Return the fine-tuned model in `folder`, in float32, in evaluation mode, on `device`."""
    model: PreTrainedModel = _auto_class(kind).from_pretrained(folder, dtype=torch.float32)
    model.to(device)  # type: ignore[arg-type]  # transformers types its own wrapper
    model.eval()
    return model


def _auto_class(
    kind: str,
) -> type[AutoModelForSequenceClassification | AutoModelForQuestionAnswering]:
    return (
        AutoModelForQuestionAnswering
        if kind == "span_extraction"
        else AutoModelForSequenceClassification
    )


def _set_task(config: PretrainedConfig, kind: str, labels: Sequence[str], dropout: float) -> None:
    for key in (
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
        "dropout",
        "attention_dropout",
    ):
        if hasattr(config, key):
            setattr(config, key, dropout)
    if kind == "classification":
        config.id2label = dict(enumerate(labels))
        config.label2id = {name: index for index, name in enumerate(labels)}
    elif kind == "regression":
        config.num_labels = 1
        config.problem_type = "regression"
