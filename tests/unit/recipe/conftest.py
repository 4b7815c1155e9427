from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from distill.errors import RecipeError
from distill.recipe import load_recipe

MINIMAL = """\
name: tiny
tasks:
  rte: {}
teachers:
  default:
    model: teacher-folder
student:
  model: student-folder
"""


class Write(Protocol):
    def __call__(self, text: str | bytes = MINIMAL) -> Path: ...


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write `recipe.yaml` in an empty current folder and return its relative path."""
    monkeypatch.chdir(tmp_path)

    def write_recipe(text: str | bytes = MINIMAL) -> Path:
        path = Path("recipe.yaml")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_recipe


def problems(path: Path, *overrides: str) -> tuple[str, ...]:
    """Return what loading the recipe complains of."""
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, overrides)
    return caught.value.problems
