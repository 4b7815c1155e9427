"""The `distill` command: parse, call, print. Imports no torch, so that `--help` answers at once."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from distill import __version__
from distill.cli.options import (
    AsJson,
    DataRoot,
    Overrides,
    RecipePath,
    RunsPath,
    StorePath,
    print_json,
    say,
)
from distill.cli.students import evaluate, predict
from distill.errors import EXIT_INTERRUPTED, EXIT_USER, UserError, WorkerFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED: Final = "interrupted; the same command goes on from here"

app = typer.Typer(
    name="distill",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""Distil many fine-tuned BERT or ELECTRA models into **one small multi-task student in 8
bits**, and measure what was kept.

Start with `distill run quickstart`. Everything a run does stands in its recipe; `distill recipes`
lists those that ship.

Exit codes: 0 done, 1 a bug, 2 something you gave is wrong, 3 a quality gate failed, 130 interrupted
(run it again: it goes on).
""",
)


@app.command()
def check(
    recipe: RecipePath,
    overrides: Overrides = None,
    data_root: DataRoot = None,
    store: StorePath = Path("store"),
    as_json: AsJson = False,
) -> None:
    """Report every problem of a recipe at once, before any training.

    Checked are keys, values, files, rows, labels and models.

    Example: `distill check my-recipe.yaml --set training.epochs=5`
    """
    from distill.pipeline import plan_request
    from distill.recipe import find_recipe
    from distill.run_folder import Request

    request = Request(find_recipe(recipe), tuple(overrides or ()), data_root, store)
    plan = plan_request(request, check_only=True)
    for warning in plan.warnings:
        say(f"warning: {warning}")
    tasks = {name: spec.kind for name, spec in plan.specs.items()}
    if as_json:
        print_json({"recipe": plan.recipe.name, "tasks": tasks, "warnings": plan.warnings})
    else:
        typer.echo(f"{recipe}: no problems; {len(tasks)} tasks: {', '.join(tasks)}")


@app.command()
def run(  # noqa: PLR0913  # one parameter per option
    recipe: RecipePath,
    overrides: Overrides = None,
    data_root: DataRoot = None,
    store: StorePath = Path("store"),
    runs: RunsPath = Path("runs"),
    first: Annotated[
        str, typer.Option("--from", metavar="STAGE", help="First stage; those before must be made.")
    ] = "data",
    last: Annotated[str, typer.Option("--until", metavar="STAGE", help="Last stage.")] = "report",
    as_json: AsJson = False,
) -> None:
    """Run a recipe: data, teachers, soft_labels, student, quantize, evaluate, benchmark, report.

    What is already made from the same inputs is not made again; an interrupted run goes on where it
    stopped.

    Examples: `distill run quickstart` · `distill run glue-small --data-root DIR` ·
    `distill run my.yaml --set training.deepspeed.zero_stage=2 --set training.processes=2`
    """
    from distill.pipeline import run as run_pipeline
    from distill.recipe import find_recipe
    from distill.run_folder import Request
    from distill.stages.plan import ORDER

    _check_stages(first, last, ORDER)
    request = Request(find_recipe(recipe), tuple(overrides or ()), data_root, store)
    try:
        made = run_pipeline(request, runs=runs, first=first, last=last, say=say)
    except KeyboardInterrupt:
        say(INTERRUPTED)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if last != "report":
        say(f"done until {last}: {made.folder}")
        if as_json:
            print_json({"run": str(made.folder), "until": last})
        return
    report = json.loads((made.report / "report.json").read_text(encoding="utf-8"))
    if as_json:
        print_json(report)
        return
    _print_report(report)
    typer.echo(f"report: {made.folder / '8-report' / 'report.md'}")
    for item in made.plan.of_stage("quantize"):
        typer.echo(f"ship:   {made.folder / '5-quantize' / item.name}")


@app.command()
def status(
    run_folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run folder such as runs/quickstart.")
    ],
    as_json: AsJson = False,
) -> None:
    """Tell for each artefact of a run whether it is fresh, running, failed, stale or missing.

    Of a stale one, tell why.
    """
    from distill.run_status import status as run_status

    rows = run_status(run_folder)
    if as_json:
        print_json({"run": str(run_folder), "artefacts": rows})
        return
    width = max(len(row["artefact"]) for row in rows)
    for row in rows:
        typer.echo(f"{row['artefact']:{width}}  {row['state']:8}{'; '.join(row['why'])}".rstrip())


@app.command()
def recipes(as_json: AsJson = False) -> None:
    """List the recipes that ship."""
    from distill.recipe import list_recipes

    found = list_recipes()
    if as_json:
        print_json(found)
        return
    for name, comment in found.items():
        typer.echo(f"{name:18}{comment}")


@app.command()
def tasks(as_json: AsJson = False) -> None:
    """List the catalogue's tasks by kind, with their metrics and sources.

    A task without a hub source is read from files: `--data-root DIR`, or a `source:` in the recipe.
    """
    from distill.recipe import KINDS
    from distill.tasks import CATALOGUE

    found = {
        name: {
            "kind": entry.task.kind,
            "metrics": entry.task.metrics,
            "labels": entry.task.labels or [],
            "source": entry.task.source.type if entry.task.source else "files",
            "description": entry.description,
            "licence": entry.licence,
        }
        for name, entry in CATALOGUE.items()
    }
    if as_json:
        print_json(found)
        return
    for kind, about in KINDS.items():
        typer.echo(f"{kind}: {about.predicts}")
        for name, row in found.items():
            if row["kind"] == kind:
                typer.echo(f"  {name:20}{row['source']:9}{row['description']}")
                typer.echo(f"  {'':29}{', '.join(row['metrics'] or about.default_metrics)}")


app.command()(evaluate)
app.command()(predict)


def _check_stages(first: str, last: str, order: Sequence[str]) -> None:
    for option, stage in (("--from", first), ("--until", last)):
        if stage not in order:
            raise UserError(f"{option} is {stage!r}; the stages are {', '.join(order)}")
    if order.index(first) > order.index(last):
        raise UserError(
            f"--from {first} comes after --until {last}; the stages are {', '.join(order)}"
        )


def _print_report(report: dict[str, Any]) -> None:
    from rich.console import Console

    from distill.stages.report import rich_tables

    console = Console(width=None if sys.stdout.isatty() else 110)
    for table in rich_tables(report):
        console.print(table)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # handled by its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


def main() -> NoReturn:
    """Run the command and exit with the codes of the help text."""
    try:
        app(standalone_mode=True)
    except UserError as error:
        for problem in error.problems:
            say(f"error: {problem}")
        sys.exit(EXIT_USER)
    except WorkerFailed as error:
        if error.exit_code == EXIT_INTERRUPTED:
            say(INTERRUPTED)
        sys.exit(error.exit_code)
    sys.exit(0)
