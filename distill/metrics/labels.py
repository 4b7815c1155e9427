"""Several labels a row: which of them are given.

Shapes: N rows, C labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def best_label_threshold(logits_NC: NDArray[np.floating], labels_NC: NDArray[Any]) -> float:
    """Return the threshold above which giving a label has the best micro F1.

    Labels are 0 or 1. Equal logits stay together; the highest of equally good thresholds counts.
    """
    order = np.argsort(-logits_NC, axis=None, kind="stable")
    sorted_P = np.asarray(logits_NC, np.float64).ravel()[order]
    below_P = np.append(sorted_P[1:], np.nextafter(sorted_P[-1], -np.inf))
    hits_P = np.cumsum(np.asarray(labels_NC).ravel()[order])
    f1_P = 2 * hits_P / (np.arange(1, len(order) + 1) + hits_P[-1])
    return float(below_P[np.argmax(np.where(below_P < sorted_P, f1_P, -1.0))])
