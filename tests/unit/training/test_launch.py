"""When DeepSpeed is used, and what it is told."""

from __future__ import annotations

import json

import pytest
import torch

from distill.training import deepspeed_config, is_distributed
from distill.training.launch import rank_count


@pytest.mark.parametrize(
    ("processes", "zero_stage", "gpu", "distributed"),
    [
        (None, None, False, False),
        (1, None, False, False),
        (2, None, False, True),
        (None, 0, False, True),
        (1, 2, False, True),
        (None, None, True, True),
    ],
)
def test_the_launcher_runs_on_gpus_and_on_a_cpu_when_asked_for(
    monkeypatch: pytest.MonkeyPatch,
    processes: int | None,
    zero_stage: int | None,
    gpu: bool,
    distributed: bool,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)

    assert is_distributed(processes, zero_stage) is distributed


@pytest.mark.parametrize(("processes", "gpus", "ranks"), [(None, 0, 1), (None, 4, 4), (2, 4, 2)])
def test_there_is_a_rank_per_gpu_unless_asked_otherwise(
    monkeypatch: pytest.MonkeyPatch, processes: int | None, gpus: int, ranks: int
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)

    assert rank_count(processes) == ranks


@pytest.mark.parametrize("zero_stage", [0, 1, 2, 3])
def test_the_configuration_is_plain_json_with_small_buckets(zero_stage: int) -> None:
    config = deepspeed_config(zero_stage)
    zero = config["zero_optimization"]

    assert json.loads(json.dumps(config)) == config
    assert zero["stage"] == zero_stage
    assert zero["reduce_bucket_size"] * 4 <= 100e6  # bytes in float32
    assert zero["allgather_bucket_size"] * 4 <= 100e6
    assert zero["stage3_gather_16bit_weights_on_model_save"] is True


def test_each_configuration_is_its_own() -> None:
    deepspeed_config(1)["zero_optimization"]["stage"] = 9

    assert deepspeed_config(1)["zero_optimization"]["stage"] == 1
