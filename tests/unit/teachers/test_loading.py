"""Single-task models: stock classes with named labels, and ELECTRA from BERT's weights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModel,
    BertForMultipleChoice,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    ElectraForMultipleChoice,
    ElectraForQuestionAnswering,
    ElectraForSequenceClassification,
    ElectraForTokenClassification,
)

from teachers import FAMILIES, load_teacher, new_teacher

if TYPE_CHECKING:
    from pathlib import Path

Batch = dict[str, torch.Tensor]


@pytest.mark.parametrize(
    ("kind", "of_bert", "of_electra"),
    [
        ("classification", BertForSequenceClassification, ElectraForSequenceClassification),
        ("regression", BertForSequenceClassification, ElectraForSequenceClassification),
        ("span_extraction", BertForQuestionAnswering, ElectraForQuestionAnswering),
        ("multi_label", BertForSequenceClassification, ElectraForSequenceClassification),
        ("tagging", BertForTokenClassification, ElectraForTokenClassification),
        ("multiple_choice", BertForMultipleChoice, ElectraForMultipleChoice),
        ("extractive_summary", BertForTokenClassification, ElectraForTokenClassification),
    ],
)
def test_a_teacher_is_a_stock_model(
    tiny_bert: Path, tiny_electra: Path, kind: str, of_bert: type, of_electra: type
) -> None:
    named = {"classification", "multi_label", "tagging"}
    labels = ["no", "yes"] if kind in named else []

    assert type(new_teacher(tiny_bert, kind, labels)) is of_bert
    assert type(new_teacher(tiny_bert, kind, labels, family="bert")) is of_bert
    assert type(new_teacher(tiny_bert, kind, labels, family="electra")) is of_electra
    assert type(new_teacher(tiny_electra, kind, labels)) is of_electra
    assert type(new_teacher(tiny_electra, kind, labels, family="electra")) is of_electra


@pytest.mark.parametrize("family", FAMILIES)
def test_label_names_are_saved_in_the_tasks_order(
    tmp_path: Path, tiny_bert: Path, family: str
) -> None:
    model = new_teacher(tiny_bert, "classification", ["b", "a", "c"], family=family)

    model.save_pretrained(tmp_path)

    config = json.loads((tmp_path / "config.json").read_text())
    assert config["id2label"] == {"0": "b", "1": "a", "2": "c"}
    assert config["label2id"] == {"b": 0, "a": 1, "c": 2}
    assert AutoConfig.from_pretrained(tmp_path).num_labels == 3


@pytest.mark.parametrize("family", FAMILIES)
def test_a_regression_has_one_value(tiny_bert: Path, batch: Batch, family: str) -> None:
    model = new_teacher(tiny_bert, "regression", [], family=family)

    assert model.config.num_labels == 1
    assert model.config.problem_type == "regression"
    assert model(**batch).logits.shape == (2, 1)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("kind", "labels", "shape"),
    [
        ("multi_label", ["a", "b", "c"], (2, 3)),
        ("tagging", ["a", "b", "c"], (2, 10, 3)),
        ("extractive_summary", [], (2, 10, 1)),
    ],
)
def test_logits_have_the_shape_of_the_kind(
    tiny_bert: Path, batch: Batch, kind: str, labels: list[str], shape: tuple[int, ...], family: str
) -> None:
    model = new_teacher(tiny_bert, kind, labels, family=family)

    assert model(**batch).logits.shape == shape


@pytest.mark.parametrize("family", FAMILIES)
def test_a_head_starts_at_its_bias(tiny_bert: Path, family: str) -> None:
    model = new_teacher(tiny_bert, "multi_label", ["a", "b"], family=family, head_bias=(-3.0, 0.5))

    biases = [value.tolist() for name, value in model.named_parameters() if name.endswith("bias")]
    assert [-3.0, 0.5] in biases


@pytest.mark.parametrize("family", FAMILIES)
def test_candidates_are_scored_side_by_side(tiny_bert: Path, batch: Batch, family: str) -> None:
    model = new_teacher(tiny_bert, "multiple_choice", [], family=family)
    inputs = {name: value.unsqueeze(0) for name, value in batch.items()}

    assert model(**inputs).logits.shape == (1, 2)


@pytest.mark.parametrize("family", FAMILIES)
@torch.inference_mode()
def test_a_teacher_comes_back_as_it_was(
    tmp_path: Path, tiny_bert: Path, batch: Batch, family: str
) -> None:
    model = new_teacher(tiny_bert, "classification", ["no", "yes"], family=family).eval()
    model.save_pretrained(tmp_path)

    again = load_teacher(tmp_path, "classification")

    assert not again.training
    assert {value.dtype for value in again.parameters()} == {torch.float32}
    # atol: logits are below 1; where weights lie in memory decides how float32 sums are split
    torch.testing.assert_close(again(**batch).logits, model(**batch).logits, rtol=0, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_dropout_is_that_of_the_recipe(tiny_bert: Path, family: str) -> None:
    model = new_teacher(tiny_bert, "classification", ["no", "yes"], family=family, dropout=0.37)

    rates = {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)}
    assert rates == {0.37}
    assert model.config.attention_probs_dropout_prob == 0.37


@pytest.mark.parametrize("kind", ["classification", "span_extraction"])
@torch.inference_mode()
def test_electra_from_bert_has_berts_hidden_states(
    real_bert: Path, batch: Batch, kind: str
) -> None:
    inputs = {**batch, "input_ids": batch["input_ids"] * 100 + 1000}
    bert = AutoModel.from_pretrained(real_bert, dtype=torch.float32).eval()

    electra = new_teacher(real_bert, kind, ["no", "yes"], family="electra").eval()

    wanted = bert(**inputs, output_hidden_states=True).hidden_states
    found = electra(**inputs, output_hidden_states=True).hidden_states
    assert len(found) == len(wanted) == 7
    for ours, berts in zip(found, wanted, strict=True):
        # atol: hidden values reach 8, where float32's last bit is 5e-7, through six layers of the
        # same operations
        torch.testing.assert_close(ours, berts, rtol=0, atol=1e-5)


def test_every_weight_of_berts_encoder_is_in_the_electra(tiny_bert: Path) -> None:
    wanted = AutoModel.from_pretrained(tiny_bert).state_dict()

    found = new_teacher(tiny_bert, "regression", [], family="electra").base_model.state_dict()

    assert set(found) == {name for name in wanted if not name.startswith("pooler.")}
    assert all(torch.equal(value, wanted[name]) for name, value in found.items())


def test_a_checkpoint_of_another_family_is_refused(tiny_electra: Path) -> None:
    with pytest.raises(ValueError, match=r"a electra checkpoint cannot start .* family bert"):
        new_teacher(tiny_electra, "classification", ["no", "yes"], family="bert")


def test_new_weights_come_from_the_global_generator(tiny_bert: Path) -> None:
    def head(seed: int, family: str) -> torch.Tensor:
        torch.manual_seed(seed)
        model = new_teacher(tiny_bert, "span_extraction", [], family=family)
        return model.get_parameter("qa_outputs.weight")

    for family in FAMILIES:
        assert torch.equal(head(1, family), head(1, family))
        assert not torch.equal(head(1, family), head(2, family))
