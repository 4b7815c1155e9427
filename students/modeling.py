"""The student: one encoder, one small head per task, one checkpoint.

Heads have the shapes of the stock BERT and ELECTRA task models, so that a task can be exported with
equal logits.

Shapes: B batch, K candidates, T tokens, H hidden, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from transformers import AutoModel, PreTrainedModel
from transformers.activations import ACT2FN
from transformers.utils.generic import ModelOutput

from students.configuration import MultiTaskConfig
from students.int8 import Int8Embedding

if TYPE_CHECKING:
    from pathlib import Path

_NO_POOLER = frozenset({"bert", "roberta", "mpnet", "albert", "camembert", "xlm-roberta"})
"""Families whose base model has a pooler that can be left out: each head brings its own."""


class SentenceHead(nn.Module):
    """Logits of a text or a pair from its first token: dense, activation, dropout, projection.

    The activation is tanh as in BERT's pooler, or gelu as in ELECTRA's classification head.
    """

    def __init__(self, hidden_size: int, outputs: int, *, activation: str, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.activation = ACT2FN[activation]
        self.dropout = nn.Dropout(dropout)
        self.out_proj = nn.Linear(hidden_size, outputs)

    def forward(self, hidden_BTH: torch.Tensor) -> torch.Tensor:
        """Return logits `[B, C]`."""
        logits: torch.Tensor = self.out_proj(
            self.dropout(self.activation(self.dense(hidden_BTH[:, 0])))
        )
        return logits


class TokenHead(nn.Module):
    """Logits of every token: dropout, projection.

    They are start and end of a span, a word's tags at its first piece, or a sentence's worth at its
    classification token.
    """

    def __init__(self, hidden_size: int, outputs: int, *, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.out_proj = nn.Linear(hidden_size, outputs)

    def forward(self, hidden_BTH: torch.Tensor) -> torch.Tensor:
        """Return logits `[B, T, C]`; of spans C is start, end."""
        logits: torch.Tensor = self.out_proj(self.dropout(hidden_BTH))
        return logits


@dataclass
class StudentOutput(ModelOutput):
    """Logits of one task.

    `[B, C]` of a text, `[B, K]` of candidates, `[B, T, C]` of tokens.
    """

    logits: torch.Tensor | None = None


class MultiTaskStudent(PreTrainedModel):
    """One encoder with a head per task; `forward` takes the task's name."""

    config_class = MultiTaskConfig
    base_model_prefix = "encoder"
    supports_gradient_checkpointing = True
    _supports_sdpa = True

    def __init__(self, config: MultiTaskConfig) -> None:
        super().__init__(config)
        encoder_config = config.encoder_config()
        options = {"add_pooling_layer": False} if encoder_config.model_type in _NO_POOLER else {}
        self.encoder = AutoModel.from_config(encoder_config, **options)
        self.heads = nn.ModuleDict(
            {name: _head(config, task) for name, task in config.tasks.items()}
        )
        if config.int8_embeddings:
            words = self.encoder.get_input_embeddings()
            self.encoder.set_input_embeddings(
                Int8Embedding(words.num_embeddings, words.embedding_dim)
            )
        self.post_init()  # type: ignore[no-untyped-call]  # inherited from transformers

    def get_input_embeddings(self) -> nn.Module:
        """Return the word embeddings."""
        embeddings: nn.Module = self.encoder.get_input_embeddings()
        return embeddings

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=self.config.encoder.get("initializer_range", 0.02))
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        *,
        task: str,
        **_: Any,
    ) -> StudentOutput:
        """Return the logits of `task` for `input_ids` `[B, T]`, of candidates `[B, K, T]`.

        Raises:
            KeyError: the student has no such task.
        """
        given = {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "token_type_ids": token_type_ids,
        }
        inputs = {name: value.flatten(0, -2) for name, value in given.items() if value is not None}
        hidden_BTH = self.encoder(**inputs).last_hidden_state
        logits = self.heads[task](hidden_BTH)
        if input_ids.ndim == 3:
            logits = logits.view(input_ids.shape[:2])
        if not self.training:
            return StudentOutput(logits=logits)
        # Every head takes part in every step, idle ones with gradient 0: ZeRO-3 would apply an
        # absent head's last gradient again, and AdamW on a single process would skip the head.
        idle = [head(hidden_BTH[:1]).sum() for name, head in self.heads.items() if name != task]
        return StudentOutput(logits=logits + 0.0 * sum(idle))


def _head(config: MultiTaskConfig, task: dict[str, Any]) -> nn.Module:
    dropout = config.encoder.get("hidden_dropout_prob", 0.1)
    match task["kind"]:
        case "span_extraction":  # the stock models have no dropout here
            return TokenHead(config.hidden_size, 2, dropout=0.0)
        case "tagging":
            return TokenHead(config.hidden_size, len(task["labels"]), dropout=dropout)
        case "extractive_summary":
            return TokenHead(config.hidden_size, 1, dropout=dropout)
        case kind:
            outputs = len(task["labels"]) if kind in {"classification", "multi_label"} else 1
    return SentenceHead(
        config.hidden_size,
        outputs,
        activation="gelu" if config.encoder["model_type"] == "electra" else "tanh",
        dropout=dropout,
    )


def load_student(folder: Path, device: str = "cpu") -> MultiTaskStudent:
    """Return a student, in float32 or 8 bits, from its folder, in evaluation mode, on `device`."""
    model: MultiTaskStudent = AutoModel.from_pretrained(
        folder, dtype=torch.float32, device_map=device
    )
    model.eval()  # type: ignore[no-untyped-call]  # inherited from transformers
    return model
