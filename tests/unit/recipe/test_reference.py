from __future__ import annotations

import json
from typing import TYPE_CHECKING

from distill.recipe import reference

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_docs_are_up_to_date() -> None:
    assert reference.main(["--check"]) == 0


def test_check_names_the_file_that_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reference, "DOCS", tmp_path)
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0
    (tmp_path / "recipe.md").write_text("old")
    assert reference.main(["--check"]) == 1
    assert "docs/recipe.md is out of date" in capsys.readouterr().err
    assert (tmp_path / "recipe.md").read_text() == "old"


def test_every_key_with_its_limits_and_default_is_in_the_reference() -> None:
    text = reference.render_markdown()
    temperature = "| `temperature` | number | `2.0` | greater than 0, at most 100 |"
    assert temperature in text
    defs = json.loads(reference.render_json_schema())["$defs"]
    for name, section in defs.items():
        for key, described in section["properties"].items():
            assert f"| `{key}` |" in text, f"{name}.{key}"
            assert described.get("description") or "$ref" in str(described) or key == "type"
