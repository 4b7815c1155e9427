"""Write soft labels; see `schema` for the format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save_file

from distill.errors import SoftLabelError
from distill.soft_labels.schema import SIDES, Ragged, SoftLabelHeader
from distill.store import sha256_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def write_logits(
    folder: Path,
    header: SoftLabelHeader,
    example_id: NDArray[np.int64],
    logits: NDArray[np.floating],
    *,
    unit_rows: NDArray[np.int64] | None = None,
) -> None:
    """Write the logits of the rows `example_id` `[N]`.

    They are `[N, C]`; with `unit_rows` `[N + 1]` they are `[P, C]` of words or sentences, and row i
    has those from `unit_rows[i]` to `unit_rows[i + 1]`.

    Raises:
        SoftLabelError: a logit is not finite in the header's precision.
    """
    ragged = {} if unit_rows is None else {"unit_rows": unit_rows.astype(np.int64)}
    _write(folder, header, {"example_id": example_id, "logits": _cast(logits, header), **ragged})


def write_spans(
    folder: Path, header: SoftLabelHeader, example_id: NDArray[np.int64], sides: dict[str, Ragged]
) -> None:
    """Write start and end scores of the rows `example_id` `[N]`.

    Raises:
        SoftLabelError: a logit is not finite in the header's precision.
    """
    tensors: dict[str, NDArray[np.generic]] = {"example_id": example_id}
    for side in SIDES:
        tensors[f"{side}_rows"] = sides[side].rows
        tensors[f"{side}_chars"] = sides[side].chars
        tensors[f"{side}_logits"] = _cast(sides[side].logits, header)
    _write(folder, header, tensors)


def _cast(logits: NDArray[np.floating], header: SoftLabelHeader) -> NDArray[np.floating]:
    with np.errstate(over="ignore"):
        cast = logits.astype(header.dtype)
    if not np.isfinite(cast).all():
        raise SoftLabelError(
            f"soft labels of {header.task}, {header.split}: the teacher gave logits that are not "
            f"finite in {header.dtype}; look at its training, or set soft_labels.dtype to float32"
        )
    return cast


def _write(folder: Path, header: SoftLabelHeader, tensors: dict[str, NDArray[np.generic]]) -> None:
    path = folder / f"{header.split}.safetensors"
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, path)
    signed = header.model_copy(update={"sha256": sha256_file(path)})
    (folder / f"{header.split}.json").write_text(
        signed.model_dump_json(indent=1) + "\n", encoding="utf-8"
    )
