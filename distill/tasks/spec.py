"""A fully resolved task: every default filled in, every choice checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from distill.recipe import FilesSource, HubSource, PackageSource

if TYPE_CHECKING:
    from pathlib import Path

    from distill.recipe import Kind

ROWS_FORMAT = 1  # raise it when the canonical columns, `example_id` or a builder's outcome changes


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """One task, ready to be read; `distill.tasks.resolve` makes it."""

    name: str
    kind: Kind
    labels: tuple[str, ...]  # empty unless the kind has named labels
    columns: dict[str, str]  # our column name -> the name in the data
    candidate_columns: tuple[str, ...]  # where each candidate has a column of its own
    metrics: tuple[str, ...]
    score: tuple[str, ...]  # metrics whose mean is the task's one score
    source: HubSource | FilesSource | PackageSource
    base: Path  # relative file paths start here
    max_length: int
    stride: int
    max_answer_length: int
    summary_sentences: int
    train_rows: int | None
    validation_rows: int | None
    max_overlap: float
    class_weights: Literal["balanced"] | None
    description: str = ""
    licence: str = ""

    @property
    def is_pair(self) -> bool:
        """Whether an input is two texts: sentence pairs, and question with context."""
        return self.kind == "span_extraction" or "text_pair" in self.columns

    @property
    def source_also(self) -> dict[str, str]:
        """More evaluation splits: their names, and the hub's splits or the files."""
        return {} if isinstance(self.source, PackageSource) else dict(self.source.also)

    def settings(self) -> dict[str, object]:
        """Return what can change the rows or their tokens, as plain JSON values.

        File paths are left out: `source_fingerprint` covers the files by their content.
        """
        settings: dict[str, object] = {
            "rows_format": ROWS_FORMAT,
            "name": self.name,
            "kind": self.kind,
            "labels": list(self.labels),
            "columns": dict(self.columns),
            "source": _source_settings(self.source),
            "max_length": self.max_length,
            "train_rows": self.train_rows,
            "validation_rows": self.validation_rows,
            "max_overlap": self.max_overlap,
            "class_weights": self.class_weights,
        }
        match self.kind:
            case "span_extraction":
                return settings | {
                    "stride": self.stride,
                    "max_answer_length": self.max_answer_length,
                }
            case "tagging":
                return settings | {"stride": self.stride}
            case "multiple_choice":
                return settings | {"candidate_columns": list(self.candidate_columns)}
            case "multi_label":
                return settings | {"head_bias": "log-odds"}
            case "extractive_summary":
                return settings | {
                    "stride": self.stride,
                    "summary_sentences": self.summary_sentences,
                    "head_bias": "log-odds",
                }
        return settings


def _source_settings(source: HubSource | FilesSource | PackageSource) -> dict[str, object]:
    if not isinstance(source, FilesSource):
        return source.model_dump()
    # The same bytes read as .csv and as .tsv are different rows.
    splits = {"train": source.train, "validation": source.validation}
    return {
        "type": source.type,
        "header": source.header,
        "also": {name: _ending(path) for name, path in source.also.items()},
    } | {name: _ending(path) for name, path in splits.items()}


def _ending(path: str) -> str:
    return "".join(PurePath(path).suffixes[-2:])
