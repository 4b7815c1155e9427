"""Models fine-tuned elsewhere: labels by name, and orders that cannot be right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from teachers import adopt_teacher, likely_order

if TYPE_CHECKING:
    from pathlib import Path

MNLI = ["entailment", "neutral", "contradiction"]  # as in GLUE
OTHER = ["contradiction", "entailment", "neutral"]  # as in MultiNLI checkpoints of fairseq
Batch = dict[str, torch.Tensor]


def fine_tuned(folder: Path, source: Path, names: list[str] | None) -> Any:
    """Write a model with three classes whose logits differ, and return it."""
    config = AutoConfig.from_pretrained(source, num_labels=3)
    if names is not None:
        config.id2label = dict(enumerate(names))
        config.label2id = {name: place for place, name in enumerate(names)}
    torch.manual_seed(4)
    model = AutoModelForSequenceClassification.from_pretrained(source, config=config)
    model.save_pretrained(folder)
    return model.eval()


@pytest.mark.parametrize("family", ["bert", "electra"])
@torch.inference_mode()
def test_logits_come_in_the_tasks_order_whatever_the_models(
    tmp_path: Path, tiny_bert: Path, tiny_electra: Path, batch: Batch, family: str
) -> None:
    source = tiny_bert if family == "bert" else tiny_electra
    theirs = fine_tuned(tmp_path, source, OTHER)(**batch).logits

    adopted = adopt_teacher(tmp_path, "classification", MNLI)

    ours = adopted.eval()(**batch).logits
    # atol: logits are below 1; where weights lie in memory decides how float32 sums are split
    torch.testing.assert_close(ours, theirs[:, [1, 2, 0]], rtol=0, atol=1e-6)
    assert adopted.config.id2label == dict(enumerate(MNLI))


def test_unnamed_labels_are_refused_without_a_map(tmp_path: Path, tiny_bert: Path) -> None:
    fine_tuned(tmp_path, tiny_bert, None)

    with pytest.raises(ValueError, match=r"LABEL_0, LABEL_1, LABEL_2.*name them in the recipe"):
        adopt_teacher(tmp_path, "classification", MNLI)


@torch.inference_mode()
def test_a_map_names_them(tmp_path: Path, tiny_bert: Path, batch: Batch) -> None:
    theirs = fine_tuned(tmp_path, tiny_bert, None)(**batch).logits
    names = {f"LABEL_{place}": name for place, name in enumerate(OTHER)}

    ours = adopt_teacher(tmp_path, "classification", MNLI, names).eval()(**batch).logits

    # atol: logits are below 1; where weights lie in memory decides how float32 sums are split
    torch.testing.assert_close(ours, theirs[:, [1, 2, 0]], rtol=0, atol=1e-6)


def test_other_labels_are_refused(tmp_path: Path, tiny_bert: Path) -> None:
    fine_tuned(tmp_path, tiny_bert, ["good", "fair", "bad"])

    with pytest.raises(ValueError, match=r"good, fair, bad; the task's are entailment"):
        adopt_teacher(tmp_path, "classification", MNLI)


@pytest.mark.parametrize("kind", ["classification", "tagging", "span_extraction"])
def test_a_model_that_was_never_fine_tuned_is_refused(tiny_bert: Path, kind: str) -> None:
    with pytest.raises(ValueError, match=rf"no trained head for {kind} .*give it as `model:`"):
        adopt_teacher(tiny_bert, kind, ["no", "yes"] if kind == "classification" else [])


@pytest.mark.parametrize(
    ("confusion", "order"),
    [
        ([[90, 5, 5], [4, 92, 4], [2, 8, 90]], None),
        # contradiction is said where entailment is meant, and so on round
        ([[5, 5, 90], [92, 4, 4], [8, 90, 2]], [2, 0, 1]),
        ([[10, 90], [80, 20]], [1, 0]),
        # near chance: no order is far better
        ([[30, 35, 35], [30, 40, 30], [33, 33, 34]], None),
        # below chance, but by no more than noise
        ([[45, 55], [55, 45]], None),
        # only ever says the frequent class
        ([[80, 0], [20, 0]], None),
    ],
)
def test_an_order_is_believed_when_it_is_far_better_than_chance(
    confusion: list[list[int]], order: list[int] | None
) -> None:
    assert likely_order(np.array(confusion)) == order
