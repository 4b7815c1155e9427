"""Runs a plan: skips what is fresh, has workers make the rest, and keeps the run's folder.

Imports no torch: `check` and a run with nothing to do answer at once.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from distill.errors import RecipeError, StoreError, UserError, WorkerFailed
from distill.recipe import Task, dump_recipe, load_recipe, load_recipe_lenient
from distill.run_folder import Request, hold, note, point
from distill.stages.plan import ORDER, Plan, check_rows, make_plan
from distill.stages.resources import lacking
from distill.store import Artefact, Store, write_json
from distill.tasks import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distill.tasks import TaskSpec

GROUPS: Final = (
    ("data", "teachers", "soft_labels", "student", "quantize"),
    ("evaluate",),
    ("benchmark", "report"),
)
"""Stages that share a worker process.

What is evaluated or timed is reloaded from disk by a process that made none of it.
"""


def plan_request(request: Request, *, check_only: bool = False) -> Plan:
    """Return the plan of a request, checked: rows are read where no fresh data artefact has them.

    With `check_only` all local rows are read, disk, memory and GPUs are looked at, and nothing is
    asked of the hub.

    Raises:
        UserError: every problem of recipe, sources, models and rows.
    """
    recipe, problems = load_recipe_lenient(request.recipe, request.overrides)
    if recipe is None:
        raise RecipeError(*problems)
    base = request.recipe.absolute().parent
    plan = make_plan(recipe, base=base, data_root=request.data_root, fetch=not check_only)
    store = Store(request.store)
    fresh = {item.name for item in plan.of_stage("data") if store.is_fresh(item)}
    check_rows(plan, [name for name in plan.specs if check_only or name not in fresh])
    if check_only:
        wanted = [item for item in plan.in_order() if not store.is_fresh(item)]
        plan.problems += lacking(wanted, recipe.training, store.root)
    if problems or plan.problems:
        raise UserError(*problems, *plan.problems)
    return plan


@dataclass(frozen=True)
class Run:
    """A run that is being made."""

    folder: Path
    plan: Plan
    store: Store

    @property
    def report(self) -> Path:
        """The report's folder."""
        return self.store.path(self.plan.of_stage("report")[0])


def run(request: Request, *, runs: Path, first: str, last: str, say: Callable[[str], None]) -> Run:
    """Make every artefact of the stages `first` to `last` that is not fresh, and return the run.

    Raises:
        UserError: the request is wrong, `first` needs artefacts that are not there, or another
            process has the run.
        WorkerFailed: a worker stopped; it has said why.
    """
    plan = plan_request(request)
    for warning in plan.warnings:
        say(f"warning: {warning}")
    made = Run(runs / plan.recipe.name, plan, Store(request.store))
    chosen = ORDER[ORDER.index(first) : ORDER.index(last) + 1]
    _refuse_gaps(made, ORDER[: ORDER.index(first)])
    _refuse_small_machine(made, chosen)
    with hold(made.folder):
        request.save(made.folder)
        (made.folder / "recipe.yaml").write_text(dump_recipe(plan.recipe), encoding="utf-8")
        for group in GROUPS:
            _make_group(made, [stage for stage in group if stage in chosen], say)
        _link(made)
    return made


def _refuse_gaps(made: Run, stages: Sequence[str]) -> None:
    gaps = [
        item.label
        for stage in stages
        for item in made.plan.of_stage(stage)
        if not made.store.is_fresh(item)
    ]
    if gaps:
        raise StoreError(
            f"--from {ORDER[len(stages)]}: not made yet: {', '.join(gaps)}; run without --from"
        )


def _refuse_small_machine(made: Run, stages: Sequence[str]) -> None:
    wanted = [
        item
        for stage in stages
        for item in made.plan.of_stage(stage)
        if not made.store.is_fresh(item)
    ]
    problems = list(lacking(wanted, made.plan.recipe.training, made.store.root))
    if problems:
        raise StoreError(*problems)


def _make_group(made: Run, stages: Sequence[str], say: Callable[[str], None]) -> None:
    wanted = []
    for item in (item for stage in stages for item in made.plan.of_stage(stage)):
        if made.store.is_fresh(item):
            say(f"{item.label}: fresh")
        else:
            wanted.append(item)
    if wanted:
        _work(made, wanted, say)


def _work(made: Run, wanted: list[Artefact], say: Callable[[str], None]) -> None:
    """Have one worker process make `wanted`, and note what it tells."""
    request = {
        "store": str(made.store.root),
        "wanted": [item.fingerprint for item in wanted],
        "artefacts": [
            {
                **item.identity,
                "locations": dict(item.locations),
            }
            for item in made.plan.artefacts.values()
        ],
    }
    with tempfile.TemporaryDirectory(prefix="distill-") as folder:
        path = Path(folder) / "request.json"
        write_json(path, request)
        environment = {
            # threads that wait by spinning starve each other on a machine that does anything else
            "OMP_WAIT_POLICY": "PASSIVE",
            **os.environ,
            "DISTILL_PARENT": str(os.getpid()),
            "TOKENIZERS_PARALLELISM": "true",
        }
        with _worker([sys.executable, "-m", "distill.stages", str(path)], environment) as process:
            running = _follow(process, made, say)
        code = process.returncode
    if code != 0:
        if running is not None:
            note(made.folder, {"event": "failed", "artefact": running, "exit_code": code})
        if code < 0:
            say(
                f"error: {running or 'a worker'} was killed by signal {-code} "
                f"({signal.strsignal(-code)}); was memory short?"
            )
        raise WorkerFailed(code if code > 0 else 1)


@contextmanager
def _worker(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start a worker; on any exception, Ctrl-C and SIGTERM among them, end it before going on."""
    previous = signal.signal(signal.SIGTERM, _interrupt)
    process = subprocess.Popen(  # noqa: S603  # our own module, under this interpreter
        command, env=environment, stdout=subprocess.PIPE, text=True, errors="replace"
    )
    try:
        yield process
        process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        signal.signal(signal.SIGTERM, previous)
        if process.stdout is not None:
            process.stdout.close()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _follow(process: subprocess.Popen[str], made: Run, say: Callable[[str], None]) -> str | None:
    """Note the worker's events and keep what libraries print.

    Return the artefact that was left unfinished.
    """
    running = None
    with (made.folder / "log.txt").open("a", encoding="utf-8") as log:
        for line in process.stdout or ():
            if not line.startswith('{"event"'):
                log.write(line)
                continue
            event = json.loads(line)
            note(made.folder, event)
            if event["event"] == "started":
                running = event["artefact"]
                say(f"{running}: started")
            else:
                running = None
                _link(made)
                say(f"{event['artefact']}: done in {event['seconds']} s")
    return running


def _link(made: Run) -> None:
    """Point the run folder's numbered links at the artefacts that are there."""
    for number, stage in enumerate(ORDER, start=1):
        items = [item for item in made.plan.of_stage(stage) if made.store.is_fresh(item)]
        place = made.folder / f"{number}-{stage}"
        if stage == "report":
            for item in items:
                point(place, made.store.path(item))
            continue
        known = {item.name for item in made.plan.of_stage(stage)}
        for link in place.iterdir() if place.is_dir() else ():
            if link.name not in known and link.is_symlink():  # of a task the recipe had once
                link.unlink()
        for item in items:
            place.mkdir(exist_ok=True)
            point(place / item.name, made.store.path(item))


def task_specs(
    names: Sequence[str], recipe: Path | None, data_root: Path | None
) -> tuple[dict[str, TaskSpec], int]:
    """Return the specifications of tasks, of the catalogue or as a recipe has them, and its seed.

    Raises:
        RecipeError: the recipe has problems, or a task is not known.
    """
    loaded = None if recipe is None else load_recipe(recipe)
    base = Path.cwd() if recipe is None else recipe.absolute().parent
    sections = {} if loaded is None else loaded.tasks
    specs: dict[str, TaskSpec] = {}
    problems: list[str] = []
    for name in names:
        try:
            specs[name] = resolve(name, sections.get(name, Task()), base=base, data_root=data_root)
        except RecipeError as error:
            problems += error.problems
    if problems:
        raise RecipeError(*problems)
    return specs, 0 if loaded is None else loaded.seed
