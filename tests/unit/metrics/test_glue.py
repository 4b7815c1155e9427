"""GLUE's average is the leaderboard's, to the digit that papers print."""

from __future__ import annotations

import pytest

from distill.metrics.glue import glue_average

TASKS = ("cola", "sst2", "mrpc", "stsb", "qqp", "mnli", "mnli/mismatched", "qnli", "rte", "wnli")
SINGLE = {"cola": "matthews"}
DOUBLE = {"mrpc": ("f1", "accuracy"), "stsb": ("pearson", "spearman"), "qqp": ("f1", "accuracy")}
Scores = dict[str, dict[str, float]]
PUBLISHED = {
    # Raffel et al. 2020, https://arxiv.org/abs/1910.10683, table 14: GLUE's average is column 1.
    "T5-Small": (
        77.4,
        [41.0, 91.8, 89.7, 86.6, 85.6, 85.0, 70.0, 88.0, 82.4, 82.3, 90.3, 69.9, 69.2],
    ),
    "T5-Base": (
        82.7,
        [51.1, 95.2, 90.7, 87.5, 89.4, 88.6, 72.6, 89.4, 87.1, 86.2, 93.7, 80.1, 78.8],
    ),
    "T5-11B": (
        90.3,
        [71.6, 97.5, 92.8, 90.4, 93.1, 92.8, 75.1, 90.6, 92.2, 91.9, 96.9, 92.8, 94.5],
    ),
}


def _scores(row: list[float]) -> Scores:
    """Return a row of the table, whose columns stand in the order of TASKS, by task and metric."""
    values = iter(row)
    return {
        task: {metric: next(values) for metric in DOUBLE.get(task, (SINGLE.get(task, "accuracy"),))}
        for task in TASKS
    }


@pytest.mark.parametrize("model", PUBLISHED)
def test_average_is_the_published_one(model: str) -> None:
    printed, row = PUBLISHED[model]
    average = glue_average(_scores(row))
    assert average is not None
    assert average.average is not None
    assert round(average.average, 1) == printed


def test_two_metrics_and_both_mnli_sets_are_averaged_first() -> None:
    scores = {
        task: dict.fromkeys(DOUBLE.get(task, (SINGLE.get(task, "accuracy"),)), 0.0)
        for task in TASKS
    }
    scores["mrpc"]["f1"] = scores["mnli/mismatched"]["accuracy"] = 72.0
    scores["wnli"]["accuracy"] = 9.0
    assert glue_average(scores) == pytest.approx(((36 + 36 + 9) / 9, (36 + 36) / 8))


def test_without_wnli_there_is_the_average_of_eight_tasks_only() -> None:
    scores = _scores(PUBLISHED["T5-Small"][1])
    whole = glue_average(scores)
    del scores["wnli"]
    average = glue_average(scores)
    assert whole is not None
    assert average == (None, whole.without_wnli)
    assert average.without_wnli == pytest.approx((697.0 - 69.2) / 8)  # by hand: 697.0 in nine


@pytest.mark.parametrize("missing", [task for task in TASKS if task != "wnli"])
def test_no_average_without_one_of_the_other_tasks(missing: str) -> None:
    scores = _scores(PUBLISHED["T5-Small"][1])
    del scores[missing]
    assert glue_average(scores) is None


def test_no_average_without_the_second_metric_of_a_task() -> None:
    scores = _scores(PUBLISHED["T5-Small"][1])
    del scores["mrpc"]["accuracy"]
    assert glue_average(scores) is None


def test_diagnostics_take_no_part() -> None:
    scores = _scores(PUBLISHED["T5-Small"][1])
    assert glue_average({**scores, "ax": {"matthews": 0.0}}) == glue_average(scores)
