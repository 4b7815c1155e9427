"""The recipe: what a run does, written once in YAML."""

from distill.recipe.fields import Section
from distill.recipe.kinds import KINDS, ColumnName, Kind, KindInfo, MetricName
from distill.recipe.load import dump_recipe, load_recipe, load_recipe_lenient
from distill.recipe.schema import (
    TEACHER_SCHEME,
    Annealed,
    Backend,
    Benchmark,
    Constant,
    DeepSpeed,
    Distillation,
    Optimisation,
    Pretrained,
    Quantization,
    Recipe,
    SoftLabels,
    Student,
    Task,
    Teacher,
    TeacherPatch,
    Teachers,
    Training,
)
from distill.recipe.shipped import find_recipe, list_recipes
from distill.recipe.sources import FilesSource, HubSource, PackageSource, Source

__all__ = [
    "KINDS",
    "TEACHER_SCHEME",
    "Annealed",
    "Backend",
    "Benchmark",
    "ColumnName",
    "Constant",
    "DeepSpeed",
    "Distillation",
    "FilesSource",
    "HubSource",
    "Kind",
    "KindInfo",
    "MetricName",
    "Optimisation",
    "PackageSource",
    "Pretrained",
    "Quantization",
    "Recipe",
    "Section",
    "SoftLabels",
    "Source",
    "Student",
    "Task",
    "Teacher",
    "TeacherPatch",
    "Teachers",
    "Training",
    "dump_recipe",
    "find_recipe",
    "list_recipes",
    "load_recipe",
    "load_recipe_lenient",
]
