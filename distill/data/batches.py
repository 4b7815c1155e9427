"""Batches of rows of like length: padding costs as much as text.

Shapes: N rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

POOL_BATCHES: Final = 50
"""Batches whose rows are shuffled together before sorting.

Enough for even lengths, few enough for random company.
"""


def length_batches(lengths_N: NDArray[np.integer], batch_size: int) -> list[NDArray[np.int64]]:
    """Return row numbers in batches, longest first, so that a lack of memory shows at once."""
    order = np.argsort(-lengths_N, kind="stable")
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def shuffled_length_batches(
    lengths_N: NDArray[np.integer], batch_size: int, generator: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Return every row number once, in batches of rows of like length, in random order.

    Rows are shuffled, cut into pools of `POOL_BATCHES` batches, sorted by length in each pool, cut
    and shuffled again.
    """
    order = generator.permutation(len(lengths_N))
    batches: list[NDArray[np.int64]] = []
    for start in range(0, len(order), batch_size * POOL_BATCHES):
        pool = order[start : start + batch_size * POOL_BATCHES]
        pool = pool[np.argsort(lengths_N[pool], kind="stable")]
        batches += [pool[place : place + batch_size] for place in range(0, len(pool), batch_size)]
    return [batches[index] for index in generator.permutation(len(batches))]
