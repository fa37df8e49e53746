"""The lake: Apache Iceberg tables through PyIceberg, committed atomically.

Engines write Parquet files under the table's own data folder; nobody sees them until one
transaction makes them the table's content. Readers pin a snapshot and read its file list. What a
crash leaves behind is an unreferenced file, which maintenance removes.
"""

from __future__ import annotations

import re
import shutil
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlparse

from pipelines.errors import PipelineError

if TYPE_CHECKING:
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.manifest import DataFile
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot

PROPERTY_PREFIX = "citybrain."
ABANDONED = PROPERTY_PREFIX + "abandoned-fingerprint"
ADDED_ROWS = "total-records"
MOST_PLANNED = 256  # snapshots whose files are remembered
_PLANNED: dict[str, tuple[Path, ...]] = {}  # by the place of the manifest list, which is unique
LOADS, HELD, TIES = "loads", "held", "ties"  # these properties name a file of the snapshot
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a lake table: its name and its SQL type in DuckDB's spelling.

    Attributes:
        former: names under which files that were written before it was renamed hold it.
    """

    name: str
    type: str
    former: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One published state of a table.

    Attributes:
        rows: number of rows.
        files: the Parquet files that hold exactly these rows.
        properties: what the publisher recorded (fingerprint, run, inputs, watermark ...).
    """

    table: str
    snapshot_id: int
    committed_at: datetime
    rows: int
    files: tuple[Path, ...]
    columns: tuple[Column, ...]
    properties: Mapping[str, str]


class Lake:
    """All tables of one workspace. Safe to use from several threads of one process."""

    def __init__(self, root: Path, catalog_url: str | None = None, name: str = "citybrain") -> None:
        """Open the lake under `root`.

        Args:
            catalog_url: the Iceberg catalogue's database; SQLite under `root` when not given.
            name: tells the tables of several workspaces apart that share a catalogue database.
        """
        self._name = name
        self.root = root
        self._url = catalog_url or f"sqlite:///{root / 'iceberg.db'}"
        self._warehouse = root / "warehouse"
        self._lock = threading.RLock()
        self._catalog: SqlCatalog | None = None

    @property
    def catalog(self) -> SqlCatalog:
        """The PyIceberg catalogue, opened at first use (the import takes a second)."""
        with self._lock:
            if self._catalog is None:
                from pyiceberg.catalog.sql import SqlCatalog

                self._warehouse.mkdir(parents=True, exist_ok=True)
                self._catalog = SqlCatalog(
                    self._name, uri=self._url, warehouse=self._warehouse.as_uri()
                )
            return self._catalog

    def close(self) -> None:
        """Give the catalogue's connections back."""
        with self._lock:
            if self._catalog is not None:
                self._catalog.engine.dispose()
                self._catalog = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # -- reading --------------------------------------------------------------------------------

    def tables(self) -> list[str]:
        """The names of all tables, `<database>.<table>`."""
        with self._lock:
            return sorted(
                ".".join(identifier)
                for namespace in self.catalog.list_namespaces()
                for identifier in self.catalog.list_tables(namespace)
            )

    def current(self, name: str) -> Snapshot | None:
        """The last published snapshot, or None when the table has never been published."""
        table = self._load(name)
        if table is None or table.current_snapshot() is None:
            return None
        return _snapshot(name, table, table.current_snapshot())

    def snapshot(self, name: str, snapshot_id: int) -> Snapshot:
        """A snapshot by its id.

        Raises:
            PipelineError: `snapshot_unknown`.
        """
        table = self._load(name)
        found = table.snapshot_by_id(snapshot_id) if table else None
        if table is None or found is None:
            raise PipelineError("snapshot_unknown", table=name, snapshot=snapshot_id)
        return _snapshot(name, table, found)

    def as_of(self, name: str, moment: datetime) -> Snapshot | None:
        """What readers saw at `moment`; None when nothing was published yet."""
        table = self._load(name)
        if table is None:
            return None
        limit = int(moment.timestamp() * 1000)
        # A replacement is a delete and an append in one commit: the first was never seen.
        past = [
            table.snapshot_by_id(e.snapshot_id) for e in table.history() if e.timestamp_ms <= limit
        ]
        seen = [snapshot for snapshot in past if snapshot is not None and _published(snapshot)]
        return _snapshot(name, table, seen[-1]) if seen else None

    def history(self, name: str) -> list[Snapshot]:
        """The snapshots that readers can have seen, oldest first."""
        table = self._load(name)
        if table is None:
            return []
        shown = [table.snapshot_by_id(entry.snapshot_id) for entry in table.history()]
        return [_snapshot(name, table, s) for s in shown if s is not None and _published(s)]

    # -- writing --------------------------------------------------------------------------------

    def new_file(self, name: str, run_id: str) -> Path:
        """A fresh path for a Parquet file of the table; not visible until published."""
        database, table = name.split(".")
        folder = self._warehouse / database / table / "data" / run_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{uuid.uuid4().hex}.parquet"

    def publish(
        self,
        name: str,
        columns: Sequence[Column],
        files: Iterable[Path],
        properties: Mapping[str, str],
    ) -> Snapshot:
        """Make `files` the table's whole content, in one atomic commit.

        Files that are its content already stay as they are: what is not named leaves, what is new
        comes, and the cost is that of the difference.

        Args:
            columns: the table's columns; the table is created, or its schema replaced, to fit.
            files: Parquet files made with `new_file`, or of the current snapshot, holding exactly
                these columns.
            properties: recorded in the snapshot, readable as `Snapshot.properties`.
        """
        from pyiceberg.exceptions import CommitFailedException, ValidationException
        from pyiceberg.expressions import AlwaysTrue

        wanted = {str(path) for path in files}
        summary = {PROPERTY_PREFIX + key: value for key, value in properties.items()}
        with self._lock:
            table = self._ensure(name, columns)
            present = _data_files(table)
            try:
                with table.transaction() as change:
                    _evolve(change, table, columns)
                    if ABANDONED in table.properties:
                        change.remove_properties(ABANDONED)
                    added = _described(change, table, sorted(wanted - present.keys()))
                    with change.update_snapshot(snapshot_properties=summary).overwrite() as commit:
                        commit.delete_by_predicate(AlwaysTrue())  # look into every manifest
                        for path in sorted(present.keys() - wanted):
                            commit.delete_data_file(present[path])
                        for file in added:
                            commit.append_data_file(file)
            except (CommitFailedException, ValidationException) as error:
                raise PipelineError("publish_conflict", table=name, problem=str(error)) from error
            return _snapshot(name, table, table.current_snapshot())

    def rollback(self, name: str, snapshot_id: int) -> Snapshot:
        """Make an earlier snapshot current again, and remember what was left.

        Raises:
            PipelineError: `snapshot_unknown`.
        """
        self.snapshot(name, snapshot_id)
        with self._lock:
            table = self._load(name)
            assert table is not None
            left = _snapshot(name, table, table.current_snapshot())
            mark = left.properties.get("fingerprint")
            if mark is not None and left.snapshot_id != snapshot_id:
                with table.transaction() as change:
                    change.set_properties({ABANDONED: mark})
            table.manage_snapshots().set_current_snapshot(snapshot_id).commit()
            return _snapshot(name, table, table.current_snapshot())

    def abandoned(self, name: str) -> str | None:
        """The fingerprint of the result that a rollback left, until something else is published."""
        table = self._load(name)
        return table.properties.get(ABANDONED) if table else None

    def expire(self, name: str, keep: int) -> list[int]:
        """Drop all but the newest `keep` published snapshots; their files become orphans."""
        with self._lock:
            table = self._load(name)
            if table is None:
                return []
            current = table.current_snapshot()
            kept = {s.snapshot_id for s in self.history(name)[-keep:]}
            kept |= {current.snapshot_id} if current else set()
            old = [s.snapshot_id for s in table.metadata.snapshots if s.snapshot_id not in kept]
            if old:
                table.maintenance.expire_snapshots().by_ids(old).commit()
            return old

    def orphans(self, name: str) -> list[Path]:
        """Data files of the table that no kept snapshot refers to (left by crashes and expiry)."""
        database, short = name.split(".")
        folder = self._warehouse / database / short / "data"
        table = self._load(name)
        used: set[Path] = set()
        for entry in table.metadata.snapshots if table else ():
            used |= set(_files(table, entry.snapshot_id)) if table else set()
            summary = entry.summary.additional_properties if entry.summary else {}
            named = (summary.get(PROPERTY_PREFIX + key) for key in (LOADS, HELD, TIES))
            used |= {Path(name) for name in named if name}
        found = (path for path in folder.rglob("*") if path.is_file())
        return sorted(path for path in found if path not in used)

    def drop(self, name: str) -> int:
        """Remove a table and its files for good; returns the number of files."""
        from pyiceberg.exceptions import NoSuchTableError

        database, short = name.split(".")
        with self._lock, suppress(NoSuchTableError):
            self.catalog.drop_table(name)
        folder = self._warehouse / database / short
        files = sum(1 for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder, ignore_errors=True)
        return files

    # -- inside ---------------------------------------------------------------------------------

    def _load(self, name: str) -> Table | None:
        from pyiceberg.exceptions import NoSuchTableError

        with self._lock:
            try:
                return self.catalog.load_table(name)
            except NoSuchTableError:
                return None

    def _ensure(self, name: str, columns: Sequence[Column]) -> Table:
        table = self._load(name)
        if table is not None:
            return table
        database = name.split(".")[0]
        self.catalog.create_namespace_if_not_exists(database)
        location = (self._warehouse / database / name.split(".")[1]).as_uri()
        return self.catalog.create_table(name, schema=_schema(columns), location=location)


def quarantine_table(name: str) -> str:
    """The table that keeps a resource's quarantined rows."""
    return "quarantine." + name.replace(".", "__", 1)


def widens(before: str, after: str) -> bool:
    """Whether every value of a type is one of another, so that files of the first can stay.

    Iceberg's promotions, of the types that we use: integers to longer ones, decimals to more digits
    before the point.
    """
    if before.endswith("[]") and after.endswith("[]"):
        return before == after or widens(before[:-2], after[:-2])
    if (before, after) == ("INTEGER", "BIGINT"):
        return True
    old, new = _DECIMAL.fullmatch(before), _DECIMAL.fullmatch(after)
    return bool(old and new and old[2] == new[2] and int(old[1]) < int(new[1]))


def _evolve(change: Any, table: Table, columns: Sequence[Column]) -> None:
    """Fit the table's schema to `columns`: one that was renamed or widened keeps its identity, one
    whose type changed otherwise is replaced."""
    present = {c.name: c.type for c in _columns(table)}
    wanted = {c.name: c.type for c in columns}
    if list(present.items()) == list(wanted.items()):
        return
    named = {
        old: c.name for c in columns for old in c.former if c.name not in present and old in present
    }
    stays = {
        name: kind
        for name, kind in present.items()
        if (new := wanted.get(named.get(name, name))) is not None
        and (new == kind or widens(kind, new))
    }
    # Old snapshots keep their own schema, so dropping and adding is safe for their readers.
    with change.update_schema(allow_incompatible_changes=True) as update:
        for name, kind in present.items():
            new = named.get(name, name)
            if name not in stays:
                update.delete_column(name)
            elif wanted[new] != kind and not kind.endswith("[]"):
                update.update_column(name, iceberg_type(wanted[new]))
            elif wanted[new] != kind:
                update.update_column((name, "element"), iceberg_type(wanted[new][:-2]))
            if name in stays and new != name:
                update.rename_column(name, new)
    kept = {named.get(name, name) for name in stays}
    with change.update_schema(allow_incompatible_changes=True) as update:
        for name, kind in wanted.items():
            if name not in kept:
                update.add_column(name, iceberg_type(kind))
        for before, name in pairwise(wanted):
            update.move_after(name, before)
        update.move_first(next(iter(wanted)))


def _published(snapshot: IcebergSnapshot) -> bool:
    """Whether a snapshot is one that readers saw, not the delete half of a replacement."""
    summary = snapshot.summary
    return summary is not None and summary.get(PROPERTY_PREFIX + "step") is None


def _snapshot(name: str, table: Table, found: IcebergSnapshot | None) -> Snapshot:
    assert found is not None
    summary = found.summary.additional_properties if found.summary else {}
    properties = {
        key.removeprefix(PROPERTY_PREFIX): value
        for key, value in summary.items()
        if key.startswith(PROPERTY_PREFIX)
    }
    return Snapshot(
        table=name,
        snapshot_id=found.snapshot_id,
        committed_at=datetime.fromtimestamp(found.timestamp_ms / 1000, UTC),
        rows=int(summary.get(ADDED_ROWS, 0)),
        files=_files(table, found.snapshot_id),
        columns=_columns(table, found.schema_id),
        properties=properties,
    )


def _described(change: Any, table: Table, paths: Sequence[str]) -> list[DataFile]:
    """New files with their statistics, as Iceberg keeps them."""
    from pyiceberg.io.pyarrow import parquet_files_to_data_files
    from pyiceberg.table import TableProperties

    metadata = change.table_metadata
    if metadata.name_mapping() is None:
        # Files say by name which column is which; what names mean stands in the table.
        mapping = metadata.schema().name_mapping.model_dump_json()
        change.set_properties({TableProperties.DEFAULT_NAME_MAPPING: mapping})
    return list(parquet_files_to_data_files(table.io, change.table_metadata, iter(paths)))


def _data_files(table: Table) -> dict[str, DataFile]:
    """The files of the current snapshot, by path."""
    if table.current_snapshot() is None:
        return {}
    return {str(_path(t.file.file_path)): t.file for t in table.scan().plan_files()}


def _files(table: Table, snapshot_id: int) -> tuple[Path, ...]:
    """The files of a snapshot; it never changes, so its manifests are read once."""
    found = table.snapshot_by_id(snapshot_id)
    assert found is not None
    files = _PLANNED.get(found.manifest_list)
    if files is None:
        tasks = table.scan(snapshot_id=snapshot_id).plan_files()
        files = tuple(sorted(_path(task.file.file_path) for task in tasks))
        if len(_PLANNED) >= MOST_PLANNED:
            _PLANNED.clear()
        _PLANNED[found.manifest_list] = files
    return files


def _path(uri: str) -> Path:
    return Path(unquote(urlparse(uri).path)) if uri.startswith("file:") else Path(uri)


def _columns(table: Table, schema_id: int | None = None) -> tuple[Column, ...]:
    schema = table.schema() if schema_id is None else table.schemas()[schema_id]
    mapping = table.metadata.name_mapping()
    names = {f.field_id: f.names for f in mapping.root} if mapping is not None else {}
    return tuple(
        Column(
            item.name,
            sql_type(item.field_type),
            tuple(n for n in names.get(item.field_id, ()) if n != item.name),
        )
        for item in schema.fields
    )


def _schema(columns: Sequence[Column]) -> Schema:
    from pyiceberg.schema import Schema, assign_fresh_schema_ids
    from pyiceberg.types import NestedField

    fields = [
        NestedField(i, column.name, iceberg_type(column.type), required=False)
        for i, column in enumerate(columns, 1)
    ]
    return assign_fresh_schema_ids(Schema(*fields))


def iceberg_type(sql: str) -> Any:
    """The Iceberg type of an SQL type; every column is optional, `required` is the gate's work."""
    from pyiceberg import types as t

    simple = {
        "VARCHAR": t.StringType,
        "INTEGER": t.IntegerType,
        "BIGINT": t.LongType,
        "DOUBLE": t.DoubleType,
        "BOOLEAN": t.BooleanType,
        "DATE": t.DateType,
        "TIMESTAMP": t.TimestampType,
        "TIMESTAMPTZ": t.TimestamptzType,
    }
    if sql.endswith("[]"):
        return t.ListType(-1, iceberg_type(sql[:-2]), element_required=False)
    if decimal := _DECIMAL.fullmatch(sql):
        return t.DecimalType(int(decimal[1]), int(decimal[2]))
    return simple[sql]()


def sql_type(kind: Any) -> str:
    """The inverse of `iceberg_type`."""
    names = {
        "string": "VARCHAR",
        "int": "INTEGER",
        "long": "BIGINT",
        "double": "DOUBLE",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "timestamp": "TIMESTAMP",
        "timestamptz": "TIMESTAMPTZ",
    }
    text = str(kind)
    if text.startswith("decimal"):
        return text.replace(" ", "").upper()
    if text.startswith("list"):
        return sql_type(kind.element_type) + "[]"
    return names[text]
