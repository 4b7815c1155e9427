"""The plan: which task and rows each micro-batch has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from distill.training import PlannedBatch, linear_weight, plan_batches

Epoch = Callable[[np.random.Generator], list[NDArray[np.int64]]]


def epoch(rows: int, size: int = 4) -> Epoch:
    def batches(generator: np.random.Generator) -> list[NDArray[np.int64]]:
        order = generator.permutation(rows)
        return [order[start : start + size] for start in range(0, rows, size)]

    return batches


def plan(
    sizes: dict[str, int], *, epochs: float = 1, exponent: float = 1.0, seed: int = 1
) -> list[PlannedBatch]:
    return plan_batches(
        {task: epoch(rows) for task, rows in sizes.items()},
        sizes=sizes,
        epochs=epochs,
        sampling_exponent=exponent,
        seed=seed,
    )


def plain(batches: list[PlannedBatch]) -> list[tuple[str, list[int]]]:
    return [(batch.task, batch.indices.tolist()) for batch in batches]


SIZES = {"rte": 40, "mnli": 400, "stsb": 90}


def test_the_seed_alone_decides_the_plan() -> None:
    assert plain(plan(SIZES)) == plain(plan(SIZES))
    assert plain(plan(SIZES)) != plain(plan(SIZES, seed=2))


def test_the_order_of_the_tasks_does_not_matter() -> None:
    turned = dict(reversed(SIZES.items()))

    assert plain(plan(turned, exponent=0.75)) == plain(plan(SIZES, exponent=0.75))


def test_planning_leaves_the_global_generator_alone() -> None:
    before = np.random.get_state()[1].copy()
    plan(SIZES)

    assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_one_task_has_every_row_once_an_epoch(epochs: int) -> None:
    batches = plan({"rte": 42}, epochs=epochs)

    per_epoch = len(batches) // epochs
    assert per_epoch == 11
    for start in range(0, len(batches), per_epoch):
        rows = np.concatenate([batch.indices for batch in batches[start : start + per_epoch]])
        assert sorted(rows) == list(range(42))


def test_epochs_have_different_orders() -> None:
    rows = [batch.indices.tolist() for batch in plan({"rte": 40}, epochs=2)]

    assert rows[:10] != rows[10:]


@pytest.mark.parametrize(("epochs", "batches"), [(0.5, 66), (1, 133), (2, 266), (0.001, 1)])
def test_there_are_as_many_batches_as_the_epochs_of_all_tasks(epochs: float, batches: int) -> None:
    assert len(plan(SIZES, epochs=epochs)) == batches  # 10 + 100 + 23 an epoch, at least one


def test_no_row_comes_back_before_its_task_has_been_through() -> None:
    queue: dict[str, list[int]] = {task: [] for task in SIZES}
    for batch in plan(SIZES, epochs=3, exponent=0.5):
        queue[batch.task] += batch.indices.tolist()

    for task, rows in queue.items():
        for start in range(0, len(rows), SIZES[task]):
            passed = rows[start : start + SIZES[task]]
            assert len(set(passed)) == len(passed)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 0.75, 1.0])
def test_the_share_of_a_task_is_its_size_to_the_exponent(exponent: float) -> None:
    batches = plan(SIZES, epochs=100, exponent=exponent)
    weights = {task: rows**exponent for task, rows in SIZES.items()}
    found = Counter(batch.task for batch in batches)

    for task, weight in weights.items():
        expected = weight / sum(weights.values())
        # 4 standard deviations of a share of 13,300 draws; the seed is fixed
        width = 4 * (expected * (1 - expected) / len(batches)) ** 0.5
        assert found[task] / len(batches) == pytest.approx(expected, abs=width)


@given(count=st.integers(1, 50), ranks=st.integers(1, 16))
def test_ranks_share_a_batch_evenly_and_leave_no_row_out(count: int, ranks: int) -> None:
    batch = PlannedBatch("rte", np.arange(100, 100 + count))

    shares = [batch.share(rank, ranks).tolist() for rank in range(ranks)]

    assert len({len(share) for share in shares}) == 1
    drawn = Counter(row for share in shares for row in share)
    assert set(drawn) == set(batch.indices.tolist())
    assert sum(drawn.values()) - count < ranks  # no more repeats than it takes


def test_one_rank_has_the_batch_as_it_is() -> None:
    assert PlannedBatch("rte", np.array([5, 3, 9])).share(0, 1).tolist() == [5, 3, 9]


@pytest.mark.parametrize(
    ("progress", "weight"),
    [(0.0, 1.0), (0.25, 0.75), (0.5, 0.5), (1.0, 0.0), (1.5, 0.0), (-0.5, 1.0)],
)
def test_annealing_goes_straight_from_teacher_to_labels(progress: float, weight: float) -> None:
    assert linear_weight(progress, start=1.0, end=0.0) == weight


def test_equal_ends_are_a_constant_weight() -> None:
    assert {linear_weight(step / 10, start=0.3, end=0.3) for step in range(11)} == {0.3}
