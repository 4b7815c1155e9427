"""Soft labels that are damaged or of something else are refused, with file and task named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from distill.errors import SoftLabelError
from distill.soft_labels import SoftLabelHeader, open_soft_labels, write_logits

if TYPE_CHECKING:
    from pathlib import Path

MakeHeader = Callable[..., SoftLabelHeader]


def refusal(folder: Path, expected: SoftLabelHeader, ids: np.ndarray) -> str:
    """Return the message, which must name the file and the task that asks."""
    with pytest.raises(SoftLabelError) as caught:
        open_soft_labels(folder, "train", expected=expected, example_id=ids)
    message = str(caught.value)
    assert message.startswith(f"{folder / 'train.safetensors'}: soft labels of {expected.task}")
    return message


def edit_header(folder: Path, **changes: Any) -> None:
    path = folder / "train.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("place", [0, 8, 40, -1])
def test_a_flipped_byte_anywhere(
    written: Path, make_header: MakeHeader, ids: np.ndarray, place: int
) -> None:
    path = written / "train.safetensors"
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)

    assert "damaged (the SHA-256 differs" in refusal(written, make_header(), ids)


def test_a_flipped_byte_in_spans(
    written_spans: Path, make_header: MakeHeader, ids: np.ndarray
) -> None:
    path = written_spans / "train.safetensors"
    raw = bytearray(path.read_bytes())
    raw[-2] ^= 64
    path.write_bytes(raw)

    assert "damaged" in refusal(written_spans, make_header(kind="span_extraction"), ids)


@pytest.mark.parametrize("left", [0, 7, 100])
def test_a_file_cut_short(
    written: Path, make_header: MakeHeader, ids: np.ndarray, left: int
) -> None:
    path = written / "train.safetensors"
    path.write_bytes(path.read_bytes()[:left])

    assert "damaged" in refusal(written, make_header(), ids)


def test_a_missing_file(written: Path, make_header: MakeHeader, ids: np.ndarray) -> None:
    (written / "train.safetensors").unlink()

    assert f"delete {written} and run again" in refusal(written, make_header(), ids)


def test_a_missing_header(written: Path, make_header: MakeHeader, ids: np.ndarray) -> None:
    (written / "train.json").unlink()

    assert "no header train.json; run the soft_labels stage" in refusal(written, make_header(), ids)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "format: Input should be 1"),
        ({"surprise": 1}, "surprise: Extra inputs are not permitted"),
        ({"dtype": "float64"}, "dtype: "),
        ({"rows": 0}, "rows: "),
        ({"rows": "3"}, "rows: "),
        ({"kind": "translation"}, "kind: "),
    ],
)
def test_a_header_of_another_format(
    written: Path, make_header: MakeHeader, ids: np.ndarray, changes: dict[str, Any], said: str
) -> None:
    edit_header(written, **changes)

    message = refusal(written, make_header(), ids)

    assert "have a header this version cannot read" in message
    assert said in message


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_header_that_is_no_mapping(
    written: Path, make_header: MakeHeader, ids: np.ndarray, text: str
) -> None:
    (written / "train.json").write_text(text)

    assert "have a header this version cannot read" in refusal(written, make_header(), ids)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"teacher": "c" * 64}, f"teacher {'a' * 16}..., this run has {'c' * 16}..."),
        ({"data": "c" * 64}, f"data {'b' * 16}..., this run has {'c' * 16}..."),
        ({"label_names": ["yes", "no"]}, "label_names no, yes, this run has yes, no"),
        ({"label_names": ["no", "maybe"]}, "label_names no, yes, this run has no, maybe"),
        (
            {"label_names": ["no", "yes", "maybe"]},
            "label_names no, yes, this run has no, yes, maybe",
        ),
        ({"task": "qnli"}, "task rte, this run has qnli"),
        ({"split": "validation"}, "split train, this run has validation"),
        ({"kind": "regression"}, "kind classification, this run has regression"),
    ],
)
def test_soft_labels_of_something_else(
    written: Path, make_header: MakeHeader, ids: np.ndarray, changes: dict[str, Any], said: str
) -> None:
    assert f"were made for {said}" in refusal(written, make_header(**changes), ids)


def test_reordered_rows(written: Path, make_header: MakeHeader, ids: np.ndarray) -> None:
    assert "the same rows stand in another order" in refusal(written, make_header(), ids[::-1])


def test_edited_rows(written: Path, make_header: MakeHeader, ids: np.ndarray) -> None:
    edited = np.array([ids[0], 999, ids[2]])

    assert "of 3 rows now in the data, 2 are among the 3 labelled" in refusal(
        written, make_header(), edited
    )


@pytest.mark.parametrize("wanted", [[0, 1], [0, 1, 2, 2]])
def test_rows_that_went_or_came(
    written: Path, make_header: MakeHeader, ids: np.ndarray, wanted: list[int]
) -> None:
    assert f"of {len(wanted)} rows now in the data" in refusal(written, make_header(), ids[wanted])


def test_reordered_rows_of_spans(
    written_spans: Path, make_header: MakeHeader, ids: np.ndarray
) -> None:
    header = make_header(kind="span_extraction")

    assert "in another order" in refusal(written_spans, header, ids[[1, 0, 2]])


def test_the_rows_are_checked_even_where_the_header_was_copied_from_another_file(
    tmp_path: Path, make_header: MakeHeader, ids: np.ndarray
) -> None:
    for split, shift in (("train", 0), ("validation", 1)):
        write_logits(tmp_path, make_header(split=split), ids - shift, np.zeros((3, 2)))
    (tmp_path / "validation.safetensors").replace(tmp_path / "train.safetensors")

    assert "damaged" in refusal(tmp_path, make_header(), ids)
