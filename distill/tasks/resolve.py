"""From a recipe's task section to a `TaskSpec`, with every problem of the section at once."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from distill.errors import RecipeError
from distill.recipe import KINDS, FilesSource, HubSource, PackageSource, Task
from distill.tasks.builders import BUILDERS
from distill.tasks.catalogue import CATALOGUE
from distill.tasks.files import SUFFIXES, has_known_suffix, separates_columns
from distill.tasks.sources import SPLITS, first_file
from distill.tasks.spec import TaskSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from distill.recipe import Kind
    from distill.tasks.entry import Entry

IOB2: Final = ("O", "B-", "I-")
NO_SOURCE: Final = "source is missing; give `type: hub`, `files` or `package` and its keys"


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
    task, problems = _with_source(name, entry, section, data_root)
    problems += [f"tasks.{name}.{problem}" for check in CHECKS for problem in check(task)]
    kind, columns, source = task.kind, task.columns, task.source
    if problems or kind is None or columns is None or source is None:
        raise RecipeError(*problems)
    metrics, score = _metrics_and_score(kind, task)
    return TaskSpec(
        name=name,
        kind=kind,
        labels=tuple(task.labels or ()),
        columns={str(ours): theirs for ours, theirs in columns.items()},
        candidate_columns=tuple(task.candidate_columns or ()),
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
        class_weights=task.class_weights,
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
        if column not in task.columns and not (column == "candidates" and task.candidate_columns):
            yield f"columns.{column} is missing; a {task.kind} task needs {', '.join(required)}"
    for column in task.columns:
        if column not in required + optional:
            known = ", ".join(required + optional)
            yield f"columns.{column} does not belong to a {task.kind} task; it knows {known}"


def _candidate_problems(task: Task) -> Iterator[str]:
    if task.candidate_columns is None:
        return
    if task.kind != "multiple_choice":
        yield f"candidate_columns is set; a {task.kind} task has none, so remove it"
    elif "candidates" in (task.columns or {}):
        yield "candidate_columns and columns.candidates are both set; remove one of them"


def _label_problems(task: Task) -> Iterator[str]:
    if task.labels is not None and task.kind and not KINDS[task.kind].named_labels:
        yield f"labels is set; a {task.kind} task has none, so remove it"
    if task.class_weights and task.kind not in {None, "classification", "tagging"}:
        yield f"class_weights is set; a {task.kind} task has no classes, so remove it"


def _tag_problems(task: Task) -> Iterator[str]:
    if task.kind != "tagging" or "entity_f1" not in _metrics_and_score(task.kind, task)[0]:
        return
    strange = [label for label in task.labels or () if label != IOB2[0] and label[:2] not in IOB2]
    if strange:
        yield (
            f"metrics has entity_f1; it needs labels O, B-x and I-x, not {strange[0]}. Use accuracy"
        )


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
    windowed = {"span_extraction", "tagging", "extractive_summary"}
    if task.kind in windowed and task.stride * 2 >= task.max_length:
        yield (
            f"stride is {task.stride}; it must be below half of max_length ({task.max_length}). "
            "A third or a quarter of it is usual"
        )


def _source_problems(task: Task) -> Iterator[str]:
    match task.source:
        case PackageSource(builder=str(builder)):
            if builder not in BUILDERS:
                yield f"source.builder is {builder}; choose from {', '.join(BUILDERS)}"
        case FilesSource() | PackageSource() as source:
            yield from _path_problems(source)


def _also_problems(task: Task) -> Iterator[str]:
    if isinstance(task.source, HubSource | FilesSource):
        for name in task.source.also.keys() & set(SPLITS):
            yield f"source.also has {name}, which the task has already; choose another name"


def _path_problems(source: FilesSource | PackageSource) -> Iterator[str]:
    paths = {split: str(getattr(source, split)) for split in SPLITS}
    header = None
    if isinstance(source, FilesSource):
        paths |= {f"also.{name}": path for name, path in source.also.items()}
        header = source.header
    for key, path in paths.items():
        if not has_known_suffix(path):
            known = ", ".join(SUFFIXES)
            yield f"source.{key} is {path}; its name must end in one of {known}"
    if header is not None and not any(map(separates_columns, paths.values())):
        yield "source.header is set, but no file is CSV or TSV; remove it"


def _with_source(
    name: str, entry: Entry | None, section: Task, root: Path | None
) -> tuple[Task, list[str]]:
    """Return the section over the catalogue's defaults, reading from `root` where it may."""
    task = section if entry is None else _merged(entry.task, section)
    if entry is None or "source" in section.model_fields_set:
        return task, [] if task.source else [f"tasks.{name}.{NO_SOURCE}"]
    if isinstance(task.source, PackageSource) or (root is None and task.source):
        return task, []
    if root is None:
        return task, [
            f"tasks.{name}.source is missing: the catalogue pins no hub revision of this task. "
            f"Give --data-root DIR, where DIR/{name} or DIR/*/{name} holds train.* and "
            "validation.*, or a source of your own"
        ]
    hub = task.source if isinstance(task.source, HubSource) else None
    names = (hub.train, hub.validation) if hub else SPLITS
    places = list(dict.fromkeys(_places(name, hub, root)))
    for place in places:
        train, validation = (first_file(place, split) for split in names)
        if train and validation:
            also = {
                key: first_file(place, split) for key, split in (hub.also if hub else {}).items()
            }
            files = FilesSource(
                type="files",
                train=str(train),
                validation=str(validation),
                also={key: str(path) for key, path in also.items() if path},
                header=entry.header if separates_columns(train.name) else None,
            )
            own = "columns" in section.model_fields_set or entry.file_columns is None
            columns = task.columns if own else entry.file_columns
            return task.model_copy(update={"source": files, "columns": columns}), []
    tried = ", ".join(str(place) for place in [*places, root / "*" / name])
    return task, [
        f"tasks.{name}: --data-root has no {names[0]}.* and {names[1]}.* "
        f"(tried {tried}; files end in one of {', '.join(SUFFIXES)})"
    ]


def _places(name: str, hub: HubSource | None, root: Path) -> Iterator[Path]:
    if hub is not None:
        yield root / hub.path.rpartition("/")[2] / (hub.config or "")
    yield root / name
    yield from sorted(root.glob(f"*/{name}"))


CHECKS: Final[tuple[Callable[[Task], Iterator[str]], ...]] = (
    _missing,
    _column_problems,
    _candidate_problems,
    _label_problems,
    _tag_problems,
    _metric_problems,
    _window_problems,
    _source_problems,
    _also_problems,
)
