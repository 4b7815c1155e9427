"""Small students with random weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from students import initialise_student

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from distill.data import TaskInfo

MakeStudent = Callable[[dict[str, dict[str, Any]]], Path]


@pytest.fixture
def make_student(
    tmp_path: Path,
    tiny_bert: Path,
    tokenizer: PreTrainedTokenizerFast,
    make_info: Callable[..., TaskInfo],
) -> MakeStudent:
    """Return a function that writes a student of tasks, given as changes to a task's info.

    A task's `bias` makes its head give this one number, whatever the input.
    """

    def make(tasks: dict[str, dict[str, Any]]) -> Path:
        infos = {}
        for name, changes in tasks.items():
            info = make_info(name=name, **{k: v for k, v in changes.items() if k != "bias"})
            infos[name] = asdict(info)
        student = initialise_student(tiny_bert, infos)
        generator = torch.Generator().manual_seed(7)
        for value in student.state_dict().values():
            if value.is_floating_point():  # large enough that rows get different answers
                value.copy_(torch.randn(value.shape, generator=generator) / 4)
        for name, changes in tasks.items():
            if "bias" in changes:
                projection: Any = student.heads[name].out_proj
                torch.nn.init.zeros_(projection.weight)
                torch.nn.init.constant_(projection.bias, changes["bias"])
        folder = tmp_path / "student"
        student.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return make
