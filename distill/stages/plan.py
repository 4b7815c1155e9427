"""Which artefacts a recipe needs and what each is made from.

Also every problem that can be seen before any work. Reads recipes, file hashes and model
configurations; imports no torch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from distill.errors import UserError
from distill.recipe import TEACHER_SCHEME, HubSource
from distill.stages.models import PretrainedModel, RecipeModels
from distill.store import Artefact
from distill.tasks import TaskSpec, resolve, row_warnings, source_fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from distill.recipe import Recipe

ORDER: Final = (
    "data",
    "teachers",
    "soft_labels",
    "student",
    "quantize",
    "evaluate",
    "benchmark",
    "report",
)
VERSIONS: Final = dict.fromkeys(ORDER, 2)
"""Formats of what the stages write; raising one makes its artefacts and all that follow stale."""


@dataclass
class Plan:
    """All artefacts of a run, inputs before what is made from them, and the problems found."""

    recipe: Recipe
    base: Path
    data_root: Path | None
    fetch: bool
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    artefacts: dict[str, Artefact] = field(default_factory=dict)
    """By fingerprint."""
    specs: dict[str, TaskSpec] = field(default_factory=dict)

    def of_stage(self, stage: str) -> list[Artefact]:
        """Return the artefacts of one stage."""
        return [made for made in self.artefacts.values() if made.stage == stage]

    def in_order(self) -> Iterator[Artefact]:
        """Yield all artefacts, stage by stage."""
        for stage in ORDER:
            yield from self.of_stage(stage)

    def add(self, stage: str, name: str, settings: dict[str, Any], **more: Any) -> Artefact:
        """Note an artefact and return it; one with the same fingerprint stands for both."""
        made = Artefact(stage, name, VERSIONS[stage], settings, **more)
        return self.artefacts.setdefault(made.fingerprint, made)


def make_plan(recipe: Recipe, *, base: Path, data_root: Path | None, fetch: bool) -> Plan:
    """Return the plan of `recipe`; relative paths in it start at `base`.

    Without `fetch` nothing is asked of the hub: its models and data sets are named in the warnings,
    and the plan cannot be run. With problems in it, the plan has no artefacts and must not be run.
    """
    plan = Plan(recipe, base, data_root, fetch)
    sources = _sources(plan)
    models = RecipeModels(recipe, base, fetch, plan.warnings, plan.problems)
    student = models.student()
    teachers = {name: models.teacher(name) for name in recipe.tasks}
    if plan.problems or student is None:
        return plan
    _Builder(
        plan, sources, {name: folder for name, folder in teachers.items() if folder}, student
    ).build()
    return plan


def check_rows(plan: Plan, names: Iterable[str]) -> None:
    """Read the named tasks' rows; note problems and warnings in the plan."""
    for name in names:
        spec = plan.specs[name]
        if isinstance(spec.source, HubSource) and not plan.fetch:
            plan.warnings.append(
                f"tasks.{name}: {spec.source.path} is on the hub; its rows are read when the "
                "recipe runs"
            )
            continue
        try:
            plan.warnings += row_warnings(spec, plan.recipe.seed)
        except UserError as error:
            plan.problems += error.problems


def _sources(plan: Plan) -> dict[str, str]:
    found = {}
    for name, section in plan.recipe.tasks.items():
        try:
            spec = resolve(name, section, base=plan.base, data_root=plan.data_root)
            found[name] = source_fingerprint(spec)
            plan.specs[name] = spec
        except UserError as error:
            plan.problems += error.problems
    return found


@dataclass
class _Builder:
    """Adds the artefacts of a plan without problems, one method per stage."""

    plan: Plan
    sources: dict[str, str]
    teacher_models: dict[str, PretrainedModel]
    student_model: PretrainedModel

    def build(self) -> None:
        recipe, names = self.plan.recipe, list(self.plan.recipe.tasks)
        data = {name: self._data(name, self.student_model) for name in names}
        teacher_data = {name: self._data(name, self.teacher_models[name]) for name in names}
        teachers = {name: self._teacher(name, teacher_data[name]) for name in names}
        soft = {
            name: self.plan.add(
                "soft_labels",
                name,
                {"soft_labels": recipe.soft_labels.model_dump()},
                inputs={"teacher": teachers[name], "data": teacher_data[name]},
            )
            for name in names
        }
        student = self._student(data, soft, teachers)
        finished = {"float32": student}
        for backend in recipe.quantization.backends:
            finished[backend] = self.plan.add(
                "quantize", backend, {"backend": backend}, inputs={"student": student}
            )
        baseline = self.plan.add(
            "evaluate",
            "baseline",
            {"role": "baseline", "seed": recipe.seed},
            inputs=_grouped("data", data),
        )
        scored = {
            name: self.plan.add(
                "evaluate",
                f"teacher-{name}",
                {"role": "teacher"},
                inputs={"model": teachers[name], f"data:{name}": teacher_data[name]},
            )
            for name in names
        }
        students_scored = {
            name: self.plan.add(
                "evaluate",
                f"student-{name}",
                {"role": "student"},
                inputs={"model": made, **_grouped("data", data)},
            )
            for name, made in finished.items()
        }
        benchmark = self.plan.add(
            "benchmark",
            "models",
            {"benchmark": recipe.benchmark.model_dump()},
            inputs={
                **_grouped("data", data),
                **_grouped("teacher_data", teacher_data),
                **_grouped("teacher", teachers),
                **_grouped("student", finished),
            },
        )
        self.plan.add(
            "report",
            recipe.name,
            {"name": recipe.name, "tasks": names, "models": list(finished)},
            inputs={
                "benchmark": benchmark,
                "baseline": baseline,
                **_grouped("data", data),
                **_grouped("teacher", scored),
                **_grouped("evaluate", students_scored),
            },
        )

    def _data(self, name: str, model: PretrainedModel) -> Artefact:
        plan, spec = self.plan, self.plan.specs[name]
        return plan.add(
            "data",
            name,
            {
                "task": {
                    **spec.settings(),
                    "metrics": list(spec.metrics),
                    "score": list(spec.score),
                },
                "source": self.sources[name],
                "windows": [spec.stride, spec.max_answer_length],
                "tokenizer": model.tokenizer_fingerprint,
                "seed": plan.recipe.seed,
            },
            locations={
                "section": plan.recipe.tasks[name].model_dump(mode="json", exclude_unset=True),
                "base": str(plan.base),
                "data_root": None if plan.data_root is None else str(plan.data_root),
                "tokenizer": str(model.path),
            },
        )

    def _teacher(self, name: str, data: Artefact) -> Artefact:
        section, model = self.plan.recipe.teachers.for_task(name), self.teacher_models[name]
        return self.plan.add(
            "teachers",
            name,
            {
                "teacher": section.model_dump(),
                "weights": model.fingerprint,
                "seed": self.plan.recipe.seed,
            },
            inputs={"data": data},
            locations={"model": str(model.path), "weight_bytes": model.weight_bytes},
        )

    def _student(
        self, data: dict[str, Artefact], soft: dict[str, Artefact], teachers: dict[str, Artefact]
    ) -> Artefact:
        recipe, inputs = (
            self.plan.recipe,
            {**_grouped("data", data), **_grouped("soft_labels", soft)},
        )
        settings = {
            "student": recipe.student.model_dump(),
            "distillation": recipe.distillation.model_dump(),
            "training": recipe.training.model_dump(),
            "seed": recipe.seed,
        }
        if recipe.student.model.startswith(TEACHER_SCHEME):
            inputs["initial"] = teachers[recipe.student.model.removeprefix(TEACHER_SCHEME)]
        else:
            settings["weights"] = self.student_model.fingerprint
        return self.plan.add(
            "student",
            f"seed-{recipe.seed}",
            settings,
            inputs=inputs,
            locations={
                "model": str(self.student_model.path),
                "weight_bytes": self.student_model.weight_bytes,
            },
        )


def _grouped(prefix: str, artefacts: dict[str, Artefact]) -> dict[str, Artefact]:
    return {f"{prefix}:{name}": made for name, made in artefacts.items()}
