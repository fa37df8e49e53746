"""What decides a step's rows, of which a change means that they have to be made anew."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from catalog.effects import Effect, effect_of
from catalog.lineage import ROW
from pipelines.account import fingerprint
from pipelines.evolution.query import query_parts
from pipelines.lake import Snapshot
from pipelines.plan import Plan, Step

MADE_BY = "made_by"
"""The property of a snapshot with the effect of the contract (and the SQL) that it was made by."""
REST = "rest"
"""The property with a fingerprint of all else that it was made from: files, inputs, gate, keys."""
EVOLVED = "evolved"
"""The property with the snapshots that hold the same rows in other columns (`content_id`)."""
FILES = "files"
"""The property with names and hashes of the files that a table was read from as a whole."""


def step_effect(step: Step) -> Effect:
    """What the contract of a step, and its query, decide."""
    if step.model is None:
        return effect_of(step.contract)
    query = query_parts(step.model.sql)
    return effect_of(step.contract, query.columns, query.body)


def mark_of(step: Step, rest: str) -> str:
    """The fingerprint of a result: what it is made by, and all else that it depends on."""
    return fingerprint([step_effect(step).text, rest])


def made_alike(step: Step, snapshot: Snapshot) -> bool:
    """Whether a snapshot was made by the contract, and the SQL, as they are now."""
    return snapshot.properties.get(MADE_BY) == step_effect(step).text


def content_ids(plan: Plan, step: Step, snapshots: Mapping[str, Snapshot]) -> dict[str, int]:
    """By table the first snapshot that holds the same rows in the columns that a step reads.

    For fingerprints: a column that a step does not read may come and go, and the step stands.
    """
    used = used_columns(plan, step)
    return {name: _content_id(s, used.get(name, ())) for name, s in snapshots.items()}


def used_columns(plan: Plan, step: Step) -> dict[str, set[str]]:
    """By table the columns that a step's rows depend on in any way."""
    found: dict[str, set[str]] = {}
    for rule in step.rules:
        if rule.kind == "foreign_key":
            found.setdefault(rule.params["references"], set()).update(rule.params["to"])
    lineage = plan.lineage.get(step.name)
    if lineage is None:
        return found
    for edge in (*(e for c in lineage.columns.values() for e in c), *lineage.rows, *lineage.order):
        names = found.setdefault(edge.table, set())
        if edge.column != ROW:
            names.add(edge.column)
    return found


def chain_of(snapshot: Snapshot) -> list[tuple[int, list[str]]]:
    """The snapshots with the same files that came before, oldest first, and the columns that each
    next one touched."""
    told = json.loads(snapshot.properties.get(EVOLVED, "[]"))
    return [(int(before), touched) for before, touched in told]


def _content_id(snapshot: Snapshot, used: Collection[str]) -> int:
    found = snapshot.snapshot_id
    for before, touched in reversed(chain_of(snapshot)):
        if set(touched) & set(used):
            break
        found = before
    return found
