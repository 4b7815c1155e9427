"""The zip for GLUE's server, held byte for byte to docs/glue-submission.md."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from distill.errors import DataError, ModelError
from distill.metrics.glue import glue_average
from distill.pipeline import task_specs
from distill.stages.scores import evaluate_checkpoint
from distill.stages.submission import TASKS, write_submission
from distill.stages.use import predict_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from distill.tasks import TaskSpec

    from .conftest import MakeStudent

ENTAILED = ("not_entailment", "entailment")
STUDENT: dict[str, dict[str, Any]] = {
    # labels in other orders than the server's
    "cola": {"labels": ("acceptable", "unacceptable")},
    "sst2": {"labels": ("negative", "positive")},
    "mrpc": {"labels": ("equivalent", "not_equivalent"), "pair": True},
    "stsb": {"kind": "regression", "labels": (), "pair": True},
    "mnli": {"labels": ("contradiction", "entailment", "neutral"), "pair": True},
    "qnli": {"labels": ENTAILED, "pair": True},
    "qqp": {"labels": ("not_duplicate", "duplicate"), "pair": True},
    "rte": {"labels": ("entailment", "not_entailment"), "pair": True},
    "wnli": {"labels": ("entailment", "not_entailment"), "pair": True},
}
COLUMNS = {
    "cola": ("sentence",),
    "sst2": ("sentence",),
    "mnli": ("premise", "hypothesis"),
    "qnli": ("question", "sentence"),
    "qqp": ("question1", "question2"),
}
PAIR = ("sentence1", "sentence2")
SPECIFICATION = {  # file: head, file of rows, the server's word for a label
    "CoLA.tsv": ("cola", "cola/test", {"unacceptable": "0", "acceptable": "1"}),
    "SST-2.tsv": ("sst2", "sst2/test", {"negative": "0", "positive": "1"}),
    "MRPC.tsv": ("mrpc", "mrpc/test", {"not_equivalent": "0", "equivalent": "1"}),
    "STS-B.tsv": ("stsb", "stsb/test", None),
    "MNLI-m.tsv": ("mnli", "mnli/test_matched", "words"),
    "MNLI-mm.tsv": ("mnli", "mnli/test_mismatched", "words"),
    "QNLI.tsv": ("qnli", "qnli/test", "words"),
    "QQP.tsv": ("qqp", "qqp/test", {"not_duplicate": "0", "duplicate": "1"}),
    "RTE.tsv": ("rte", "rte/test", "words"),
    "WNLI.tsv": ("wnli", "wnli/test", {"not_entailment": "0", "entailment": "1"}),
    "AX.tsv": ("mnli", "ax/test", "words"),
}
TEXTS = ("the cat sat", "who sat", "a cat", "cats", "the cat", "at", "sat sat", "it ate the hat")
Specs = dict[str, "TaskSpec"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with every GLUE task's files; each file has other rows."""
    for number, place in enumerate(
        [rows for _, rows, _ in SPECIFICATION.values()]
        + [f"{task}/{split}" for task in TASKS for split in ("train", "validation")]
        + [f"mnli/validation_{kind}" for kind in ("matched", "mismatched")]
    ):
        task = place.partition("/")[0]
        texts = [TEXTS[(number + row) % len(TEXTS)] + " a" * number for row in range(3 + number)]
        rows = [dict.fromkeys(COLUMNS.get(task, PAIR), text) | {"idx": 9} for text in texts]
        if "test" not in place:
            rows = [row | {"label": 0} for row in rows]
        path = tmp_path / "root" / "glue" / f"{place}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path / "root"


@pytest.fixture
def specs_of(root: Path) -> Callable[[Sequence[str]], Specs]:
    return lambda names: task_specs(names, None, root)[0]


def _expected(student: Path, root: Path, file: str) -> str:
    """Return the file as the specification has it, from what `distill predict` answers."""
    task, place, names = SPECIFICATION[file]
    columns = COLUMNS.get(place.partition("/")[0], PAIR)
    rows = [
        json.loads(line)
        for line in (root / "glue" / f"{place}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    inputs = [
        json.dumps(dict(zip(("text", "text_pair"), (row[name] for name in columns), strict=False)))
        for row in rows
    ]
    found = [answer["prediction"] for answer in predict_lines(student, task, [], inputs)]
    if names is None:
        found = [f"{min(5.0, max(0.0, value)):.3f}" for value in found]
    elif names != "words":
        found = [names[label] for label in found]
    lines = [f"{place}\t{word}\n" for place, word in enumerate(found)]
    return "".join(["index\tprediction\n", *lines])


def test_zip_holds_the_eleven_files_of_the_specification(
    make_student: MakeStudent, specs_of: Any, root: Path, tmp_path: Path
) -> None:
    student, to = make_student(STUDENT), tmp_path / "out" / "glue.zip"
    counts = write_submission(student, specs_of, to, say=lambda _: None)
    with zipfile.ZipFile(to) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert list(files) == list(SPECIFICATION) == list(counts)
    for file, raw in files.items():
        assert raw == _expected(student, root, file).encode()
        assert raw.count(b"\n") == counts[file] + 1
    answers = {line.partition(b"\t")[2] for raw in files.values() for line in raw.splitlines()[1:]}
    # each head answers more than one thing, or the test would show nothing of orders
    assert answers >= {b"0", b"1", b"entailment", b"not_entailment"}


def test_equal_predictions_give_equal_bytes(
    make_student: MakeStudent, specs_of: Any, tmp_path: Path
) -> None:
    student = make_student(STUDENT)
    for name in ("first.zip", "second.zip"):
        write_submission(student, specs_of, tmp_path / name, say=lambda _: None)
    first = tmp_path / "first.zip"
    assert first.read_bytes() == (tmp_path / "second.zip").read_bytes()
    with zipfile.ZipFile(first) as archive:
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert entry.external_attr >> 16 == 0o644
            assert entry.compress_type == zipfile.ZIP_DEFLATED


@pytest.mark.parametrize(
    ("value", "written"), [(2.34567, "2.346"), (7.5, "5.000"), (-0.0001, "0.000"), (-0.0, "0.000")]
)
def test_similarities_have_three_decimals_within_the_scale(
    value: float, written: str, make_student: MakeStudent, specs_of: Any, tmp_path: Path
) -> None:
    student = make_student({**STUDENT, "stsb": {**STUDENT["stsb"], "bias": value}})
    write_submission(student, specs_of, tmp_path / "glue.zip", say=lambda _: None)
    with zipfile.ZipFile(tmp_path / "glue.zip") as archive:
        lines = archive.read("STS-B.tsv").decode().splitlines()
    assert {line.partition("\t")[2] for line in lines[1:]} == {written}


def test_student_without_wnli_answers_the_majority_and_says_so(
    make_student: MakeStudent, specs_of: Any, root: Path, tmp_path: Path
) -> None:
    for path in (root / "glue" / "wnli").iterdir():
        path.unlink()
    student = make_student({name: task for name, task in STUDENT.items() if name != "wnli"})
    told: list[str] = []
    counts = write_submission(student, specs_of, tmp_path / "glue.zip", say=told.append)
    with zipfile.ZipFile(tmp_path / "glue.zip") as archive:
        lines = archive.read("WNLI.tsv").decode().splitlines()
    assert counts["WNLI.tsv"] == 146
    assert lines == ["index\tprediction", *(f"{place}\t0" for place in range(146))]
    assert "WNLI.tsv: the student has no wnli; all rows get the majority, not_entailment" in told


def test_short_test_sets_are_warned_of(
    make_student: MakeStudent, specs_of: Any, tmp_path: Path
) -> None:
    told: list[str] = []
    write_submission(make_student(STUDENT), specs_of, tmp_path / "glue.zip", say=told.append)
    assert any("CoLA.tsv has 3 rows, GLUE's test set 1,063" in line for line in told)
    assert len(told) == 11


def test_all_missing_tasks_are_named_at_once(
    make_student: MakeStudent, specs_of: Any, tmp_path: Path
) -> None:
    student = make_student({name: STUDENT[name] for name in ("cola", "mnli", "rte")})
    with pytest.raises(ModelError, match="no task sst2, mrpc, stsb, qnli, qqp; ") as refused:
        write_submission(student, specs_of, tmp_path / "glue.zip", say=lambda _: None)
    assert len(refused.value.problems) == 1
    assert not (tmp_path / "glue.zip").exists()


def test_labels_that_the_server_does_not_know_are_refused(
    make_student: MakeStudent, specs_of: Any, tmp_path: Path
) -> None:
    student = make_student({**STUDENT, "cola": {}, "rte": {"labels": ("entailment", "neutral")}})
    with pytest.raises(ModelError, match="cola has labels no, yes") as refused:
        write_submission(student, specs_of, tmp_path / "glue.zip", say=lambda _: None)
    assert len(refused.value.problems) == 2


def test_all_missing_test_files_are_named_at_once(
    make_student: MakeStudent, specs_of: Any, root: Path, tmp_path: Path
) -> None:
    for place in ("cola/test", "mnli/test_mismatched"):
        (root / "glue" / f"{place}.jsonl").unlink()
    with pytest.raises(DataError) as refused:
        write_submission(make_student(STUDENT), specs_of, tmp_path / "glue.zip", say=lambda _: None)
    assert len(refused.value.problems) == 2
    assert not (tmp_path / "glue.zip").exists()


def test_all_tasks_of_glue_have_its_average(make_student: MakeStudent, specs_of: Any) -> None:
    specs = specs_of(TASKS)
    student = make_student(
        {name: {**task, "labels": specs[name].labels} for name, task in STUDENT.items()}
    )
    scores = evaluate_checkpoint(student, specs, seed=1)
    assert "mnli/mismatched" in scores
    average = glue_average({name: found for name, found in scores.items() if name != "glue"})
    assert average is not None
    assert scores["glue"] == average._asdict()
    del specs["rte"]
    assert "glue" not in evaluate_checkpoint(student, specs, seed=1)
