"""Where `model:` points: a folder, a folder inside an installed package, or a model on the hub.

Reads configurations and file headers only; never weights, never torch, never pickles.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from distill.errors import ModelError, UserError
from distill.recipe import TEACHER_SCHEME
from distill.store import canonical_json, sha256_file

if TYPE_CHECKING:
    from distill.recipe import Pretrained, Recipe

PACKAGE_SCHEME: Final = "package://"
TOKENIZER_FILES: Final = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
WEIGHTS: Final = "model.safetensors"


@dataclass(frozen=True)
class PretrainedModel:
    """A model to start from, and what its configuration says.

    A hub model that was not fetched has no path.
    """

    fingerprint: str
    tokenizer_fingerprint: str
    path: Path | None = None
    family: str | None = None
    layers: int | None = None
    weight_bytes: int = 0


@dataclass
class RecipeModels:
    """The pretrained models a recipe names, each looked up once; what is wrong is noted."""

    recipe: Recipe
    base: Path
    fetch: bool
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _known: dict[tuple[str | None, ...], PretrainedModel | None] = field(default_factory=dict)

    def teacher(self, task: str) -> PretrainedModel | None:
        """Return where the teacher of `task` starts, noting problems."""
        teachers = self.recipe.teachers
        section = teachers.for_task(task)
        key = f"teachers.per_task.{task}" if task in teachers.per_task else "teachers.default"
        if section.checkpoint is not None:
            taken_over = section.model_copy(update={"model": section.checkpoint})
            return self._locate(taken_over, f"{key}.checkpoint")
        folder = self._locate(section, f"{key}.model")
        if (
            folder
            and folder.family
            and section.family not in (None, folder.family)
            and (section.family, folder.family) != ("electra", "bert")
        ):
            self._problem(
                f"{key}.family is {section.family}, but {section.model} is {folder.family}; "
                "leave `family` out"
            )
        return folder

    def student(self) -> PretrainedModel | None:
        """Return where the student starts, noting problems.

        For `teacher:NAME` that is where this teacher started.
        """
        section = self.recipe.student
        if section.model.startswith(TEACHER_SCHEME):
            task = section.model.removeprefix(TEACHER_SCHEME)
            folder = self.teacher(task) if task in self.recipe.tasks else None
        else:
            folder = self._locate(section, "student.model")
        if (
            folder
            and folder.layers is not None
            and any(layer >= folder.layers for layer in section.layers or ())
        ):
            self._problem(
                f"student.layers is {section.layers}; {section.model} has {folder.layers} layers, "
                f"numbered 0 to {folder.layers - 1}"
            )
        return folder

    def _locate(self, section: Pretrained, key: str) -> PretrainedModel | None:
        identity = (section.model, section.revision, section.sha256)
        if identity not in self._known:
            self._known[identity] = None
            try:
                found = locate_model(section, base=self.base, key=key, fetch=self.fetch)
            except UserError as error:
                self.problems += error.problems
            else:
                self._known[identity] = found
                if found.path is None:
                    self.warnings.append(
                        f"{key}: {section.model} is on the hub; it is looked at when the "
                        "recipe runs"
                    )
        return self._known[identity]

    def _problem(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)


def locate_model(
    section: Pretrained, *, base: Path, key: str, fetch: bool = True
) -> PretrainedModel:
    """Return what `section.model` points to; `key` names it in messages: `student.model`.

    A hub model is downloaded at its revision (safetensors, configuration and tokenizer only), or
    with `fetch=False` only named. Its fingerprint is its id and revision either way; that of a
    folder is the hash of its files.

    Raises:
        ModelError: it is not there, has no safetensors weights or fast tokenizer, or another hash
            than the recipe's.
    """
    folder = _local_folder(section, base, key)
    if folder is not None:
        return _inspect(folder, section, key)
    if section.revision is None:
        raise ModelError(
            f"{key} is {section.model!r}: no such folder, and a hub model needs `revision:`, "
            "the 40 hexadecimal digits of its commit"
        )
    name = hashlib.sha256(f"{section.model}@{section.revision}".encode()).hexdigest()
    if not fetch:
        return PretrainedModel(name, name)
    found = _inspect(_download(section.model, section.revision, key), section, key)
    return replace(found, fingerprint=name, tokenizer_fingerprint=name)


def _inspect(folder: Path, section: Pretrained, key: str) -> PretrainedModel:
    config = _config(folder, key)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise ModelError(
            f"{key}: {folder} has no {WEIGHTS}; pickled weights are never loaded: convert "
            "them with `AutoModel.from_pretrained(...).save_pretrained(...)` where you trust them"
        )
    _check_header(weights, key)
    if not (folder / "tokenizer.json").is_file():
        raise ModelError(
            f"{key}: {folder} has no tokenizer.json; save a fast tokenizer beside the weights"
        )
    _check_tokenizer(folder / "tokenizer.json", key)
    digest = sha256_file(weights)
    if section.sha256 not in (None, digest):
        raise ModelError(
            f"{key.rpartition('.')[0]}.sha256 is {section.sha256}, but {weights} has {digest}; "
            "it is another model"
        )
    tokenizer = _hash_files(folder, TOKENIZER_FILES)
    identity = canonical_json({"weights": digest, "config": config, "tokenizer": tokenizer})
    layers = config.get("num_hidden_layers")
    return PretrainedModel(
        fingerprint=hashlib.sha256(identity.encode()).hexdigest(),
        tokenizer_fingerprint=tokenizer,
        path=folder,
        family=str(config["model_type"]),
        layers=layers if isinstance(layers, int) else None,
        weight_bytes=weights.stat().st_size,
    )


def _local_folder(section: Pretrained, base: Path, key: str) -> Path | None:
    """Return the folder of a local address, or None for what may be a hub id."""
    address = section.model
    if address.startswith(PACKAGE_SCHEME):
        return _package_folder(address, key)
    local = base / Path(address).expanduser()
    if local.is_dir():
        return local
    if address.startswith((".", "/", "~")) or address.count("/") != 1:
        raise ModelError(f"{key} is {address!r}; there is no such folder ({local})")
    return None


def _package_folder(address: str, key: str) -> Path:
    package, _, inner = address.removeprefix(PACKAGE_SCHEME).partition("/")
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"{key} is {address!r}, but the package {package!r} is not installed; "
            "quickstart's packages come with `pip install 'distill-glue[quickstart]'`"
        )
    folder = Path(spec.submodule_search_locations[0]) / inner
    if not folder.is_dir():
        raise ModelError(f"{key} is {address!r}, but the package has no folder {inner!r}")
    return folder


def _download(address: str, revision: str, key: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415  # slow to import, needed for hub models only

    patterns = ["config.json", WEIGHTS, "tokenizer*", "special_tokens_map.json", "vocab*"]
    try:
        return Path(snapshot_download(address, revision=revision, allow_patterns=patterns))
    except Exception as error:  # the hub's client raises errors of several libraries
        raise ModelError(
            f"{key}: {address} at {revision} cannot be downloaded ({type(error).__name__}); "
            "check the name and the network, or give a local folder"
        ) from error


def _config(folder: Path, key: str) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{key}: {folder} has no readable config.json; it is not a model folder"
        ) from error
    if not isinstance(config, dict) or "model_type" not in config:
        raise ModelError(
            f"{key}: {folder / 'config.json'} names no model_type; it is not a Hugging Face model"
        )
    return config


def _check_header(weights: Path, key: str) -> None:
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415  # keeps `distill --help` fast

    try:
        with safe_open(weights, framework="np"):
            return
    except (SafetensorError, OSError) as error:
        raise ModelError(
            f"{key}: {weights} is damaged ({error}); copy or download it again"
        ) from error


def _check_tokenizer(path: Path, key: str) -> None:
    from tokenizers import Tokenizer  # noqa: PLC0415  # keeps `distill --help` fast

    try:
        Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing more special
        raise ModelError(
            f"{key}: {path} is damaged ({error}); copy or download it again"
        ) from error


def _hash_files(folder: Path, names: tuple[str, ...]) -> str:
    found = {name: sha256_file(folder / name) for name in names if (folder / name).is_file()}
    return hashlib.sha256(canonical_json(found).encode()).hexdigest()
