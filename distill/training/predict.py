"""Logits of a model over batches, in inference mode; sharded over ranks when there are several.

Shapes: B batch, T tokens, C classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch
import torch.distributed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

MODEL_INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids")


def model_logits(model: Callable[..., Any], batch: Mapping[str, Any]) -> torch.Tensor:
    """Return `[B, C]`, for spans `[B, T, 2]`, from a student or a stock model.

    The model is a student where the batch names a `task`.
    """
    inputs = {name: batch[name] for name in (*MODEL_INPUTS, "task") if name in batch}
    output = model(**inputs)
    if getattr(output, "logits", None) is not None:
        return output.logits  # type: ignore[no-any-return]
    return torch.stack([output.start_logits, output.end_logits], dim=-1)


@torch.inference_mode()
def predict_logits(
    model: torch.nn.Module,
    batches: Sequence[NDArray[np.integer]],
    collate: Callable[[NDArray[np.integer]], dict[str, Any]],
    *,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> list[NDArray[np.float32]]:
    """Return the logits of every feature in `batches`, in feature order.

    They are `[C]` each, for spans `[T, 2]` without padding. With several ranks each takes every
    n-th batch and all get the whole result; every rank makes as many forward passes, as ZeRO-3
    needs.
    """
    device = next(model.parameters()).device
    rank, ranks = _rank()
    rounds = -(-len(batches) // ranks)
    mine = [batches[(number * ranks + rank) % len(batches)] for number in range(rounds)]
    was_training = model.training
    model.eval()
    found: dict[int, NDArray[np.float32]] = {}
    for indices in progress(mine):
        batch = {
            name: value.to(device) if torch.is_tensor(value) else value
            for name, value in collate(indices).items()
        }
        logits = model_logits(model, batch).float().cpu().numpy()
        lengths = batch["attention_mask"].sum(dim=1).tolist()
        for place, index in enumerate(indices):
            found[int(index)] = (
                logits[place, : lengths[place]] if logits.ndim == 3 else logits[place]
            )
    model.train(was_training)
    if ranks > 1:
        parts: list[Any] = [None] * ranks
        torch.distributed.all_gather_object(parts, found)
        found = {index: logits for part in parts for index, logits in part.items()}
    return [found[index] for index in range(len(found))]


def _rank() -> tuple[int, int]:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1
