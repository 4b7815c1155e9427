"""DeepSpeed: its configuration, and the launcher that starts one process per rank."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Any

import torch


def is_distributed(processes: int | None, zero_stage: int | None) -> bool:
    """Return whether training runs under the DeepSpeed launcher.

    Always on GPUs, on a CPU when asked for.
    """
    return torch.cuda.is_available() or (processes or 1) > 1 or zero_stage is not None


def rank_count(processes: int | None) -> int:
    """Return the number of ranks: as asked, or one per GPU, or one."""
    return processes or max(1, torch.cuda.device_count())


def deepspeed_config(zero_stage: int) -> dict[str, Any]:
    """Return DeepSpeed's configuration for a ZeRO stage (Rajbhandari et al. 2020).

    The Trainer fills in the rest. Buckets hold 2e7 elements (80 MB): DeepSpeed's own default of 5e8
    takes 2 GB a rank, more than a small student's whole training. The optimizer is the same
    `torch.optim.AdamW` as without DeepSpeed, so results can be compared.
    """
    return {
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
        "bf16": {"enabled": "auto"},
        "zero_allow_untested_optimizer": True,
        "steps_per_print": 10**9,
        "zero_optimization": {
            "stage": zero_stage,
            "reduce_bucket_size": 2 * 10**7,
            "allgather_bucket_size": 2 * 10**7,
            "stage3_gather_16bit_weights_on_model_save": True,
        },
    }


def launch_ranks(module: str, arguments: list[str], processes: int | None) -> int:
    """Run `python -m module arguments` on every rank under the DeepSpeed launcher.

    Return its exit code.
    """
    ranks = rank_count(processes)
    command = [
        *(sys.executable, "-m", "deepspeed.launcher.runner"),
        *("--num_accelerators", str(ranks), "--master_port", str(_free_port())),
        *("--no_local_rank", "--module", module, *arguments),
    ]
    threads = max(1, len(os.sched_getaffinity(0)) // ranks) if not torch.cuda.is_available() else 1
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  # our own module


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
