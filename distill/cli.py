"""The `distill` command: parse, call, print. Imports no torch, so that `--help` answers at once."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from distill import __version__
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

RecipePath = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE",
        help="A YAML file, or the name of a recipe that ships (see `distill recipes`).",
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change one value of the recipe, e.g. `training.epochs=5`. Repeatable.",
    ),
]
DataRoot = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Read catalogue tasks from DIR/TASK/ or DIR/glue/TASK/ instead of the hub: "
        "{train,validation}.*",
    ),
]
StorePath = Annotated[
    Path,
    typer.Option(metavar="DIR", help="Where artefacts live; runs with the same inputs share them."),
]
RunsPath = Annotated[Path, typer.Option(metavar="DIR", help="Where run folders live.")]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object on stdout; everything else goes to stderr."),
]
Checkpoint = Annotated[
    Path, typer.Argument(metavar="CHECKPOINT", help="A student's folder, in float32 or 8 bits.")
]


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
        _say(f"warning: {warning}")
    tasks = {name: spec.kind for name, spec in plan.specs.items()}
    if as_json:
        _print_json({"recipe": plan.recipe.name, "tasks": tasks, "warnings": plan.warnings})
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
        made = run_pipeline(request, runs=runs, first=first, last=last, say=_say)
    except KeyboardInterrupt:
        _say(INTERRUPTED)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if last != "report":
        _say(f"done until {last}: {made.folder}")
        if as_json:
            _print_json({"run": str(made.folder), "until": last})
        return
    report = json.loads((made.report / "report.json").read_text(encoding="utf-8"))
    if as_json:
        _print_json(report)
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
    from distill.pipeline import status as run_status

    rows = run_status(run_folder)
    if as_json:
        _print_json({"run": str(run_folder), "artefacts": rows})
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
        _print_json(found)
        return
    for name, comment in found.items():
        typer.echo(f"{name:18}{comment}")


@app.command()
def tasks(as_json: AsJson = False) -> None:
    """List the tasks of the catalogue with their kinds, metrics and sources."""
    from distill.tasks import CATALOGUE

    found = {
        name: {
            "kind": entry.task.kind,
            "metrics": entry.task.metrics,
            "labels": entry.task.labels or [],
            "source": entry.task.source.type if entry.task.source else None,
            "description": entry.description,
            "licence": entry.licence,
        }
        for name, entry in CATALOGUE.items()
    }
    if as_json:
        _print_json(found)
        return
    for name, row in found.items():
        typer.echo(
            f"{name:20}{row['kind']:17}{', '.join(row['metrics'] or []):23}{row['description']}"
        )


@app.command()
def evaluate(  # one parameter per option
    checkpoint: Checkpoint,
    task: Annotated[
        list[str], typer.Option("--task", metavar="TASK", help="A task of the student. Repeatable.")
    ],
    data_root: DataRoot = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE", help="Where the student's own (not catalogue) tasks are declared."
        ),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write TASK.predictions.jsonl into this folder."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score a checkpoint on the validation rows of one or more tasks.

    Example: `distill evaluate runs/quickstart/5-quantize/bitsandbytes-int8 --task bbc_topic`
    """
    from distill.pipeline import task_specs
    from distill.recipe import find_recipe
    from distill.stages.use import evaluate_checkpoint

    specs, seed = task_specs(task, None if recipe is None else find_recipe(recipe), data_root)
    results = evaluate_checkpoint(checkpoint, specs, seed=seed, predictions=predictions)
    if as_json:
        _print_json(results)
        return
    for name, metrics in results.items():
        shown = ", ".join(
            f"{key} {value:.2f}" for key, value in metrics.items() if key not in {"rows", "score"}
        )
        typer.echo(f"{name}: {shown} ({metrics['rows']} rows)")


@app.command()
def predict(
    checkpoint: Checkpoint,
    task: Annotated[str, typer.Option("--task", metavar="TASK", help="A task of the student.")],
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEXT]...",
            help="Texts; for pairs and questions two each: text and pair, question and context.",
        ),
    ] = None,
) -> None:
    """Predict with a checkpoint: texts as arguments, or JSON lines on stdin.

    The answers are on stdout, one JSON object a line.

    Lines on stdin have `text`, for pairs `text_pair` too, for spans `question` and `context`.

    Example: `distill predict runs/quickstart/5-quantize/bitsandbytes-int8 --task bbc_topic
    "Shares rose sharply"`
    """
    from distill.stages.use import predict_lines

    lines = None if texts else sys.stdin
    for answer in predict_lines(checkpoint, task, texts or [], lines):
        _print_json(answer)


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


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


def _say(text: str) -> None:
    typer.echo(text, err=True)


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
            _say(f"error: {problem}")
        sys.exit(EXIT_USER)
    except WorkerFailed as error:
        if error.exit_code == EXIT_INTERRUPTED:
            _say(INTERRUPTED)
        sys.exit(error.exit_code)
    sys.exit(0)
