"""Logits of every feature, in order."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from distill.data import TaskData, length_batches
from distill.training import predict_logits
from distill.training.predict import model_logits
from students import initialise_student
from teachers import new_teacher

if TYPE_CHECKING:
    from pathlib import Path

MakeData = Callable[..., TaskData]
TEXTS = [{"text": "cat " * count, "label": 0} for count in (3, 1, 8, 2, 5)]


class Echo(nn.Module):
    """Stands for a model: its logits are its inputs, and it knows the mode it ran in."""

    def __init__(self, *, spans: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.spans = spans
        self.modes: list[tuple[bool, bool]] = []

    def forward(self, input_ids: torch.Tensor, **_: Any) -> Any:
        self.modes.append((self.training, torch.is_grad_enabled()))
        values = input_ids.double() * self.weight
        if self.spans:
            return SimpleNamespace(logits=None, start_logits=values, end_logits=-values)
        return SimpleNamespace(logits=values[:, :2])


def tokens_of(data: TaskData) -> list[list[int]]:
    return [
        data.inputs(np.array([row]))["input_ids"][0].tolist() for row in range(len(data.lengths))
    ]


def test_logits_come_in_the_order_of_features(make_data: MakeData) -> None:
    data = make_data([{"text": text, "label": 0} for text in ("c", "the cat", "a", "b sat sat")])

    found = predict_logits(Echo(spans=False), length_batches(data.lengths, 2), data.inputs)

    assert [logits.tolist() for logits in found] == [tokens[:2] for tokens in tokens_of(data)]
    assert found[0].dtype == np.float32


def test_spans_come_without_their_padding(make_data: MakeData) -> None:
    data = make_data(TEXTS)

    found = predict_logits(Echo(spans=True), length_batches(data.lengths, 3), data.inputs)

    for logits, tokens in zip(found, tokens_of(data), strict=True):
        assert logits[:, 0].tolist() == tokens
        assert logits[:, 1].tolist() == [-token for token in tokens]


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_used_in_evaluation_mode_and_given_back_as_it_was(
    make_data: MakeData, training: bool
) -> None:
    model, data = Echo(spans=False).train(training), make_data(TEXTS)

    predict_logits(model, length_batches(data.lengths, 2), data.inputs)

    assert model.training is training
    assert model.modes == [(False, False)] * 3


def test_batches_pass_through_the_progress_bar(make_data: MakeData) -> None:
    data, seen = make_data(TEXTS), []

    predict_logits(
        Echo(spans=False),
        length_batches(data.lengths, 2),
        data.inputs,
        progress=lambda batches: seen.extend(batches) or iter(seen),
    )

    assert len(seen) == 3


def test_the_size_of_a_batch_does_not_change_the_logits(
    make_data: MakeData, tiny_bert: Path
) -> None:
    torch.manual_seed(3)
    model, data = new_teacher(tiny_bert, "classification", ["a", "b"]), make_data(TEXTS)

    alone, together = (
        np.stack(predict_logits(model, length_batches(data.lengths, size), data.inputs))
        for size in (1, 5)
    )

    # atol: padding moves float32 sums to other orders; logits are near 0.3
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-6)


def test_a_student_is_told_its_task(make_data: MakeData, tiny_bert: Path) -> None:
    tasks = {
        "three": {"kind": "classification", "labels": ["a", "b", "c"]},
        "span": {"kind": "span_extraction", "labels": []},
    }
    student, batch = (
        initialise_student(tiny_bert, tasks).eval(),
        make_data(TEXTS).inputs(np.arange(2)),
    )

    assert model_logits(student, {**batch, "task": "three"}).shape == (2, 3)
    assert model_logits(student, {**batch, "task": "span"}).shape == (2, 5, 2)
