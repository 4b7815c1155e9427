"""Build and load single-task models: stock Hugging Face classes, nothing of ours inside.

A teacher folder can be used by anyone with transformers alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import torch
from transformers import (
    AutoConfig,
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    ElectraConfig,
    ElectraForMultipleChoice,
    ElectraForQuestionAnswering,
    ElectraForSequenceClassification,
    ElectraForTokenClassification,
    PretrainedConfig,
    PreTrainedModel,
)

from teachers.labels import label_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FAMILIES: Final = ("bert", "electra")
_CLASSES: Final[dict[str, tuple[Any, type[PreTrainedModel]]]] = {
    "classification": (AutoModelForSequenceClassification, ElectraForSequenceClassification),
    "multi_label": (AutoModelForSequenceClassification, ElectraForSequenceClassification),
    "regression": (AutoModelForSequenceClassification, ElectraForSequenceClassification),
    "span_extraction": (AutoModelForQuestionAnswering, ElectraForQuestionAnswering),
    "tagging": (AutoModelForTokenClassification, ElectraForTokenClassification),
    "multiple_choice": (AutoModelForMultipleChoice, ElectraForMultipleChoice),
    "extractive_summary": (AutoModelForTokenClassification, ElectraForTokenClassification),
}
"""Of each kind the class for any family, and ELECTRA's."""
_PROBLEM_TYPES: Final[dict[str, Any]] = {
    "regression": "regression",
    "multi_label": "multi_label_classification",
    "classification": "single_label_classification",
}


def new_teacher(
    source: Path,
    kind: str,
    labels: Sequence[str],
    *,
    family: str | None = None,
    dropout: float = 0.1,
    head_bias: Sequence[float] = (),
) -> PreTrainedModel:
    """Return a model for one task with the encoder of `source` and a new head, in float32.

    `labels` names the logits of classes and tags and is empty for other kinds. `head_bias` is where
    the last projection's bias starts. New weights come from torch's global generator.

    Raises:
        ValueError: `source` cannot become a model of `family`.
    """
    config = AutoConfig.from_pretrained(source)
    _set_task(config, kind, labels, dropout)
    if family in (None, config.model_type):
        model = cast(
            "PreTrainedModel",
            _CLASSES[kind][0].from_pretrained(source, config=config, dtype=torch.float32),
        )
    elif (family, config.model_type) == ("electra", "bert"):
        model = electra_from_bert(source, kind, config)
    else:
        raise ValueError(
            f"a {config.model_type} checkpoint cannot start a teacher of family {family}"
        )
    if head_bias:
        _last_projection(model).bias.data = torch.tensor(list(head_bias))
    return model


def adopt_teacher(
    source: Path,
    kind: str,
    labels: Sequence[str],
    names: Mapping[str, str] | None = None,
    *,
    device: str = "cpu",
) -> PreTrainedModel:
    """Return the fine-tuned model in `source` with its logits in the order of `labels`.

    It is in float32, in evaluation mode, on `device`.

    `names` gives the true names of its own labels, which are else those of its `id2label`.

    Raises:
        ValueError: it has no trained head for `kind`, or its labels are not `labels`.
    """
    model, loading = _CLASSES[kind][0].from_pretrained(
        source, dtype=torch.float32, output_loading_info=True
    )
    if loading["missing_keys"]:
        raise ValueError(
            f"it has no trained head for {kind} (missing: {', '.join(loading['missing_keys'])}); "
            "fine-tune it: give it as `model:`"
        )
    if labels:
        given = cast("dict[int, str]", model.config.id2label)
        own = {index: (names or {}).get(name, name) for index, name in given.items()}
        _reorder_logits(model, label_order(own, labels))
        _set_labels(model.config, labels)
    return _at_work(model, device)


def _reorder_logits(model: PreTrainedModel, order: list[int]) -> None:
    last = _last_projection(model)
    for value in (last.weight, last.bias):
        value.data = value.data[order]


def _last_projection(model: PreTrainedModel) -> torch.nn.Linear:
    return [
        module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and not name.startswith(model.base_model_prefix)
    ][-1]


def electra_from_bert(source: Path, kind: str, config: PretrainedConfig) -> PreTrainedModel:
    """Return an ELECTRA task model whose encoder has the weights of the BERT in `source`.

    An ELECTRA discriminator with `embedding_size == hidden_size` has BERT's encoder, weight for
    weight; this is a warm start, not a claim about replaced-token pre-training (Clark et al. 2020).
    """
    values = config.to_dict()
    values.pop("model_type")
    electra = ElectraConfig(**values, embedding_size=config.hidden_size)
    automatic, electra_class = _CLASSES[kind]
    model = electra_class(electra)
    bert = automatic.from_pretrained(source, config=config, dtype=torch.float32)
    weights = {
        name: value
        for name, value in bert.base_model.state_dict().items()
        if not name.startswith("pooler.")
    }
    model.base_model.load_state_dict(weights)
    return model


def load_teacher(folder: Path, kind: str, device: str = "cpu") -> PreTrainedModel:
    """Return the fine-tuned model in `folder`, in float32, in evaluation mode, on `device`."""
    return _at_work(_CLASSES[kind][0].from_pretrained(folder, dtype=torch.float32), device)


def _at_work(model: PreTrainedModel, device: str) -> PreTrainedModel:
    model.to(device)  # type: ignore[arg-type]  # transformers types its own wrapper
    model.eval()
    return model


def _set_task(config: PretrainedConfig, kind: str, labels: Sequence[str], dropout: float) -> None:
    for key in (
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
        "dropout",
        "attention_dropout",
    ):
        if hasattr(config, key):
            setattr(config, key, dropout)
    if labels:
        _set_labels(config, labels)
    elif kind in {"regression", "extractive_summary"}:
        config.num_labels = 1
    if kind in _PROBLEM_TYPES:
        config.problem_type = _PROBLEM_TYPES[kind]


def _set_labels(config: PretrainedConfig, labels: Sequence[str]) -> None:
    config.id2label = dict(enumerate(labels))
    config.label2id = {name: index for index, name in enumerate(labels)}
