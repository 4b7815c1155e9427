"""A recipe file and its `--set` overrides as plain data, with the place of every key.

Nothing here knows the recipe's fields. YAML 1.2 is composed into nodes and read from those: no
tag or class is ever constructed, `no` is text and `2e-5` is a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from distill.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Key = tuple[str | int, ...]

MAX_DEPTH: Final = 16
MAX_NODES: Final = 20_000
_YAML_TAG: Final = "tag:yaml.org,2002:"
_TEXT_TAGS: Final = ("str", "timestamp", "value", "merge", "bool")


def dotted(key: Key) -> str:
    """Return `key` as it is written in messages and in `--set`: `student.layers[0]`."""
    text = ""
    for step in key:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


@dataclass
class Document:
    """What was read, where each key stands, and what was wrong with the text itself."""

    name: str
    data: dict[str, Any]
    places: dict[Key, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def place(self, key: Key) -> str:
        """Return where `key`, or else the closest section around it, was written."""
        while key and key not in self.places:
            key = key[:-1]
        return self.places.get(key, self.name)


def read_document(path: Path) -> Document:
    """Return the mapping in the YAML file at `path`.

    Raises:
        RecipeError: there is no such file, or it is not one YAML mapping in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8 text."
        ) from error
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: there is no such file.") from error
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror}.") from error
    reader = _Reader(lambda line: f"{path}:{line}")
    data = reader.read(text)
    if data is None:
        raise RecipeError(f"{path}: is empty; a recipe starts with `name: my-run`.")
    if not isinstance(data, dict):
        raise RecipeError(f"{path}: must be keys and values, such as `name: my-run`.")
    return Document(str(path), data, reader.places, reader.problems)


def override(document: Document, setting: str) -> None:
    """Put `setting`, such as `training.epochs=5`, into `document`; its value is YAML.

    A setting that cannot be applied changes no value and is added to `document.problems`.
    """
    place = f"--set {setting}"
    name, equals, text = setting.partition("=")
    key = tuple(name.strip().split("."))
    if not equals or not all(key):
        document.problems.append(f"{place}: write it as `training.epochs=5`.")
        return
    reader = _Reader(lambda _: place)
    try:
        value = reader.read(text)
    except RecipeError as error:
        document.problems.extend(error.problems)
        return
    document.problems.extend(reader.problems)
    section = _open_section(document, key[:-1], place)
    if section is not None:
        section[key[-1]] = value
        inside = [known for known in document.places if known[: len(key)] == key]
        for known in inside:
            del document.places[known]
        document.places[key] = place


def _open_section(document: Document, key: Key, place: str) -> dict[str, Any] | None:
    section: dict[str, Any] = document.data
    for depth, name in enumerate(map(str, key), 1):
        if section.get(name) is None:
            section[name] = {}
            document.places[key[:depth]] = place
        if not isinstance(section[name], dict):
            what = "a list; set all of it" if isinstance(section[name], list) else "not a section"
            document.problems.append(f"{place}: {dotted(key[:depth])} is {what}.")
            return None
        section = section[name]
    return section


@dataclass
class _Reader:
    """Turns YAML text into plain data; `place_of` says what a line is called in messages."""

    place_of: Callable[[int], str]
    places: dict[Key, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    nodes: int = 0

    def read(self, text: str) -> Any:
        """Return the one document in `text`.

        Raises:
            RecipeError: it is not YAML, or it is unreasonably deep or large.
        """
        yaml = YAML(typ="safe", pure=True)
        yaml.max_depth = MAX_DEPTH
        try:
            root = yaml.compose(text)
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise RecipeError(f"{self.place_of(line)}: {_syntax_problem(error)}") from error
        except YAMLError as error:
            reason = " ".join(str(error).split())
            raise RecipeError(f"{self.place_of(1)}: is not YAML: {reason}.") from error
        return None if root is None else self._value(root, ())

    def _value(self, node: Any, key: Key) -> Any:
        self.nodes += 1
        if len(key) > MAX_DEPTH or self.nodes > MAX_NODES:
            raise RecipeError(
                f"{self._place(node)}: nests too deeply or repeats aliases too often."
            )
        match node:
            case MappingNode():
                self._check_tag(node, ("map",))
                return self._mapping(node, key)
            case SequenceNode():
                self._check_tag(node, ("seq",))
                return [self._value(item, (*key, place)) for place, item in self._items(node, key)]
            case _:
                return self._scalar(node)

    def _items(self, node: SequenceNode, key: Key) -> Iterator[tuple[int, Any]]:
        for index, item in enumerate(node.value):
            self.places[(*key, index)] = self._place(item)
            yield index, item

    def _mapping(self, node: MappingNode, key: Key) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name_node, value_node in node.value:
            name = self._name(name_node)
            if name is None:
                continue
            inner, place = (*key, name), self._place(name_node)
            if name in found:
                first = self.places[inner]
                self.problems.append(
                    f"{place}: {dotted(inner)} is there twice, first at {first}; keep one."
                )
                continue
            self.places[inner] = place
            found[name] = self._value(value_node, inner)
        return found

    def _name(self, node: Any) -> str | None:
        name = self._scalar(node) if isinstance(node, ScalarNode) else None
        if isinstance(name, str) and node.tag != f"{_YAML_TAG}merge":
            return name
        merge = isinstance(name, str)
        reason = (
            "`<<` is not part of YAML 1.2; write the keys out" if merge else "a key must be text"
        )
        self.problems.append(f"{self._place(node)}: {reason}.")
        return None

    def _scalar(self, node: ScalarNode) -> Any:
        text: str = node.value
        tag = (node.tag or "").removeprefix(_YAML_TAG)
        try:
            match tag:
                case "null":
                    return None
                case "bool" if text.lower() in {"true", "false"}:
                    return text.lower() == "true"
                case "int":
                    return _whole_number(text)
                case "float":
                    return float(
                        text.lower().replace("_", "").replace(".inf", "inf").replace(".nan", "nan")
                    )
            text.encode()  # an escape can make half a character, which JSON cannot carry
        except ValueError:
            self.problems.append(f"{self._place(node)}: {text[:40]!r} cannot be read.")
            return text.encode(errors="replace").decode()
        self._check_tag(node, _TEXT_TAGS)
        return text

    def _check_tag(self, node: Any, allowed: tuple[str, ...]) -> None:
        tag = (node.tag or "").removeprefix(_YAML_TAG)
        if tag not in allowed:
            self.problems.append(f"{self._place(node)}: the tag {tag!r} is not allowed; remove it.")

    def _place(self, node: Any) -> str:
        return self.place_of(node.start_mark.line + 1)


def _whole_number(text: str) -> int:
    digits = text.replace("_", "").lower()
    prefixed = digits.lstrip("+-").startswith(("0x", "0o", "0b"))
    return int(digits, 0 if prefixed else 10)


def _syntax_problem(error: MarkedYAMLError) -> str:
    problem = (error.problem or "is not YAML").rstrip(".")
    hint = "indent with spaces" if "\\t" in problem else "check the line and the one above it"
    return f"{problem}; {hint}."
