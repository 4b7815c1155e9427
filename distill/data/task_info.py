"""What the later stages must know of a task."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from distill.recipe import Kind


@dataclass(frozen=True)
class TaskInfo:
    """What the later stages must know of a task; `task.json` of its data artefact."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    pair: bool
    """Whether an input is two texts."""
    metrics: tuple[str, ...]
    score: tuple[str, ...]
    max_length: int
    stride: int
    max_answer_length: int
    summary_sentences: int
    unanswerable: bool
    """Whether some training questions have no answer, so that "none" may be predicted."""
    rows_fingerprint: str
    """SHA-256 of the training rows' example ids: what soft labels were made for."""
    pad_token_id: int
    token_types: bool
    """Whether models with this tokenizer take `token_type_ids`."""
    also: tuple[str, ...] = ()
    """More evaluation sets, scored with the same head."""
    head_bias: tuple[float, ...] = ()
    """Where the bias of a head's projection starts; empty: as the model has it."""
    class_weights: tuple[float, ...] = ()
    """Weight of each class in the loss against gold labels; empty: all 1."""

    @property
    def has_threshold(self) -> bool:
        """Whether predictions hang on a threshold that development rows choose."""
        return self.unanswerable or self.kind == "multi_label"

    @classmethod
    def read(cls, folder: Path) -> TaskInfo:
        """Return what `write` wrote."""
        stored = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()
        }
        return cls(**values)

    def write(self, folder: Path) -> None:
        """Write `task.json`."""
        (folder / "task.json").write_text(
            json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8"
        )
