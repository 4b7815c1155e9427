"""Teacher annealing: from the teacher's soft targets to gold labels over training."""

from __future__ import annotations


def linear_weight(progress: float, *, start: float, end: float) -> float:
    """Return the weight of soft targets at `progress` in [0, 1]; hard labels weigh 1 minus it.

    BAM anneals from 1 to 0 (Clark et al. 2019, section 3.2); `start == end` is a constant weight.
    """
    return start + (end - start) * min(max(progress, 0.0), 1.0)
