"""YAML read strictly: numbers and words as written, repeated keys and tags refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from distill.recipe import load_recipe

from .conftest import MINIMAL, problems

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Write


@pytest.mark.parametrize("text", ["2e-5", "2.e-5", "2E-5", "0.2e-4", "2.0e-05", "0.00002"])
def test_exponents_are_numbers(write: Write, text: str) -> None:
    recipe = load_recipe(write(MINIMAL + f"training: {{learning_rate: {text}}}\n"))
    assert recipe.training.learning_rate == 2e-5


@pytest.mark.parametrize(
    ("text", "advice"),
    [("-.5e1", "Write -5"), ("'2e-5'", "Write 2e-05"), ("2,5e-5", "Write 2.5e-05"), ("1:30", "")],
)
def test_text_that_looks_like_a_number_is_refused_with_advice(
    write: Write, text: str, advice: str
) -> None:
    (problem,) = problems(write(MINIMAL + f"training:\n  learning_rate: {text}\n"))
    assert problem.startswith("recipe.yaml:10: training.learning_rate is ")
    assert advice in problem


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "y", "n", "NO", "2024-01-01"])
@pytest.mark.parametrize("version", ["", "%YAML 1.1\n---\n"])
def test_words_stay_text(write: Write, word: str, version: str) -> None:
    text = version + MINIMAL.replace("rte: {}", f"rte: {{labels: [{word}, other]}}")
    assert load_recipe(write(text)).tasks["rte"].labels == [word, "other"]


def test_integers_in_every_notation(write: Write) -> None:
    text = MINIMAL + "training: {batch_size: 1_024, processes: 0x10, evaluations: 010}\n"
    training = load_recipe(write(text)).training
    assert (training.batch_size, training.processes, training.evaluations) == (1024, 16, 10)


def test_every_repeated_key_is_told(write: Write) -> None:
    text = MINIMAL + "training: {epochs: 1, epochs: 2}\nname: again\n"
    assert problems(write(text)) == (
        "recipe.yaml:9: training.epochs is there twice, first at recipe.yaml:9; keep one.",
        "recipe.yaml:10: name is there twice, first at recipe.yaml:1; keep one.",
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x: [1", "recipe.yaml:10: expected ',' or ']'"),
        ("\tx: 1", "recipe.yaml:9: found character '\\t' that cannot start any token; indent with"),
        ("x: 1: 2", "recipe.yaml:9: mapping values are not allowed here"),
        ("x: *nowhere", "recipe.yaml:9: found undefined alias 'nowhere'"),
        ("---\nname: two", "recipe.yaml:9: but found another document"),
        ("x: '", "recipe.yaml:10: found unexpected end of stream"),
        ("x: \x07", "recipe.yaml:1: is not YAML: unacceptable character #x0007"),
        ("x: &x {y: *x}", "recipe.yaml:9: nests too deeply"),
        (f"x: {'[' * 40}{']' * 40}", "recipe.yaml:9: maximum depth"),
    ],
)
def test_what_is_not_yaml_is_told_with_its_line(write: Write, line: str, said: str) -> None:
    (problem,) = problems(write(f"{MINIMAL}{line}\n"))
    assert problem.startswith(said)
    assert "\n" not in problem


def test_aliases_that_multiply_are_refused_quickly(write: Write) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (problem,) = problems(write(MINIMAL + "\n".join(levels)))
    assert "repeats aliases too often" in problem


def test_an_alias_stands_for_its_section(write: Write) -> None:
    text = MINIMAL.replace("rte: {}", "rte: &task {max_length: 64}\n  cola: *task")
    assert load_recipe(write(text)).tasks["cola"].max_length == 64


@pytest.mark.parametrize("tag", ["!!python/object:os.system", "!custom", "!!binary", "!!set"])
def test_tags_are_refused_and_construct_nothing(write: Write, tag: str) -> None:
    found = problems(write(MINIMAL.replace("name: tiny", f"name: {tag} tiny")))
    assert found == (
        f"recipe.yaml:1: the tag {tag.removeprefix('!!')!r} is not allowed; remove it.",
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1: 2", "a key must be text."),
        ("null: 2", "a key must be text."),
        ("[a, b]: 2", "a key must be text."),
        ("<<: {seed: 1}", "`<<` is not part of YAML 1.2; write the keys out."),
        (f"seed: {'9' * 5000}", f"{'9' * 40!r} cannot be read."),
        ('seed: "\\ud800"', "'\\ud800' cannot be read."),
    ],
)
def test_odd_keys_and_values_are_told(write: Write, line: str, said: str) -> None:
    assert problems(write(f"{MINIMAL}{line}\n"))[0] == f"recipe.yaml:9: {said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "recipe.yaml: is empty; a recipe starts with `name: my-run`."),
        ("# only a comment\n", "recipe.yaml: is empty; a recipe starts with `name: my-run`."),
        ("- a\n", "recipe.yaml: must be keys and values, such as `name: my-run`."),
        ("text\n", "recipe.yaml: must be keys and values, such as `name: my-run`."),
        (b"name: caf\xe9\n", "recipe.yaml: byte 9 is not UTF-8; save the file as UTF-8 text."),
    ],
)
def test_file_that_is_no_mapping(write: Write, text: str | bytes, said: str) -> None:
    assert problems(write(text)) == (said,)


def test_byte_order_mark_is_allowed(write: Write) -> None:
    assert load_recipe(write(b"\xef\xbb\xbf" + MINIMAL.encode())).name == "tiny"


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert problems(tmp_path / "no.yaml") == (f"{tmp_path / 'no.yaml'}: there is no such file.",)
    assert problems(tmp_path)[0].startswith(f"{tmp_path}: cannot be read")


def test_section_without_keys_is_written_with_braces(write: Write) -> None:
    (problem,) = problems(write(MINIMAL.replace("rte: {}", "rte:")))
    assert problem == (
        "recipe.yaml:3: tasks.rte is null (nothing); it must be a section of keys and values. "
        "Write {} for one without keys."
    )
