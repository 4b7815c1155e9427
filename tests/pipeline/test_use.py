"""A finished student on its own: scores equal to the report's, answers, and clear refusals."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

from .conftest import TASKS, FullRun, run_in_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Answer = Callable[..., tuple[int, str, str]]

FLOAT32, INT8 = "runs/tiny/4-student/seed-1", "runs/tiny/5-quantize/bitsandbytes-int8"
EVALUATE_ALL = [part for task in TASKS for part in ("--task", task)]

pytestmark = pytest.mark.filterwarnings("ignore")  # libraries warn when they are imported


@pytest.fixture(scope="module")
def _one_thread() -> Iterator[None]:
    """Compute as the run did, so that scores can be equal to the last digit."""
    import torch  # noqa: PLC0415  # seconds, and only this file needs it in this process

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def answer(
    full_run: FullRun,
    _one_thread: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Answer:
    """Return a function that runs a command in the full run's folder, with `stdin` to read."""
    monkeypatch.chdir(full_run.project.folder)

    def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        return run_in_process(arguments, capsys, monkeypatch)

    return run


@pytest.mark.parametrize(("model", "folder"), [("float32", FLOAT32), ("bitsandbytes-int8", INT8)])
def test_evaluate_gives_the_scores_of_the_report(
    model: str, folder: str, answer: Answer, full_run: FullRun
) -> None:
    code, out, told = answer("evaluate", folder, *EVALUATE_ALL, "--recipe", "recipe.yaml", "--json")
    assert code == 0, told
    reported = {row["task"]: row["scores"][model] for row in full_run.report["tasks"]}
    assert json.loads(out) == reported


def test_evaluate_writes_one_prediction_per_row(
    answer: Answer, full_run: FullRun, tmp_path: Path
) -> None:
    place = tmp_path / "predictions"
    code, out, told = answer(
        *("evaluate", INT8, *EVALUATE_ALL, "--recipe", "recipe.yaml"),
        *("--predictions", str(place)),
    )
    assert code == 0, told
    scores = {row["task"]: row["scores"]["bitsandbytes-int8"] for row in full_run.report["tasks"]}
    for task, line in zip(TASKS, out.splitlines(), strict=True):
        found = scores[task]
        low, high = found["intervals"]["score"]
        if task == "match":  # its one metric is its score
            assert line == f"match: accuracy {found['score']:.2f} [{low:.2f}, {high:.2f}] " + (
                f"({found['rows']} rows)"
            )
        assert line.startswith(f"{task}: ")
    evaluated = full_run.project.run / "6-evaluate/student-bitsandbytes-int8"
    for task in TASKS:
        name = f"{task}.predictions.jsonl"
        assert (place / name).read_bytes() == (evaluated / name).read_bytes()


@pytest.mark.parametrize("file", ["topic.predictions.jsonl", "city.predictions.json"])
def test_a_prediction_file_has_the_scores_of_its_student(
    file: str, answer: Answer, tmp_path: Path
) -> None:
    task = file.partition(".")[0]
    arguments = ("evaluate", "--task", task, "--recipe", "recipe.yaml", "--json")
    code, out, told = answer(*arguments, FLOAT32, "--predictions", str(tmp_path))
    assert code == 0, told
    expected = json.loads(out)[task]
    code, out, told = answer(*arguments, "--predictions-file", str(tmp_path / file))
    assert code == 0, told
    found = json.loads(out)[task]
    assert found == {key: expected[key] for key in found}
    assert found.keys() >= {"rows", "score", "intervals"}


def test_a_submission_of_a_student_without_glue_names_what_it_lacks(answer: Answer) -> None:
    code, out, told = answer("evaluate", FLOAT32, "--submission", "glue.zip")
    assert code == 2, told
    assert out == ""
    assert "no task cola, sst2, mrpc, stsb, mnli, qnli, qqp, rte;" in told


@pytest.mark.parametrize("folder", [FLOAT32, INT8])
def test_predict_answers_each_kind_of_task(folder: str, answer: Answer) -> None:
    code, out, told = answer(
        *("predict", folder, "--task", "topic"),
        *("ann from oslo spoke of the band", "ben from lima spoke of the bank"),
    )
    assert code == 0, told
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["prediction"] for row in rows] == ["music", "money"]
    for row in rows:
        assert set(row["probabilities"]) == {"sport", "money", "music"}
        # each is rounded to six digits
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=3e-6)
        assert max(row["probabilities"], key=row["probabilities"].get) == row["prediction"]
    code, out, told = answer(
        *("predict", folder, "--task", "match"),
        *("eva has a red hat", "eva has no hat", "eva has a red hat", "eva has some hat"),
    )
    assert code == 0, told
    assert [json.loads(line)["prediction"] for line in out.splitlines()] == ["no", "yes"]


def test_predict_reads_json_lines_in_order(answer: Answer) -> None:
    texts = ("ann says the car is awful and awful", "ann says the car is superb and superb")
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts * 150)
    code, out, told = answer("predict", FLOAT32, "--task", "rating", stdin=lines)
    assert code == 0, told
    stars = [json.loads(line)["prediction"] for line in out.splitlines()]
    assert len(stars) == 300  # more than one chunk
    assert max(stars[0::2]) < min(stars[1::2])


def test_predicted_spans_stand_in_the_context(answer: Answer) -> None:
    cities = ("cairo", "delhi", "oslo")
    contexts = [f"dora the baker moved to {city} with a cup and a lamp" for city in cities]
    rows = [{"question": "where does dora live", "context": context} for context in contexts]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    code, out, told = answer("predict", INT8, "--task", "city", stdin=lines)
    assert code == 0, told
    found = [json.loads(line)["prediction"] for line in out.splitlines()]
    assert all(span and span in context for span, context in zip(found, contexts, strict=True))
    assert found == list(cities)


def test_predict_of_no_lines_answers_nothing(answer: Answer) -> None:
    assert answer("predict", FLOAT32, "--task", "topic") == (0, "", "")


@pytest.mark.parametrize(
    "line", ["no json", "[1]", '"text"', '{"texts": "a"}', '{"text": 5}', '{"text": null}']
)
def test_bad_line_is_refused_by_its_number(line: str, answer: Answer) -> None:
    stdin = f'{{"text": "fine"}}\n{line}\n'
    code, _, told = answer("predict", FLOAT32, "--task", "topic", stdin=stdin)
    assert code == 2, told
    assert "stdin, line 2: expected a JSON object with " in told
    assert f"found {line!r}" in told


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("predict", FLOAT32, "--task", "topics", "a"), ("no task 'topics'", "rating")),
        (("predict", FLOAT32, "--task", "match", "a"), ("text and text_pair", "1 were given")),
        (("predict", ".", "--task", "topic", "a"), ("no readable config.json",)),
        (("predict", "runs/nowhere", "--task", "topic", "a"), ("no readable config.json",)),
        (("predict", "model", "--task", "topic", "a"), ("a bert model, not a student",)),
        (
            ("evaluate", "model", "--task", "topic", "--recipe", "recipe.yaml"),
            ("no trained head for classification",),
        ),
        (("evaluate", FLOAT32, "--task", "topics", "--recipe", "recipe.yaml"), ("tasks.topics",)),
        (("evaluate", FLOAT32, "--task", "topic"), ("tasks.topic", "a task of your own")),
        (("evaluate", FLOAT32, "--task", "rte"), ("rte",)),
        (("evaluate", "--task", "topic"), ("either a CHECKPOINT or --predictions-file",)),
        (
            ("evaluate", FLOAT32, "--task", "topic", "--predictions-file", "a.jsonl"),
            ("either a CHECKPOINT or --predictions-file",),
        ),
        (("evaluate", FLOAT32), ("--task TASK, or --submission ZIP",)),
        (("evaluate", FLOAT32, "--submission", "a.zip", "--predictions", "p"), ("needs --task",)),
        (("evaluate", "--predictions-file", "a.jsonl"), ("one --task, not of 0",)),
        (
            ("evaluate", "--predictions-file", "a.tsv", "--task", "rte", "--submission", "a.zip"),
            ("need a CHECKPOINT",),
        ),
        (
            (
                "evaluate",
                "--predictions-file",
                "a.tsv",
                "--task",
                "topic/a",
                "--recipe",
                "recipe.yaml",
            ),
            ("topic/a: topic has the evaluation sets topic",),
        ),
    ],
)
def test_what_does_not_fit_the_checkpoint_is_refused(
    arguments: tuple[str, ...], parts: tuple[str, ...], answer: Answer
) -> None:
    code, out, told = answer(*arguments)
    assert code == 2, told
    assert out == ""
    assert all(part in told for part in parts), told


def test_labels_in_another_order_are_refused(answer: Answer, full_run: FullRun) -> None:
    project = full_run.project
    other = project.folder / "other.yaml"
    text = (project.folder / "recipe.yaml").read_text(encoding="utf-8")
    other.write_text(text.replace("[sport, money, music]", "[money, sport, music]"), "utf-8")
    try:
        code, _, told = answer("evaluate", FLOAT32, "--task", "topic", "--recipe", "other.yaml")
    finally:
        other.unlink()
    assert code == 2
    assert "task topic has labels sport, money, music, the data money, sport, music" in told
