"""The terms that hold for each field of a resource, and what the guide requires of them.

A field has the terms of its resource unless it declares its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from catalog.contract import Contract, ContractField
from catalog.errors import CatalogError
from catalog.terms import CODE, Catalogue, OpenType

NOT_SHARED = 3
CLOSED_LEVEL = "L4"


def share_type_of(contract: Contract, item: ContractField) -> int | None:
    """The sharing type of a field: 1, 2 or 3; None if nothing is declared."""
    own = item.sharing.type if item.sharing else None
    return own or contract.catalogue.share_type


def share_condition_of(contract: Contract, item: ContractField) -> str | None:
    """The condition, or the legal basis of type 3; that of the resource holds for its own type only."""
    if item.sharing and item.sharing.condition:
        return item.sharing.condition
    said = contract.catalogue
    return said.share_condition if share_type_of(contract, item) == said.share_type else None


def open_type_of(contract: Contract) -> OpenType | None:
    """What is declared of a resource, else what the channel of a release says.

    What is released to everybody is open, without condition unless one is declared; what answers in
    the sandbox or goes out as an extract is open by agreement.
    """
    declared, release = contract.catalogue, contract.release
    if declared.open is False:
        return "closed"
    if declared.open or (release is not None and release.channel == "open"):
        return "conditional" if declared.open_condition else "unconditional"
    if release is not None and release.channel in ("sandbox", "extract"):
        return "conditional"
    return None


def field_open_type(contract: Contract, item: ContractField) -> OpenType | None:
    """The open type of a field."""
    own = item.sharing.open if item.sharing else None
    return own or open_type_of(contract)


def unconditioned(said: Catalogue) -> bool:
    """Whether a resource's sharing type needs a condition or a basis, and has none."""
    return said.share_type in (2, NOT_SHARED) and not said.share_condition


def unconditioned_fields(contract: Contract) -> Iterator[ContractField]:
    """The fields whose own sharing type needs a condition or a basis, and has none."""
    for item in contract.fields:
        if item.sharing is None or share_type_of(contract, item) not in (2, NOT_SHARED):
            continue
        if item.sharing.type is not None and not share_condition_of(contract, item):
            yield item


def closed_but_shared(contract: Contract, item: ContractField, level: str) -> CatalogError | None:
    """What is of the highest level is never shared without condition (就高从严)."""
    if level != CLOSED_LEVEL or share_type_of(contract, item) != 1:
        return None
    return CatalogError("shared_above_level", where=item.where, field=item.name, level=level)


def unknown_relations(contract: Contract, known: Collection[str]) -> list[str]:
    """What `related` names that is neither a code nor a table of the workspace."""
    related = contract.catalogue.related
    return [name for name in related if name not in known and not re.fullmatch(CODE, name)]
