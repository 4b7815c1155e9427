from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import distill.recipe
from distill.recipe import load_recipe, load_recipe_lenient

from .conftest import MINIMAL, problems

if TYPE_CHECKING:
    from .conftest import Write


def test_minimal_recipe_has_defaults(write: Write) -> None:
    recipe = load_recipe(write())
    assert recipe.distillation.temperature == 2.0
    assert recipe.training.learning_rate == 1e-4
    assert recipe.teachers.for_task("rte").learning_rate == 5e-5


def test_teacher_patch_changes_only_what_it_says(write: Write) -> None:
    patch = MINIMAL.replace(
        "student:", "  per_task:\n    rte: {epochs: 7, patience: null}\nstudent:"
    ).replace("    model: teacher-folder", "    model: teacher-folder\n    patience: 2")
    teachers = load_recipe(write(patch)).teachers
    assert teachers.for_task("rte").epochs == 7
    assert teachers.for_task("rte").patience is None
    assert teachers.for_task("other").patience == 2


def test_all_problems_at_once_each_with_its_line(write: Write) -> None:
    text = """\
name: RTE
tasks:
  rte:
    max_length: "128"
    source: {type: hub, path: nyu-mll/glue,
             revision: main}
teachers:
  default: {modle: x}
distillation:
  temprature: 3
  temperature: 0
  loss: kll
training:
  batch_size: 1.5
"""
    assert problems(write(text)) == (
        'recipe.yaml:1: name is "RTE"; it must be a lower-case letter, then at most 62 of a-z, '
        "0-9, `_` and `-`.",
        'recipe.yaml:6: tasks.rte.source.revision is "main"; it must be a full commit id: 40 of '
        "0-9 and a-f.",
        'recipe.yaml:4: tasks.rte.max_length is "128" (text); it must be a whole number. '
        "Write 128, without quotes.",
        "recipe.yaml:8: teachers.default.model is missing: Folder, `package://name/folder`, or hub "
        "id of a pretrained encoder.",
        "recipe.yaml:8: teachers.default: unknown key 'modle'; did you mean 'model'?",
        "recipe.yaml: student is missing; add this section.",
        "recipe.yaml:12: distillation.loss is \"kll\"; it must be kl or mse. Did you mean 'kl'?",
        "recipe.yaml:11: distillation.temperature is 0; it must be greater than 0.",
        "recipe.yaml:10: distillation: unknown key 'temprature'; did you mean 'temperature'?",
        "recipe.yaml:14: training.batch_size is 1.5 (a number); it must be a whole number.",
    )


def test_unlike_key_gets_the_list_of_keys(write: Write) -> None:
    (problem,) = problems(write(MINIMAL + "benchmark: {xyz: 1}\n"))
    assert problem == "recipe.yaml:9: benchmark: unknown key 'xyz'; the keys here are rows."


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (
            "rte: {columns: {txt: a}}",
            "tasks.rte.columns: unknown key 'txt'; did you mean 'text'?",
        ),
        (
            "RTE: {}",
            "tasks: 'RTE' is no name; a name is a lower-case letter, then at most 62 of a-z, 0-9, "
            "`_` and `-`.",
        ),
        ("rte: {'[key]': 1}", "tasks.rte: unknown key '[key]'; the keys here are kind, source, "),
        (
            "rte: {source: {type: hug}}",
            'tasks.rte.source.type is "hug"; it must be hub, files or package.',
        ),
    ],
)
def test_names_and_tags_that_are_not_known(write: Write, task: str, said: str) -> None:
    (problem,) = problems(write(MINIMAL.replace("rte: {}", task)))
    assert problem.startswith(f"recipe.yaml:3: {said}")


@pytest.mark.parametrize(
    ("addition", "said"),
    [
        (
            "distillation: {task_weights: {rta: 2}}",
            "distillation.task_weights.rta is for 'rta', which is no task; did you mean 'rte'?",
        ),
        (
            "training: {processes: 3}",
            "training.batch_size is 32; it must be a multiple of training.processes, 3.",
        ),
    ],
)
def test_sections_that_contradict_each_other(write: Write, addition: str, said: str) -> None:
    assert problems(write(f"{MINIMAL}{addition}\n")) == (f"recipe.yaml:9: {said}",)


def test_patch_and_student_of_a_task_that_is_not_there(write: Write) -> None:
    assert problems(write(), "student.model=teacher:sst2", "teachers.per_task.cola.epochs=2") == (
        "--set teachers.per_task.cola.epochs=2: teachers.per_task.cola is for 'cola', which is no "
        "task; the tasks are rte.",
        "--set student.model=teacher:sst2: student.model is for 'sst2', which is no task; the "
        "tasks are rte.",
    )


def test_lenient_load_goes_on_with_defaults_in_place_of_what_is_wrong(write: Write) -> None:
    text = MINIMAL.replace("rte: {}", "rte: {max_length: 0, labels: [a, a]}\n  cola: 3")
    text = text.replace("name: tiny", "name: TINY") + "training: {epochs: x, batch_size: 4}\n"
    text += "teachers2: 1\ndistillation: {task_weights: {cola: 1, gone: 1}}\n"
    recipe, found = load_recipe_lenient(write(text))
    assert len(found) == 7
    assert "gone" in found[-1]
    assert not any("'cola', which is no task" in problem for problem in found)
    assert recipe is not None
    assert recipe.tasks["rte"].max_length == 128
    assert recipe.training.batch_size == 4
    assert recipe.training.epochs == 3


def test_lenient_load_drops_a_whole_section_that_cannot_be_mended(write: Write) -> None:
    source = "source: {type: package, package: p, train: 3, validation: v}"
    recipe, found = load_recipe_lenient(write(MINIMAL.replace("{}", f"{{{source}, stride: 7}}")))
    assert [problem.split(" is ")[0] for problem in found] == [
        "recipe.yaml:3: tasks.rte.source.train"
    ]
    assert recipe is not None
    assert recipe.tasks["rte"].source is None
    assert recipe.tasks["rte"].stride == 7


def test_lenient_load_gives_up_without_a_student_model(write: Write) -> None:
    recipe, found = load_recipe_lenient(write(), ["student.model=3", "training.epochs=0"])
    assert recipe is None
    assert len(found) == 2


def test_several_wrong_entries_of_one_list(write: Write) -> None:
    text = MINIMAL.replace("{}", "{metrics: [acc, f1, 3, accuracy]}")
    recipe, found = load_recipe_lenient(write(text))
    assert [problem.split(": ")[1].split(" is ")[0] for problem in found] == [
        "tasks.rte.metrics[0]",
        "tasks.rte.metrics[2]",
    ]
    assert recipe is not None
    assert recipe.tasks["rte"].metrics == ["f1", "accuracy"]


def test_overrides_set_and_create(write: Write) -> None:
    settings = ["training.epochs=5", "student.layers=[0, 2]", "tasks.cola={}", "training.epochs=6"]
    recipe = load_recipe(write(), [*settings, "distillation.schedule.type=constant", " seed =3"])
    assert recipe.training.epochs == 6
    assert recipe.student.layers == [0, 2]
    assert [*recipe.tasks] == ["rte", "cola"]
    assert recipe.seed == 3


def test_override_replaces_a_wrong_value_and_its_place(write: Write) -> None:
    path = write(MINIMAL.replace("model: student-folder", "model: {deep: 1}"))
    assert load_recipe(path, ["student.model=x"]).student.model == "x"
    (problem,) = problems(path, "student={model: 3}")
    assert problem.startswith("--set student={model: 3}: student.model is 3 (a number)")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("training.epochs", "write it as `training.epochs=5`."),
        ("=5", "write it as `training.epochs=5`."),
        ("training..epochs=5", "write it as `training.epochs=5`."),
        ("name.first=5", "name is not a section."),
        ("student.layers.0=5", "student.layers is a list; set all of it."),
        ("training={epochs: [}", "expected the node content, but found '}'; check the line"),
        ("training={epochs: 1, epochs: 2}", "epochs is there twice"),
        ("traning.epochs=5", "unknown key 'traning'; did you mean 'training'?"),
        ("name=!x y", "the tag '!x' is not allowed; remove it."),
    ],
)
def test_bad_override_is_told_with_its_text(write: Write, setting: str, said: str) -> None:
    path = write(MINIMAL.replace("model: student-folder", "model: x\n  layers: [0]"))
    (problem,) = problems(path, setting)
    assert problem.startswith(f"--set {setting}: {said}")


def test_override_into_an_empty_section(write: Write) -> None:
    assert load_recipe(write(MINIMAL + "training:\n"), ["training.epochs=2"]).training.epochs == 2


def test_import_is_free_of_torch() -> None:
    code = "import sys, distill.recipe; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_public_names_exist() -> None:
    assert len(set(distill.recipe.__all__)) == len(distill.recipe.__all__)
    assert all(hasattr(distill.recipe, name) for name in distill.recipe.__all__)
