"""Grants against the contracts as they are now: what would not be granted any more is not read.

Who has just compiled a workspace and acts by it (a run, before it publishes; the service, when it
starts; a command that grants) settles the grants. Whether a grant is allowed is kept with it, so a
read only looks whether it is suspended, and nothing is compiled for it.
"""

from __future__ import annotations

import hashlib

from catalog.canonical import canonical_json
from catalog.database import CatalogStore
from catalog.errors import CityBrainError
from catalog.resources.terms import share_condition_of, share_type_of
from catalog.sharing.grant import Grant
from catalog.sharing.request import FieldDecision
from pipelines.errors import PipelineError
from pipelines.plan import Plan
from pipelines.sharing.rules import SharingRules


def rules_digest(plan: Plan) -> str:
    """Names the rules by which a plan grants: all that a grant is held against, and nothing besides."""
    settings = plan.workspace.settings
    said: dict[str, object] = {
        "ceiling": settings.channels.share,
        "mask_from": settings.sharing.mask_from,
    }
    for name, step in plan.steps.items():
        contract = step.contract
        fields = [
            [
                item.name,
                item.physical_type,
                str(item.kind),
                str(item.step),
                str(item.noise),
                plan.levels.of((name, item.name)),
                str(share_type_of(contract, item)),
                str(share_condition_of(contract, item)),
            ]
            for item in contract.fields
        ]
        release = "" if contract.release is None else contract.release.kind
        said[f"resource {name}"] = [release, list(contract.primary_key), fields]
    return hashlib.sha256(canonical_json(said)).hexdigest()


def fault_of_grant(rules: SharingRules, grant: Grant) -> CityBrainError | None:
    """Why a grant would be refused by the contracts as they are now; None: it would not.

    What is looked at is what a supply looks at (`SharingRules.check_decisions`), and whether the
    field by which its rows are chosen is still there.
    """
    given = {
        name: FieldDecision(
            "approved",
            mask=grant.masks.get(name, ""),
            legal_basis=grant.legal.get(name, ""),
        )
        for name in grant.fields
    }
    try:
        known = {item.name for item in rules.entry(grant.resource).fields}
        if grant.rows is not None and grant.rows.field not in known:
            raise PipelineError(
                "share_field_unknown", resource=grant.resource, fields=grant.rows.field
            )
        rules.check_decisions(grant.resource, given)
    except CityBrainError as error:
        return error
    return None


def settle(plan: Plan, store: CatalogStore) -> list[Grant]:
    """Suspend the grants that a plan does not allow, and restore those that it does again.

    Returns those that have changed. The same rules again cost one look at the database.
    """
    workspace, digest = plan.workspace.name, rules_digest(plan)
    if store.suspensions.settled(workspace) == digest:
        return []
    rules = SharingRules(plan)
    # Compiled before the workspace is locked; what is granted in between is compiled then.
    living = store.suspensions.living(workspace)
    found = {one.id: fault_of_grant(rules, one) for one in living}

    def judged(grant: Grant) -> CityBrainError | None:
        if grant.id not in found:
            found[grant.id] = fault_of_grant(rules, grant)
        return found[grant.id]

    return store.suspensions.settle(workspace, digest, judged)
