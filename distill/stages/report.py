"""Stage report: one table of what was kept and what was lost; no computation beyond ratios."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from distill.stages.job import Job


def run(job: Job) -> None:
    """Write `report.json`, `report.md` and `report.html`."""
    report = _collect(job)
    (job.out / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (job.out / "report.md").write_text(_markdown(report), encoding="utf-8")
    console = Console(record=True, file=StringIO(), width=110)
    for table in rich_tables(report):
        console.print(table)
    (job.out / "report.html").write_text(console.export_html(), encoding="utf-8")


def _collect(job: Job) -> dict[str, Any]:
    benchmark = _read(job.inputs["benchmark"] / "benchmark.json")
    students: list[str] = job.settings["models"]
    evaluations, teachers = job.group("evaluate"), job.group("teacher")
    rows = []
    for task in job.settings["tasks"]:
        info = _read(job.group("data")[task] / "task.json")
        scores = {"teacher": _read(teachers[task] / f"{task}.json")}
        scores |= {name: _read(evaluations[name] / f"{task}.json") for name in students}
        rows.append(
            {
                "task": task,
                "metric": " + ".join(info["score"]),
                "rows": scores["teacher"]["rows"],
                "scores": scores,
                "retention": {
                    name: _percent(scores[name]["score"], scores["teacher"]["score"])
                    for name in students
                },
            }
        )
    means = {
        name: sum(row["scores"][name]["score"] for row in rows) / len(rows)
        for name in ("teacher", *students)
    }
    return {
        "run": job.settings["name"],
        "tasks": rows,
        "mean": means,
        "mean_retention": {name: _percent(means[name], means["teacher"]) for name in students},
        "benchmark": benchmark,
    }


def _percent(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole > 0 else None


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


TITLES = {"teacher": "teacher", "float32": "student float32", "bitsandbytes-int8": "student int8"}


def _score_rows(report: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    students = list(report["mean_retention"])
    header = [
        "task",
        "metric",
        "rows",
        *(TITLES.get(name, name) for name in ("teacher", *students)),
    ]
    header += [
        f"retention {TITLES.get(name, name).removeprefix('student ')} %" for name in students
    ]
    lines = []
    for row in report["tasks"]:
        scores = [f"{row['scores'][name]['score']:.1f}" for name in ("teacher", *students)]
        kept = [_shown(row["retention"][name]) for name in students]
        lines.append([row["task"], row["metric"], str(row["rows"]), *scores, *kept])
    scores = [f"{report['mean'][name]:.1f}" for name in ("teacher", *students)]
    kept = [_shown(report["mean_retention"][name]) for name in students]
    return header, [*lines, ["mean", "", "", *scores, *kept]]


def _cost_rows(report: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    benchmark = report["benchmark"]
    first = benchmark["bytes"]["teacher"]
    lines = []
    for name in ("teacher", *report["mean_retention"]):
        size = benchmark["bytes"][name]
        title = (
            f"teachers ({len(report['tasks'])} models)"
            if name == "teacher"
            else TITLES.get(name, name)
        )
        latency = benchmark["latency_ms"][name]
        ratio = benchmark["latency_ms"]["teacher"] / latency
        lines.append(
            [title, f"{size:,}", f"{first / size:.1f}x", f"{latency:.1f}", f"{ratio:.1f}x"]
        )
    return ["model", "bytes on disk", "smaller", "median latency, ms", "faster"], lines


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _markdown(report: dict[str, Any]) -> str:
    machine = report["benchmark"]["machine"]
    parts = [f"# Report of run {report['run']}", ""]
    for header, lines in (_score_rows(report), _cost_rows(report)):
        left = 2 if header[0] == "task" else 1
        parts.append("| " + " | ".join(header) + " |")
        parts.append(
            "| "
            + " | ".join("---" if place < left else "---:" for place in range(len(header)))
            + " |"
        )
        parts += ["| " + " | ".join(line) + " |" for line in lines]
        parts.append("")
    parts += [
        (
            "Scores are percentages on the validation rows, which also chose each kept checkpoint; "
            "every model was reloaded"
        ),
        (
            "from disk in a process of its own. Retention is the student's score as a share of the "
            "teacher's."
        ),
        (
            f"Latency: one row at a time, {machine['rows_per_task']} rows a task, all models in "
            "turn, without tokenising;"
        ),
        f"{machine['threads']} threads of {machine['cpu']}.",
        "",
    ]
    return "\n".join(parts)


def rich_tables(report: dict[str, Any]) -> list[Table]:
    """Return the report's two tables for a terminal."""
    tables: list[Table] = []
    for header, lines in (_score_rows(report), _cost_rows(report)):
        table = Table(title=None if tables else f"run {report['run']}")
        for place, title in enumerate(header):
            table.add_column(title, justify="left" if place == 0 else "right", no_wrap=place == 0)
        for line in lines:
            table.add_row(*line, style="bold" if line[0] == "mean" else None)
        tables.append(table)
    return tables
