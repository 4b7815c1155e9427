from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from distill.recipe import FilesSource, HubSource, PackageSource, Task
from distill.tasks import BUILDERS, CATALOGUE, resolve

from .conftest import FILES, problems, put, resolved

if TYPE_CHECKING:
    from pathlib import Path

OWN: dict[str, Any] = {
    "kind": "classification",
    "columns": {"text": "t", "label": "y"},
    "labels": ["a", "b", "c"],
    "source": FILES,
}
OWN_SPAN: dict[str, Any] = {
    "kind": "span_extraction",
    "columns": {"question": "q", "context": "c", "answers": "a"},
    "source": FILES,
}

OWN_CHOICE: dict[str, Any] = {
    "kind": "multiple_choice",
    "columns": {"text": "t", "candidates": "c", "label": "y"},
    "source": FILES,
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_catalogue_task_needs_no_key_but_perhaps_files(name: str, tmp_path: Path) -> None:
    if CATALOGUE[name].task.source is None:
        put(tmp_path / name, "train.jsonl", "validation.jsonl")
    spec = resolved(name, None if CATALOGUE[name].task.source else tmp_path)

    assert spec.description
    assert spec.licence
    assert set(spec.score) <= set(spec.metrics)
    json.dumps(spec.settings(), allow_nan=False)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("cola", ("unacceptable", "acceptable")),
        ("sst2", ("negative", "positive")),
        ("mrpc", ("not_equivalent", "equivalent")),
        ("rte", ("entailment", "not_entailment")),
        ("qnli", ("entailment", "not_entailment")),
        ("qqp", ("not_duplicate", "duplicate")),
        ("mnli", ("entailment", "neutral", "contradiction")),
        ("wnli", ("not_entailment", "entailment")),
        ("stsb", ()),
        ("squad", ()),
    ],
)
def test_labels_stand_in_the_hubs_order(name: str, labels: tuple[str, ...]) -> None:
    assert resolved(name).labels == labels


@pytest.mark.parametrize(
    ("name", "metrics", "score"),
    [
        ("cola", ("matthews",), ("matthews",)),
        ("mrpc", ("accuracy", "f1"), ("accuracy", "f1")),
        ("qqp", ("accuracy", "f1"), ("accuracy", "f1")),
        ("stsb", ("pearson", "spearman"), ("pearson", "spearman")),
        ("mnli", ("accuracy",), ("accuracy",)),
        (
            "squad_v2",
            ("exact_match", "f1", "has_answer_exact", "has_answer_f1", "no_answer_exact"),
            ("f1",),
        ),
        ("goemotions", ("micro_f1", "macro_f1"), ("micro_f1", "macro_f1")),
        ("swag", ("recall_at_1", "mrr"), ("recall_at_1",)),
    ],
)
def test_metrics_are_the_benchmarks_own(
    name: str, metrics: tuple[str, ...], score: tuple[str, ...]
) -> None:
    spec = resolved(name)

    assert (spec.metrics, spec.score) == (metrics, score)


def test_mnli_is_evaluated_on_its_matched_set() -> None:
    source = resolved("mnli").source

    assert isinstance(source, HubSource)
    assert source.validation == "validation_matched"
    assert source.also == {"mismatched": "validation_mismatched"}


def test_emotions_stand_in_the_hubs_order() -> None:
    labels = resolved("goemotions").labels

    assert len(labels) == 28
    assert [labels[place] for place in (0, 8, 20, 27)] == [
        "admiration",
        "desire",
        "optimism",
        "neutral",
    ]


def test_swags_candidates_have_a_column_each() -> None:
    spec = resolved("swag")

    assert spec.candidate_columns == ("ending0", "ending1", "ending2", "ending3")
    assert spec.columns == {"text": "sent1", "prompt": "sent2", "label": "label"}
    assert json.dumps(spec.settings()).count("ending") == 4


def test_every_builder_serves_a_catalogue_task() -> None:
    sources = [entry.task.source for entry in CATALOGUE.values()]
    named = {source.builder for source in sources if isinstance(source, PackageSource)}

    assert named == set(BUILDERS)


def test_only_keys_of_the_section_override_the_catalogue() -> None:
    spec = resolved("squad", max_length=256, stride=64)

    assert (spec.max_length, spec.stride, spec.max_answer_length) == (256, 64, 30)


def test_other_metrics_drop_the_catalogues_score() -> None:
    assert resolved("squad", metrics=["exact_match"]).score == ("exact_match",)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (OWN, (("accuracy",), ("accuracy",))),
        (OWN_SPAN, (("exact_match", "f1"), ("f1",))),
        (
            {"kind": "regression", "columns": OWN["columns"], "source": FILES},
            (("pearson", "spearman"), ("pearson", "spearman")),
        ),
    ],
)
def test_own_task_has_its_kinds_default_metrics(kind: dict[str, Any], expected: object) -> None:
    spec = resolved("mine", **kind)

    assert (spec.metrics, spec.score) == expected


def test_unknown_task_is_refused_with_the_nearest_name() -> None:
    (problem,) = problems("cloa")

    assert problem.startswith("tasks.cloa")
    assert "did you mean cola?" in problem
    assert "`distill tasks`" in problem


def test_every_problem_of_a_task_is_reported_at_once() -> None:
    found = problems("mine", kind="classification", metrics=["pearson"])

    assert [problem.split()[0] for problem in found] == [
        "tasks.mine.source",
        "tasks.mine.columns",
        "tasks.mine.labels",
        "tasks.mine.metrics",
    ]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"columns": {"text": "t", "label": "y"}}, "tasks.mine.kind is missing"),
        (OWN | {"columns": {"text": "t"}}, "columns.label is missing"),
        (OWN | {"columns": OWN["columns"] | {"context": "c"}}, "columns.context does not belong"),
        (OWN | {"metrics": ["exact_match"]}, "metrics has exact_match; it does not fit"),
        (OWN | {"metrics": ["f1"]}, "needs two labels, not 3. Use macro_f1"),
        (OWN | {"score": ["macro_f1"]}, "score has macro_f1; it must be one of"),
        (OWN_SPAN | {"labels": ["a", "b"]}, "labels is set; a span_extraction task has none"),
        (OWN_SPAN | {"class_weights": "balanced"}, "a span_extraction task has no classes"),
        (OWN | {"candidate_columns": ["a", "b"]}, "candidate_columns is set; a classification"),
        (
            OWN_CHOICE | {"candidate_columns": ["a", "b"]},
            "candidate_columns and columns.candidates are both set",
        ),
        (
            OWN_CHOICE | {"columns": {"text": "t", "label": "y"}},
            "columns.candidates is missing; a multiple_choice task needs text, candidates, label",
        ),
        (
            {
                "kind": "tagging",
                "columns": {"words": "w", "label": "y"},
                "labels": ["O", "B-x", "NOUN"],
                "metrics": ["entity_f1"],
                "source": FILES,
            },
            "metrics has entity_f1; it needs labels O, B-x and I-x, not NOUN. Use accuracy",
        ),
        (OWN | {"source": FILES.model_copy(update={"header": ["t", "y"]})}, "no file is CSV or"),
        (OWN | {"source": FILES.model_copy(update={"also": {"b": "x.txt"}})}, "source.also.b is x"),
        (OWN | {"source": FILES.model_copy(update={"also": {"train": "x.csv"}})}, "also has train"),
        (OWN_SPAN | {"max_length": 64, "stride": 32}, "stride is 32; it must be below half"),
        (
            OWN | {"source": FilesSource(type="files", train="a.txt", validation="b.csv")},
            "source.train is a.txt; its name must end in one of .jsonl",
        ),
        (
            OWN | {"source": PackageSource(type="package", package="p", builder="bbc")},
            "source.builder is bbc; choose from bbc_topic",
        ),
    ],
)
def test_bad_section_is_refused(keys: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems("mine", **keys))


def test_settings_hold_what_changes_rows_and_no_path(tmp_path: Path) -> None:
    here = resolve("mine", Task(**OWN), base=tmp_path, data_root=None)
    there = resolve("mine", Task(**OWN), base=tmp_path / "x", data_root=None)
    limited = resolve("mine", Task(**OWN, train_rows=5), base=tmp_path, data_root=None)

    assert here.settings() == there.settings()
    assert here.settings() != limited.settings()
    assert str(tmp_path) not in json.dumps(here.settings())


@pytest.mark.parametrize(
    "change", [{"header": ["t", "y"]}, {"also": {"x": "x.csv"}}, {"train": "train.csv"}]
)
def test_settings_follow_the_source(change: dict[str, Any]) -> None:
    source = FilesSource(type="files", train="a.tsv", validation="b.tsv")
    other = source.model_copy(update=change)

    assert (
        resolved("mine", **OWN | {"source": source}).settings()
        != resolved("mine", **OWN | {"source": other}).settings()
    )


def test_pairs_are_known() -> None:
    assert [resolved(name).is_pair for name in ("cola", "rte", "squad")] == [False, True, True]
