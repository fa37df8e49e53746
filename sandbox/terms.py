"""What is registered about a sandbox view: all that planning may know of the data.

Everything here is public to the partners of an agreement, is written down with a reason before a
question is asked, and never taken from the data.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from catalog.contract import Contract, ContractField

Kind = Literal["number", "text", "date", "boolean"]
UnitKind = Literal["enterprise", "person", "household", "ticket"]


@dataclass(frozen=True, slots=True)
class ColumnTerms:
    """What is public about one column.

    Attributes:
        bounds: least and greatest value that counts; others are moved to the nearer one.
        scale: decimal digits that are kept; sums are made of whole units of 10**-scale.
        keys: all values by which may be grouped, each answered even if no row has it. None: the
            values are not public, so that groups are answered only above a threshold.
        like: whether a question may compare it with a pattern.
        reason: where bounds and keys come from.
    """

    name: str
    kind: Kind
    bounds: tuple[Decimal, Decimal] | None = None
    scale: int = 0
    keys: tuple[str, ...] | None = None
    like: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ViewTerms:
    """What is public about one view.

    Attributes:
        unit, unit_column: what is protected, and the column that says whose a row is. Neighbouring
            data differ in all rows of one unit.
        max_rows: rows of one unit in one group that count.
        max_groups: groups to which one unit may contribute.
        version: of the registration; answers of another version are other answers.
    """

    name: str
    unit: UnitKind
    unit_column: str
    max_rows: int
    max_groups: int
    version: int = 1
    columns: Mapping[str, ColumnTerms] = field(default_factory=dict)


_KINDS: dict[str, Kind] = {
    "integer": "number",
    "number": "number",
    "string": "text",
    "date": "date",
    "boolean": "boolean",
}


def terms_of(contract: Contract, granted: Container[str] | None = None) -> ViewTerms:
    """The metadata that a contract registers.

    Args:
        granted: the fields that an agreement grants; None: all that may be asked about at all.

    Raises:
        ValueError: the contract is not that of a sandbox view (`catalog.odcs` lets none other be one).
    """
    privacy = contract.privacy
    if privacy is None:
        raise ValueError(f"{contract.name} is no view of the sandbox")
    columns = {
        item.name: _column(item)
        for item in contract.fields
        if item.answerable is not None and (granted is None or item.name in granted)
    }
    return ViewTerms(
        contract.name,
        privacy.unit,
        privacy.column,
        privacy.rows,
        privacy.groups,
        privacy.version,
        columns,
    )


def _column(item: ContractField) -> ColumnTerms:
    registered = item.answerable
    assert registered is not None
    return ColumnTerms(
        item.name,
        _KINDS[item.logical_type],
        registered.bounds,
        registered.digits,
        registered.keys,
        registered.like,
        registered.reason,
    )
