"""The exchange over HTTP: how long a page takes at a steady rate, and what an export of many rows takes.

    python -m bench.exchange [--rows 1000000] [--rate 100] [--seconds 60] [--export-rows 10000000]

Synthetic enterprises in one published table, written by DuckDB once; a running `citybrain serve` on the
catalogue database that `CITYBRAIN_DATABASE` names, SQLite by default. Every page has a token, is checked
against the client and the grant, masked (two of seven fields), counted against the quotas and in the
audit log before it leaves. Requests come at fixed times (`bench.records`). Generator and service share
the machine.

Target: 95 % of pages of 100 rows within 50 ms at 100 requests a second over 1,000,000 rows; 10,000,000
rows leave in memory that does not grow with them. Beside it, in the same run: requests for `/healthz` at
the same rate; the same pages by DuckDB from the published file, which is what a straightforward service
would do, without any gate; and DuckDB's own COPY of the table to a file in the same format.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import shutil
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import psutil

from bench import records
from bench.records import Server, at_rate, told
from bench.timers import ROOT

CITY = ROOT / "bench" / "records_workspace"
OUT = ROOT / "bench" / "out" / "exchange"
NAME, TABLE = "exchange_bench", "raw.registry__firm"
PURPOSE, DEPARTMENT = "loans", "registry"
FIELDS = ("code", *records.FIELDS)
TARGET = 0.050
MOST_MEMORY = 500.0  # MB that exports may take beyond what the service has
SETTINGS = "\n[exchange]\nrequests_per_minute = 1000000\nrows_per_day = 1000000000000\n"


def workspace() -> Path:
    """The city of the benchmark of records under another name, with quotas that nobody reaches."""
    folder = OUT / "city"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CITY, folder)
    path = folder / "workspace.toml"
    text = path.read_text("utf-8").replace('"records_bench"', f'"{NAME}"')
    path.write_text(text + SETTINGS, "utf-8")
    return folder


def published(rows: int) -> None:
    """Publish the table, once, in files of a million rows; not in the order of its key."""
    from pipelines.duck import table_columns
    from pipelines.home import Home
    from pipelines.workspace import load_workspace

    contract = load_workspace(OUT / "city").contracts[TABLE]
    with Home.of(NAME).open_lake() as lake:
        if lake.current(TABLE) is not None:
            return
        files = []
        for first in range(0, rows, 1_000_000):
            path = lake.new_file(TABLE, f"part-{first}")
            files.append(path)
            last = min(first + 1_000_000, rows)
            listed = ", ".join(
                f"CAST({one.name} AS {one.physical_type}) AS {one.name}" for one in contract.fields
            )
            with duckdb.connect() as con:
                con.execute(f"""
                    COPY (SELECT {listed} FROM (SELECT
                        '9131' || lpad(CAST(i * 7919 % {rows} AS VARCHAR), 14, '0') AS code,
                        's' || CAST(i * 7 % 20 AS VARCHAR) AS sector,
                        DATE '1990-01-01' + CAST(i * 13 % 12000 AS INTEGER) AS opened_on,
                        '138' || lpad(CAST(i * 7919 % 100000000 AS VARCHAR), 8, '0') AS contact,
                        CAST(i * 31 % 100000000 AS DECIMAL(18,2)) AS capital,
                        CAST(i * 17 % 1000000 AS DECIMAL(18,2)) AS tax_paid,
                        i % 500 AS employees
                    FROM range({first}, {last}) AS r(i)))
                    TO '{path}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)""")
        lake.publish(TABLE, table_columns(contract), files, {"run": "bench"})


def granted() -> tuple[str, str]:
    """A grant, and a client that may sign in."""
    from catalog.database import CatalogStore
    from catalog.sharing.grant import Grant
    from pipelines.home import Home
    from pipelines.workspace import load_workspace

    now = datetime.now(UTC)
    with CatalogStore.open(Home.of(NAME).database_url) as store:
        store.sync_resources(NAME, list(load_workspace(OUT / "city").contracts.values()))
        if not store.grants.list(NAME):
            grant = Grant(
                id="bench",
                request="",
                department=DEPARTMENT,
                resource=TABLE,
                fields=FIELDS,
                purpose=PURPOSE,
                basis="synthetic",
                scenario="benchmark",
                manner="interface",
                valid_from=now,
                valid_to=now + timedelta(days=365),
                masks=records.MASKS,
            )
            store.grants.provision(NAME, grant, "account:bench")
        made, secret = store.clients.add_for_department(NAME, DEPARTMENT, "li")
    return made.id, secret


def cursors(server: Server, headers: dict[str, str]) -> list[str]:
    """Places all over the table, by walking through it."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        terms = {"purpose": PURPOSE, "limit": 1000} | ({"cursor": cursor} if cursor else {})
        status, body = server.get(f"/exchange/{TABLE}?{urlencode(terms)}", headers)
        if status != 200:
            raise SystemExit(f"{status}: {body.decode()}")
        cursor = json.loads(body)["next"]
        if cursor is None:
            return found
        found.append(cursor)


def republished(rows: int) -> int:
    """The same files as a new snapshot, recorded as a run does it; its id."""
    from catalog.database import CatalogStore
    from catalog.database.records import SnapshotRecord
    from pipelines.home import Home

    with Home.of(NAME).open_lake() as lake, CatalogStore.open(Home.of(NAME).database_url) as store:
        before = lake.current(TABLE)
        assert before is not None
        files = []
        for old in before.files:
            files.append(lake.new_file(TABLE, f"again-{random.randrange(10**9)}"))
            shutil.copy(old, files[-1])
        made = lake.publish(TABLE, before.columns, files, {"run": "bench"})
        record = SnapshotRecord(
            snapshot_id=made.snapshot_id,
            run_id="bench",
            fingerprint=str(made.snapshot_id),
            rows=rows,
            committed_at=datetime.now(UTC),
        )
        store.record_snapshot_if_missing(NAME, TABLE, record)
        store.point_to_snapshot(NAME, TABLE, made.snapshot_id)
    return int(made.snapshot_id)


def first_page(server: Server, headers: dict[str, str], snapshot: int) -> float:
    """How long the first page of a new snapshot takes, as soon as the service knows of it."""
    while True:
        began = time.perf_counter()
        _, body = server.get(f"/exchange/{TABLE}?purpose={PURPOSE}", headers)
        if json.loads(body)["snapshot"] == str(snapshot):
            return time.perf_counter() - began
        time.sleep(0.02)


def first_pages(server: Server, headers: dict[str, str], rows: int) -> None:
    """First pages of new snapshots: asked for at once, and when they were prepared."""
    from pipelines.home import Home

    at_once = first_page(server, headers, republished(rows))
    made = republished(rows)
    began = time.perf_counter()
    while not list(Home.of(NAME).exchange.glob(f"*-{made}.arrow")):
        time.sleep(0.05)
    prepared = time.perf_counter() - began
    ready = first_page(server, headers, made)
    print(
        f"  first page of a new snapshot: {at_once:.2f} s at once, {1000 * ready:.0f} ms when it "
        f"was prepared, {prepared:.1f} s after the publish"
    )


def by_duckdb(rows: int, times: int) -> list[float]:
    """The same pages by key in the published files, one after the other, by DuckDB alone."""
    from pipelines.duck import snapshot_sql
    from pipelines.home import Home

    with Home.of(NAME).open_lake() as lake:
        snapshot = lake.current(TABLE)
    assert snapshot is not None
    listed = ", ".join(FIELDS)
    sql = f"SELECT {listed} FROM ({snapshot_sql(snapshot)}) AS s WHERE code > ? ORDER BY code LIMIT 100"
    found = []
    with duckdb.connect() as con:
        for _ in range(times):
            began = time.perf_counter()
            page = con.execute(sql, [records.code_of(random.randrange(rows - 1000))]).fetchall()
            found.append(time.perf_counter() - began)
            assert len(page) == 100
    return found


def measure_pages(server: Server, headers: dict[str, str], wanted: Any) -> bool:
    """Pages at a steady rate; whether the target is reached."""
    began = time.perf_counter()
    server.get(f"/exchange/{TABLE}?purpose={PURPOSE}", headers)
    first = time.perf_counter() - began
    places = cursors(server, headers)

    def path() -> str:
        terms = {"purpose": PURPOSE, "limit": 100}
        if random.random() < 0.9:
            terms["cursor"] = random.choice(places)
        return f"/exchange/{TABLE}?{urlencode(terms)}"

    database = os.environ.get("CITYBRAIN_DATABASE", "sqlite").split(":")[0]
    print(
        f"{wanted.rows:,} synthetic enterprises, pages of 100 rows, {wanted.rate} requests a second for "
        f"{wanted.seconds:g} s, {database}; first page of a snapshot {first:.1f} s"
    )
    first_pages(server, headers, wanted.rows)
    at_rate(server.port, path, headers, wanted.rate, 3)  # warm
    floor = told("/healthz", at_rate(server.port, lambda: "/healthz", headers, wanted.rate, 10))
    worked = psutil.Process(server.process.pid).cpu_times()
    times = at_rate(server.port, path, headers, wanted.rate, wanted.seconds)
    now = psutil.Process(server.process.pid).cpu_times()
    most = told("pages of the exchange", times)
    spent = now.user + now.system - worked.user - worked.system
    print(f"  processor time of the service: {1000 * spent / len(times):.2f} ms a page")
    bare = told("DuckDB, a page in the file, no gate", by_duckdb(wanted.rows, 200))
    print(f"  p95 of pages: {most / floor:.1f} times /healthz, {most / bare:.2f} times DuckDB")
    print(
        f"  target, 95 % within {1000 * TARGET:.0f} ms: {'reached' if most <= TARGET else 'MISSED'}"
    )
    return most <= TARGET


class Peak:
    """The largest memory of a process while it is looked at, in MB."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self.before = self.most = self._now()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _now(self) -> float:
        return float(self._process.memory_info().rss) / 1e6

    def _look(self) -> None:
        while not self._over.wait(0.05):
            self.most = max(self.most, self._now())

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()


def measure_exports(server: Server, headers: dict[str, str], rows: int) -> bool:
    """Whole exports; whether memory stays within its bound."""
    print(f"exports of {rows:,} synthetic enterprises")
    fine = True
    for format in ("arrow", "parquet", "csv", "jsonl"):
        peak = Peak(server.process.pid)
        began = time.perf_counter()
        con = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
        terms = urlencode({"purpose": PURPOSE, "format": format})
        con.request("GET", f"/exchange/{TABLE}/export?{terms}", headers=headers)
        answer = con.getresponse()
        size = 0
        while part := answer.read(1 << 20):
            size += len(part)
        seconds = time.perf_counter() - began
        peak.end()
        if answer.status != 200:
            raise SystemExit(f"{format}: {answer.status}")
        alone = by_copy(format)
        beside = (
            f"{seconds / alone:.1f} times DuckDB's COPY ({alone:.1f} s)" if alone else "no COPY"
        )
        more = peak.most - peak.before
        fine &= more <= MOST_MEMORY
        print(
            f"  {format:8s} {size / 1e6:8.0f} MB in {seconds:5.1f} s, "
            f"{rows / seconds / 1e6:.2f} M rows/s, memory {peak.most:.0f} MB ({more:+.0f}); {beside}",
            flush=True,
        )
    print(f"  memory within {MOST_MEMORY:.0f} MB more: {'reached' if fine else 'MISSED'}")
    return fine


def by_copy(format: str) -> float:
    """DuckDB's own COPY of the fields to a file, unmasked; 0 where it has no such format."""
    from pipelines.duck import snapshot_sql
    from pipelines.home import Home

    options = {"csv": "csv, HEADER", "jsonl": "json", "parquet": "parquet, COMPRESSION zstd"}
    if format not in options:
        return 0.0
    with Home.of(NAME).open_lake() as lake:
        snapshot = lake.current(TABLE)
    assert snapshot is not None
    path = OUT / f"copied.{format}"
    with duckdb.connect() as con:
        began = time.perf_counter()
        listed = ", ".join(FIELDS)
        source = f"SELECT {listed} FROM ({snapshot_sql(snapshot)})"
        con.execute(f"COPY ({source}) TO '{path}' (FORMAT {options[format]})")
        seconds = time.perf_counter() - began
    path.unlink()
    return seconds


def served(rows: int) -> tuple[Server, dict[str, str]]:
    """A running service over a table of so many rows, and the headers of a client."""
    os.environ["CITYBRAIN_HOME"] = str(OUT / f"home-{rows}")
    records.CITY, records.OUT = OUT / "city", OUT
    published(rows)
    credentials = granted()
    server = Server()
    return server, {"Authorization": f"Bearer {server.token(*credentials)}"}


def main() -> None:
    """Prepare, ask, tell."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--export-rows", type=int, default=10_000_000)
    wanted = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    workspace()
    fine = True
    for rows, measure in (
        (wanted.rows, lambda s, h: measure_pages(s, h, wanted)),
        (wanted.export_rows, lambda s, h: measure_exports(s, h, wanted.export_rows)),
    ):
        server, headers = served(rows)
        try:
            fine &= measure(server, headers)
        finally:
            server.process.terminate()
            server.process.wait()
    if not fine:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
