"""What is there of a run, and why the rest is not; imports no torch and changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from distill.errors import RecipeError, UserError
from distill.recipe import load_recipe_lenient
from distill.run_folder import Request, failed_artefacts
from distill.stages.plan import ORDER, make_plan
from distill.store import Artefact, Store, differences, read_manifest

if TYPE_CHECKING:
    from pathlib import Path


def status(folder: Path) -> list[dict[str, Any]]:
    """Return for each artefact of a run its state and, where it is stale, why.

    States: fresh, running, failed, stale (made from other inputs than the recipe has now), missing.

    Raises:
        UserError: the folder is no run folder, or its recipe has problems now.
    """
    request = Request.load(folder)
    recipe, problems = load_recipe_lenient(request.recipe, request.overrides)
    if recipe is None or problems:
        raise RecipeError(*problems)
    plan = make_plan(
        recipe, base=request.recipe.absolute().parent, data_root=request.data_root, fetch=False
    )
    if plan.problems:
        raise UserError(*plan.problems)
    store = Store(request.store)
    failed = failed_artefacts(folder)
    rows = []
    for item in plan.in_order():
        number = ORDER.index(item.stage) + 1
        link = folder / f"{number}-{item.stage}" / ("" if item.stage == "report" else item.name)
        state, why = _state(store, item, link, failed)
        rows.append(
            {"artefact": item.label, "state": state, "why": why, "path": str(store.path(item))}
        )
    return rows


def _state(store: Store, item: Artefact, link: Path, failed: set[str]) -> tuple[str, list[str]]:
    if store.is_fresh(item):
        return "fresh", []
    if store.is_locked(item):
        return "running", []
    if item.label in failed:
        return "failed", ["see log.txt and the message of the run"]
    manifest = read_manifest(link)
    if manifest is None:
        return "missing", []
    old = {key: manifest.get(key) for key in ("settings", "version")}
    new = {key: json.loads(json.dumps(item.identity[key])) for key in ("settings", "version")}
    changed = [line.removeprefix("settings.") for line in differences(old, new)]
    inputs = item.identity["inputs"]
    changed += [
        f"input {label} changed"
        for label in inputs
        if manifest["inputs"].get(label) != inputs[label]
    ]
    return "stale", changed
