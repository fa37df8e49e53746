"""The columns of a published table and those of its contract: what is added, widened, renamed, dropped
or of another type; and whether readers of the table can go on as before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from catalog.contract import META_COLUMNS, Contract
from pipelines.lake import Column, widens

Kind = Literal["added", "widened", "renamed", "dropped", "retyped"]
COMPATIBLE: frozenset[Kind] = frozenset({"added", "widened"})


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One column that is not what it was.

    Attributes:
        before, after: the column as published and as the contract has it; None where there is none.
    """

    kind: Kind
    before: Column | None
    after: Column | None

    @property
    def names(self) -> frozenset[str]:
        """The names that the change touches."""
        return frozenset(column.name for column in (self.before, self.after) if column)


def column_changes(published: Sequence[Column], contract: Contract) -> tuple[ColumnChange, ...]:
    """What of a published table's columns is not as its contract says, in the contract's order."""
    there = {column.name: column for column in published if column.name not in META_COLUMNS}
    left = dict(there)
    found: list[ColumnChange] = []
    for item in contract.fields:
        now = Column(item.name, item.physical_type)
        name = next((n for n in (item.name, *item.former) if n in left), None)
        if name is None:
            found.append(ColumnChange("added", None, now))
            continue
        was = left.pop(name)
        if was.type != now.type:
            kind: Kind = "widened" if widens(was.type, now.type) else "retyped"
            found.append(ColumnChange(kind, was, now))
        if name != item.name:
            found.append(ColumnChange("renamed", was, now))
    return (*found, *(ColumnChange("dropped", column, None) for column in left.values()))


def may_break(before: str | None, after: str) -> bool:
    """Whether readers were told, by the contract's version, that the table is another one now.

    A greater major version says so (semver.org); versions 0.x are drafts that promise nothing, and
    versions that are no numbers say it by being different.
    """
    if before is None:
        return True  # published by no version that is known
    old, new = (_major(version) for version in (before, after))
    if old is None or new is None:
        return before != after
    return new > old or new == old == 0


def next_version(before: str) -> str:
    """The version with which a breaking change could be published."""
    major = _major(before)
    return f"{major + 1}.0.0" if major is not None else f"{before}+1"


def _major(version: str) -> int | None:
    found = re.match(r"v?(\d+)(?![^.\-+])", version)
    return int(found[1]) if found else None
