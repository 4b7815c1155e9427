"""A worker: makes the artefacts that `distill run` asks for, one after the other, in this process.

`python -m distill.stages REQUEST.json`; the request lists jobs in order. Events go to stdout, one
JSON object a line.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from distill.stages.job import Job, worker_main
from distill.store import Artefact, Store, verify


def main() -> None:
    """Make every artefact of the request that is not fresh."""
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    store = Store(Path(request["store"]))
    made: dict[str, Artefact] = {}
    verified: set[Path] = set()
    for entry in request["artefacts"]:
        inputs = {label: made[fingerprint] for label, fingerprint in entry.pop("inputs").items()}
        artefact = Artefact(**entry, inputs=inputs)
        made[artefact.fingerprint] = artefact
        if artefact.fingerprint in request["wanted"]:
            _make(store, artefact, verified)


def _make(store: Store, artefact: Artefact, verified: set[Path]) -> None:
    stage = import_module(f"distill.stages.{artefact.stage}")
    inputs = {label: store.path(made) for label, made in artefact.inputs.items()}
    for folder in inputs.values():
        if folder not in verified:
            verify(folder)
            verified.add(folder)
    with store.build(artefact) as space:
        if space is None:
            return
        _event("started", artefact)
        started = time.monotonic()
        stage.run(
            Job(
                stage=artefact.stage,
                name=artefact.name,
                settings=artefact.settings,
                locations=artefact.locations,
                inputs=inputs,
                fingerprints=_fingerprints(artefact),
                out=space.out,
                scratch=space.scratch,
            )
        )
    _event("finished", artefact, seconds=round(time.monotonic() - started, 1))


def _fingerprints(artefact: Artefact) -> dict[str, str]:
    found = {label: made.fingerprint for label, made in artefact.inputs.items()}
    for label, made in artefact.inputs.items():
        found |= {f"{label}/{inner}": deeper.fingerprint for inner, deeper in made.inputs.items()}
    return found


def _event(event: str, artefact: Artefact, **details: Any) -> None:
    print(json.dumps({"event": event, "artefact": artefact.label, **details}), flush=True)


if __name__ == "__main__":
    worker_main(main)
