"""Stage quantize: the student in 8 bits, one artefact per backend."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from students import quantize_to_int8

if TYPE_CHECKING:
    from distill.stages.job import Job

BACKENDS: Final = {"bitsandbytes-int8": quantize_to_int8}
CARRIED_OVER: Final = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "README.md",
)


def run(job: Job) -> None:
    """Write the quantized checkpoint with the student's tokenizer and card."""
    student = job.inputs["student"]
    BACKENDS[job.name](student, job.out)
    for name in CARRIED_OVER:
        if (student / name).is_file():
            shutil.copyfile(student / name, job.out / name)
