"""Plans made of lineage alone, for asking how levels flow: no SQL, no files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from catalog.contract import Contract, ContractField
from catalog.errors import Location
from catalog.lineage import ROW, Edge, MaskUse, ModelLineage
from pipelines.levels.infer import Levels, infer_levels

Column = tuple[str, str]
LEVELS = ("L1", "L2", "L3", "L4")
MASKS = {
    "phone": MaskUse("mask_phone", (), "", "L2", "partial"),
    "name": MaskUse("mask_name", (), "", "L2", "partial"),
    "address": MaskUse("mask_address", (), "", "L1", "partial"),
    "text": MaskUse("mask_text", (), "", "L2", "redact"),
    "month": MaskUse("mask_date", ("month",), "", "L1", "generalise", "date"),
    "year": MaskUse("mask_date", ("year",), "", "L1", "generalise", "date"),
    "age": MaskUse("mask_age", (10,), "", "L1", "generalise"),
    "amount": MaskUse("mask_amount", (50,), "", "L2", "generalise"),
    "one": MaskUse("mask_pseudonym", ("p", "one"), "", "L2", "token", "", True),
    "two": MaskUse("mask_pseudonym", ("p", "two"), "", "L2", "token", "", True),
    "noise": MaskUse("mask_noise", (5.0, "p", "one"), "", "L2", "noise", "", True),
}


@dataclass(frozen=True)
class Table:
    """A table of a plan: levels that its contract declares, and its lineage unless collected.

    Attributes:
        kind: what the values of all its columns are declared to be.
    """

    name: str
    declared: Mapping[str, str | None]
    edges: Mapping[str, tuple[Edge, ...]] = field(default_factory=dict)
    rows: tuple[Edge, ...] = ()
    row_level: str = "L1"
    kind: str = "phone"

    @property
    def raw(self) -> bool:
        """Whether it is collected."""
        return self.name.startswith("raw.")

    def contract(self) -> Contract:
        """The contract that declares it."""
        database, table = self.name.split(".")
        path = Path("models") / database / f"{table}.yaml"
        fields = tuple(
            ContractField(
                name,
                "string",
                "VARCHAR",
                Location(path, line),
                level=level,
                kind=self.kind,
                step=5.0,
                noise=5.0,
            )
            for line, (name, level) in enumerate(self.declared.items(), 1)
        )
        made = Contract(path, database, table, "1.0.0", "", None, fields)
        return replace(made, row_level=self.row_level)


@dataclass(frozen=True)
class World:
    """Tables, each after what it reads."""

    tables: tuple[Table, ...]

    def levels(self) -> Levels:
        """The levels of every column."""
        lineage = {t.name: ModelLineage(dict(t.edges), t.rows) for t in self.tables if not t.raw}
        return infer_levels([t.contract() for t in self.tables], lineage)

    def columns(self) -> Iterator[Column]:
        """Every column of every table."""
        for table in self.tables:
            yield from ((table.name, name) for name in table.declared)

    def changed(self, table: Table) -> World:
        """With another version of a table."""
        return World(tuple(table if t.name == table.name else t for t in self.tables))


def direct(source: Column, *masks: str, how: str = "identity") -> Edge:
    """An edge that carries."""
    uses = tuple(MASKS[name] for name in masks)
    return Edge(*source, True, "masking" if uses else how, uses)


def indirect(source: Column, *masks: str, how: str = "filter") -> Edge:
    """An edge that influences."""
    return Edge(*source, False, how, tuple(MASKS[name] for name in masks))


def row(table: str) -> Edge:
    """The edge of a FROM."""
    return Edge(table, ROW, False, "rows")
