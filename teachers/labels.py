"""Label order is matched by name.

MNLI's order differs between checkpoints, and nothing else notices.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNNAMED = re.compile(r"LABEL_\d+")


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
            "known; write id2label into its config.json"
        )
    names = [name.casefold() for name in wanted]
    if sorted(found) != sorted(names):
        raise ValueError(
            f"its labels are {', '.join(id2label.values())}; the task's are {', '.join(wanted)}"
        )
    return [found.index(name) for name in names]
