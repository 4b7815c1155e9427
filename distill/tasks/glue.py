"""The tasks of GLUE (Wang et al. 2019); labels stand in the order of the hub's integer labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from distill.recipe import HubSource, Task
from distill.tasks.entry import Entry

if TYPE_CHECKING:
    from distill.recipe import Columns, MetricName

REVISION: Final = "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"

_SINGLE: Final[Columns] = {"text": "sentence", "label": "label"}
_PAIR: Final[Columns] = {"text": "sentence1", "text_pair": "sentence2", "label": "label"}
_NLI: Final[Columns] = {"text": "premise", "text_pair": "hypothesis", "label": "label"}
_NLI_LABELS: Final = ["entailment", "neutral", "contradiction"]


def _hub(config: str) -> HubSource:
    return HubSource(type="hub", path="nyu-mll/glue", config=config, revision=REVISION)


def _classes(
    source: HubSource, labels: list[str], columns: Columns, metrics: list[MetricName]
) -> Task:
    return Task(
        kind="classification", source=source, columns=columns, labels=labels, metrics=metrics
    )


GLUE: Final[dict[str, Entry]] = {
    "cola": Entry(
        # 16 of its 1,043 validation sentences stand in the official training set.
        _classes(_hub("cola"), ["unacceptable", "acceptable"], _SINGLE, ["matthews"]).model_copy(
            update={"max_overlap": 0.016}
        ),
        "GLUE: is the sentence grammatical?",
        "not stated; for research",
    ),
    "sst2": Entry(
        _classes(_hub("sst2"), ["negative", "positive"], _SINGLE, ["accuracy"]),
        "GLUE: sentiment of film reviews",
        "not stated; for research",
    ),
    "mrpc": Entry(
        _classes(_hub("mrpc"), ["not_equivalent", "equivalent"], _PAIR, ["accuracy", "f1"]),
        "GLUE: do two sentences of news mean the same?",
        "Microsoft Research, research use",
    ),
    "stsb": Entry(
        Task(
            kind="regression",
            source=_hub("stsb"),
            columns=_PAIR,
            metrics=["pearson", "spearman"],
        ),
        "GLUE: similarity of two sentences, 0 to 5",
        "scores CC BY-SA 4.0; sentences under their sources' terms",
    ),
    "rte": Entry(
        _classes(_hub("rte"), ["entailment", "not_entailment"], _PAIR, ["accuracy"]),
        "GLUE: does the first text entail the second?",
        "not stated; for research",
    ),
    "qnli": Entry(
        _classes(
            _hub("qnli"),
            ["entailment", "not_entailment"],
            {"text": "question", "text_pair": "sentence", "label": "label"},
            ["accuracy"],
        ),
        "GLUE: does the sentence answer the question?",
        "CC BY-SA 4.0",
    ),
    "qqp": Entry(
        _classes(
            _hub("qqp"),
            ["not_duplicate", "duplicate"],
            {"text": "question1", "text_pair": "question2", "label": "label"},
            ["accuracy", "f1"],
        ),
        "GLUE: do two questions ask the same?",
        "Quora's terms, non-commercial",
    ),
    "mnli": Entry(
        _classes(
            _hub("mnli").model_copy(
                update={
                    "validation": "validation_matched",
                    "also": {"mismatched": "validation_mismatched"},
                }
            ),
            _NLI_LABELS,
            _NLI,
            ["accuracy"],
        ),
        "GLUE: entailment over many genres; evaluated on the matched and the mismatched set",
        "OANC, CC BY and CC BY-SA by genre",
    ),
    "wnli": Entry(
        _classes(_hub("wnli"), ["not_entailment", "entailment"], _PAIR, ["accuracy"]),
        "GLUE: does the sentence with the pronoun resolved follow?",
        "CC BY 4.0",
    ),
    "ax": Entry(
        _classes(
            _hub("ax").model_copy(update={"train": "test", "validation": "test"}),
            _NLI_LABELS,
            _NLI,
            ["matthews"],
        ),
        "GLUE: diagnostic pairs without labels, predicted with mnli's head; not to train on",
        "not stated; for research",
        file_columns=_PAIR,
    ),
}
