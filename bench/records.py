"""Records of consenting enterprises over HTTP: how long one takes at a steady rate.

    python -m bench.records [--rows 1000000] [--consents 50000] [--rate 200] [--seconds 60]

Synthetic enterprises in a published view; a running `citybrain serve` on the catalogue database that
`CITYBRAIN_DATABASE` names, SQLite by default. Every request has a token, is checked against the client,
the agreement, the letter and the enterprise's consent, is masked (two of six fields) and logged before
it leaves. Requests come at fixed times, whether earlier ones have ended or not; a time is counted from
when its request should have come (no coordinated omission). Generator and service share the machine.

Target: 95 % within 25 ms at 200 requests a second over 1,000,000 enterprises. Beside it, in the same
run: requests for `/healthz` at the same rate, which is what HTTP itself takes here; and lookups in the
published Parquet file by DuckDB: what a straightforward service would do, without any gate.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import queue
import random
import re
import secrets
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import psutil

from bench.timers import ROOT

CITY = ROOT / "bench" / "records_workspace"
OUT = ROOT / "bench" / "out" / "records"
NAME, VIEW, PARTNER, USER, PURPOSE = "records_bench", "sandbox.firm", "bank-a", "wang", "credit"
TARGET = 0.025
CONNECTIONS = 32
FIELDS = ("sector", "opened_on", "contact", "capital", "tax_paid", "employees")
MASKS = {"contact": "mask_phone(contact)", "capital": "mask_amount(capital, 10000)"}
TERM = {"version": 1, "valid_from": "2020-01-01", "valid_to": "2099-12-31"}


def code_of(number: int) -> str:
    """The code of an invented enterprise."""
    return f"9131{number:014d}"


def source(rows: int) -> Path:
    """The file of the registry, written once."""
    folder = OUT / f"source-{rows}"
    path = folder / "firm.csv"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as con:
            con.execute(f"""
                COPY (SELECT
                    '9131' || lpad(CAST(i AS VARCHAR), 14, '0') AS code,
                    's' || CAST(i * 7 % 20 AS VARCHAR) AS sector,
                    DATE '1990-01-01' + CAST(i * 13 % 12000 AS INTEGER) AS opened_on,
                    '138' || lpad(CAST(i * 7919 % 100000000 AS VARCHAR), 8, '0') AS contact,
                    CAST(i * 31 % 100000000 AS DECIMAL(18,2)) AS capital,
                    CAST(i * 17 % 1000000 AS DECIMAL(18,2)) / 4 AS tax_paid,
                    i % 500 AS employees
                FROM range({rows}) AS r(i) ORDER BY hash(i)) TO '{path}' (HEADER)""")
    return folder


def published(rows: int) -> None:
    """Run the workspace; a snapshot of the same file is taken over as it is."""
    from pipelines.run import RunOptions, run_workspace

    result = run_workspace(CITY, RunOptions(source=source(rows)))
    if result.outcomes[VIEW].status not in ("published", "unchanged"):
        raise SystemExit(f"{VIEW}: {result.outcomes[VIEW].status}")


def instruments(consents: int) -> None:
    """A letter, an agreement and consents, all signed; what is there already stays.

    Consents are added many at a time, as rows: one by one takes a transaction each.
    """
    from zoneinfo import ZoneInfo

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from sqlalchemy import text

    from catalog.agreements import CENTRE, document_of, instants, sign
    from catalog.database import CatalogStore
    from catalog.database import tables as t
    from catalog.database.instrument_rows import values_of
    from catalog.database.instrument_tables import InstrumentVersion
    from catalog.database.writing import lock_workspace, put
    from pipelines.home import Home

    keys = {name: Ed25519PrivateKey.generate() for name in (CENTRE, "registry")}
    public = {name: [key.public_key()] for name, key in keys.items()}
    resources = [{"name": "raw.registry__firm", "fields": ["code", *FIELDS]}]
    letter = {"kind": "letter", "id": "letter", **TERM, "department": "registry"}
    letter |= {"resources": resources, "purposes": [PURPOSE]}
    agreement = {"kind": "agreement", "id": "agreement", **TERM, "letters": ["letter"]}
    agreement |= {"partner": {"id": PARTNER, "name": {"zh": "合成銀行", "en": "Synthetic bank"}}}
    agreement |= {"purposes": [PURPOSE], "mode": "zcdp", "users": [USER]}
    agreement |= {"views": [{"name": VIEW, "fields": list(FIELDS), "masks": MASKS}]}
    agreement |= {"budget": {"epsilon": 1, "delta": "1e-6", "renewal": "none"}}
    zone = ZoneInfo("UTC")
    with CatalogStore.open(Home.of(NAME).database_url) as store:
        known = store.instruments.versions(NAME)
        if not known:
            for signer, document in (("registry", letter), (CENTRE, agreement)):
                signed = sign(document_of(document), keys[signer], signer)
                store.instruments.import_(NAME, signed, public, zone)
        for start in range(len(known), consents, 5_000):
            rows = []
            for number in range(start, min(start + 5_000, consents)):
                consent = {"kind": "consent", "id": f"consent-{number}", **TERM}
                consent |= {"enterprise": code_of(number), "partner": PARTNER}
                consent |= {"purpose": PURPOSE, "fields": list(FIELDS), "use": "periodic"}
                signed = sign(document_of(consent), keys[CENTRE], CENTRE)
                first, after = instants(signed.document, zone)
                times = {"valid_from": first, "valid_until": after, "imported_at": first}
                rows.append({**values_of(signed), **times})
            with store._write() as session:
                owner = lock_workspace(session, NAME, first)
                table = t.table_of(InstrumentVersion)
                key = ["workspace_id", "kind", "name", "version"]
                put(session, table, [{"workspace_id": owner, **row} for row in rows], key,
                    keep=list(rows[0]))  # fmt: skip
        if store._engine.dialect.name == "postgresql":
            with store._write() as session:
                session.execute(text("ANALYZE"))  # what autovacuum would do within a minute


def client() -> tuple[str, str]:
    """A client that may sign in."""
    from catalog.database import CatalogStore
    from pipelines.home import Home

    with CatalogStore.open(Home.of(NAME).database_url) as store:
        made, secret = store.clients.add(NAME, PARTNER, USER)
    return made.id, secret


class Server:
    """A running service."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "citybrain", "serve", str(CITY), "--port", "0"]
        self.log = OUT / "service.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", self.log.read_text())
            if found:
                self.port = int(found[1])
                with suppress(OSError):
                    self.get("/healthz", {})
                    return
            time.sleep(0.1)
        raise SystemExit(self.log.read_text())

    def get(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        """One request on a connection of its own."""
        con = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        con.request("GET", path, headers=headers)
        answer = con.getresponse()
        return answer.status, answer.read()

    def token(self, id: str, secret: str) -> str:
        """Sign in."""
        con = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        body = f"grant_type=client_credentials&client_id={id}&client_secret={secret}"
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        con.request("POST", "/token", body, kind)
        return str(json.loads(con.getresponse().read())["access_token"])


def at_rate(
    port: int, path: Callable[[], str], headers: dict[str, str], rate: int, seconds: float
) -> list[float]:
    """Ask at fixed times; seconds from when each request should have come to its end."""
    work: queue.SimpleQueue[tuple[float, str] | None] = queue.SimpleQueue()
    times: list[float] = []
    wrong: list[int] = []

    def ask() -> None:
        con = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while (item := work.get()) is not None:
            due, wanted = item
            con.request("GET", wanted, headers=headers)
            answer = con.getresponse()
            answer.read()
            times.append(time.perf_counter() - due)
            if answer.status != 200:
                wrong.append(answer.status)
        con.close()

    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = began + number / rate
        wait = due - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        work.put((due, path()))
    for _ in threads:
        work.put(None)
    for thread in threads:
        thread.join()
    if wrong:
        raise SystemExit(f"{len(wrong)} requests were refused: {sorted(set(wrong))}")
    return times


def by_duckdb(consents: int, times: int) -> list[float]:
    """The same lookups in the published file, one after the other, by DuckDB alone."""
    from pipelines.duck import snapshot_sql
    from pipelines.home import Home

    lake = Home.of(NAME).open_lake()
    snapshot = lake.current(VIEW)
    lake.close()
    assert snapshot is not None
    listed = ", ".join(FIELDS)
    sql = f"SELECT {listed} FROM ({snapshot_sql(snapshot)}) AS s WHERE code = ?"
    found = []
    with duckdb.connect() as con:
        for _ in range(times):
            began = time.perf_counter()
            row = con.execute(sql, [code_of(random.randrange(consents))]).fetchone()
            found.append(time.perf_counter() - began)
            assert row is not None
    return found


def told(label: str, times: Sequence[float]) -> float:
    """Print the distribution; its 95 % quantile in seconds."""
    cuts = statistics.quantiles(times, n=1000, method="inclusive")
    middle, most, last = cuts[499], cuts[949], cuts[989]
    print(
        f"  {label:44s} {len(times):7,d}   p50 {1000 * middle:7.1f}   p95 {1000 * most:7.1f}"
        f"   p99 {1000 * last:7.1f}   max {1000 * max(times):7.1f} ms",
        flush=True,
    )
    return most


def main() -> None:
    """Prepare, ask, tell."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--consents", type=int, default=50_000)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    wanted = parser.parse_args()
    consents = min(wanted.consents, wanted.rows)
    os.environ["CITYBRAIN_HOME"] = str(OUT / f"home-{wanted.rows}")
    OUT.mkdir(parents=True, exist_ok=True)
    published(wanted.rows)
    instruments(consents)
    server = Server()
    try:
        _measure(server, wanted, consents)
    finally:
        server.process.terminate()
        server.process.wait()


def _measure(server: Server, wanted: Any, consents: int) -> None:
    headers = {"Authorization": f"Bearer {server.token(*client())}"}

    def path() -> str:
        code = code_of(random.randrange(consents))
        return f"/records/{VIEW}/{code}?agreement=agreement&purpose={PURPOSE}"

    began = time.perf_counter()
    status, body = server.get(path(), headers)
    first = time.perf_counter() - began
    if status != 200:
        raise SystemExit(f"{status}: {body.decode()}")
    database = os.environ.get("CITYBRAIN_DATABASE", "sqlite").split(":")[0]
    print(
        f"{wanted.rows:,} synthetic enterprises, {consents:,} consents, {wanted.rate} requests a "
        f"second for {wanted.seconds:g} s, {database}; first request of a snapshot {first:.1f} s"
    )
    at_rate(server.port, path, headers, wanted.rate, 3)  # warm
    floor = told("/healthz", at_rate(server.port, lambda: "/healthz", headers, wanted.rate, 10))
    worked = psutil.Process(server.process.pid).cpu_times()
    times = at_rate(server.port, path, headers, wanted.rate, wanted.seconds)
    now = psutil.Process(server.process.pid).cpu_times()
    most = told("records", times)
    spent = now.user + now.system - worked.user - worked.system
    print(f"  processor time of the service: {1000 * spent / len(times):.2f} ms a record")
    bare = told("DuckDB, a lookup in the file, no gate", by_duckdb(consents, 300))
    print(f"  p95 of records: {most / floor:.1f} times /healthz, {most / bare:.1f} times DuckDB")
    reached = most <= TARGET
    print(f"  target, 95 % within {1000 * TARGET:.0f} ms: {'reached' if reached else 'MISSED'}")
    if not reached:
        raise SystemExit(1)


if __name__ == "__main__":
    random.seed(secrets.randbits(64))
    main()
