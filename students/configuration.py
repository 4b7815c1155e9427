"""What a student is made of, as it stands in its `config.json`."""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig, PretrainedConfig

KINDS = (
    "classification",
    "multi_label",
    "regression",
    "span_extraction",
    "tagging",
    "multiple_choice",
    "extractive_summary",
)


class MultiTaskConfig(PretrainedConfig):
    """Configuration of a `MultiTaskStudent`.

    `encoder` is the configuration of a BERT, ELECTRA or other encoder as a mapping with its
    `model_type`. `tasks` maps a task's name to `{"kind": ..., "labels": [...], ...}`; labels stand
    in the order of the logits. With `int8_embeddings` the word embeddings are stored in 8 bits with
    a scale per row.
    """

    model_type = "multitask-student"

    def __init__(
        self,
        encoder: dict[str, Any] | None = None,
        tasks: dict[str, dict[str, Any]] | None = None,
        *,
        int8_embeddings: bool = False,
        **kwargs: Any,
    ) -> None:
        self.encoder = encoder or {}
        self.tasks = tasks or {}
        self.int8_embeddings = int8_embeddings
        for name, task in self.tasks.items():
            if task.get("kind") not in KINDS:
                raise ValueError(
                    f"task {name!r} has kind {task.get('kind')!r}; known kinds are "
                    f"{', '.join(KINDS)}"
                )
        super().__init__(**kwargs)

    def encoder_config(self) -> PretrainedConfig:
        """Return the encoder's own configuration object."""
        values = dict(self.encoder)
        return AutoConfig.for_model(values.pop("model_type"), **values)

    @property
    def hidden_size(self) -> int:
        """Width of the encoder's output."""
        return int(self.encoder["hidden_size"])

    @property
    def num_hidden_layers(self) -> int:
        """Number of encoder layers."""
        return int(self.encoder["num_hidden_layers"])
