"""What differs between two snapshots of a resource: rows, columns and types.

With a primary key a row is known again: it was added, removed or changed, and a change is counted by
column. Without one (or where a key stands twice in a snapshot) equal rows are counted, and a changed row
is one removed and one added. Where a collected row came from (file, line, load) is not compared.

Files that both snapshots hold are not read: what is looked at grows with the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import duckdb

from catalog.contract import META_COLUMNS, Contract
from pipelines.duck import Budget, connection, files_sql
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.lake import Lake, Snapshot
from pipelines.quarantine import known_resource
from pipelines.workspace import Workspace
from quality.predicates import quoted

Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class RowDiff:
    """One row that differs.

    Attributes:
        key: the row's key; all compared columns where there is none.
        values: of a changed row, by column, the value before and after.
        times: how often the row was added or removed; only without a key more than once.
    """

    kind: Kind
    key: dict[str, Any]
    values: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    times: int = 1


@dataclass(frozen=True, slots=True)
class SnapshotDiff:
    """What differs between two snapshots of a resource.

    Attributes:
        key: the columns that a row is known by; empty if rows are compared as a whole.
        added, removed, changed: numbers of rows.
        columns: by column, in how many rows present in both it changed.
        new_columns, dropped_columns: those of one snapshot only.
        retyped: by column, its type before and after; such are not compared.
        rows: the first that differ, in the order of their keys.
    """

    resource: str
    before: Snapshot
    after: Snapshot
    key: tuple[str, ...]
    added: int
    removed: int
    changed: int
    columns: dict[str, int]
    new_columns: tuple[str, ...]
    dropped_columns: tuple[str, ...]
    retyped: dict[str, tuple[str, str]]
    rows: tuple[RowDiff, ...]

    @property
    def same(self) -> bool:
        """Whether readers of both see the same."""
        shape = self.new_columns or self.dropped_columns or self.retyped
        return not (shape or self.added or self.removed or self.changed)


def diff_snapshots(
    workspace: Workspace,
    resource: str,
    before: int | None = None,
    after: int | None = None,
    limit: int = 20,
) -> SnapshotDiff:
    """Compare two snapshots of a resource.

    Args:
        before: a snapshot id; without one, the snapshot that was published before `after`.
        after: a snapshot id; without one, the one that readers see.
        limit: at most so many rows are shown one by one, of each kind.

    Raises:
        PipelineError: `unknown_table`, `never_published`, `snapshot_unknown`, `snapshot_first`.
    """
    contract = known_resource(workspace, resource)
    engine = workspace.settings.engine
    home = Home.of(workspace.name)
    home.root.mkdir(parents=True, exist_ok=True)
    with home.open_lake() as lake, TemporaryDirectory(dir=home.root, prefix="diff-") as scratch:
        # Not the run's scratch space: a run that starts meanwhile empties that.
        old, new = _pair(lake, resource, before, after)
        with connection(Budget(engine.memory, engine.threads, Path(scratch)), on_disk=True) as con:
            return _compared(con, contract, old, new, limit)


def _pair(
    lake: Lake, resource: str, before: int | None, after: int | None
) -> tuple[Snapshot, Snapshot]:
    new = lake.current(resource) if after is None else lake.snapshot(resource, after)
    if new is None:
        raise PipelineError("never_published", table=resource)
    if before is not None:
        return lake.snapshot(resource, before), new
    seen = lake.history(resource)
    last = max((i for i, s in enumerate(seen) if s.snapshot_id == new.snapshot_id), default=0)
    earlier = [s for s in seen[:last] if s.snapshot_id != new.snapshot_id]
    if not earlier:
        raise PipelineError("snapshot_first", table=resource, snapshot=new.snapshot_id)
    return earlier[-1], new


def _compared(
    con: duckdb.DuckDBPyConnection, contract: Contract, old: Snapshot, new: Snapshot, limit: int
) -> SnapshotDiff:
    was, now = _types(old), _types(new)
    both = [name for name in now if was.get(name) == now[name]]
    for view, snapshot, other in (("old", old, new), ("new", new, old)):
        files = [file for file in snapshot.files if file not in set(other.files)]
        own = {column.name: column for column in snapshot.columns}
        columns = [own[name] for name in both]
        con.execute(f"CREATE VIEW {view} AS {files_sql(files, columns)}")
    key = _key(con, contract, both)
    if key:
        counts, rows = _by_key(con, key, both), _keyed_rows(con, key, both, limit)
    elif both:
        counts, rows = _as_wholes(con, both), _whole_rows(con, both, limit)
    else:
        counts, rows = {"added": new.rows, "removed": old.rows, "changed": 0}, []
    return SnapshotDiff(
        resource=contract.name,
        before=old,
        after=new,
        key=key,
        added=counts["added"],
        removed=counts["removed"],
        changed=counts["changed"],
        columns={n: counts[f"column {n}"] for n in both if counts.get(f"column {n}")},
        new_columns=tuple(name for name in now if name not in was),
        dropped_columns=tuple(name for name in was if name not in now),
        retyped={n: (was[n], now[n]) for n in now if n in was and was[n] != now[n]},
        rows=tuple(rows),
    )


def _types(snapshot: Snapshot) -> dict[str, str]:
    return {c.name: c.type for c in snapshot.columns if c.name not in META_COLUMNS}


def _key(
    con: duckdb.DuckDBPyConnection, contract: Contract, both: Sequence[str]
) -> tuple[str, ...]:
    """The primary key, if both snapshots have it, each row another one."""
    key = contract.primary_key
    if not key or not set(key) <= set(both):
        return ()
    names = _listed(key)
    for view in ("old", "new"):
        missing = " OR ".join(f"{quoted(name)} IS NULL" for name in key)
        twice = f"SELECT 1 FROM {view} GROUP BY {names} HAVING count(*) > 1 OR bool_or({missing})"
        if con.execute(f"{twice} LIMIT 1").fetchone():
            return ()
    return tuple(key)


# -- by key -------------------------------------------------------------------------------------------


def _by_key(
    con: duckdb.DuckDBPyConnection, key: Sequence[str], both: Sequence[str]
) -> dict[str, int]:
    values = [name for name in both if name not in key]
    differ = {name: f"({_differs(name)})" for name in values}
    found = f"o.{quoted(key[0])} IS NOT NULL AND n.{quoted(key[0])} IS NOT NULL"
    counted = {
        "added": f"o.{quoted(key[0])} IS NULL",
        "removed": f"n.{quoted(key[0])} IS NULL",
        "changed": f"{found} AND ({' OR '.join(differ.values()) or 'FALSE'})",
        **{f"column {name}": f"{found} AND {test}" for name, test in differ.items()},
    }
    asked = ", ".join(f"count(*) FILTER (WHERE {test})" for test in counted.values())
    row = con.execute(f"SELECT {asked} FROM {_joined(key)}").fetchone()
    assert row is not None
    return dict(zip(counted, map(int, row), strict=True))


def _keyed_rows(
    con: duckdb.DuckDBPyConnection, key: Sequence[str], both: Sequence[str], limit: int
) -> list[RowDiff]:
    values = [name for name in both if name not in key]
    first = quoted(key[0])
    differ = " OR ".join(map(_differs, values)) or "FALSE"
    kinds: dict[Kind, str] = {
        "added": f"o.{first} IS NULL",
        "removed": f"n.{first} IS NULL",
        "changed": f"o.{first} IS NOT NULL AND n.{first} IS NOT NULL AND ({differ})",
    }
    keys = ", ".join(f"coalesce(n.{quoted(name)}, o.{quoted(name)})" for name in key)
    sides = [f", o.{quoted(n)}, n.{quoted(n)}, {_differs(n)}" for n in values]
    rows: list[RowDiff] = []
    for kind, test in kinds.items():
        listed = f"SELECT {keys}{''.join(sides)} FROM {_joined(key)} WHERE {test}"
        for row in con.execute(f"{listed} ORDER BY {keys} LIMIT {limit}").fetchall():
            named = dict(zip(key, row, strict=False))
            was, now, differs = (row[len(key) + side :: 3] for side in range(3))
            changes = {
                name: (a, b)
                for name, a, b, other in zip(values, was, now, differs, strict=True)
                if other and kind == "changed"
            }
            rows.append(RowDiff(kind, named, changes))
    return rows


def _joined(key: Sequence[str]) -> str:
    same = " AND ".join(f"o.{quoted(name)} = n.{quoted(name)}" for name in key)
    return f"old AS o FULL JOIN new AS n ON {same}"


def _differs(name: str) -> str:
    return f"o.{quoted(name)} IS DISTINCT FROM n.{quoted(name)}"


# -- as wholes ----------------------------------------------------------------------------------------


def _as_wholes(con: duckdb.DuckDBPyConnection, both: Sequence[str]) -> dict[str, int]:
    row = con.execute(
        "SELECT coalesce(sum(more) FILTER (WHERE more > 0), 0), "
        f"coalesce(-sum(more) FILTER (WHERE more < 0), 0) FROM ({_surplus(both)})"
    ).fetchone()
    assert row is not None
    return {"added": int(row[0]), "removed": int(row[1]), "changed": 0}


def _whole_rows(con: duckdb.DuckDBPyConnection, both: Sequence[str], limit: int) -> list[RowDiff]:
    rows: list[RowDiff] = []
    kinds: tuple[tuple[Kind, str], ...] = (("added", "> 0"), ("removed", "< 0"))
    for kind, test in kinds:
        found = con.execute(
            f"SELECT * FROM ({_surplus(both)}) WHERE more {test} ORDER BY ALL LIMIT {limit}"
        ).fetchall()
        rows += [
            RowDiff(kind, dict(zip(both, row[:-1], strict=True)), {}, abs(row[-1])) for row in found
        ]
    return rows


def _surplus(both: Sequence[str]) -> str:
    """Every distinct row, and how often it stands in the new snapshot more than in the old."""
    names = _listed(both)
    return (
        f"SELECT {names}, sum(sign) AS more FROM (SELECT {names}, 1 AS sign FROM new "
        f"UNION ALL SELECT {names}, -1 AS sign FROM old) GROUP BY {names} HAVING sum(sign) <> 0"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))
