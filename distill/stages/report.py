"""Stage report: one table of what was kept and what was lost; no computation beyond ratios."""

from __future__ import annotations

import json
from io import StringIO
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from distill.metrics.glue import glue_average
from distill.store import write_json

if TYPE_CHECKING:
    from pathlib import Path

    from distill.stages.job import Job


def run(job: Job) -> None:
    """Write `report.json`, `report.md` and `report.html`."""
    report = _collect(job)
    write_json(job.out / "report.json", report)
    (job.out / "report.md").write_text(_markdown(report), encoding="utf-8")
    console = Console(record=True, file=StringIO(), width=110)
    for table in rich_tables(report):
        console.print(table)
    (job.out / "report.html").write_text(console.export_html(), encoding="utf-8")


def _collect(job: Job) -> dict[str, Any]:
    students: list[str] = job.settings["models"]
    models = ("teacher", *students)
    rows = [row for task in job.settings["tasks"] for row in _rows_of_task(job, task, students)]
    means = {
        name: _mean_over_tasks(rows, [row["scores"][name]["score"] for row in rows])
        for name in ("baseline", *models)
    }
    return {
        "run": job.settings["name"],
        "tasks": rows,
        "mean": means,
        "mean_retention": {name: _percent(means[name], means["teacher"]) for name in students},
        "glue": _glue(rows, ("baseline", *models)),
        "benchmark": _read(job.inputs["benchmark"] / "benchmark.json"),
    }


def _rows_of_task(job: Job, task: str, students: list[str]) -> list[dict[str, Any]]:
    """Return a row for the validation set, and one for each further evaluation set."""
    info = _read(job.group("data")[task] / "task.json")
    evaluations, teachers = job.group("evaluate"), job.group("teacher")
    rows = []
    for also in (None, *info["also"]):
        stem = task if also is None else f"{task}.{also}"
        scores = {
            "baseline": _read(job.inputs["baseline"] / f"{stem}.json"),
            "teacher": _read(teachers[task] / f"{stem}.json"),
            **{name: _read(evaluations[name] / f"{stem}.json") for name in students},
        }
        rows.append(
            {
                "task": task if also is None else f"{task}/{also}",
                "metric": " + ".join(info["score"]),
                "rows": scores["teacher"]["rows"],
                "scores": scores,
                "retention": {
                    name: _percent(scores[name]["score"], scores["teacher"]["score"])
                    for name in students
                },
            }
        )
    return rows


def _glue(rows: list[dict[str, Any]], models: tuple[str, ...]) -> dict[str, Any] | None:
    """Return GLUE's average of each model, where the run has its tasks."""
    of_model = {
        name: glue_average({row["task"]: row["scores"][name] for row in rows}) for name in models
    }
    found = {name: average._asdict() for name, average in of_model.items() if average}
    return found or None


def _mean_over_tasks(rows: list[dict[str, Any]], scores: list[float]) -> float:
    """Return the mean over tasks; a task's sets are averaged first, as GLUE does with MNLI's."""
    of_task: dict[str, list[float]] = {}
    for row, score in zip(rows, scores, strict=True):
        of_task.setdefault(row["task"].partition("/")[0], []).append(score)
    return fmean(fmean(values) for values in of_task.values())


def _percent(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole > 0 else None


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


TITLES: Final = {"float32": "student float32", "bitsandbytes-int8": "student int8"}
NOTES: Final = """\
Scores are percentages on the validation rows, which also chose each kept checkpoint; every model
was reloaded from disk in a process of its own. Kept is the student's score as a share of the
teacher's. The baseline needs no look at the text: the most frequent class, a random reply, no
answer, the first sentences. Intervals are of 1,000 bootstrap draws over the rows. Latency: one
row at a time, {rows_per_task} rows a task, all models in turn, without tokenising; {threads}
threads of {cpu}.
"""


def _title(name: str) -> str:
    return TITLES.get(name, name)


def _score_rows(report: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    students = list(report["mean_retention"])
    models = ("baseline", "teacher", *students)
    header = ["task", "metric", "rows", *map(_title, models)]
    header += [f"kept {_title(name).removeprefix('student ')} %" for name in students]
    lines = []
    for row in report["tasks"]:
        scores = [f"{row['scores'][name]['score']:.1f}" for name in models]
        kept = [_shown(row["retention"][name]) for name in students]
        lines.append([row["task"], row["metric"], str(row["rows"]), *scores, *kept])
    scores = [f"{report['mean'][name]:.1f}" for name in models]
    kept = [_shown(report["mean_retention"][name]) for name in students]
    lines.append(["mean", "", "", *scores, *kept])
    if report["glue"]:
        lines.append(_glue_line(report["glue"], models, students))
    return header, lines


def _glue_line(glue: dict[str, Any], models: tuple[str, ...], students: list[str]) -> list[str]:
    whole = glue["teacher"]["average"] is not None
    values = {name: glue[name]["average" if whole else "without_wnli"] for name in models}
    kept = [_shown(_percent(values[name], values["teacher"])) for name in students]
    title = "GLUE" if whole else "GLUE without WNLI"
    return [title, "", "", *(f"{values[name]:.1f}" for name in models), *kept]


def _interval_rows(report: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    models = ("baseline", "teacher", *report["mean_retention"])
    lines = []
    for row in report["tasks"]:
        ends = [row["scores"][name]["intervals"]["score"] for name in models]
        lines.append([row["task"], *(f"{low:.1f} to {high:.1f}" for low, high in ends)])
    return ["95% interval", *map(_title, models)], lines


def _cost_rows(report: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    benchmark = report["benchmark"]
    first = benchmark["bytes"]["teacher"]
    lines = []
    for name in ("teacher", *report["mean_retention"]):
        size = benchmark["bytes"][name]
        title = f"teachers ({benchmark['teachers']} models)" if name == "teacher" else _title(name)
        latency = benchmark["latency_ms"][name]
        ratio = benchmark["latency_ms"]["teacher"] / latency
        lines.append(
            [title, f"{size:,}", f"{first / size:.1f}x", f"{latency:.1f}", f"{ratio:.1f}x"]
        )
    return ["model", "bytes on disk", "smaller", "median latency, ms", "faster"], lines


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _tables(report: dict[str, Any]) -> tuple[tuple[list[str], list[list[str]]], ...]:
    return _score_rows(report), _interval_rows(report), _cost_rows(report)


def _markdown(report: dict[str, Any]) -> str:
    parts = [f"# Report of run {report['run']}", ""]
    for header, lines in _tables(report):
        left = 2 if header[0] == "task" else 1
        rule = ("---" if place < left else "---:" for place in range(len(header)))
        parts += ["| " + " | ".join(line) + " |" for line in (header, rule, *lines)]
        parts.append("")
    return "\n".join([*parts, NOTES.format(**report["benchmark"]["machine"])])


def rich_tables(report: dict[str, Any]) -> list[Table]:
    """Return the report's tables for a terminal."""
    tables: list[Table] = []
    for header, lines in _tables(report):
        table = Table(title=None if tables else f"run {report['run']}")
        for place, title in enumerate(header):
            table.add_column(title, justify="left" if place == 0 else "right", no_wrap=place == 0)
        for line in lines:
            table.add_row(*line, style="bold" if line[0].startswith(("mean", "GLUE")) else None)
        tables.append(table)
    return tables
