"""docs/recipe.md and docs/recipe.schema.json, made from the schema.

`python -m distill.recipe.reference` writes both; `--check` exits with 1 when one is out of date.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from distill.recipe.fields import PATTERNS_IN_WORDS
from distill.recipe.schema import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

JsonSchema = dict[str, Any]

DOCS: Final = Path(__file__).parents[2] / "docs"
SCHEMA_FILE: Final = "recipe.schema.json"
_INTRODUCTION: Final = f"""# Recipe reference

<!-- made by `python -m distill.recipe.reference`; change `distill/recipe/schema.py` instead -->

A recipe is one YAML 1.2 file. Unknown keys, repeated keys and values of another type are refused.
`--set training.epochs=5` changes one value for one run. [{SCHEMA_FILE}]({SCHEMA_FILE})
is the same as a JSON schema, for editors: start a recipe with
`# yaml-language-server: $schema=../docs/{SCHEMA_FILE}`.
"""
_TYPES: Final = {"integer": "whole number", "number": "number", "string": "text"}
_LIMITS: Final = {
    "minimum": "at least {}",
    "exclusiveMinimum": "greater than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minItems": "entries: at least {}",
    "minProperties": "entries: at least {}",
}


def render_json_schema() -> str:
    """Return the JSON schema of a recipe."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(schema | Recipe.model_json_schema(), indent=2) + "\n"


def render_markdown() -> str:
    """Return the recipe reference: one table per section, in the schema's order."""
    schema = Recipe.model_json_schema()
    return "\n".join([_INTRODUCTION, *_section("The recipe", schema, schema["$defs"], "")])


def main(arguments: Sequence[str] | None = None) -> int:
    """Write both files, or with `--check` name those that differ; return the exit code."""
    parser = argparse.ArgumentParser(prog="distill.recipe.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args(arguments).check
    code = 0
    for name, text in (("recipe.md", render_markdown()), (SCHEMA_FILE, render_json_schema())):
        path = DOCS / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if check:
            sys.stderr.write(f"docs/{name} is out of date; `python -m distill.recipe.reference`\n")
            code = 1
        else:
            path.write_text(text, encoding="utf-8")
    return code


def _section(title: str, schema: JsonSchema, defs: JsonSchema, path: str) -> Iterator[str]:
    yield f"## {title}\n\n{schema['description']}\n"
    if schema["title"] == "TeacherPatch":
        return
    yield "| key | type | default | limits | description |\n| --- | --- | --- | --- | --- |"
    required = schema.get("required", [])
    for name, described in schema["properties"].items():
        default = "**required**" if name in required else _default(described)
        cells = [f"`{name}`", _type(described), default, _limits(described)]
        yield f"| {' | '.join(cells)} | {_description(described, defs)} |"
    yield ""
    for name, described in schema["properties"].items():
        yield from _inner_sections(described, defs, f"{path}.{name}".removeprefix("."))


def _inner_sections(described: JsonSchema, defs: JsonSchema, path: str) -> Iterator[str]:
    described = _not_null(described)
    if "oneOf" in described:
        for tag, target in described["discriminator"]["mapping"].items():
            yield from _section(f"`{path}` of type `{tag}`", _follow(target, defs), defs, path)
    elif "$ref" in described:
        yield from _section(f"`{path}`", _follow(described["$ref"], defs), defs, path)
    for inner in described.get("patternProperties", {}).values():
        yield from _inner_sections(inner, defs, f"{path}.NAME")


def _type(described: JsonSchema) -> str:
    if choices := described.get("enum", [described["const"]] if "const" in described else []):
        return " or ".join(f"`{choice}`" for choice in choices)
    match described:
        case {"anyOf": _}:
            return f"{_type(_not_null(described))} or null"
        case {"items": items}:
            return f"list of {_type(items)}"
        case {"patternProperties": inner}:
            return f"{_type(*inner.values())} for each name"
        case {"propertyNames": names, "additionalProperties": inner}:
            return f"{_type(inner)} for each of {_type(names)}"
    return _TYPES.get(described.get("type", ""), "section")


def _default(described: JsonSchema) -> str:
    default = described.get("default")
    if default is None:
        return "none"
    return "see below" if isinstance(default, dict) and default else f"`{json.dumps(default)}`"


def _limits(described: JsonSchema) -> str:
    inner = _not_null(described)
    found = [text.format(f"{inner[name]:g}") for name, text in _LIMITS.items() if name in inner]
    if "exclusiveMaximum" in inner and inner["type"] == "integer":
        found[-1] = f"less than {inner['exclusiveMaximum']}"
    if "pattern" in inner:
        found.append(PATTERNS_IN_WORDS[inner["pattern"]])
    if inner.get("minLength"):
        found.append("not empty")
    if inner.get("uniqueItems"):
        found.append("all different")
    if "items" in inner:
        found += [f"each {limit}" for limit in filter(None, [_limits(inner["items"])])]
    for each in inner.get("patternProperties", {}).values():
        found += [f"each {limit}" for limit in filter(None, [_limits(each)])]
    return ", ".join(found)


def _description(described: JsonSchema, defs: JsonSchema) -> str:
    target = _not_null(described).get("$ref")
    own = described.get("description") or (_follow(target, defs)["description"] if target else "")
    return str(own).replace("\n", " ").replace("|", "\\|")


def _follow(reference: str, defs: JsonSchema) -> JsonSchema:
    found: JsonSchema = defs[reference.removeprefix("#/$defs/")]
    return found


def _not_null(described: JsonSchema) -> JsonSchema:
    alternatives = described.get("anyOf", [described])
    found: JsonSchema = next(each for each in alternatives if each != {"type": "null"})
    return found


if __name__ == "__main__":
    sys.exit(main())
