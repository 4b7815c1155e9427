"""The 8-bit student: bitsandbytes LLM.int8 linear layers and 8-bit word embeddings.

LLM.int8 is of Dettmers et al. 2022. Word embeddings are half of a small student's bytes, and
bitsandbytes leaves them in floating point; here each row has int8 values and one float32 scale.
Projections of the heads stay in float32: they are a few hundred bytes each.
"""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from pathlib import Path


class Int8Embedding(nn.Module):
    """Embeddings as int8 values `[V, H]` with one scale per row.

    row = values * scale, absolute error <= scale / 2.
    """

    weight: torch.Tensor
    scale: torch.Tensor

    def __init__(self, num_embeddings: int, embedding_dim: int) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.register_buffer("weight", torch.zeros(num_embeddings, embedding_dim, dtype=torch.int8))
        self.register_buffer("scale", torch.zeros(num_embeddings, 1, dtype=torch.float32))

    @classmethod
    def from_float(cls, weight_VH: torch.Tensor) -> Int8Embedding:
        """Return the embeddings rounded to the nearest of 255 symmetric levels per row."""
        made = cls(*weight_VH.shape)
        largest_V1 = weight_VH.detach().float().abs().amax(dim=1, keepdim=True)
        made.scale.copy_(largest_V1 / 127)
        divisor_V1 = made.scale.clamp_min(torch.finfo(torch.float32).tiny)
        made.weight.copy_((weight_VH.detach().float() / divisor_V1).round().to(torch.int8))
        return made

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Return float32 embeddings of `input_ids`."""
        return self.weight[input_ids].float() * self.scale[input_ids]


def quantize_to_int8(checkpoint: Path, out: Path) -> None:
    """Write the student in `checkpoint` to `out` in 8 bits.

    `AutoModel.from_pretrained(out)` reloads it on CPU and GPU.

    Raises:
        ImportError: bitsandbytes is not installed.
    """
    from transformers import AutoModel, BitsAndBytesConfig  # noqa: PLC0415  # bitsandbytes takes seconds to import

    plain = AutoModel.from_pretrained(checkpoint, dtype=torch.float32)
    keep = [
        name
        for name, module in plain.named_modules()
        if name.endswith("out_proj") and isinstance(module, nn.Linear)
    ]
    settings: Any = BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=keep)
    with contextlib.redirect_stdout(io.StringIO()):  # the library prints a line for each call
        model = AutoModel.from_pretrained(
            checkpoint, dtype=torch.float32, quantization_config=settings
        )
        embeddings = Int8Embedding.from_float(plain.get_input_embeddings().weight)
        model.encoder.set_input_embeddings(embeddings)
        model.config.int8_embeddings = True
        model.save_pretrained(out)
