"""What a run needs of its machine: disk, memory, GPUs. Estimated before anything is made.

Reads sizes only; torch is imported on machines with an NVIDIA driver.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from distill.recipe import Training
    from distill.store import Artefact

MOMENTS: Final = 2
"""AdamW's state, in units of the weights."""


def lacking(wanted: Sequence[Artefact], training: Training, store: Path) -> Iterator[str]:
    """Yield what this machine has too little of to make the artefacts `wanted` in `store`."""
    sizes = {
        item.label: int(item.locations["weight_bytes"])
        for item in wanted
        if "weight_bytes" in item.locations
    }
    if sizes:
        yield from _disk(list(sizes.values()), store)
        yield from _gpus(training)
        yield from _memory(sizes, training)


def _disk(sizes: list[int], store: Path) -> Iterator[str]:
    """Each model stays once; the one in training has two checkpoints with AdamW's state beside."""
    needed = sum(sizes) + 2 * (1 + MOMENTS) * max(sizes)
    place = next(path for path in (store, *store.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        yield (
            f"{store}: {free / 1e6:,.0f} MB are free, this run needs about {needed / 1e6:,.0f} MB; "
            "free some or give another folder with --store"
        )


def _gpus(training: Training) -> Iterator[str]:
    count, ranks = _gpu_count(), training.processes or 1
    if count and ranks > count:
        yield (
            f"training.processes is {ranks}, and this machine has {count} GPUs; expected at most "
            "one process for each. Leave it out to use all"
        )


def _memory(sizes: dict[str, int], training: Training) -> Iterator[str]:
    """Yield models whose weights, gradients and AdamW's state alone do not fit into memory."""
    if _gpu_count():
        return  # there it is the GPUs' memory that counts
    free = psutil.virtual_memory().available
    for label, size in sizes.items():
        ranks = (training.processes or 1) if label.startswith("student/") else 1
        stage = training.deepspeed.zero_stage if training.deepspeed and ranks > 1 else 0
        needed = ranks * rank_bytes(size, zero_stage=stage, ranks=ranks)
        if needed > free:
            yield (
                f"{label}: training needs more than {needed / 1e9:,.1f} GB of memory, "
                f"{free / 1e9:,.1f} GB are free; start from a smaller model, or with fewer layers"
            )


def rank_bytes(weights: int, *, zero_stage: int, ranks: int) -> int:
    """Return the bytes of weights, gradients and AdamW's state that each rank holds.

    ZeRO shards the state from stage 1 on, gradients from 2, weights at 3 (Rajbhandari et al. 2020,
    section 5). Activations are not counted.
    """
    parts = ((1, 3), (1, 2), (MOMENTS, 1))
    return sum(amount * weights // (ranks if zero_stage >= first else 1) for amount, first in parts)


def _gpu_count() -> int:
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "" or shutil.which("nvidia-smi") is None:
        return 0
    import torch  # noqa: PLC0415  # takes seconds, and other machines have no GPU to count

    return torch.cuda.device_count()
