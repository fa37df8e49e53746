"""How a city's data is doing, in a few numbers per database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.database import CatalogStore, ResourceStatus
from catalog.database.records import SETTLED
from pipelines.home import Home
from pipelines.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Indicator:
    """One database.

    Attributes:
        through: resources whose last step got through.
        score: mean quality score over the resources that have one; None where none has.
        quarantined_percent: of the rows received; None where nothing was.
        reconciled: resources whose account adds up, of those that have one.
    """

    database: str
    resources: int
    available: int
    through: int
    rows: int
    score: float | None
    quarantined_percent: float | None
    reconciled: int


@dataclass(frozen=True, slots=True)
class Indicators:
    """A workspace: its databases, deliveries that are late, publishes that wait for a person."""

    databases: tuple[Indicator, ...]
    late: int
    held: int


def indicators(workspace: Workspace) -> Indicators:
    """The indicators of a workspace now."""
    with CatalogStore.open(Home.of(workspace.name).database_url) as store:
        resources = store.status(workspace.name).resources
        late = sum(row.settled_at is None for row in store.ledger.late(workspace.name))
        steps = store.last_steps(workspace.name)
        held = sum(
            hold.decision is None
            and hold.resource in steps
            and steps[hold.resource].fingerprint == hold.fingerprint
            for hold in store.holds.list(workspace.name)
        )
    names = dict.fromkeys(resource.database for resource in resources)
    found = tuple(_of(name, [r for r in resources if r.database == name]) for name in names)
    return Indicators(found, late, held)


def _of(database: str, resources: Sequence[ResourceStatus]) -> Indicator:
    scores = [r.score for r in resources if r.score is not None]
    received = sum(r.received or 0 for r in resources)
    quarantined = sum(r.quarantined or 0 for r in resources)
    return Indicator(
        database,
        len(resources),
        sum(r.snapshot_id is not None for r in resources),
        sum(r.last_status in SETTLED for r in resources),
        sum(r.rows or 0 for r in resources),
        sum(scores) / len(scores) if scores else None,
        100.0 * quarantined / received if received else None,
        sum(r.reconciles is True for r in resources),
    )
