"""A store that is damaged, foreign, of another version, in use or full is refused with advice."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from distill.store import read_manifest, sha256_file

from .conftest import Project, run_in_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

UNTIL_STUDENT = ("run", "recipe.yaml", "--until", "student")


def _refused(project: Project, *arguments: str) -> str:
    done = project.distill(*arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("error: ") == 1
    return done.stderr


def test_flipped_byte_in_soft_labels_is_refused_by_file_name(labelled: Project) -> None:
    labels = labelled.artefact("soft_labels/topic") / "train.safetensors"
    raw = bytearray(labels.read_bytes())
    raw[-1] ^= 1
    labels.write_bytes(raw)
    told = _refused(labelled, *UNTIL_STUDENT)
    assert f"{labels}: " in told
    assert "soft_labels/topic" in told
    assert f"delete {labels.parent}" in told
    assert labelled.states()["student/seed-1"] == "missing"
    shutil.rmtree(labels.parent)  # the advice
    assert labelled.states()["soft_labels/topic"] == "missing"


def test_soft_labels_of_another_teacher_are_refused(labelled: Project) -> None:
    folder = labelled.artefact("soft_labels/match")
    header = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    header["teacher"] = "0" * 64
    (folder / "train.json").write_text(json.dumps(header), encoding="utf-8")
    manifest = read_manifest(folder)
    assert manifest is not None
    manifest["files"]["train.json"]["sha256"] = sha256_file(folder / "train.json")
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    told = _refused(labelled, *UNTIL_STUDENT)
    assert f"{folder / 'train.safetensors'}: soft labels of match were made for teacher" in told
    states = labelled.states()
    assert states["student/seed-1"] == "failed"
    assert states["quantize/bitsandbytes-int8"] == "missing"


def test_store_of_another_format_is_refused_and_left_as_it_is(
    fresh_project: Project,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = fresh_project.copy(tmp_path / "project")
    monkeypatch.chdir(project.folder)
    project.store.mkdir()
    (project.store / "format.json").write_text('{"format": 99}', encoding="utf-8")
    code, _, told = run_in_process(["run", "recipe.yaml"], capsys, monkeypatch)
    assert code == 2
    assert "store: the store's format is 99" in told
    assert "--store" in told
    assert [path.name for path in project.store.iterdir()] == ["format.json"]
    assert not project.run.exists()


def test_second_run_at_the_same_time_is_told_who_has_the_run_folder(
    fresh_project: Project, tmp_path: Path
) -> None:
    project = fresh_project.copy(tmp_path / "project")
    first = project.start("run", "recipe.yaml", "--until", "data")
    try:
        _wait_for((project.run / ".holder.json").is_file, first)
        told = _refused(project, "run", "recipe.yaml", "--until", "data")
    finally:
        first.kill()
        first.communicate()
    assert f"process {first.pid} has been running this recipe since" in told
    assert "--set name=" in told


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return a function that mounts a small disk; only root can."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount_disk(size: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            pytest.skip(f"cannot mount a small disk: {error}")
        if done.returncode != 0:
            pytest.skip(f"cannot mount a small disk: {done.stderr.strip()}")
        return place

    yield mount_disk
    if place.is_mount():
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_disk_that_is_too_small_is_refused_before_any_work(
    mount: Callable[[str], Path],
    fresh_project: Project,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = mount("64k")
    project = fresh_project.copy(tmp_path / "project")
    monkeypatch.chdir(project.folder)
    code, _, told = run_in_process(
        ["run", "recipe.yaml", "--store", str(disk / "store")], capsys, monkeypatch
    )
    assert code == 2
    assert f"{disk / 'store'}: " in told
    assert "free some or give another folder with --store" in told
    assert list(disk.iterdir()) == []
    assert not project.run.exists()


def test_disk_that_fills_up_in_training_is_told_without_a_traceback(
    mount: Callable[[str], Path], fresh_project: Project, tmp_path: Path
) -> None:
    disk = mount("4m")
    project = fresh_project.copy(tmp_path / "project")
    arguments = ("run", "recipe.yaml", "--until", "teachers", "--store", str(disk / "store"))
    process = project.start(*arguments)
    _wait_for(lambda: [*disk.glob("store/.work/teachers-*/scratch")] != [], process)
    with (disk / "filler").open("wb") as filler:
        filler.write(bytes(shutil.disk_usage(disk).free - 100_000))  # a checkpoint has 500,000
    told = process.communicate()[1]
    assert process.returncode == 2, told
    assert "no space left on the disk" in told
    assert "Traceback" not in told


def _wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    give_up = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < give_up
        time.sleep(0.01)
