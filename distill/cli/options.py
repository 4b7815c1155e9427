"""Options and arguments that several commands share, and how commands print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

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
        help="Read catalogue tasks from DIR/TASK/ or DIR/*/TASK/ instead of the hub: "
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


def print_json(value: Any) -> None:
    """Print `value` as one line of JSON on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def say(text: str) -> None:
    """Print `text` on stderr."""
    typer.echo(text, err=True)
