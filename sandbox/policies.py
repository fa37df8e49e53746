"""Documents and grants of a workspace as ODRL policies."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from catalog.database import CatalogStore
from catalog.errors import CatalogError
from catalog.exports.odrl import Policy, policy_of, policy_of_grant
from pipelines.home import Home
from pipelines.workspace import Workspace

Kind = Literal["letter", "agreement", "consent", "grant"]


def policy(workspace: Workspace, kind: Kind, id: str, version: int | None) -> Policy:
    """A version of a document with every signature that it bears, or a grant.

    Args:
        version: the newest by default; a grant has none.

    Raises:
        CatalogError: `instrument_unknown`; of a grant what `Grants.get` raises.
    """
    name = workspace.name
    with CatalogStore.open(Home.of(name).database_url) as store:
        if kind == "grant":
            return policy_of_grant(name, store.grants.get(name, id))
        found = store.instruments.versions(name, kind, id)
        chosen = [one for one in found if version is None or one.version == version][-1:]
        if not chosen:
            raise CatalogError("instrument_unknown", kind=kind, id=id)
        later = store.countersignatures.of(name, chosen[0])
        signatures = (*chosen[0].signatures, *(one.signature for one in later))
        return policy_of(name, replace(chosen[0], signatures=signatures))
