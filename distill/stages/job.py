"""What a stage is given: settings, input folders, and where to write.

Also how its errors reach the user.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from distill.errors import EXIT_INTERRUPTED, EXIT_USER, UserError, WorkerFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Job:
    """One artefact to make.

    `settings` decided its address, `locations` only say where things are on this machine.
    """

    stage: str
    name: str
    settings: Mapping[str, Any]
    locations: Mapping[str, Any]
    inputs: Mapping[str, Path]
    fingerprints: Mapping[str, str]
    """Of the inputs by label, and of their own inputs by `label/label`."""
    out: Path
    scratch: Path

    def group(self, prefix: str) -> dict[str, Path]:
        """Return the inputs labelled `prefix:NAME` by NAME.

        They are sorted, as the recipe's order must not change the bytes.
        """
        found = {
            label.partition(":")[2]: path
            for label, path in self.inputs.items()
            if label.startswith(f"{prefix}:")
        }
        return dict(sorted(found.items()))

    def save(self) -> Path:
        """Write the job into its scratch folder, for other processes, and return the file."""
        path = self.scratch / "job.json"
        path.write_text(json.dumps(asdict(self), default=str), encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> Job:
        """Return the job that `save` wrote."""
        job = cls(**json.loads(path.read_text(encoding="utf-8")))
        inputs = {label: Path(folder) for label, folder in job.inputs.items()}
        return replace(job, inputs=inputs, out=Path(job.out), scratch=Path(job.scratch))


def worker_main(body: Callable[[], None]) -> None:
    """Run a worker process's `body` and exit as the command line promises.

    For user errors: one message, no traceback.
    """
    quiet_libraries()
    _die_with_parent()
    try:
        body()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(EXIT_USER)
    except WorkerFailed as error:
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def quiet_libraries() -> None:
    """Leave stderr to progress bars and our own messages; real errors still come through."""
    import logging  # noqa: PLC0415  # a worker's set-up, nothing at import
    import warnings  # noqa: PLC0415

    import transformers  # noqa: PLC0415

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for name in ("bitsandbytes", "deepspeed", "DeepSpeed", "torch.distributed", "accelerate"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=UserWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)


def _die_with_parent() -> None:
    """End this process when the `distill run` that started it is gone, however it died.

    Nothing may write on its behalf.
    """

    def watch() -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(int(os.environ.get("DISTILL_PARENT", os.getppid())))
            while parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.5)
        os._exit(EXIT_INTERRUPTED)

    threading.Thread(target=watch, daemon=True).start()
