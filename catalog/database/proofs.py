"""What the compiler proves of a resource, on its way into the catalogue database and out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from catalog.lineage import ModelLineage


@dataclass(frozen=True, slots=True)
class ResourceProof:
    """What a compile proved of one resource.

    Attributes:
        levels: for every field its effective level (L1 to L4): inferred, or raised by the contract.
        lineage: of a model; None for collected data.
    """

    levels: Mapping[str, str]
    lineage: ModelLineage | None = None


@dataclass(frozen=True, slots=True)
class FieldLevel:
    """How sensitive a field is: `level` holds, `declared_level` is what its contract says.

    `level` is None when the contract says nothing and the resource was never compiled.
    """

    name: str
    type: str
    title: str
    level: str | None
    declared_level: str | None

    @property
    def raised(self) -> bool:
        """Whether the field is more sensitive than its contract says, or the contract is silent."""
        return self.level != self.declared_level


@dataclass(frozen=True, slots=True)
class FieldSourceRow:
    """One source of a field: an edge of its lineage.

    Attributes:
        field: the field; None for what decides which rows the table has.
        table, column: the source; `column` is `*` for the row itself.
        direct: whether the value is carried, or only influenced.
        how: the kind of edge, as in `catalog.lineage`.
        masks: the masking calls on the way, the first applied first.
    """

    field: str | None
    table: str
    column: str
    direct: bool
    how: str
    masks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JustificationRow:
    """Why a release may depend on a column above its ceiling.

    Attributes:
        source: the column, as `<table>.<column>`; `*` is the row itself.
        level: the highest level of the column that it covers.
        until: the last day on which it holds.
        days_left: until then, 0 on that day itself; negative once it has expired.
    """

    resource: str
    source: str
    level: str
    who: str
    why: str
    until: date
    days_left: int
