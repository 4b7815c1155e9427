"""One run from data to report: what it leaves and reports; a second one has nothing to do."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from distill.recipe import load_recipe

from .conftest import TASKS, FullRun

if TYPE_CHECKING:
    from pathlib import Path

STAGES = ("data", "teachers", "soft_labels", "student", "quantize", "evaluate", "benchmark")
STUDENTS = {"float32": "4-student/seed-1", "bitsandbytes-int8": "5-quantize/bitsandbytes-int8"}
ALL = tuple(f"{number}-{stage}" for number, stage in enumerate(STAGES, start=1))


def test_run_folder_links_every_artefact_and_keeps_recipe_request_and_events(
    full_run: FullRun,
) -> None:
    run = full_run.project.run
    for place in ALL:
        links = list((run / place).iterdir())
        assert links
        assert all(link.is_symlink() and (link / "manifest.json").is_file() for link in links)
    assert {path.name for path in (run / "8-report").iterdir()} == {
        *("manifest.json", "report.html", "report.json", "report.md"),
    }
    assert json.loads((run / "run.json").read_text())["store"] == str(full_run.project.store)
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    finished = [event["artefact"] for event in events if event["event"] == "finished"]
    assert len(finished) == len(set(finished)) == len(full_run.project.states())


def test_resolved_recipe_loads_to_the_recipe_that_ran(full_run: FullRun) -> None:
    resolved = load_recipe(full_run.project.run / "recipe.yaml")
    assert resolved == load_recipe(full_run.project.folder / "recipe.yaml")


def test_nothing_unfinished_is_left_in_the_store(full_run: FullRun) -> None:
    assert list((full_run.project.store / ".work").iterdir()) == []


def test_json_prints_one_object_and_nothing_else_on_stdout(full_run: FullRun) -> None:
    written = json.loads((full_run.project.run / "8-report" / "report.json").read_text())
    assert full_run.report == written  # json.loads refuses anything beside one value
    assert full_run.done.stdout.count("\n") == 1


def test_every_task_has_scores_of_teacher_float32_and_int8(full_run: FullRun) -> None:
    assert [row["task"] for row in full_run.report["tasks"]] == list(TASKS)
    metrics = {
        "topic": {"accuracy", "macro_f1"},
        "match": {"accuracy"},
        "rating": {"pearson", "spearman"},
        "city": {"exact_match", "f1"},
    }
    for row in full_run.report["tasks"]:
        assert set(row["scores"]) == {"baseline", "teacher", *STUDENTS}
        for scores in row["scores"].values():
            named = {"score", *metrics[row["task"]]}
            assert set(scores) == {"rows", "intervals", *named}
            assert set(scores["intervals"]) == named
            assert scores["rows"] == row["rows"] == (30 if row["task"] == "topic" else 40)
            assert 0 <= scores["score"] <= 100


def test_models_have_learnt_the_templates(full_run: FullRun) -> None:
    # far above chance, which is 33, 50, about 0 and 12; a wrong label order or offset falls below
    for row in full_run.report["tasks"]:
        for model in ("teacher", *STUDENTS):
            assert row["scores"][model]["score"] > 65, (row["task"], model)
        assert row["scores"]["baseline"]["score"] < 55, row["task"]


def test_retention_is_the_students_share_of_the_teachers_score(full_run: FullRun) -> None:
    report = full_run.report
    for row in report["tasks"]:
        for name in STUDENTS:
            share = 100 * row["scores"][name]["score"] / row["scores"]["teacher"]["score"]
            assert row["retention"][name] == pytest.approx(share, rel=1e-12)
    for name in ("teacher", *STUDENTS):
        mean = sum(row["scores"][name]["score"] for row in report["tasks"]) / len(TASKS)
        assert report["mean"][name] == pytest.approx(mean, rel=1e-12)
    for name in STUDENTS:
        share = 100 * report["mean"][name] / report["mean"]["teacher"]
        assert report["mean_retention"][name] == pytest.approx(share, rel=1e-12)


def test_kept_checkpoint_has_the_dev_score_that_is_reported(full_run: FullRun) -> None:
    kept = json.loads((full_run.project.run / "4-student/seed-1/score.json").read_text())
    for row in full_run.report["tasks"]:
        # dev scores come from other batches than the report's; float32 sums differ in the last bits
        assert kept[row["task"]] == pytest.approx(row["scores"]["float32"]["score"], abs=1e-3)


def test_bytes_are_those_on_disk_and_latencies_are_positive(full_run: FullRun) -> None:
    run, benchmark = full_run.project.run, full_run.report["benchmark"]
    weights = {name: run / place / "model.safetensors" for name, place in STUDENTS.items()}
    for name, path in weights.items():
        assert benchmark["bytes"][name] == path.stat().st_size
    teachers = [run / "2-teachers" / task / "model.safetensors" for task in TASKS]
    assert benchmark["bytes"]["teacher"] == sum(path.stat().st_size for path in teachers)
    assert benchmark["bytes"]["bitsandbytes-int8"] < benchmark["bytes"]["float32"]
    assert set(benchmark["latency_ms"]) == {"teacher", *STUDENTS}
    assert all(value > 0 for value in benchmark["latency_ms"].values())
    assert set(benchmark["latency_ms_by_task"]) == set(TASKS)


def test_report_shows_the_same_numbers_in_markdown_and_html(full_run: FullRun) -> None:
    folder = full_run.project.run / "8-report"
    markdown, html = (folder / f"report.{kind}" for kind in ("md", "html"))
    for row in full_run.report["tasks"]:
        line = next(
            line
            for line in markdown.read_text().splitlines()
            if line.startswith(f"| {row['task']}")
        )
        for scores in row["scores"].values():
            assert f"{scores['score']:.1f}" in line
    size = f"{full_run.report['benchmark']['bytes']['bitsandbytes-int8']:,}"
    assert size in markdown.read_text()
    assert size in html.read_text()


def test_teachers_are_stock_folders_with_label_names(full_run: FullRun) -> None:
    config = json.loads((full_run.project.run / "2-teachers/topic/config.json").read_text())
    assert config["architectures"] == ["BertForSequenceClassification"]
    assert config["id2label"] == {"0": "sport", "1": "money", "2": "music"}
    config = json.loads((full_run.project.run / "2-teachers/city/config.json").read_text())
    assert config["architectures"] == ["BertForQuestionAnswering"]


def test_no_pickle_is_ever_written(full_run: FullRun) -> None:
    pickles = {".bin", ".pt", ".pth", ".pkl"}
    assert not [path for path in full_run.project.store.rglob("*") if path.suffix in pickles]


def test_second_run_starts_no_worker_and_is_quick(full_run: FullRun) -> None:
    events = full_run.project.run / "events.jsonl"
    before = events.read_bytes()
    started = time.monotonic()
    done = full_run.project.distill("run", "recipe.yaml", "--json")
    took_s = time.monotonic() - started
    assert done.returncode == 0, done.stderr
    assert events.read_bytes() == before
    assert json.loads(done.stdout) == full_run.report
    assert took_s < 6  # a worker alone takes longer to import torch on a busy machine


def test_without_json_the_run_shows_the_table_and_where_the_8_bit_model_is(
    full_run: FullRun,
) -> None:
    done = full_run.project.distill("run", "recipe.yaml")
    assert done.returncode == 0, done.stderr
    assert "runs/tiny/8-report/report.md" in done.stdout
    assert "runs/tiny/5-quantize/bitsandbytes-int8" in done.stdout
    assert all(task in done.stdout for task in TASKS)


def test_a_store_can_be_moved(full_run: FullRun, tmp_path: Path) -> None:
    moved = full_run.project.copy(tmp_path / "moved", stages=(*STAGES, "report"))
    done = moved.distill("run", "recipe.yaml", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == full_run.report
    assert not (moved.run / "events.jsonl").exists()
    assert set(moved.states().values()) == {"fresh"}
