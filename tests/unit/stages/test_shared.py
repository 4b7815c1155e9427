"""What "no answer" must outweigh: chosen on development rows, kept with the model."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from distill.data import TaskData
from distill.errors import ModelError
from distill.stages import shared
from distill.stages.shared import decision_threshold, finite_outputs, keep_thresholds, scored
from students import initialise_student
from teachers import new_teacher

if TYPE_CHECKING:
    from pathlib import Path

MakeData = Callable[..., TaskData]
SPAN: dict[str, Any] = {
    "kind": "span_extraction",
    "labels": (),
    "pair": True,
    "metrics": ("exact_match", "f1"),
    "score": ("f1",),
}
ROWS = [
    {"question": "who", "context": "the cat", "answer_texts": ["cat"], "answer_starts": [4]},
    {"question": "who", "context": "the cat", "answer_texts": [], "answer_starts": []},
]


def logits(data: TaskData, *null: float) -> list[np.ndarray]:
    """Return logits that answer "cat" with score 0, and "no answer" with `null`."""
    made = [np.full((length, 2), -50.0, dtype=np.float32) for length in data.lengths]
    for row, value in enumerate(null):
        made[row][4] = 0.0  # [CLS] who [SEP] the cat
        made[row][0] = value / 2
    return made


def test_the_threshold_with_the_best_f1_is_chosen(make_data: MakeData) -> None:
    data = make_data(ROWS, **SPAN, unanswerable=True)
    given = logits(data, 2.0, 5.0)  # both odds are above 0: neither row would be answered

    assert scored(data, finite_outputs(data, given), threshold=0.0)["f1"] == 50.0
    chosen = scored(data, finite_outputs(data, given))
    assert chosen["f1"] == 100.0
    assert chosen["decision_threshold"] == 2.0


def test_tasks_where_every_question_has_an_answer_have_no_threshold(make_data: MakeData) -> None:
    data = make_data(ROWS[:1], **SPAN)

    assert "decision_threshold" not in scored(data, finite_outputs(data, logits(data, 9.0)))


def test_every_number_has_its_interval_when_asked(make_data: MakeData) -> None:
    data = make_data(ROWS[:1] * 3, **SPAN)

    found = scored(data, finite_outputs(data, logits(data, 0.0, 0.0, 0.0)), intervals=True)

    assert found["intervals"] == {name: [100, 100] for name in ("exact_match", "f1", "score")}


def test_a_model_that_diverged_is_told(make_data: MakeData) -> None:
    data = make_data(ROWS[:1], **SPAN)
    broken = logits(data, 0.0)
    broken[0][0, 0] = np.nan

    with pytest.raises(ModelError, match="not finite; its training diverged"):
        finite_outputs(data, broken)


@pytest.mark.parametrize("role", ["teacher", "student"])
def test_the_threshold_is_kept_with_the_model(
    tmp_path: Path,
    tiny_bert: Path,
    make_data: MakeData,
    role: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = make_data(ROWS, **SPAN, unanswerable=True)
    tasks = {"mine": {"kind": "span_extraction", "labels": []}}
    monkeypatch.setattr(shared, "best_threshold", lambda *_: 1.5)
    model = (
        initialise_student(tiny_bert, tasks)
        if role == "student"
        else new_teacher(tiny_bert, "span_extraction", [])
    ).eval()
    model.save_pretrained(tmp_path)

    keep_thresholds(tmp_path, lambda: model, [data])

    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["tasks"]["mine"] if role == "student" else config)["decision_threshold"] == 1.5
    assert decision_threshold(type(model).from_pretrained(tmp_path), "mine") == 1.5


def test_a_model_without_a_threshold_has_0(tiny_bert: Path) -> None:
    assert decision_threshold(new_teacher(tiny_bert, "span_extraction", []), "mine") == 0.0


def test_labels_are_given_above_the_best_threshold(make_data: MakeData) -> None:
    rows = [{"text": "the cat", "label": [0]}, {"text": "sat", "label": [1]}]
    data = make_data(rows, kind="multi_label", metrics=("micro_f1",), score=("micro_f1",))
    rare = [np.array([-1.0, -3.0]), np.array([-4.0, -1.5])]  # no probability reaches a half

    assert scored(data, finite_outputs(data, rare), threshold=0.0)["micro_f1"] == 0.0
    chosen = scored(data, finite_outputs(data, rare))
    assert (chosen["micro_f1"], chosen["decision_threshold"]) == (100.0, -3.0)
