"""What an increment builds upon: the last snapshot, and the quarantine that belongs to it."""

from __future__ import annotations

import json

from pipelines.evolution.effect import made_alike
from pipelines.lake import Snapshot, quarantine_table
from pipelines.plan import Step
from pipelines.publish import Environment
from pipelines.stage import Counts, Stage

SHAPE = "shape"
"""The property with the fingerprint of what, besides contract and SQL, a change of makes every row new:
the gate, the keys, and inputs of which every part of the table may hold something."""


def same_shape(step: Step, snapshot: Snapshot, shape: str) -> bool:
    """Whether parts of a table can stay as they are."""
    return snapshot.properties.get(SHAPE) == shape and made_alike(step, snapshot)


def held_with(env: Environment, step: Step, base: Snapshot) -> tuple[bool, Snapshot | None]:
    """The quarantine that was published with a snapshot, and whether that is known.

    The newest quarantine need not be it: an attempt that was blocked or killed between its two
    commits has left its own.
    """
    table = quarantine_table(step.name)
    mark = base.properties.get("fingerprint")
    newest = env.lake.current(table)
    if newest is None or newest.properties.get("fingerprint") == mark:
        return True, newest
    for snapshot in reversed(env.lake.history(table)):
        if snapshot.properties.get("fingerprint") == mark:
            return True, snapshot
    account = json.loads(base.properties.get("account", "{}"))
    return account.get("quarantined") == 0, None


def count_held(stage: Stage, total: Counts, held: str | None) -> None:
    """Add the rows in quarantine that stay there, given as a SELECT, to an account."""
    if held is None:
        return
    found = stage.con.execute(
        f"SELECT _reasons, count(*) FROM ({held}) AS held GROUP BY ALL"
    ).fetchall()
    for reasons, rows in found:
        total.quarantined += rows
        total.reasons.update(dict.fromkeys(reasons, rows))
