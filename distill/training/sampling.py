"""Which task and which rows each micro-batch has: decided before training, from the seed alone.

Because the plan is a pure function of sizes and seed, a resumed run sees the same batches, and
every rank takes the same task at the same step: heads that are unused on some ranks hang or corrupt
ZeRO-2 and ZeRO-3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray


class PlannedBatch(NamedTuple):
    """One micro-batch of all ranks together: features `indices` of one task."""

    task: str
    indices: NDArray[np.int64]

    def share(self, rank: int, ranks: int) -> NDArray[np.int64]:
        """Return the part of one rank.

        Every rank gets as many rows, where needed by repeating the batch's first ones.
        """
        missing = -len(self.indices) % ranks
        return np.resize(self.indices, len(self.indices) + missing)[rank::ranks]


def plan_batches(
    epochs_of: Mapping[str, Callable[[np.random.Generator], list[NDArray[np.int64]]]],
    *,
    sizes: Mapping[str, int],
    epochs: float,
    sampling_exponent: float,
    seed: int,
) -> list[PlannedBatch]:
    """Return the micro-batches of a whole training.

    `epochs_of[task](generator)` gives one epoch of a task in batches. There are as many batches as
    `epochs` passes over all tasks have; each is of a task drawn in proportion to
    `sizes[task] ** sampling_exponent` (1 is proportional, 0 is uniform; 0.75 in BAM, Clark et al.
    2019), and takes that task's next batch. The order of the mapping does not matter.
    """
    tasks = sorted(epochs_of)
    generator = np.random.default_rng([seed, 0])
    own = {task: np.random.default_rng([seed, 1 + place]) for place, task in enumerate(tasks)}
    queues = {task: epochs_of[task](own[task]) for task in tasks}
    weights = np.asarray([float(sizes[task]) ** sampling_exponent for task in tasks])
    total = max(1, round(epochs * sum(len(queue) for queue in queues.values())))
    plan = []
    for choice in generator.choice(len(tasks), size=total, p=weights / weights.sum()):
        task = tasks[choice]
        if not queues[task]:
            queues[task] = epochs_of[task](own[task])
        plan.append(PlannedBatch(task, queues[task].pop()))
    return plan
