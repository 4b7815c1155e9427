"""Where a student's first weights come from.

They are chosen layers of a pretrained encoder or of a fine-tuned teacher.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoConfig, AutoModel

from students.configuration import MultiTaskConfig
from students.modeling import MultiTaskStudent, SentenceHead

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def initialise_student(
    source: Path,
    tasks: Mapping[str, dict[str, Any]],
    *,
    layers: Sequence[int] | None = None,
    dropout: float = 0.1,
) -> MultiTaskStudent:
    """Return a student with the embeddings and `layers` of the model in `source`; heads are new.

    `layers` counts from 0; None takes all. Where the source has BERT's pooler, every sentence
    head's dense layer starts from it. A task with a `head_bias` starts its projection there. New
    weights are drawn from torch's global generator.

    Raises:
        ValueError: a layer the source does not have.
    """
    config = AutoConfig.from_pretrained(source)
    chosen = list(range(config.num_hidden_layers)) if layers is None else list(layers)
    if not set(chosen) <= set(range(config.num_hidden_layers)):
        raise ValueError(
            f"layers {chosen}: {source} has {config.num_hidden_layers} layers, numbered from 0"
        )
    encoder, loading = AutoModel.from_pretrained(
        source, dtype=torch.float32, output_loading_info=True
    )
    small = {
        **config.to_diff_dict(),
        "model_type": config.model_type,
        "hidden_size": config.hidden_size,
        "num_hidden_layers": len(chosen),
        "hidden_dropout_prob": dropout,
        "attention_probs_dropout_prob": dropout,
    }
    for key in (
        "architectures",
        "id2label",
        "label2id",
        "problem_type",
        "transformers_version",
        "_name_or_path",
    ):
        small.pop(key, None)
    student = MultiTaskStudent(MultiTaskConfig(encoder=small, tasks=dict(tasks)))
    # transformers invents a pooler for a source that has none
    has_pooler = not any(key.startswith("pooler.") for key in loading["missing_keys"])
    _copy_encoder(encoder, student, chosen, pooler=has_pooler)
    for name, task in tasks.items():
        if task.get("head_bias"):
            projection = student.heads[name].get_parameter("out_proj.bias")
            projection.data = torch.tensor(task["head_bias"])
    return student


def _copy_encoder(
    source: torch.nn.Module, student: MultiTaskStudent, chosen: Sequence[int], *, pooler: bool
) -> None:
    wanted = {f"layer.{old}.": f"layer.{new}." for new, old in enumerate(chosen)}
    weights: dict[str, torch.Tensor] = {}
    for name, value in source.state_dict().items():
        if "layer." not in name:
            weights[name] = value
            continue
        for old, new in wanted.items():
            if f".{old}" in name:
                weights[name.replace(f".{old}", f".{new}", 1)] = value
    dense = {
        key.removeprefix("pooler.dense."): weights.pop(key)
        for key in list(weights)
        if key.startswith("pooler.")
    }
    student.encoder.load_state_dict(weights)
    for head in student.heads.values():
        if pooler and dense and isinstance(head, SentenceHead):
            head.dense.load_state_dict(dense)
