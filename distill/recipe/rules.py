"""Rules that join two sections of one recipe; each field's own limits are in the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distill.recipe.document import Key, dotted
from distill.recipe.explain import Problem, did_you_mean
from distill.recipe.schema import TEACHER_SCHEME

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from distill.recipe.schema import Recipe


def broken_rules(recipe: Recipe, dropped: Set[Key] = frozenset()) -> Iterator[Problem]:
    """Yield what contradicts itself in `recipe`, leaving out what hangs on a `dropped` key."""
    named = {str(key[1]) for key in dropped if key[0] == "tasks" and len(key) > 1}
    tasks = sorted({*recipe.tasks, *named})
    for key, name in _task_names(recipe):
        if name not in tasks:
            advice = did_you_mean(name, tasks, otherwise="the tasks are")
            yield Problem(key, f"{dotted(key)} is for {name!r}, which is no task; {advice}", key)
    yield from _uneven_batches(recipe, dropped)


def _task_names(recipe: Recipe) -> Iterator[tuple[Key, str]]:
    for name in recipe.teachers.per_task:
        yield ("teachers", "per_task", name), name
    for name in recipe.distillation.task_weights:
        yield ("distillation", "task_weights", name), name
    if recipe.student.model.startswith(TEACHER_SCHEME):
        yield ("student", "model"), recipe.student.model.removeprefix(TEACHER_SCHEME)


def _uneven_batches(recipe: Recipe, dropped: Set[Key]) -> Iterator[Problem]:
    rows, processes = recipe.training.batch_size, recipe.training.processes
    key = ("training", "batch_size")
    if processes is not None and rows % processes and key not in dropped:
        sentence = (
            f"{dotted(key)} is {rows}; it must be a multiple of training.processes, {processes}."
        )
        yield Problem(key, sentence, key)
