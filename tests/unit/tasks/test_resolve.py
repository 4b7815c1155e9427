from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distill.errors import RecipeError
from distill.recipe.schema import FilesSource, HubSource, PackageSource, Task
from distill.tasks import BUILDERS, CATALOGUE, TaskSpec, resolve

FILES = FilesSource(type="files", train="train.jsonl", validation="validation.jsonl")
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


def resolved(name: str, data_root: Path | None = None, **keys: Any) -> TaskSpec:
    return resolve(name, Task(**keys), base=Path(), data_root=data_root)


def problems(name: str, data_root: Path | None = None, **keys: Any) -> tuple[str, ...]:
    with pytest.raises(RecipeError) as caught:
        resolved(name, data_root, **keys)
    return caught.value.problems


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_catalogue_task_needs_no_key(name: str) -> None:
    spec = resolved(name)

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
        ("squad_v2", ("exact_match", "f1"), ("f1",)),
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


@pytest.mark.parametrize("folder", ["glue/mnli", "mnli"])
def test_data_root_replaces_the_hub(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    place.mkdir(parents=True)
    (place / "train.tsv.gz").touch()
    (place / "validation_matched.jsonl").touch()

    source = resolved("mnli", tmp_path).source

    assert source == FilesSource(
        type="files",
        train=str(place / "train.tsv.gz"),
        validation=str(place / "validation_matched.jsonl"),
    )


def test_data_root_without_the_task_names_both_places(tmp_path: Path) -> None:
    (problem,) = problems("cola", tmp_path)

    assert str(tmp_path / "glue" / "cola") in problem
    assert str(tmp_path / "cola") in problem


def test_data_root_leaves_own_sources_and_packages_alone(tmp_path: Path) -> None:
    assert resolved("cola", tmp_path, source=FILES).source == FILES
    assert resolved("bbc_topic", tmp_path).source == resolved("bbc_topic").source


def test_settings_hold_what_changes_rows_and_no_path(tmp_path: Path) -> None:
    here = resolve("mine", Task(**OWN), base=tmp_path, data_root=None)
    there = resolve("mine", Task(**OWN), base=tmp_path / "x", data_root=None)
    limited = resolve("mine", Task(**OWN, train_rows=5), base=tmp_path, data_root=None)

    assert here.settings() == there.settings()
    assert here.settings() != limited.settings()
    assert str(tmp_path) not in json.dumps(here.settings())


def test_pairs_are_known() -> None:
    assert [resolved(name).is_pair for name in ("cola", "rte", "squad")] == [False, True, True]
