"""一数一源: a data element has one source.

Only what contracts declare is judged: a field with the custom property `source_of` claims to be the
one source of that element. Fields that merely carry an element on do not say so.
"""

from __future__ import annotations

from collections.abc import Mapping

from catalog.contract import Contract, ContractField
from catalog.errors import CatalogError


def repeated_claims(contracts: Mapping[str, Contract]) -> dict[str, list[CatalogError]]:
    """Claims of an element that a field before already claims, by resource.

    Names of elements are compared without regard to case. Each error stands at the later field and
    names file and line of the earlier one.
    """
    first: dict[str, tuple[Contract, ContractField]] = {}
    found: dict[str, list[CatalogError]] = {}
    for name, contract in contracts.items():
        for item in contract.fields:
            if item.source_of is None:
                continue
            owner, earlier = first.setdefault(item.source_of.casefold(), (contract, item))
            if earlier is not item:
                error = CatalogError(
                    "element_two_sources",
                    where=item.where,
                    element=item.source_of,
                    field=f"{name}.{item.name}",
                    other=f"{owner.name}.{earlier.name}",
                    place=str(earlier.where),
                )
                found.setdefault(name, []).append(error)
    return found
