"""The training loop on a model of two layers: the best checkpoint, resume, early stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import set_seed

from distill.losses import class_loss
from distill.training import Hyperparameters, Objective, PlannedBatch, train
from teachers import new_teacher

if TYPE_CHECKING:
    from pathlib import Path

HYPER = Hyperparameters(
    learning_rate=1e-2,
    gradient_accumulation_steps=1,
    warmup_fraction=0.1,
    weight_decay=0.01,
    max_grad_norm=1.0,
    evaluations=4,
    patience=None,
    seed=1,
)
STEPS = 8


class KilledError(Exception):
    """Stands for whatever ends a process."""


@dataclass
class Task:
    """Random tokens to sort by their first one; `values` are the dev scores in turn."""

    values: Sequence[float]
    killed_at: int | None = None
    """The evaluation, from 1, that does not come back."""
    batches: int = STEPS
    losses: int = 0
    evaluations: int = 0
    progress: list[float] = field(default_factory=list)
    weights: list[torch.Tensor] = field(default_factory=list)
    """One weight matrix at each evaluation."""

    def objective(self) -> Objective:
        return Objective(
            plan=[PlannedBatch("mine", np.arange(4) + 4 * step) for step in range(self.batches)],
            collate=self.collate,
            loss=self.loss,
            scores=self.scores,
        )

    def collate(self, planned: PlannedBatch, rank: int, ranks: int) -> dict[str, Any]:
        ids = np.random.default_rng(planned.share(rank, ranks)[0]).integers(5, 40, (4, 6))
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.ones(4, 6, dtype=torch.int64),
            "labels": torch.from_numpy(ids[:, 0] % 2),
        }

    def loss(self, logits: torch.Tensor, batch: dict[str, Any], progress: float) -> torch.Tensor:
        self.losses += 1
        self.progress.append(progress)
        return class_loss(logits, batch["labels"])

    def scores(self, model: torch.nn.Module) -> dict[str, float]:
        self.evaluations += 1
        if self.evaluations == self.killed_at:
            raise KilledError
        self.weights.append(model.get_parameter("classifier.weight").detach().clone())
        value = self.values[self.evaluations - 1]
        return {"one": value - 10, "two": value + 10}


Run = Callable[..., dict[str, float]]


@pytest.fixture
def run(tmp_path: Path, tiny_bert: Path) -> Run:
    """Return a function that trains as a fresh process would: new model, same seed."""

    def train_once(
        task: Task, place: str = "a", *, dropout: float = 0.2, **changes: Any
    ) -> dict[str, float]:
        scratch, out = tmp_path / place / "scratch", tmp_path / place / "out"
        scratch.mkdir(parents=True, exist_ok=True)
        out.mkdir(exist_ok=True)
        set_seed(1)
        model = new_teacher(tiny_bert, "classification", ["even", "odd"], dropout=dropout)
        return train(
            model,
            task.objective(),
            replace(HYPER, **changes),
            label="tiny",
            scratch=scratch,
            out=out,
        )

    return train_once


def kept(tmp_path: Path, place: str = "a") -> bytes:
    return (tmp_path / place / "out" / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ([50, 90, 60, 70], 1),  # the middle
        ([50, 60, 70, 80], 3),  # the end
        ([80, 70, 60, 50], 0),  # the beginning
        ([50, 80, 80, 80], 1),  # of equal ones the first
    ],
)
def test_the_checkpoint_with_the_best_score_is_kept(
    tmp_path: Path, run: Run, values: list[float], best: int
) -> None:
    task = Task(values)

    scores = run(task)

    weights = load_file(tmp_path / "a" / "out" / "model.safetensors")
    equal = [torch.equal(weights["classifier.weight"], other) for other in task.weights]
    assert equal == [place == best for place in range(4)]
    assert scores == {"one": values[best] - 10, "two": values[best] + 10}
    assert {path.name for path in (tmp_path / "a" / "out").iterdir()} == {
        "config.json",
        "model.safetensors",
    }


def test_two_trainings_with_one_seed_are_the_same_to_the_last_bit(tmp_path: Path, run: Run) -> None:
    run(Task([1, 2, 3, 4]), "a")
    run(Task([1, 2, 3, 4]), "b")

    assert kept(tmp_path, "a") == kept(tmp_path, "b")


@pytest.mark.parametrize("accumulation", [1, 2])
def test_a_training_that_was_killed_goes_on_to_the_same_bytes(
    tmp_path: Path, run: Run, accumulation: int
) -> None:
    values, size = [50, 60, 90, 70], {"gradient_accumulation_steps": accumulation}
    whole = Task(values, batches=STEPS * accumulation)
    run(whole, "whole", **size)
    killed = Task(values, killed_at=2, batches=STEPS * accumulation)
    with pytest.raises(KilledError):
        run(killed, "killed", **size)
    resumed = Task(values[1:], batches=STEPS * accumulation)

    scores = run(resumed, "killed", **size)

    assert kept(tmp_path, "killed") == kept(tmp_path, "whole")
    assert scores == {"one": 80, "two": 100}
    assert resumed.losses == whole.losses * 3 // 4  # of four parts the first was kept
    assert killed.progress[: STEPS * accumulation // 4] + resumed.progress == whole.progress


def test_half_a_checkpoint_is_not_resumed_from(tmp_path: Path, run: Run) -> None:
    values = [50, 60, 90, 70]
    run(Task(values), "whole")
    with pytest.raises(KilledError):
        run(Task(values, killed_at=3), "killed")
    (tmp_path / "killed" / "scratch" / "checkpoint-4" / "trainer_state.json").write_text('{"half')
    resumed = Task(values[1:])

    run(resumed, "killed")

    assert resumed.losses == STEPS * 3 // 4  # from checkpoint-2
    assert kept(tmp_path, "killed") == kept(tmp_path, "whole")


@pytest.mark.parametrize("patience", [None, 1])
def test_a_finished_training_is_not_trained_further(
    tmp_path: Path, run: Run, patience: int | None
) -> None:
    scores = run(Task([60, 50, 40, 30]), patience=patience)
    before = kept(tmp_path)
    (tmp_path / "a" / "out" / "model.safetensors").unlink()
    again = Task([])

    assert run(again, patience=patience) == scores
    assert (again.losses, again.evaluations) == (0, 0)
    assert kept(tmp_path) == before


@pytest.mark.parametrize(
    ("values", "patience", "evaluations"),
    [
        ([60, 50, 40, 30], 1, 2),
        ([60, 50, 40, 30], 2, 3),
        ([60, 50, 70, 60], 2, 4),
        ([60, 60, 60, 60], 2, 3),  # no better is not better
        ([60, 50, 40, 30], None, 4),
    ],
)
def test_patience_is_the_number_of_evaluations_without_progress(
    run: Run, values: list[float], patience: int | None, evaluations: int
) -> None:
    task = Task(values)

    scores = run(task, patience=patience)

    assert task.evaluations == evaluations
    assert task.losses == evaluations * STEPS // 4
    assert scores["one"] == max(values) - 10


def test_patience_goes_on_counting_after_a_resume(tmp_path: Path, run: Run) -> None:
    values = [60, 50, 40, 90]  # the last of them is never reached
    whole = Task(values)
    run(whole, "whole", patience=2)
    with pytest.raises(KilledError):
        run(Task(values, killed_at=3), "killed", patience=2)
    resumed = Task(values[2:])

    scores = run(resumed, "killed", patience=2)

    assert (whole.evaluations, resumed.evaluations) == (3, 1)
    assert scores["one"] == 50
    assert kept(tmp_path, "killed") == kept(tmp_path, "whole")


def test_a_task_may_be_named_as_the_mean_is(run: Run) -> None:
    class Named(Task):
        def scores(self, model: torch.nn.Module) -> dict[str, float]:
            one, two = super().scores(model).values()
            return {"score": one, "runtime": two}

    assert run(Named([50, 60, 70, 60])) == {"score": 60, "runtime": 80}


def test_progress_goes_from_nought_to_just_below_one(run: Run) -> None:
    task = Task([1] * 4, batches=2 * STEPS)

    run(task, gradient_accumulation_steps=2)

    assert task.progress == [step / STEPS for step in range(STEPS) for _ in range(2)]


@pytest.mark.parametrize(("evaluations", "expected"), [(1, 1), (3, 3), (8, 8), (50, 8)])
def test_there_are_as_many_evaluations_as_asked_for_or_as_steps(
    run: Run, evaluations: int, expected: int
) -> None:
    task = Task(list(range(60)))

    scores = run(task, evaluations=evaluations)

    assert scores["one"] == expected - 1 - 10  # the last of the evaluations is at the last step
    assert task.evaluations == expected


def test_accumulated_gradients_are_those_of_one_large_batch(tmp_path: Path, run: Run) -> None:
    """Means of equal batches: two half batches move the weights as the whole one."""

    class Halves(Task):
        def collate(self, planned: PlannedBatch, rank: int, ranks: int) -> dict[str, Any]:
            whole = super().collate(PlannedBatch("mine", planned.indices // 8 * 8), rank, ranks)
            part = slice(0, 2) if planned.indices[0] % 8 == 0 else slice(2, 4)
            return {name: value[part] for name, value in whole.items()}

    class Wholes(Task):
        def collate(self, planned: PlannedBatch, rank: int, ranks: int) -> dict[str, Any]:
            return super().collate(PlannedBatch("mine", planned.indices * 2), rank, ranks)

    plain: dict[str, Any] = {"max_grad_norm": 1e9, "evaluations": 1, "dropout": 0.0}
    run(Wholes([1], batches=2), "wholes", **plain)
    run(Halves([1], batches=4), "halves", **plain, gradient_accumulation_steps=2)

    one, other = (
        load_file(tmp_path / place / "out" / "model.safetensors") for place in ("wholes", "halves")
    )
    for name, value in one.items():
        if name.endswith("key.bias"):
            continue  # a softmax does not see it: its gradient is rounding, which Adam makes a step
        # atol: Adam divides by the gradient's size, which enlarges its last bits; a step is 1e-2
        torch.testing.assert_close(other[name], value, rtol=0, atol=1e-4)
