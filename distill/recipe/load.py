"""A recipe file to a checked `Recipe`, and back; every problem is reported at once."""

from __future__ import annotations

import io
import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from distill.errors import RecipeError
from distill.recipe.document import Key, override, read_document
from distill.recipe.explain import Problem, explain
from distill.recipe.rules import broken_rules
from distill.recipe.schema import Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# nothing but the run folder hangs on the name, so a bad one need not stop the other checks
STAND_IN_NAME: Final = "unnamed"


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Return the recipe in the file at `path`, changed by `overrides` such as `training.epochs=5`.

    Raises:
        RecipeError: with every problem, each as `file:line: key is VALUE; it must be ...`.
    """
    recipe, problems = load_recipe_lenient(path, overrides)
    if recipe is None or problems:
        raise RecipeError(*problems)
    return recipe


def load_recipe_lenient(
    path: Path, overrides: Sequence[str] = ()
) -> tuple[Recipe | None, list[str]]:
    """Return as much of the recipe as is usable, and every problem found.

    What is wrong is replaced by its default, so that a caller can check the rest as well. The
    recipe is None when too little is left, and it must not be run when there is any problem.
    """
    try:
        document = read_document(path)
    except RecipeError as error:
        return None, list(error.problems)
    for setting in overrides:
        override(document, setting)
    recipe, found = _validate(document.data)
    told = [f"{document.place(problem.key)}: {problem.sentence}" for problem in found]
    return recipe, [*document.problems, *told]


def dump_recipe(recipe: Recipe) -> str:
    """Return `recipe` with its defaults written out, as YAML that loads to an equal recipe."""
    data = recipe.model_dump(mode="json", exclude_none=True)
    # a patch says only what differs, and there null has a meaning
    data["teachers"]["per_task"] = {
        name: patch.model_dump(mode="json", exclude_unset=True)
        for name, patch in recipe.teachers.per_task.items()
    }
    yaml = YAML()
    yaml.width = 4096
    text = io.StringIO()
    yaml.dump(_quoted(data), text)
    return text.getvalue()


def _quoted(value: Any) -> Any:
    """Return `value` with double quotes asked for where plain YAML text would fold line breaks."""
    match value:
        case dict():
            return {name: _quoted(inner) for name, inner in value.items()}
        case list():
            return [_quoted(inner) for inner in value]
        case str() if not value.isprintable():
            return DoubleQuotedScalarString(value)
    return value


def _validate(data: dict[str, Any]) -> tuple[Recipe | None, list[Problem]]:
    """Validate `data`; drop what is wrong and repeat, as a gap can break the section around it.

    Problems of later rounds come from the gaps, so only the first round's are returned.
    """
    data = deepcopy(data)
    first: list[Problem] | None = None
    dropped: set[Key] = set()
    while True:
        try:
            recipe = Recipe.model_validate_json(json.dumps(data))
        except ValidationError as error:
            found = [explain(detail) for detail in error.errors(include_url=False)]
        else:
            return recipe, [*(first or ()), *broken_rules(recipe, dropped)]
        first = found if first is None else first
        drops = {problem.drop for problem in found if problem.key != ("name",)}
        if any(problem.key == ("name",) for problem in found):
            data["name"] = STAND_IN_NAME
        if () in drops:
            return None, first
        dropped |= drops
        # the last entry of a list first, so that the others keep their places
        for key in sorted(
            drops, key=lambda key: [str(step).rjust(9) for step in key], reverse=True
        ):
            _drop(data, key)


def _drop(data: Any, key: Key) -> None:
    for step in key[:-1]:
        data = data[step]
    del data[key[-1]]
