"""The zip that GLUE's server takes, byte for byte as docs/glue-submission.md has it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from distill.data import decode
from distill.errors import DataError, ModelError
from distill.stages.checkpoint import Checkpoint
from distill.stages.shared import task_outputs
from distill.tasks import read_inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from distill.tasks import TaskSpec

_MNLI: Final = {name: name for name in ("entailment", "neutral", "contradiction")}
_TWO_WAY: Final = {name: name for name in ("entailment", "not_entailment")}
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
HIGHEST: Final = 5.0
"""STS-B's scale is 0 to this."""


@dataclass(frozen=True)
class Sheet:
    """One TSV of a submission: which rows, whose head, and how the server names each label."""

    file: str
    task: str
    split: str
    rows: int
    """Of the official test set."""
    names: Mapping[str, str]
    """Our label to the server's; empty: numbers."""
    data: str = ""
    """The catalogue's task with the rows, where it is not `task`."""

    @property
    def source(self) -> str:
        """Name of the task whose rows are answered."""
        return self.data or self.task


SHEETS: Final = (
    Sheet("CoLA.tsv", "cola", "test", 1063, {"unacceptable": "0", "acceptable": "1"}),
    Sheet("SST-2.tsv", "sst2", "test", 1821, {"negative": "0", "positive": "1"}),
    Sheet("MRPC.tsv", "mrpc", "test", 1725, {"not_equivalent": "0", "equivalent": "1"}),
    Sheet("STS-B.tsv", "stsb", "test", 1379, {}),
    Sheet("MNLI-m.tsv", "mnli", "test_matched", 9796, _MNLI),
    Sheet("MNLI-mm.tsv", "mnli", "test_mismatched", 9847, _MNLI),
    Sheet("QNLI.tsv", "qnli", "test", 5463, _TWO_WAY),
    Sheet("QQP.tsv", "qqp", "test", 390965, {"not_duplicate": "0", "duplicate": "1"}),
    Sheet("RTE.tsv", "rte", "test", 3000, _TWO_WAY),
    Sheet("WNLI.tsv", "wnli", "test", 146, {"not_entailment": "0", "entailment": "1"}),
    Sheet("AX.tsv", "mnli", "test", 1104, _MNLI, data="ax"),
)
TASKS: Final = tuple(dict.fromkeys(sheet.task for sheet in SHEETS))
MAJORITY: Final = MappingProxyType({"wnli": "not_entailment"})
"""What is answered for a task that the student may lack (Devlin et al. 2019, appendix B.1)."""


def write_submission(
    folder: Path,
    specs_of: Callable[[Sequence[str]], Mapping[str, TaskSpec]],
    to: Path,
    *,
    say: Callable[[str], None],
) -> dict[str, int]:
    """Write the zip `to` and return the number of predictions in each of its files.

    `specs_of` is asked for those of `TASKS` that the student has, and for AX. `say` is told of a
    student without WNLI, and of files with another number of rows than the official test set.

    Raises:
        ModelError: the folder is no student, lacks tasks, or names labels otherwise than the
            server; one message for each such task.
        RecipeError: a task's data cannot be found.
        DataError: test rows cannot be read; one message for each file.
    """
    checkpoint = Checkpoint(folder)
    _refuse_unfit(checkpoint)
    sheets = [sheet for sheet in SHEETS if sheet.task in checkpoint.tasks]
    rows = _test_rows(sheets, specs_of(list(dict.fromkeys(sheet.source for sheet in sheets))))
    for sheet in sheets:
        if (count := rows[sheet.file].num_rows) != sheet.rows:
            say(
                f"warning: {sheet.file} has {count:,} rows, GLUE's test set {sheet.rows:,}; "
                "the server takes complete test sets only"
            )
    answers = {}
    for sheet in SHEETS:
        if sheet in sheets:
            answers[sheet.file] = _answers(checkpoint, sheet, rows[sheet.file])
        else:
            name = MAJORITY[sheet.task]
            say(f"{sheet.file}: the student has no {sheet.task}; all rows get the majority, {name}")
            answers[sheet.file] = [sheet.names[name]] * sheet.rows
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(_zipped({file: _tsv(lines) for file, lines in answers.items()}))
    return {file: len(lines) for file, lines in answers.items()}


def _refuse_unfit(checkpoint: Checkpoint) -> None:
    problems = []
    missing = [task for task in TASKS if task not in checkpoint.tasks and task not in MAJORITY]
    if missing:
        problems.append(
            f"{checkpoint.folder}: no task {', '.join(missing)}; a submission needs all of "
            f"{', '.join(task for task in TASKS if task not in MAJORITY)} in one student"
        )
    for sheet in {sheet.task: sheet for sheet in SHEETS if sheet.task in checkpoint.tasks}.values():
        labels = checkpoint.info(sheet.task).labels
        if set(labels) != set(sheet.names):
            problems.append(
                f"{checkpoint.folder}: task {sheet.task} has labels {', '.join(labels) or 'none'}; "
                f"the server's {sheet.file} knows {', '.join(sheet.names) or 'numbers only'}"
            )
    if problems:
        raise ModelError(*problems)


def _test_rows(sheets: Sequence[Sheet], specs: Mapping[str, TaskSpec]) -> dict[str, pa.Table]:
    rows: dict[str, pa.Table] = {}
    problems: list[str] = []
    for sheet in sheets:
        try:
            rows[sheet.file] = read_inputs(specs[sheet.source], sheet.split)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(*problems)
    return rows


def _answers(checkpoint: Checkpoint, sheet: Sheet, rows: pa.Table) -> list[str]:
    """Return the server's word for each test row, in the order of the test file."""
    info = checkpoint.info(sheet.task)
    with checkpoint.encoded(info, rows) as data:
        outputs = task_outputs(checkpoint.model, data, student=True, label=f"predict {sheet.file}")
        return list(_words(sheet, info.labels, decode(data, outputs)))


def _words(sheet: Sheet, labels: Sequence[str], predictions: Any) -> Iterator[str]:
    for value in predictions:
        # max(0.0, ...) and not the reverse, which would keep the sign of -0.0
        yield (sheet.names[labels[value]] if labels else f"{min(max(0.0, value), HIGHEST):.3f}")


def _tsv(lines: Sequence[str]) -> str:
    return "index\tprediction\n" + "".join(f"{index}\t{line}\n" for index, line in enumerate(lines))


def _zipped(files: Mapping[str, str]) -> bytes:
    """Return a zip whose bytes depend on nothing but `files`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix wherever it is made
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text)
    return buffer.getvalue()
