"""A small city whose firms are read through the exchange (synthetic data)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.sharing.grant import Grant
from pipelines.duck import table_columns
from pipelines.exchange.exchange import Exchange
from pipelines.exchange.reader import Reader
from pipelines.home import Home
from pipelines.lake import Lake, Snapshot
from pipelines.masking import KeyRing
from tests.support.city import NAME, City

FIRM, LOOSE = "base.firm", "base.loose"
PURPOSE = "loans"
FIELDS = """
- {name: code, logicalType: string, primaryKey: true}
- {name: name, logicalType: string}
- {name: area, logicalType: string}
- {name: paid, logicalType: number, physicalType: "DECIMAL(18,2)"}
- {name: opened, logicalType: date}
"""
LOOSE_FIELDS = FIELDS.replace(", primaryKey: true", "")
KEY = b"k" * 32
RING = KeyRing.of({1: b"m" * 32})
MASKED = {"name": "mask_pseudonym(name, 'loans', 'civil')"}
# The names are invented; some would be formulas in a spreadsheet.
ROWS = (
    "SELECT 'c' || lpad(CAST(i AS VARCHAR), 5, '0') AS code, "
    "CASE i % 5 WHEN 0 THEN '=firm ' WHEN 1 THEN '商行「' ELSE 'firm, \"' END || i AS name, "
    "CASE i % 4 WHEN 0 THEN 'west' WHEN 1 THEN NULL ELSE 'east' END AS area, "
    "CAST(i + {more} AS DECIMAL(18,2)) AS paid, DATE '2020-01-01' + CAST(i % 9000 AS INTEGER) AS opened "
    "FROM range({first}, {last}) AS r(i)"
)


def rows_sql(last: int = 1000, first: int = 0, more: int = 0) -> str:
    """Firms by number; `more` changes what each has paid."""
    return ROWS.format(first=first, last=last, more=more)


class Clock:
    """A clock that stands until tests let time pass."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


def exchange_city(root: Path, settings: str = "") -> City:
    """The workspace; nothing is published."""
    city = City(root)
    city.settings(settings)
    city.departments("tax", "civil", "police")
    city.collected("tax/firm", FIELDS)
    for name, fields in ((FIRM, FIELDS), (LOOSE, LOOSE_FIELDS)):
        sql = "SELECT code, name, area, paid, opened FROM raw.tax__firm\n"
        city.model(name, sql, fields)
    return city


def publish(lake: Lake, city: City, sql: str, *more: str, table: str = FIRM) -> Snapshot:
    """Make rows a table's content: one file for each SELECT."""
    contract = city.load().contracts[table]
    files = []
    for number, one in enumerate((sql, *more)):
        path = lake.new_file(table, f"run-{number}")
        with duckdb.connect() as con:
            con.execute(f"COPY ({one}) TO '{path}' (FORMAT parquet)")
        files.append(path)
    return lake.publish(table, table_columns(contract), files, {"run": "r"})


@dataclass
class Market:
    """An open exchange.

    Attributes:
        log: what the audit log was given; while `deaf`, it takes nothing.
    """

    city: City
    store: CatalogStore
    lake: Lake
    clock: Clock
    log: list[AuditRecord] = field(default_factory=list)
    deaf: bool = False
    exchange: Exchange = field(init=False)

    def audit(self, records: Sequence[AuditRecord]) -> None:
        """Take records."""
        if self.deaf:
            raise OSError("the log is closed")
        self.log += records

    def publish(self, sql: str, *more: str, table: str = FIRM) -> Snapshot:
        """Make rows a table's content, which readers see at once."""
        made = publish(self.lake, self.city, sql, *more, table=table)
        self.exchange.published._current.clear()
        return made

    def grant(self, **changes: Any) -> Grant:
        """A grant of the civil department to three fields of the firms, for a day."""
        values: dict[str, Any] = {
            "id": f"g-{len(self.store.grants.list(NAME))}",
            "request": "",
            "department": "civil",
            "resource": FIRM,
            "fields": ("code", "name", "paid"),
            "purpose": PURPOSE,
            "basis": "law",
            "scenario": "s",
            "manner": "interface",
            "valid_from": self.clock.now - timedelta(days=30),
            "valid_to": self.clock.now + timedelta(days=1),
        }
        return self.store.grants.provision(NAME, Grant(**(values | changes)), "account:bureau")


CIVIL = Reader("civil", "li", PURPOSE)
POLICE = Reader("police", "wu", PURPOSE)


@contextmanager
def market(root: Path, settings: str = "") -> Iterator[Market]:
    """Open one; `CITYBRAIN_HOME` is the caller's."""
    city, clock = exchange_city(root, settings), Clock()
    home = Home.of(NAME)
    with CatalogStore.open(home.database_url, clock=clock) as store, home.open_lake() as lake:
        workspace = city.load()
        store.sync_resources(NAME, list(workspace.contracts.values()))
        made = Market(city, store, lake, clock)
        made.exchange = Exchange(workspace, store, lake, lambda: RING, KEY, made.audit, clock)
        yield made
        made.exchange.close()
