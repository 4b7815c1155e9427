"""Label order is matched by name.

MNLI's order differs between checkpoints, and nothing else notices.

Shapes: C classes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

_UNNAMED: Final = re.compile(r"LABEL_\d+")
FAR_BETTER: Final = 0.15
"""Gain in accuracy at which another order of the labels is believed: far above sampling noise."""


def label_order(id2label: Mapping[int, str], wanted: Sequence[str]) -> list[int]:
    """Return for each wanted label the index of the logit that a checkpoint gives it.

    `logits[:, label_order(id2label, wanted)]` has the wanted order. Names are compared without
    regard to case.

    Raises:
        ValueError: the checkpoint's labels are unnamed (`LABEL_0`, ...) or are not the wanted ones.
    """
    found = [id2label[index].casefold() for index in sorted(id2label)]
    if all(_UNNAMED.fullmatch(name.upper()) for name in found):
        raise ValueError(
            f"its labels have no names ({', '.join(id2label.values())}), so their order cannot be "
            "known; name them in the recipe, `labels: {LABEL_0: NAME, ...}`, or in its config.json"
        )
    names = [name.casefold() for name in wanted]
    if sorted(found) != sorted(names):
        raise ValueError(
            f"its labels are {', '.join(id2label.values())}; the task's are {', '.join(wanted)}"
        )
    return [found.index(name) for name in names]


def likely_order(confusion_CC: NDArray[np.integer]) -> list[int] | None:
    """Return the order in which a classifier's labels were probably meant; None: as they are.

    `confusion_CC[gold, predicted]` counts rows. Entry i of the result is the predicted label that
    means i. It is given only when the classifier is no better than the most frequent class, and the
    best one-to-one reading of its labels is better than both by `FAR_BETTER`.
    """
    total = confusion_CC.sum()
    plain, majority = confusion_CC.trace() / total, confusion_CC.sum(axis=1).max() / total
    gold, predicted = linear_sum_assignment(confusion_CC, maximize=True)
    best = confusion_CC[gold, predicted].sum() / total
    if plain > majority or best < max(plain, majority) + FAR_BETTER:
        return None
    return [int(label) for label in predicted]
