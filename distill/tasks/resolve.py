"""From a recipe's task section to a `TaskSpec`, with every problem of the section at once."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from distill.errors import RecipeError
from distill.recipe.kinds import KINDS
from distill.recipe.schema import FilesSource, HubSource, PackageSource, Task
from distill.tasks.builders import BUILDERS
from distill.tasks.catalogue import CATALOGUE
from distill.tasks.files import SUFFIXES, has_known_suffix
from distill.tasks.spec import TaskSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from distill.recipe.kinds import Kind
    from distill.recipe.schema import Source

def resolve(name: str, section: Task, *, base: Path, data_root: Path | None) -> TaskSpec:
    """Return task `name` with the catalogue's defaults under the section's own keys.

    Args:
        name: The task's key in the recipe; a name of `CATALOGUE` brings its defaults.
        section: The recipe's section; only keys that stand in it override the catalogue.
        base: The folder that relative file paths start at.
        data_root: A folder that replaces the hub for catalogue tasks.

    Raises:
        RecipeError: One message for each problem of the section.
    """
    entry = CATALOGUE.get(name)
    if entry is None and not section.model_fields_set & {"kind", "columns", "source"}:
        raise RecipeError(_unknown(name))
    task = section if entry is None else _merged(entry.task, section)
    problems = [f"tasks.{name}.{problem}" for check in CHECKS for problem in check(task)]
    kind, columns, source = task.kind, task.columns, task.source
    if entry and data_root and isinstance(source, HubSource) and source is entry.task.source:
        source = _in_data_root(name, source, data_root, problems)
    if problems or kind is None or columns is None or source is None:
        raise RecipeError(*problems)
    metrics, score = _metrics_and_score(kind, task)
    candidates = columns.get("candidates")
    return TaskSpec(
        name=name,
        kind=kind,
        labels=tuple(task.labels or ()),
        columns={str(ours): theirs for ours, theirs in columns.items() if isinstance(theirs, str)},
        candidate_columns=tuple(candidates) if isinstance(candidates, list) else (),
        metrics=metrics,
        score=score,
        source=source,
        base=base,
        max_length=task.max_length,
        stride=task.stride,
        max_answer_length=task.max_answer_length,
        summary_sentences=task.summary_sentences,
        train_rows=task.train_rows,
        validation_rows=task.validation_rows,
        max_overlap=task.max_overlap,
        description=entry.description if entry else "",
        licence=entry.licence if entry else "",
    )


def _unknown(name: str) -> str:
    close = get_close_matches(name, CATALOGUE, n=1)
    hint = f"; did you mean {close[0]}?" if close else "."
    return (
        f"tasks.{name}: no catalogue task has this name{hint} `distill tasks` lists them; "
        "a task of your own needs kind, columns and source"
    )


def _merged(default: Task, section: Task) -> Task:
    explicit = {key: getattr(section, key) for key in section.model_fields_set}
    # Other metrics make the catalogue's choice of score meaningless.
    if "metrics" in explicit:
        explicit.setdefault("score", None)
    return default.model_copy(update=explicit)


def _metrics_and_score(kind: Kind, task: Task) -> tuple[tuple[str, ...], tuple[str, ...]]:
    metrics: tuple[str, ...] = KINDS[kind].default_metrics
    score: tuple[str, ...] = KINDS[kind].default_score
    if task.metrics is not None:
        metrics = score = tuple(task.metrics)
    return metrics, score if task.score is None else tuple(task.score)


def _missing(task: Task) -> Iterator[str]:
    if task.kind is None:
        yield f"kind is missing; a task of your own is one of {', '.join(KINDS)}"
    if task.source is None:
        yield "source is missing; give `type: hub`, `files` or `package` and its keys"
    if task.columns is None:
        example = KINDS[task.kind or "classification"].required
        yield f"columns is missing; map {', '.join(example)} to the columns of the data"
    if task.kind and KINDS[task.kind].named_labels and task.labels is None:
        yield "labels is missing; name the classes in the order of the integer labels"


def _column_problems(task: Task) -> Iterator[str]:
    if task.kind is None or task.columns is None:
        return
    required, optional = KINDS[task.kind].required, KINDS[task.kind].optional
    for column in required:
        if column not in task.columns:
            yield f"columns.{column} is missing; a {task.kind} task needs {', '.join(required)}"
    for column in task.columns:
        if column not in required + optional:
            known = ", ".join(required + optional)
            yield f"columns.{column} does not belong to a {task.kind} task; it knows {known}"


def _label_problems(task: Task) -> Iterator[str]:
    if task.labels is not None and task.kind and not KINDS[task.kind].named_labels:
        yield f"labels is set; a {task.kind} task has none, so remove it"


def _metric_problems(task: Task) -> Iterator[str]:
    if task.kind is None:
        return
    known = KINDS[task.kind].metrics
    for chosen in task.metrics or ():
        if chosen not in known:
            fitting = ", ".join(known)
            yield f"metrics has {chosen}; it does not fit {task.kind}. Choose from {fitting}"
    metrics, score = _metrics_and_score(task.kind, task)
    for metric in score:
        if metric not in metrics:
            yield f"score has {metric}; it must be one of the task's metrics: {', '.join(metrics)}"
    if task.kind == "classification" and "f1" in metrics and len(task.labels or ()) > 2:
        yield f"metrics has f1; it needs two labels, not {len(task.labels or ())}. Use macro_f1"


def _window_problems(task: Task) -> Iterator[str]:
    if task.kind == "span_extraction" and task.stride * 2 >= task.max_length:
        yield (
            f"stride is {task.stride}; it must be below half of max_length ({task.max_length}). "
            "A third or a quarter of it is usual"
        )


def _source_problems(task: Task) -> Iterator[str]:
    source = task.source
    if isinstance(source, PackageSource) and source.builder is not None:
        if source.builder not in BUILDERS:
            yield f"source.builder is {source.builder}; choose from {', '.join(BUILDERS)}"
    elif isinstance(source, FilesSource | PackageSource):
        for split in ("train", "validation"):
            path = str(getattr(source, split))
            if not has_known_suffix(path):
                known = ", ".join(SUFFIXES)
                yield f"source.{split} is {path}; its name must end in one of {known}"


def _in_data_root(name: str, hub: HubSource, root: Path, problems: list[str]) -> Source:
    """Return the files that stand for `hub`; add to `problems` what is not there."""
    nested = root / hub.path.rpartition("/")[2] / (hub.config or "")
    places = list(dict.fromkeys((nested, root / name)))
    for place in places:
        found = [_first_file(place, split) for split in (hub.train, hub.validation)]
        if found[0] and found[1]:
            return FilesSource(type="files", train=str(found[0]), validation=str(found[1]))
    tried = " and ".join(str(place) for place in places)
    problems.append(
        f"tasks.{name}: --data-root has no {hub.train}.* and {hub.validation}.* "
        f"(tried {tried}; files end in one of {', '.join(SUFFIXES)})"
    )
    return hub


def _first_file(folder: Path, stem: str) -> Path | None:
    candidates = (folder / f"{stem}{suffix}" for suffix in SUFFIXES)
    return next((path.absolute() for path in candidates if path.is_file()), None)


CHECKS: Final[tuple[Callable[[Task], Iterator[str]], ...]] = (
    _missing,
    _column_problems,
    _label_problems,
    _metric_problems,
    _window_problems,
    _source_problems,
)
