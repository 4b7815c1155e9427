"""The folder of one run: what it was started with, what happened, and links to what it made.

1-data ... 8-report    links into the store
recipe.yaml            the recipe with every default written out
run.json               what the run was started with
events.jsonl           what was started, finished or failed, and when
log.txt                what libraries printed
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from distill.errors import StoreError
from distill.store import write_json

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Request:
    """What a run is asked to do; enough to plan it again later."""

    recipe: Path
    overrides: tuple[str, ...] = ()
    data_root: Path | None = None
    store: Path = Path("store")

    def save(self, folder: Path) -> None:
        """Write `run.json`, with absolute paths."""
        values = {
            "recipe": str(self.recipe.absolute()),
            "overrides": list(self.overrides),
            "data_root": None if self.data_root is None else str(self.data_root.absolute()),
            "store": str(self.store.absolute()),
        }
        write_json(folder / "run.json", values)

    @classmethod
    def load(cls, folder: Path) -> Request:
        """Return the request that `save` wrote.

        Raises:
            StoreError: the folder is no run folder.
        """
        try:
            values = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StoreError(
                f"{folder}: no run folder (it has no readable run.json); runs are under --runs DIR"
            ) from error
        root = values["data_root"]
        return cls(
            Path(values["recipe"]),
            tuple(values["overrides"]),
            None if root is None else Path(root),
            Path(values["store"]),
        )


def note(folder: Path, event: dict[str, Any]) -> None:
    """Add an event with the time to `events.jsonl`."""
    stamped = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **event}
    with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(stamped) + "\n")


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold the run folder; say who holds it otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    holder = folder / ".holder.json"
    try:
        with FileLock(folder / ".lock", timeout=0):
            write_json(holder, {"pid": os.getpid(), "since": time.strftime("%Y-%m-%d %H:%M:%S")})
            yield
            holder.unlink()
    except Timeout:
        who = _read_json(holder)
        raise StoreError(
            f"{folder}: process {who.get('pid', '?')} has been running this recipe since "
            f"{who.get('since', '?')}; wait for it, stop it, or give the run another name with "
            "--set name=..."
        ) from None


def point(link: Path, target: Path) -> None:
    """Make `link` a relative link to `target`, in one step where it pointed elsewhere."""
    relative = os.path.relpath(target, link.parent.resolve())
    if link.is_symlink() and os.readlink(link) == relative:  # noqa: PTH115  # compares text, follows nothing
        return
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    temporary.symlink_to(relative)
    temporary.replace(link)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def failed_artefacts(folder: Path) -> set[str]:
    """Return the artefacts whose last event is a failure."""
    last: dict[str, str] = {}
    try:
        lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    for line in lines:
        with suppress(ValueError):  # a kill can tear the last line
            event = json.loads(line)
            last[event["artefact"]] = event["event"]
    return {artefact for artefact, event in last.items() if event == "failed"}
