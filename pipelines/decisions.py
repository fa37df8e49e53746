"""Results that wait for a person: which they are, and what he decides about them."""

from __future__ import annotations

from catalog.database import CatalogStore
from catalog.database.ledger_records import Decision, Hold
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.manual_gate import hardened_step
from pipelines.quarantine import known_resource
from pipelines.workspace import Workspace


def waiting(workspace: Workspace, resource: str | None = None) -> list[Hold]:
    """The results that wait for a decision, the newest first.

    A result that has been overtaken, by another one or by a publish, waits no more.

    Raises:
        PipelineError: `unknown_table`.
    """
    if resource is not None:
        known_resource(workspace, resource)
    with CatalogStore.open(Home.of(workspace.name).database_url) as store:
        steps = store.last_steps(workspace.name)
        return [
            hold
            for hold in store.holds.list(workspace.name, resource)
            if hold.decision is None
            and hold.resource in steps
            and steps[hold.resource].fingerprint == hold.fingerprint
        ]


def decide(
    workspace: Workspace,
    resource: str,
    decision: Decision,
    who: str,
    why: str,
    fingerprint: str | None = None,
) -> Hold:
    """Record what a person decided about the result of a resource that waits.

    Args:
        fingerprint: the result that he looked at (its beginning); by default the one that waits.

    Raises:
        PipelineError: `unknown_table`, `hold_nothing`: no such result waits; `release_unsound`,
            `decision_words`: who or why is missing.
        CatalogError: `hold_decided`.
    """
    known_resource(workspace, resource)
    if not who.strip() or not why.strip():
        raise PipelineError("decision_words", table=resource)
    with CatalogStore.open(Home.of(workspace.name).database_url) as store:
        if fingerprint is None:
            found = [hold.fingerprint for hold in waiting(workspace, resource)]
        else:
            held = store.holds.list(workspace.name, resource)
            found = [h.fingerprint for h in held if h.fingerprint.startswith(fingerprint)]
        if len(found) != 1:
            raise PipelineError("hold_nothing", table=resource)
        if decision == "release":
            hardened_step(workspace, resource)
        who, why = who.strip(), why.strip()
        return store.holds.decide(workspace.name, resource, found[0], decision, who, why)


def every_hold(workspace: Workspace) -> list[Hold]:
    """Every result that ever waited, the newest first, with what was decided."""
    with CatalogStore.open(Home.of(workspace.name).database_url) as store:
        return store.holds.list(workspace.name)
