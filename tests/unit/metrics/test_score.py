from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from distill.metrics import score_task
from distill.metrics.modules import MODULES
from distill.recipe import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from distill.recipe import Kind

ROWS: dict[str, tuple[Any, Any]] = {
    "classification": ([0, 1, 1, 0], [0, 1, 0, 1]),
    "multi_label": ([[0, 1, 1], [0, 0, 0]], [[0, 1, 0], [1, 0, 0]]),
    "regression": ([0.5, 1.0, 2.0], [1.0, 2.0, 2.5]),
    "span_extraction": (["a cat", ""], [["cat", "dog"], []]),
    "tagging": ([["B-PER", "I-PER"], ["O"]], [["B-PER", "O"], ["O"]]),
    "multiple_choice": ([[0.1, 0.9, 0.0], [0.5, 0.2, 0.7]], [1, 0]),
    "extractive_summary": (["a cat sat", "dogs"], [["the cat", "a cat"], ["a dog"]]),
}


def test_kinds_are_those_of_the_recipe() -> None:
    assert set(MODULES) == set(KINDS) == set(ROWS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_metric_is_a_percentage_in_the_order_asked_for(kind: Kind) -> None:
    names = KINDS[kind].metrics[::-1]
    scores = score_task(kind, names, *ROWS[kind])
    assert [*scores] == [*names]
    assert all(type(score) is float and -100 <= score <= 100 for score in scores.values())


@pytest.mark.parametrize("kind", KINDS)
def test_same_rows_give_the_same_scores_and_leave_random_state_alone(kind: Kind) -> None:
    before = np.random.get_state()[1].copy()  # the state that evaluate touches
    first, second = (score_task(kind, KINDS[kind].metrics, *ROWS[kind]) for _ in range(2))
    assert first == second
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize("kind", KINDS)
def test_metrics_asked_for_alone_are_those_asked_for_together(kind: Kind) -> None:
    together = score_task(kind, KINDS[kind].metrics, *ROWS[kind])
    alone = [score_task(kind, [name], *ROWS[kind]) for name in KINDS[kind].metrics]
    assert {name: score for one in alone for name, score in one.items()} == together


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8])
def test_classes_of_any_integer_type(dtype: type) -> None:
    given, expected = (np.array(rows, dtype) for rows in ROWS["classification"])
    assert score_task("classification", ["accuracy"], given, expected) == {"accuracy": 50.0}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64])
def test_numbers_of_any_type(dtype: type) -> None:
    given, expected = np.array([1, 2, 3], dtype), np.array([2, 4, 6], np.float32)
    scores = score_task("regression", ["pearson", "spearman"], given, expected)
    # rtol: correlations of exactly proportional rows, so only the last bits may differ
    assert scores == pytest.approx({"pearson": 100.0, "spearman": 100.0}, rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "metrics", "given", "expected", "said"),
    [
        ("ranking", ["f1"], [1], [1], "kind is 'ranking'; it must be one of classification"),
        ("regression", ["f1"], [1.0], [1.0], "metrics of regression are pearson, spearman"),
        ("classification", [], [1], [1], "metrics of classification are accuracy"),
        ("classification", ["accuracy"], [1, 1], [1], "2 predictions for 1 references"),
        ("classification", ["accuracy"], [], [], "predictions have the shape"),
        ("classification", ["accuracy"], [[1]], [[1]], "predictions have the shape"),
        ("classification", ["accuracy"], [1.0], [1], "predictions are float64"),
        ("classification", ["accuracy"], [1], ["a"], "references are <U1"),
        ("classification", ["f1"], [0, 2], [0, 1], "two classes, 0 and 1, not [2]"),
        ("regression", ["pearson"], [np.nan, 1], [1, 2], "predictions have values"),
        ("regression", ["pearson"], [1, 2], [np.inf, 2], "references have values"),
        ("regression", ["pearson"], ["a"], [1], "predictions are <U1"),
        ("span_extraction", ["f1"], [], [], "there are no predictions"),
        ("span_extraction", ["f1"], ["a"], ["a"], "references must be lists of texts"),
        ("span_extraction", ["f1"], [None], [["a"]], "predictions must be texts"),
        ("span_extraction", ["f1"], ["a"], [[1]], "references must be lists of texts"),
        ("span_extraction", ["f1"], ["a"], [["a"], []], "1 predictions for 2 references"),
        ("span_extraction", ["f1"], ["a", "b"], [["a"], None], "lists of texts; row 1 is None"),
        ("multi_label", ["micro_f1"], [[0, 2]], [[0, 1]], "predictions have values other than 0"),
        ("multi_label", ["micro_f1"], [[0.0, 1.0]], [[0, 1]], "predictions are float64"),
        ("multi_label", ["micro_f1"], [0, 1], [0, 1], "predictions have the shape (2,)"),
        ("multi_label", ["micro_f1"], [[1]], [[1]], "predictions have the shape (1, 1)"),
        ("multi_label", ["micro_f1"], [[0, 1]], [[0, 1, 1]], "predictions of 2 labels for 3"),
        ("multi_label", ["accuracy"], [[0, 1], [1]], [[0, 1], [1, 0]], "rows of different lengths"),
        ("tagging", ["accuracy"], [["O"]], [["O", "O"]], "row 0: 1 predicted tags for 2 words"),
        ("tagging", ["accuracy"], [[3]], [["O"]], "predictions must be lists of texts; row 0 is"),
        ("tagging", ["accuracy"], [], [], "there are no predictions"),
        ("tagging", ["entity_f1"], [["NOUN"]], [["O"]], "such as O, B-PER and I-PER, not 'NOUN'"),
        ("multiple_choice", ["mrr"], [[0.5, np.nan]], [0], "predictions have values"),
        ("multiple_choice", ["mrr"], [[0.5]], [0], "predictions have the shape (1, 1)"),
        ("multiple_choice", ["mrr"], [[0.5, 1.0]], [2], "numbers of the 2 candidates, from 0"),
        ("multiple_choice", ["mrr"], [[0.5, 1.0]], [-1], "numbers of the 2 candidates, from 0"),
        ("multiple_choice", ["mrr"], [[0.5, 1.0], [1.0]], [0, 0], "rows of different lengths"),
        ("extractive_summary", ["rouge1"], ["a"], [[]], "a text in every row; row 0 has none"),
        ("extractive_summary", ["rouge1"], ["a"], ["a"], "references must be lists of texts"),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    kind: str, metrics: list[str], given: Any, expected: Any, said: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is compared below
        score_task(kind, metrics, given, expected)
    assert said in str(caught.value)


SCORE = """
import socket
def refuse(*_, **__): raise OSError("no network here")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from distill.metrics import score_task
print(score_task("span_extraction", ["exact_match"], ["x"] * 2000, [["x"]] * 2000))
print(score_task("classification", ["accuracy"], [1] * 2000, [1] * 2000))
"""


def test_two_processes_at_once_use_no_network_and_leave_no_file(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    places = {"HOME": str(home), "TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}
    hidden = {"HF_HOME", "XDG_CACHE_HOME", "HF_EVALUATE_CACHE", "HF_METRICS_CACHE"}
    inherited = {name: value for name, value in os.environ.items() if name not in hidden}
    workers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SCORE],
            env=inherited | places,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for worker in workers:
        output, _ = worker.communicate(timeout=120)
        assert worker.returncode == 0
        assert output.splitlines() == ["{'exact_match': 100.0}", "{'accuracy': 100.0}"]
    assert not [*home.rglob("*")]
    assert not [*temporary.rglob("distill-metrics-*")]
    assert not [*tmp_path.rglob("*.arrow*")]


def test_package_imports_without_evaluate() -> None:
    code = "import sys, distill.metrics; sys.exit(bool({'evaluate', 'torch'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
