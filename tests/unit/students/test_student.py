"""One encoder with a head per task: first weights, files, and equality with the stock models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModel,
    BertForMultipleChoice,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    ElectraForQuestionAnswering,
    ElectraForSequenceClassification,
    ElectraForTokenClassification,
)

from students import MultiTaskConfig, MultiTaskStudent, initialise_student, load_student

if TYPE_CHECKING:
    from pathlib import Path

TASKS: dict[str, dict[str, Any]] = {
    "three": {"kind": "classification", "labels": ["a", "b", "c"]},
    "value": {"kind": "regression", "labels": []},
    "span": {"kind": "span_extraction", "labels": []},
    "tags": {"kind": "tagging", "labels": ["O", "B", "I"]},
    "labels": {"kind": "multi_label", "labels": ["a", "b", "c"]},
    "reply": {"kind": "multiple_choice", "labels": []},
    "summary": {"kind": "extractive_summary", "labels": []},
}
Batch = dict[str, torch.Tensor]
SAME = {"rtol": 0.0, "atol": 1e-6}
"""Logits are below 1; where weights lie in memory decides how float32 sums are split."""


@pytest.fixture(params=["bert", "electra"])
def source(request: pytest.FixtureRequest, tiny_bert: Path, tiny_electra: Path) -> Path:
    return tiny_bert if request.param == "bert" else tiny_electra


def lively(model: torch.nn.Module) -> Any:
    """Give every weight of a model a size that shows in its logits, and set it to evaluation."""
    generator = torch.Generator().manual_seed(5)
    for value in model.state_dict().values():
        if value.is_floating_point():
            value.copy_(torch.randn(value.shape, generator=generator) / 8)
    return model.eval()


@pytest.mark.parametrize("task", TASKS)
@torch.inference_mode()
def test_a_saved_student_comes_back_through_automodel(
    tmp_path: Path, source: Path, batch: Batch, task: str
) -> None:
    student = lively(initialise_student(source, TASKS))
    student.save_pretrained(tmp_path)

    for again in (AutoModel.from_pretrained(tmp_path).eval(), load_student(tmp_path)):
        assert isinstance(again, MultiTaskStudent)
        assert again.config.tasks == TASKS
        weights = again.state_dict()
        assert all(torch.equal(weights[name], was) for name, was in student.state_dict().items())
        torch.testing.assert_close(
            again(**batch, task=task).logits, student(**batch, task=task).logits, **SAME
        )


def test_a_student_is_only_safetensors_and_json(tmp_path: Path, source: Path) -> None:
    initialise_student(source, TASKS).save_pretrained(tmp_path)

    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}


@pytest.mark.parametrize("layers", [None, [0], [1], [1, 0]])
def test_a_student_has_exactly_the_layers_that_were_chosen(
    source: Path, layers: list[int] | None
) -> None:
    student = initialise_student(source, TASKS, layers=layers)

    chosen = [0, 1] if layers is None else layers
    expected: dict[str, torch.Tensor] = {}
    for name, value in AutoModel.from_pretrained(source).state_dict().items():
        place = re.search(r"\.layer\.(\d)\.", name)
        if place and int(place[1]) in chosen:
            new = chosen.index(int(place[1]))
            expected[name.replace(place[0], f".layer.{new}.")] = value
        elif not place and not name.startswith("pooler."):
            expected[name] = value
    copied = student.encoder.state_dict()
    assert student.config.num_hidden_layers == len(chosen)
    assert set(copied) == set(expected)
    assert all(torch.equal(copied[name], value) for name, value in expected.items())


@pytest.mark.parametrize("layers", [[2], [0, 5], [-1]])
def test_layers_that_the_source_does_not_have_are_refused(
    tiny_bert: Path, layers: list[int]
) -> None:
    with pytest.raises(ValueError, match="has 2 layers, numbered from 0"):
        initialise_student(tiny_bert, TASKS, layers=layers)


def test_sentence_heads_start_from_berts_pooler(tiny_bert: Path) -> None:
    pooler = AutoModel.from_pretrained(tiny_bert).pooler.dense

    heads = initialise_student(tiny_bert, TASKS).heads

    for task in ("three", "value"):
        assert torch.equal(heads[task].dense.weight, pooler.weight)
        assert torch.equal(heads[task].dense.bias, pooler.bias)
    assert not torch.equal(heads["three"].out_proj.weight[:1], heads["value"].out_proj.weight)


def test_the_global_generator_alone_decides_new_weights(tiny_bert: Path) -> None:
    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        value = initialise_student(tiny_bert, TASKS).heads["span"].out_proj.weight
        assert isinstance(value, torch.Tensor)
        return value

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_a_head_starts_at_its_tasks_bias(source: Path) -> None:
    tasks = {"labels": {"kind": "multi_label", "labels": ["a", "b"], "head_bias": (-3.0, 0.5)}}

    assert initialise_student(source, tasks).heads["labels"].out_proj.bias.tolist() == [-3.0, 0.5]


def test_dropout_is_that_of_the_recipe(tiny_bert: Path) -> None:
    student = initialise_student(tiny_bert, TASKS, dropout=0.37)

    rates = {
        module.p
        for module in student.modules()
        if isinstance(module, torch.nn.Dropout) and module.p
    }
    assert rates == {0.37}
    assert student.config.encoder_config().attention_probs_dropout_prob == 0.37


def test_a_fine_tuned_teacher_leaves_its_head_and_label_names_behind(
    tmp_path: Path, tiny_bert: Path
) -> None:
    BertForSequenceClassification.from_pretrained(tiny_bert, num_labels=5).save_pretrained(tmp_path)

    student = initialise_student(tmp_path, TASKS, layers=[1])

    assert "id2label" not in student.config.encoder
    assert "architectures" not in student.config.encoder
    assert student.heads["three"].out_proj.out_features == 3


def test_a_task_the_student_does_not_have_is_a_keyerror(tiny_bert: Path, batch: Batch) -> None:
    with pytest.raises(KeyError, match="qnli"):
        initialise_student(tiny_bert, TASKS)(**batch, task="qnli")


@pytest.mark.parametrize("kind", ["translation", None, "Classification"])
def test_a_kind_that_is_not_known_is_refused(kind: str | None) -> None:
    with pytest.raises(ValueError, match=f"task 'mine' has kind {kind!r}; known kinds are"):
        MultiTaskConfig(encoder={"model_type": "bert"}, tasks={"mine": {"kind": kind}})


def test_a_file_with_an_unknown_kind_is_refused(tmp_path: Path, tiny_bert: Path) -> None:
    initialise_student(tiny_bert, TASKS).config.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace("span_extraction", "translation"))

    with pytest.raises(ValueError, match="known kinds are"):
        AutoConfig.from_pretrained(tmp_path)


def without(prefix: str, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): state[name] for name in state if name.startswith(prefix)}


HEADS: dict[Any, tuple[str, str, dict[str, str]]] = {
    BertForSequenceClassification: (
        "bert.",
        "three",
        {"dense": "bert.pooler.dense", "out_proj": "classifier"},
    ),
    ElectraForSequenceClassification: (
        "electra.",
        "three",
        {"dense": "classifier.dense", "out_proj": "classifier.out_proj"},
    ),
    BertForQuestionAnswering: ("bert.", "span", {"out_proj": "qa_outputs"}),
    ElectraForQuestionAnswering: ("electra.", "span", {"out_proj": "qa_outputs"}),
    BertForTokenClassification: ("bert.", "tags", {"out_proj": "classifier"}),
    ElectraForTokenClassification: ("electra.", "tags", {"out_proj": "classifier"}),
    BertForMultipleChoice: (
        "bert.",
        "reply",
        {"dense": "bert.pooler.dense", "out_proj": "classifier"},
    ),
}


@pytest.mark.parametrize("stock_class", HEADS)
@torch.inference_mode()
def test_a_task_has_the_logits_of_the_stock_model(
    stock_class: Any, tiny_bert: Path, tiny_electra: Path, batch: Batch
) -> None:
    prefix, task, parts = HEADS[stock_class]
    folder = tiny_bert if prefix == "bert." else tiny_electra
    labels = len(TASKS[task]["labels"]) or 2
    stock = lively(stock_class(AutoConfig.from_pretrained(folder, num_labels=labels)))
    student, state = initialise_student(folder, TASKS).eval(), stock.state_dict()
    encoder = without(prefix, state)
    student.encoder.load_state_dict(
        {k: v for k, v in encoder.items() if not k.startswith("pooler.")}
    )
    for ours, theirs in parts.items():
        getattr(student.heads[task], ours).load_state_dict(without(f"{theirs}.", state))

    if task == "reply":
        batch = {name: value.unsqueeze(0) for name, value in batch.items()}
    found, expected = student(**batch, task=task).logits, stock(**batch)

    wanted = (
        torch.stack([expected.start_logits, expected.end_logits], dim=-1)
        if task == "span"
        else expected.logits
    )
    assert wanted.abs().max() > 0.05  # else anything would be close
    torch.testing.assert_close(found, wanted, **SAME)


@pytest.mark.parametrize(
    ("task", "shape"), [("labels", (2, 3)), ("summary", (2, 10, 1)), ("tags", (2, 10, 3))]
)
def test_logits_have_the_shape_of_their_kind(
    source: Path, batch: Batch, task: str, shape: tuple[int, ...]
) -> None:
    student = initialise_student(source, TASKS)

    for training in (False, True):  # training adds the idle heads' zeros
        assert student.train(training)(**batch, task=task).logits.shape == shape


@torch.inference_mode()
def test_candidates_are_scored_as_texts_of_their_own(source: Path, batch: Batch) -> None:
    student = lively(initialise_student(source, TASKS))
    pair = {name: value.unsqueeze(0) for name, value in batch.items()}

    together = student(**pair, task="reply").logits

    assert together.shape == (1, 2)
    for place in range(2):
        alone = {name: value[place].view(1, 1, -1) for name, value in batch.items()}
        torch.testing.assert_close(
            student(**alone, task="reply").logits[0, 0], together[0, place], **SAME
        )


@torch.inference_mode()
def test_padding_does_not_change_the_logits(source: Path, batch: Batch) -> None:
    student = lively(initialise_student(source, TASKS))
    short = {name: value[1:, :7] for name, value in batch.items()}

    torch.testing.assert_close(
        student(**batch, task="three").logits[1:], student(**short, task="three").logits, **SAME
    )


def test_heads_of_a_source_without_a_pooler_differ(tmp_path: Path, tiny_bert: Path) -> None:
    BertForQuestionAnswering.from_pretrained(tiny_bert).save_pretrained(tmp_path)
    tasks = {name: {"kind": "classification", "labels": ["a", "b"]} for name in "xy"}
    heads = initialise_student(tmp_path, tasks).heads
    assert not torch.equal(heads["x"].dense.weight, heads["y"].dense.weight)
