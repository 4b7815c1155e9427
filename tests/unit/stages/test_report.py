"""The report's numbers and tables, from a tree written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from distill.stages import report
from distill.stages.job import Job

if TYPE_CHECKING:
    from pathlib import Path

MODELS = ["float32", "bitsandbytes-int8"]
SCORES = {
    "baseline": {"qnli": 50.0, "rte": 52.0},
    "teacher": {"qnli": 80.0, "rte": 60.0},
    "float32": {"qnli": 76.0, "rte": 63.0},
    "bitsandbytes-int8": {"qnli": 72.0, "rte": 60.0},
}
BENCHMARK = {
    "teachers": 2,
    "bytes": {"teacher": 2_000_000, "float32": 1_000_000, "bitsandbytes-int8": 250_000},
    "latency_ms": {"teacher": 12.0, "float32": 6.0, "bitsandbytes-int8": 24.0},
    "machine": {"rows_per_task": 32, "threads": 2, "cpu": "a cpu"},
}
MakeReport = Callable[..., dict[str, Any]]


@pytest.fixture
def make_report(tmp_path: Path) -> MakeReport:
    """Return a function that writes what the stages before leave, and runs the report over it."""

    def write(folder: str, name: str, value: Any) -> Path:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(json.dumps(value))
        return tmp_path / folder

    def result(score: float) -> dict[str, Any]:
        metrics = dict.fromkeys(("accuracy", "f1", "matthews", "pearson", "spearman"), score)
        intervals = {"score": [score - 5, score + 4]}
        return {"score": score, "rows": 277, "intervals": intervals, **metrics}

    def make(
        scores: dict[str, dict[str, float]], also: dict[str, dict[str, float]] | None = None
    ) -> dict[str, Any]:
        inputs = {"benchmark": write("benchmark", "benchmark.json", BENCHMARK)}
        further = also or {"teacher": {}}
        tasks = list(scores["teacher"])
        for task in tasks:
            sets = [extra for extra in further["teacher"] if extra.startswith(f"{task}.")]
            info = {
                "score": ["accuracy", "f1"] if task == "qnli" else ["accuracy"],
                "also": [extra.partition(".")[2] for extra in sets],
            }
            inputs[f"data:{task}"] = write(f"data-{task}", "task.json", info)
            for name in ("teacher", "baseline", *MODELS):
                role = "evaluate" if name in MODELS else name
                key = {"baseline": "baseline", "teacher": f"teacher:{task}"}
                folder = f"{role}-{task if name == 'teacher' else name}"
                inputs[key.get(name, f"evaluate:{name}")] = write(
                    folder, f"{task}.json", result(scores[name][task])
                )
                for extra in sets:
                    write(folder, f"{extra}.json", result(further[name][extra]))
        out = tmp_path / "out"
        out.mkdir()
        report.run(
            Job(
                stage="report",
                name="report",
                settings={"name": "mine", "models": MODELS, "tasks": tasks},
                locations={},
                inputs=inputs,
                fingerprints={},
                out=out,
                scratch=tmp_path,
            )
        )
        made: dict[str, Any] = json.loads((out / "report.json").read_text())
        return made

    return make


def test_retention_is_the_students_share_of_the_teachers_score(make_report: MakeReport) -> None:
    made = make_report(SCORES)

    # binary fractions do not hold 0.95 and 1.05 exactly
    assert [row["retention"] for row in made["tasks"]] == [
        pytest.approx({"float32": 95.0, "bitsandbytes-int8": 90.0}, rel=1e-12),
        pytest.approx({"float32": 105.0, "bitsandbytes-int8": 100.0}, rel=1e-12),
    ]
    assert made["mean"] == {
        "baseline": 51.0,
        "teacher": 70.0,
        "float32": 69.5,
        "bitsandbytes-int8": 66.0,
    }
    assert made["mean_retention"] == pytest.approx(
        {"float32": 6950 / 70, "bitsandbytes-int8": 6600 / 70}, rel=1e-12
    )


def test_the_markdown_tables_by_hand(make_report: MakeReport, tmp_path: Path) -> None:
    make_report(SCORES)

    lines = (tmp_path / "out" / "report.md").read_text().splitlines()

    assert [line for line in lines if line.startswith("|")] == [
        "| task | metric | rows | baseline | teacher | student float32 | student int8 "
        "| kept float32 % | kept int8 % |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| qnli | accuracy + f1 | 277 | 50.0 | 80.0 | 76.0 | 72.0 | 95.0 | 90.0 |",
        "| rte | accuracy | 277 | 52.0 | 60.0 | 63.0 | 60.0 | 105.0 | 100.0 |",
        "| mean |  |  | 51.0 | 70.0 | 69.5 | 66.0 | 99.3 | 94.3 |",
        "| 95% interval | baseline | teacher | student float32 | student int8 |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| qnli | 45.0 to 54.0 | 75.0 to 84.0 | 71.0 to 80.0 | 67.0 to 76.0 |",
        "| rte | 47.0 to 56.0 | 55.0 to 64.0 | 58.0 to 67.0 | 55.0 to 64.0 |",
        "| model | bytes on disk | smaller | median latency, ms | faster |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| teachers (2 models) | 2,000,000 | 1.0x | 12.0 | 1.0x |",
        "| student float32 | 1,000,000 | 2.0x | 6.0 | 2.0x |",
        "| student int8 | 250,000 | 8.0x | 24.0 | 0.5x |",
    ]
    assert lines[0] == "# Report of run mine"


def test_a_tasks_further_sets_have_rows_and_are_averaged_first(make_report: MakeReport) -> None:
    also = {name: {"qnli.other": 60.0} for name in SCORES}

    made = make_report(SCORES, also)

    assert [row["task"] for row in made["tasks"]] == ["qnli", "qnli/other", "rte"]
    assert made["mean"]["teacher"] == (((80 + 60) / 2) + 60) / 2


def test_all_of_glue_has_glues_average(make_report: MakeReport, tmp_path: Path) -> None:
    tasks = ("cola", "sst2", "mrpc", "stsb", "qqp", "mnli", "qnli", "rte")
    scores = {name: dict.fromkeys(tasks, 40.0) | {"mnli": 80.0} for name in SCORES}

    made = make_report(scores, {name: {"mnli.mismatched": 70.0} for name in SCORES})

    assert made["glue"]["teacher"] == {"average": None, "without_wnli": (7 * 40 + 75) / 8}
    text = (tmp_path / "out" / "report.md").read_text()
    assert "| GLUE without WNLI |  |  | 44.4 | 44.4 | 44.4 | 44.4 | 100.0 | 100.0 |" in text


@pytest.mark.parametrize("score", [0.0, -5.0])
def test_a_teacher_that_learnt_nothing_leaves_nothing_to_retain(
    make_report: MakeReport, tmp_path: Path, score: float
) -> None:
    """As a correlation may be: a share of nought or less says nothing."""
    made = make_report({name: {"rte": score if name == "teacher" else 10.0} for name in SCORES})

    assert made["tasks"][0]["retention"] == dict.fromkeys(MODELS)
    assert made["mean_retention"] == dict.fromkeys(MODELS)
    text = (tmp_path / "out" / "report.md").read_text()
    assert f"| rte | accuracy | 277 | 10.0 | {score:.1f} | 10.0 | 10.0 | - | - |" in text


def test_the_terminal_and_the_page_have_the_same_numbers(
    make_report: MakeReport, tmp_path: Path
) -> None:
    made = make_report(SCORES)
    console = Console(file=StringIO(), record=True, width=200)
    for table in report.rich_tables(made):
        console.print(table)
    terminal = console.export_text()
    page = (tmp_path / "out" / "report.html").read_text()

    for number in ("95.0", "105.0", "99.3", "250,000", "8.0x"):
        assert number in terminal
        assert number in page
