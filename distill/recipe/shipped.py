"""The recipes that ship: package data of a wheel, the folder `recipes/` of a checkout."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from distill.errors import RecipeError


def find_recipe(name: str) -> Path:
    """Return the file that RECIPE means: a path, or the name of a shipped recipe.

    Raises:
        RecipeError: neither is there.
    """
    path = Path(name)
    if path.is_file():
        return path
    shipped = _folder() / f"{name}.yaml"
    if shipped.is_file():
        return shipped
    known = ", ".join(sorted(found.stem for found in _folder().glob("*.yaml")))
    raise RecipeError(
        f"{name}: no such file, and no shipped recipe has this name; those that ship are {known}"
    )


def _folder() -> Path:
    installed = Path(str(files("distill"))) / "_recipes"
    return installed if installed.is_dir() else Path(str(files("distill"))).parent / "recipes"


def list_recipes() -> dict[str, str]:
    """Return each shipped recipe's name and the line that opens it."""
    return {path.stem: _first_comment(path) for path in sorted(_folder().glob("*.yaml"))}


def _first_comment(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), "")
