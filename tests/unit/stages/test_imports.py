"""What must start fast imports no torch."""

from __future__ import annotations

import subprocess
import sys

MODULES = [
    "distill.recipe",
    "distill.store",
    "distill.errors",
    "distill.cli",
    "distill.pipeline",
    "distill.run_status",
    "distill.stages.plan",
]
CHECK = """
import importlib, sys
slow = {"torch", "transformers", "datasets", "evaluate", "deepspeed", "bitsandbytes"}
for name in sys.argv[1:]:
    importlib.import_module(name)
    if found := slow & set(sys.modules):
        sys.exit(f"{name} imports {', '.join(sorted(found))}")
"""


def test_what_must_start_fast_imports_no_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHECK, *MODULES], check=False, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
