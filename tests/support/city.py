"""A builder of tiny workspaces: a city of invented departments, a few rows each."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from catalog.database import CatalogStore
from catalog.database.records import ResourceStatus
from catalog.errors import CityBrainError, Problems
from pipelines.account import Outcome
from pipelines.duck import snapshot_sql
from pipelines.home import Home
from pipelines.lake import Lake, Snapshot, quarantine_table
from pipelines.plan import Plan, compile_workspace
from pipelines.quarantine import QuarantinedRow, rows_of
from pipelines.run import Progress, RunOptions, RunResult, run_workspace
from pipelines.workspace import Workspace, load_workspace

NAME = "testville"
Row = tuple[Any, ...]


@dataclass
class City:
    """A workspace under construction, and what a run made of it.

    Attributes:
        root: the workspace's folder; `source/` in it holds the departments' files.
    """

    root: Path

    # -- writing the workspace ------------------------------------------------------------------

    def write(self, path: str, text: str | bytes) -> Path:
        """A file of the workspace, whatever it is."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return target

    def settings(self, more: str = "") -> Path:
        """`workspace.toml`; tests of what DuckDB can do use all of it, so they are not held to the
        functions that are equal on Spark unless they ask for it."""
        if "[engine]" not in more:
            more = f"{more}\n[engine]\nportable = false\n"
        return self.write("workspace.toml", f'name = "{NAME}"\ntimezone = "UTC"\n{more}')

    def departments(self, *names: str) -> Path:
        """`departments.yaml`."""
        entries = "".join(f"  - {{id: {name}, name: {name}}}\n" for name in names)
        return self.write("departments.yaml", f"departments:\n{entries}")

    def collected(
        self,
        resource: str,
        fields: str,
        *,
        file: str = "",
        path: str = "",
        kind: str = "csv",
        encoding: str = "",
        quality: str = "",
        custom: str = "",
        servers: str = "",
        version: str = "1.0.0",
    ) -> Path:
        """The contract of a collected resource, `<department>/<table>`.

        Args:
            fields, quality, custom: YAML lists (the text below `properties:` and so on).
            file: the `file` options, a YAML mapping in one line.
            servers: instead of a file server, the whole YAML list.
        """
        department, table = resource.split("/")
        if not servers:
            servers = f"- server: source\n  type: local\n  path: {path or table + '.csv'}\n  format: {kind}\n"
            servers += f"  encoding: {encoding}\n" if encoding else ""
            servers += f"  customProperties: [{{property: file, value: {file}}}]\n" if file else ""
        name = f"{department}__{table}"
        text = contract_text(name, fields, quality, custom, servers, department, version)
        return self.write(f"contracts/{resource}.yaml", text)

    def model(
        self,
        name: str,
        sql: str,
        fields: str,
        *,
        quality: str = "",
        custom: str = "",
        version: str = "1.0.0",
    ) -> Path:
        """A model, `<database>.<table>`, with its contract."""
        database, table = name.split(".")
        text = contract_text(table, fields, quality, custom, version=version)
        self.write(f"models/{database}/{table}.yaml", text)
        return self.write(f"models/{database}/{table}.sql", sql)

    def source(self, name: str, content: str | bytes) -> Path:
        """A file of a department."""
        return self.write(f"source/{name}", content)

    # -- using it -------------------------------------------------------------------------------

    def load(self) -> Workspace:
        """The workspace as the loader reads it."""
        return load_workspace(self.root)

    def plan(self) -> Plan:
        """The compiled workspace."""
        return compile_workspace(self.load())

    def warm(self) -> Plan:
        """The compiled workspace, as a command compiles it: with the cache in its home."""
        return compile_workspace(load_workspace(self.root, cached=True))

    def problems(self) -> list[CityBrainError]:
        """Everything that the compiler finds wrong; empty when the workspace compiles."""
        try:
            self.plan()
        except Problems as error:
            return list(error.problems)
        return []

    def codes(self) -> list[str]:
        """The codes of `problems`."""
        return [problem.code for problem in self.problems()]

    def run(
        self,
        *select: str,
        source: Path | None = None,
        full: bool = False,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> RunResult:
        """One run in this process."""
        return run_workspace(self.root, RunOptions(select, source, full), progress)

    def outcome(self, name: str) -> Outcome:
        """One run; the outcome of one resource."""
        return self.run().outcomes[name]

    @property
    def home(self) -> Home:
        """Where the state is kept."""
        return Home.of(NAME)

    def lake(self) -> Lake:
        """The lake, to be closed by the caller or left to the end of the process."""
        return self.home.open_lake()

    def current(self, table: str) -> Snapshot | None:
        """What readers see of a table."""
        lake = self.lake()
        try:
            return lake.current(table)
        finally:
            lake.close()

    def rows(
        self, table: str, columns: str = "* EXCLUDE (_source_file, _source_line, _load_id)"
    ) -> list[Row]:
        """The published rows of a table, in order; without the load metadata of `raw` tables."""
        snapshot = self.current(table)
        if snapshot is None:
            return []
        if not table.startswith("raw."):
            columns = columns if not columns.startswith("* EXCLUDE (_source") else "*"
        return rows_of_snapshot(snapshot, columns)

    def rejected(self, resource: str, reason: str | None = None) -> list[QuarantinedRow]:
        """The quarantined rows of a resource."""
        return rows_of(self.load(), resource, reason, 10_000)

    def reasons(self, resource: str) -> list[tuple[int | None, tuple[str, ...]]]:
        """Line and reasons of every quarantined row."""
        return [(row.source_line, row.reasons) for row in self.rejected(resource)]

    def held(self, resource: str) -> Snapshot | None:
        """The snapshot of a resource's quarantine table."""
        return self.current(quarantine_table(resource))

    def status(self) -> dict[str, ResourceStatus]:
        """What `citybrain status` shows, by resource."""
        with CatalogStore.open(self.home.database_url) as store:
            return {item.name: item for item in store.status(NAME).resources}


def contract_text(
    table: str,
    fields: str,
    quality: str = "",
    custom: str = "",
    servers: str = "",
    domain: str = "",
    version: str = "1.0.0",
) -> str:
    """A contract as text; the parts are YAML lists, indented as is convenient."""
    lines = ["apiVersion: v3.1.0", "kind: DataContract", f"id: test:{table}", f"name: {table}"]
    lines += [f"version: {version}", "status: active"]
    lines += [f"domain: {domain}"] if domain else []
    lines += ["servers:", _block(servers, 2)] if servers else []
    lines += ["schema:", f"  - name: {table}", "    physicalType: table"]
    lines += ["    properties:", _block(fields, 6)] if fields else []
    lines += ["    quality:", _block(quality, 6)] if quality else []
    lines += ["customProperties:", _block(custom, 2)] if custom else []
    return "\n".join(lines) + "\n"


def _block(text: str, spaces: int) -> str:
    return textwrap.indent(textwrap.dedent(text).strip("\n"), " " * spaces)


def rows_of_snapshot(snapshot: Snapshot, columns: str = "*") -> list[Row]:
    """The rows of a snapshot in an order that does not depend on how they were written."""
    with duckdb.connect(":memory:") as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.execute(
            f"SELECT {columns} FROM ({snapshot_sql(snapshot)}) ORDER BY ALL"
        ).fetchall()


def statuses(result: RunResult) -> dict[str, str]:
    """Status by resource."""
    return {name: outcome.status for name, outcome in sorted(result.outcomes.items())}


def csv(header: str, *rows: Sequence[Any] | str) -> str:
    """A small CSV text; a row is its text or a sequence of values without commas."""
    lines = [row if isinstance(row, str) else ",".join(map(str, row)) for row in rows]
    return "\n".join([header, *lines]) + "\n"


# -- a city that most tests of running share --------------------------------------------------------

SHOPS = csv(
    "id,name,district,opened",
    "1,Tea,north,2020-01-01",
    "2,Ink,south,2021-02-03",
    "3,Rice,north,2022-03-04",
)
DISTRICTS = csv("code,people", "north,1000", "south,2000")
SHOP_FIELDS = """
- {name: id, logicalType: integer, primaryKey: true}
- {name: name, logicalType: string, required: true}
- {name: district, logicalType: string}
- {name: opened, logicalType: date}
"""


def small_city(city: City) -> City:
    """Two departments' files, a base, a thematic and a fusion model."""
    city.collected("trade/shop", SHOP_FIELDS)
    city.collected(
        "civil/district",
        """
        - {name: code, logicalType: string, primaryKey: true}
        - {name: people, logicalType: integer}
        """,
    )
    city.source("shop.csv", SHOPS)
    city.source("district.csv", DISTRICTS)
    city.model(
        "base.shop",
        "SELECT id, upper(name) AS name, district FROM raw.trade__shop\n",
        """
        - {name: id, logicalType: integer, primaryKey: true}
        - {name: name, logicalType: string}
        - {name: district, logicalType: string}
        """,
    )
    city.model(
        "thematic.shops_per_district",
        "SELECT district, count(*) AS shops FROM base.shop GROUP BY district\n",
        """
        - {name: district, logicalType: string}
        - {name: shops, logicalType: integer}
        """,
    )
    city.model(
        "fusion.district_profile",
        "SELECT d.code, d.people, s.shops FROM raw.civil__district AS d\n"
        "LEFT JOIN thematic.shops_per_district AS s ON s.district = d.code\n",
        """
        - {name: code, logicalType: string, primaryKey: true}
        - {name: people, logicalType: integer}
        - {name: shops, logicalType: integer}
        """,
    )
    return city


ALL_TABLES = (
    "raw.civil__district",
    "raw.trade__shop",
    "base.shop",
    "thematic.shops_per_district",
    "fusion.district_profile",
)
