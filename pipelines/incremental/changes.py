"""What has changed in a table between two of its snapshots, as parts: periods or keys.

Only files that the snapshots do not share are read. A part counts as changed when its rows, taken as
a multiset of the columns that a model uses, are not the same; so a table that was written anew with
the same content has changed in nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.duck import files_sql
from pipelines.lake import Snapshot
from quality.predicates import quoted


@dataclass(frozen=True, slots=True)
class Change:
    """Two snapshots of one table, and the columns of it that matter.

    Attributes:
        before: None when there was no such table: all of its rows are new.
    """

    before: Snapshot | None
    after: Snapshot | None
    columns: tuple[str, ...]

    @property
    def comparable(self) -> bool:
        """Whether both have the columns that matter, of the same types."""
        if self.before is None or self.after is None:
            return True
        then = {column.name: column.type for column in self.before.columns}
        now = {column.name: column.type for column in self.after.columns}
        return all(name in now and then.get(name) == now[name] for name in self.columns)


def part_of(column: str, grain: str | None) -> str:
    """The part that a value belongs to: its period's first day, or itself."""
    return column if grain is None else f"CAST(date_trunc('{grain}', {column}) AS DATE)"


def same_part(parts: Sequence[str], table: str) -> str:
    """The condition that parts (one expression a column) are listed in a table of parts.

    NULL is a part of its own.
    """
    same = " AND ".join(f"{p} IS NOT DISTINCT FROM f.p{n}" for n, p in enumerate(parts))
    return f"EXISTS (SELECT 1 FROM {table} AS f WHERE {same})"


def affected_sql(change: Change, names: Sequence[str], grain: str | None) -> str:
    """A SELECT of the parts whose rows differ; empty when no file does.

    Args:
        names: the columns that divide the table.
    """
    before = set(change.before.files) if change.before else set()
    after = set(change.after.files) if change.after else set()
    added, removed = sorted(after - before), sorted(before - after)
    parts = ", ".join(
        f"{part_of(f'c.{quoted(name)}', grain)} AS p{n}" for n, name in enumerate(names)
    )
    sides = []
    for snapshot, files, sign in ((change.after, added, 1), (change.before, removed, -1)):
        if snapshot is not None and files:
            columns = {column.name: column for column in snapshot.columns}
            chosen = [columns[n] for n in dict.fromkeys((*names, *change.columns))]
            sides.append((files_sql(files, chosen), sign))
    if not sides:
        return ""
    if len(sides) == 1:
        return f"SELECT DISTINCT {parts} FROM ({sides[0][0]}) AS c"
    used = ", ".join(f"c.{quoted(n)}" for n in dict.fromkeys((*names, *change.columns)))
    # Two independent hashes of 64 bits, summed with signs: equal multisets give zero, different ones
    # do so by chance once in 2^128.
    signed = " UNION ALL ".join(
        f"SELECT {parts}, {sign} AS s, CAST(hash({used}) AS HUGEINT) AS h, "
        f"CAST(hash({used}, 'second') AS HUGEINT) AS g FROM ({sql}) AS c"
        for sql, sign in sides
    )
    keys = ", ".join(f"p{n}" for n in range(len(names)))
    return (
        f"SELECT {keys} FROM ({signed}) AS signed GROUP BY {keys} "
        "HAVING sum(s) <> 0 OR sum(s * h) <> 0 OR sum(s * g) <> 0"
    )
