"""Commands on a finished student: scores, official files, answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from distill.cli.options import AsJson, DataRoot, print_json, say
from distill.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHECKPOINT = typer.Argument(
    metavar="CHECKPOINT", help="A student's folder, float32 or 8 bits; to evaluate, a teacher's."
)
EvaluatedTasks = Annotated[
    list[str] | None,
    typer.Option(
        "--task",
        metavar="TASK",
        help="A task of the student, its further evaluation sets too. Repeatable.",
    ),
]
RecipeOfTasks = Annotated[
    str | None,
    typer.Option(
        metavar="RECIPE", help="Where the student's own (not catalogue) tasks are declared."
    ),
]
Predictions = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Also write TASK.predictions.jsonl into this folder; for questions SQuAD's "
        "TASK.predictions.json and TASK.na_odds.json too.",
    ),
]
PredictionsFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Score these predictions, not a checkpoint: JSON lines with `id` and `prediction`, "
        "SQuAD's JSON, or GLUE's TSV with `index` and `prediction`.",
    ),
]
Submission = Annotated[
    Path | None,
    typer.Option(
        metavar="ZIP",
        help="Predict GLUE's test sets and write the eleven files that its server takes.",
    ),
]
Texts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TEXT]...",
        help="Texts; for pairs and questions two each: text and pair, question and context; for "
        "tags sentences, for a choice a text and its candidates, for a summary the sentences.",
    ),
]


def evaluate(  # noqa: PLR0913  # one parameter per option
    checkpoint: Annotated[Path | None, CHECKPOINT] = None,
    task: EvaluatedTasks = None,
    data_root: DataRoot = None,
    recipe: RecipeOfTasks = None,
    predictions: Predictions = None,
    predictions_file: PredictionsFile = None,
    submission: Submission = None,
    as_json: AsJson = False,
) -> None:
    """Score a checkpoint, or a file of predictions, on the validation rows of its tasks.

    Every score has its 95% interval beside it (bootstrap over rows, 1,000 draws). With all tasks of
    GLUE, its average is given too.

    Examples:
    `distill evaluate runs/quickstart/5-quantize/bitsandbytes-int8 --task bbc_topic`

    `distill evaluate runs/glue-small/2-teachers/rte --task rte --data-root DIR`

    `distill evaluate STUDENT --task squad_v2 --predictions out --data-root DIR`

    `distill evaluate --predictions-file out/squad_v2.predictions.json --task squad_v2`

    `distill evaluate --predictions-file MNLI-mm.tsv --task mnli/mismatched`

    `distill evaluate STUDENT --submission glue.zip`
    """
    tasks = task or []
    _check_asked(checkpoint, predictions_file, tasks, predictions, submission)
    from distill.pipeline import task_specs
    from distill.recipe import find_recipe

    declared = None if recipe is None else find_recipe(recipe)
    results: dict[str, Any] = {}
    if predictions_file is not None:
        from distill.stages.scores import evaluate_file

        name = tasks[0].partition("/")[0]
        specs, seed = task_specs([name], declared, data_root)
        results = evaluate_file(predictions_file, specs[name], seed=seed, name=tasks[0])
    if checkpoint is not None and tasks:
        from distill.stages.scores import evaluate_checkpoint

        specs, seed = task_specs(tasks, declared, data_root)
        results = evaluate_checkpoint(checkpoint, specs, seed=seed, predictions=predictions)
    if checkpoint is not None and submission is not None:
        from distill.stages.submission import write_submission

        files = write_submission(
            checkpoint,
            lambda names: task_specs(names, declared, data_root)[0],
            submission,
            say=say,
        )
        results["submission"] = {"path": str(submission), "files": files}
    if as_json:
        print_json(results)
    else:
        _print_scores(results)


def predict(
    checkpoint: Annotated[Path, CHECKPOINT],
    task: Annotated[str, typer.Option("--task", metavar="TASK", help="A task of the student.")],
    texts: Texts = None,
) -> None:
    """Predict with a checkpoint: texts as arguments, or JSON lines on stdin.

    The answers are on stdout, one JSON object a line.

    Lines on stdin have `text`, for pairs `text_pair` too; for spans `question` and `context`; for
    tags a list of `words`; for choices `text` and a list of `candidates`; for summaries a list of
    `sentences`.

    Example: `distill predict runs/quickstart/5-quantize/bitsandbytes-int8 --task bbc_topic
    "Shares rose sharply"`
    """
    from distill.stages.use import predict_lines

    lines = None if texts else sys.stdin
    for answer in predict_lines(checkpoint, task, texts or [], lines):
        print_json(answer)


def _check_asked(
    checkpoint: Path | None,
    predictions_file: Path | None,
    tasks: Sequence[str],
    predictions: Path | None,
    submission: Path | None,
) -> None:
    problems = []
    if (checkpoint is None) == (predictions_file is None):
        problems.append("give either a CHECKPOINT or --predictions-file FILE")
    if predictions_file is not None and len(tasks) != 1:
        problems.append(f"--predictions-file is of one --task, not of {len(tasks)}")
    if predictions_file is not None and (predictions or submission):
        problems.append("--predictions and --submission need a CHECKPOINT that predicts")
    if predictions is not None and not tasks:
        problems.append("--predictions needs --task TASK")
    if checkpoint is not None and not (tasks or submission):
        problems.append("give --task TASK, or --submission ZIP for GLUE's test sets")
    if problems:
        raise UserError(
            *(f"evaluate: {problem}; see distill evaluate --help" for problem in problems)
        )


def _print_scores(results: Mapping[str, Any]) -> None:
    for name, found in results.items():
        if name == "submission":
            rows = ", ".join(f"{file} {count:,}" for file, count in found["files"].items())
            typer.echo(f"{found['path']}: {rows}")
        else:
            typer.echo(f"{name}: {_shown(found)}")


def _shown(found: Mapping[str, Any]) -> str:
    """Return metrics in percent, each with its 95% interval in brackets; of GLUE, its averages."""
    if "intervals" not in found:
        return ", ".join(
            f"{name} {value:.2f}" for name, value in found.items() if value is not None
        )
    parts = [
        f"{metric} {found[metric]:.2f} [{low:.2f}, {high:.2f}]"
        for metric, (low, high) in found["intervals"].items()
        if metric != "score"
    ]
    return f"{', '.join(parts)} ({found['rows']:,} rows)"
