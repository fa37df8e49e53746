"""How many records a second the audit log takes, and how fast it is verified.

    python -m bench.audit [--seconds 10] [--threads 8] [--url postgresql://...]

Each of the threads adds one record a call and goes on when it is durable (SQLite with a synced
write-ahead log, PostgreSQL with fsync). Beside it, in the same run and with the same threads and group
commit: the same records inserted into a table that is not chained, hashed, or locked by a head. Then the
log is anchored and verified. Without `--url` it is SQLite in a temporary folder; PostgreSQL is a server
that one has.

Target: 2,000 records a second at 8 threads.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import JSON, BigInteger, Column, DateTime, Integer, MetaData, Table, Text, insert

from catalog.audit.offline import Verifier, fingerprint
from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.database.group_commit import GroupCommit

TARGET = 2_000
PLAIN = Table(
    "bench_plain",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("at", DateTime(timezone=True)),
    *(Column(n, Text) for n in ("actor", "action", "subject", "outcome", "under", "purpose")),
    Column("fields", JSON),
    Column("rows", Integer),
    Column("snapshot", BigInteger),
    Column("detail", JSON),
)
NAMES = (
    "at", "actor", "action", "subject", "outcome", "under", "purpose", "rows", "snapshot"
)  # fmt: skip


def record(number: int) -> AuditRecord:
    """A synthetic access as the exchange would record it."""
    return AuditRecord(
        datetime.now(UTC),
        f"department:d{number % 40}/user{number % 7}",
        "exchange",
        f"thematic.t{number % 300}",
        under=f"grant-{number % 1000}",
        purpose="synthetic",
        fields=("code", "name", "opened_on", "district"),
        rows=100,
        snapshot=7_123_456_789,
        detail={"manner": "interface"},
    )


def rate(threads: int, seconds: float, add: Callable[[int], Any]) -> float:
    """Calls a second."""
    counts = [0] * threads
    end = time.monotonic() + seconds

    def work(place: int) -> None:
        while time.monotonic() < end:
            add(counts[place] * threads + place)
            counts[place] += 1

    began = time.monotonic()
    workers = [threading.Thread(target=work, args=(place,)) for place in range(threads)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    return sum(counts) / (time.monotonic() - began)


def measure(url: str, threads: int, seconds: float) -> bool:
    """Print what was found; whether the target was met."""
    with CatalogStore.open(url) as store:
        PLAIN.create(store._engine)

        def write(values: list[dict[str, Any]]) -> None:
            with store._writing() as con:
                con.execute(insert(PLAIN), values)

        group = GroupCommit(write)

        def plain(number: int) -> None:
            one = record(number)
            values = {name: getattr(one, name) for name in NAMES}
            group.add({**values, "fields": list(one.fields), "detail": dict(one.detail)})

        def chained(number: int) -> None:
            store.audit.append("bench", record(number))

        rate(threads, 1, plain)
        rate(threads, 1, chained)
        rounds = [
            (rate(threads, seconds / 3, plain), rate(threads, seconds / 3, chained))
            for _ in range(3)
        ]
        base, found = sorted(one[0] for one in rounds)[1], sorted(one[1] for one in rounds)[1]
        print(f"  plain inserts {base:8,.0f} records/s")
        print(f"  audit log     {found:8,.0f} records/s   {found / base:.2f} of plain inserts")
        verify(store)
        PLAIN.drop(store._engine)
    return found >= TARGET


def verify(store: CatalogStore) -> None:
    """Print how fast the log is anchored and verified."""
    key = Ed25519PrivateKey.generate()
    began = time.monotonic()
    made = store.checkpoints.make("bench", key)
    assert made is not None
    print(f"  anchored      {made.size / (time.monotonic() - began):8,.0f} records/s")
    public = key.public_key()
    keys = {fingerprint(public.public_bytes_raw()): public}
    began = time.monotonic()
    verifier = Verifier(made.log, [one.plain() for one in store.checkpoints.all("bench")], keys)
    for entry, stored in store.audit.entries("bench"):
        verifier.add(entry, stored)
    seconds = time.monotonic() - began
    assert verifier.end(made.size, made.head) == []
    print(f"  verified      {made.size / seconds:8,.0f} records/s   of {made.size:,} records")


def main() -> None:
    """Measure, and say whether the target was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--url", help="of an empty PostgreSQL database that syncs its log")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = asked.url or f"sqlite:///{Path(folder) / 'catalog.db'}"
        print(f"{url.partition(':')[0]}, {asked.threads} threads, one record a call")
        met = measure(url, asked.threads, asked.seconds)
    print(f"target {TARGET:,} records/s: {'met' if met else 'NOT MET'}")
    raise SystemExit(0 if met else 1)


if __name__ == "__main__":
    main()
