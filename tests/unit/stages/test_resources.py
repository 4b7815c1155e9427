"""What a machine has too little of, said before anything is made."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from distill.recipe import DeepSpeed, Training
from distill.stages import resources
from distill.stages.resources import lacking, rank_bytes
from distill.store import Artefact

if TYPE_CHECKING:
    from pathlib import Path

GB = 10**9
PLAIN = Training()


def model(stage: str, gigabytes: float) -> Artefact:
    return Artefact(stage, "mine", 1, {}, locations={"weight_bytes": int(gigabytes * GB)})


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that sets free disk and memory in GB, and the number of GPUs."""

    def have(disk: float = 1000, memory: float = 1000, gpus: int = 0) -> None:
        monkeypatch.setattr(
            resources.shutil, "disk_usage", lambda _: SimpleNamespace(free=int(disk * GB))
        )
        monkeypatch.setattr(
            psutil, "virtual_memory", lambda: SimpleNamespace(available=int(memory * GB))
        )
        monkeypatch.setattr(resources, "_gpu_count", lambda: gpus)

    have()
    return have


@pytest.mark.parametrize(
    ("stage", "ranks", "expected"),
    [(0, 4, 16.0), (1, 4, 10.0), (2, 4, 7.0), (3, 4, 4.0), (3, 1, 16.0)],
)
def test_each_stage_of_zero_shards_one_part_more(stage: int, ranks: int, expected: float) -> None:
    # weights 4, gradients 4, two moments 8; a quarter of what is sharded
    assert rank_bytes(4 * GB, zero_stage=stage, ranks=ranks) == expected * GB


def test_a_large_machine_lacks_nothing(tmp_path: Path) -> None:
    assert list(lacking([model("teachers", 1), model("student", 1)], PLAIN, tmp_path)) == []


def test_what_trains_nothing_needs_nothing(machine: Any, tmp_path: Path) -> None:
    machine(disk=0, memory=0)

    assert list(lacking([Artefact("report", "mine", 1, {})], PLAIN, tmp_path)) == []


def test_a_disk_holds_every_model_once_and_the_largest_seven_times(
    machine: Any, tmp_path: Path
) -> None:
    models = [model("teachers", 2), model("student", 1)]
    machine(disk=15)
    assert list(lacking(models, PLAIN, tmp_path / "not" / "yet")) == []

    machine(disk=14.9)
    (problem,) = lacking(models, PLAIN, tmp_path / "not" / "yet")
    assert "14,900 MB are free, this run needs about 15,000 MB" in problem


def test_a_model_that_cannot_be_trained_in_memory_is_named(machine: Any, tmp_path: Path) -> None:
    machine(memory=7.9)

    (problem,) = lacking([model("teachers", 2), model("student", 1)], PLAIN, tmp_path)

    assert problem.startswith("teachers/mine: training needs more than 8.0 GB of memory, 7.9 GB")


def test_ranks_on_one_machine_share_its_memory(machine: Any, tmp_path: Path) -> None:
    machine(memory=7.9)
    two = Training(processes=2, deepspeed=DeepSpeed(zero_stage=0))

    (problem,) = lacking([model("student", 1)], two, tmp_path)

    assert problem.startswith("student/mine: training needs more than 8.0 GB")
    sharded = Training(processes=2, deepspeed=DeepSpeed(zero_stage=3))
    assert list(lacking([model("student", 1)], sharded, tmp_path)) == []


def test_more_processes_than_gpus_are_refused(machine: Any, tmp_path: Path) -> None:
    machine(gpus=2)

    (problem,) = lacking([model("student", 1)], Training(processes=4), tmp_path)

    assert problem.startswith("training.processes is 4, and this machine has 2 GPUs")
