"""What is written is what is read, mapped and not copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill.errors import SoftLabelError
from distill.soft_labels import (
    ClassLabels,
    Ragged,
    SoftLabelHeader,
    SpanLabels,
    UnitLabels,
    open_soft_labels,
    write_logits,
    write_spans,
)

if TYPE_CHECKING:
    from pathlib import Path

MakeHeader = Callable[..., SoftLabelHeader]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize(("kind", "columns"), [("classification", 2), ("regression", 1)])
def test_logits_come_back_in_the_headers_precision(
    tmp_path: Path, make_header: MakeHeader, ids: np.ndarray, kind: str, columns: int, dtype: str
) -> None:
    header = make_header(kind=kind, dtype=dtype)
    logits = np.random.default_rng(0).normal(size=(3, columns)).astype(np.float32)
    write_logits(tmp_path, header, ids, logits)

    soft = open_soft_labels(tmp_path, "train", expected=header, example_id=ids)

    assert isinstance(soft, ClassLabels)
    assert isinstance(soft.logits, np.memmap)
    assert soft.logits.dtype == dtype
    assert np.array_equal(soft.logits, logits.astype(dtype))


def test_logits_of_words_come_back_with_their_rows(
    tmp_path: Path, make_header: MakeHeader, ids: np.ndarray
) -> None:
    header = make_header(kind="tagging", label_names=["O", "B"])
    logits = np.arange(12, dtype=np.float32).reshape(6, 2)
    write_logits(tmp_path, header, ids, logits, unit_rows=np.array([0, 1, 1, 6]))

    soft = open_soft_labels(tmp_path, "train", expected=header, example_id=ids)

    assert isinstance(soft, UnitLabels)
    assert isinstance(soft.logits, np.memmap)
    assert soft.rows.tolist() == [0, 1, 1, 6]
    assert np.array_equal(soft.logits, logits)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_spans_come_back_in_the_headers_precision(
    tmp_path: Path, make_header: MakeHeader, ids: np.ndarray, sides: dict[str, Ragged], dtype: str
) -> None:
    header = make_header(kind="span_extraction", dtype=dtype)
    write_spans(tmp_path, header, ids, sides)

    soft = open_soft_labels(tmp_path, "train", expected=header, example_id=ids)

    assert isinstance(soft, SpanLabels)
    for found, given_side in ((soft.start, sides["start"]), (soft.end, sides["end"])):
        assert all(isinstance(array, np.memmap) for array in found)
        assert found.logits.dtype == dtype
        assert np.array_equal(found.rows, given_side.rows)
        assert np.array_equal(found.chars, given_side.chars)
        assert np.array_equal(found.logits, given_side.logits.astype(dtype))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(
        st.lists(
            st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3
        ),
        min_size=1,
        max_size=20,
    ),
    seed=st.integers(0, 2**32),
)
def test_any_finite_float32_comes_back_bit_for_bit(
    tmp_path: Path, make_header: MakeHeader, values: list[list[float]], seed: int
) -> None:
    logits = np.array(values, dtype=np.float32)
    ids = np.random.default_rng(seed).integers(-(2**63), 2**63 - 1, len(values))
    header = make_header(label_names=["a", "b", "c"], rows=len(values))
    write_logits(tmp_path, header, ids, logits)

    soft = open_soft_labels(tmp_path, "train", expected=header, example_id=ids)

    assert isinstance(soft, ClassLabels)
    assert soft.logits.tobytes() == logits.tobytes()


def test_columns_picked_from_a_teacher_are_written_in_their_order(
    tmp_path: Path, make_header: MakeHeader, ids: np.ndarray
) -> None:
    """A view with other strides, as `logits[:, label_order]` and a transpose give it."""
    logits = np.arange(6, dtype=np.float32).reshape(2, 3).T[:, [1, 0]]
    write_logits(tmp_path, make_header(), ids, logits)

    soft = open_soft_labels(tmp_path, "train", expected=make_header(), example_id=ids)

    assert isinstance(soft, ClassLabels)
    assert soft.logits.tolist() == [[3, 0], [4, 1], [5, 2]]


def test_precision_rows_and_checksum_of_the_expected_header_do_not_matter(
    written: Path, make_header: MakeHeader, ids: np.ndarray
) -> None:
    expected = make_header(dtype="float16", rows=9, sha256="x")

    assert open_soft_labels(written, "train", expected=expected, example_id=ids)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_logits_that_are_not_finite_are_refused(
    tmp_path: Path, make_header: MakeHeader, ids: np.ndarray, bad: float, dtype: str
) -> None:
    logits = np.zeros((3, 2), dtype=np.float32)
    logits[1, 1] = bad

    with pytest.raises(SoftLabelError, match=f"rte, train: .* not finite in {dtype}"):
        write_logits(tmp_path, make_header(dtype=dtype), ids, logits)
    assert not list(tmp_path.iterdir())


def test_logits_beyond_float16_are_refused_there_and_kept_in_float32(
    tmp_path: Path, make_header: MakeHeader, ids: np.ndarray
) -> None:
    logits = np.full((3, 2), 70_000, dtype=np.float32)  # float16 ends at 65,504

    with pytest.raises(SoftLabelError, match=r"set soft_labels\.dtype to float32"):
        write_logits(tmp_path, make_header(dtype="float16"), ids, logits)
    write_logits(tmp_path, make_header(), ids, logits)


@pytest.mark.parametrize("side", ["start", "end"])
def test_spans_that_are_not_finite_are_refused(
    tmp_path: Path, make_header: MakeHeader, ids: np.ndarray, sides: dict[str, Ragged], side: str
) -> None:
    sides[side].logits[4] = np.nan

    with pytest.raises(SoftLabelError, match="not finite"):
        write_spans(tmp_path, make_header(kind="span_extraction"), ids, sides)
