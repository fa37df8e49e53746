"""How long a private answer takes, beside DuckDB's bare aggregation with the same bounding.

    python -m bench.sandbox_latency [--rows 1000000 10000000] [--repeat 3] [--json FILE]

Synthetic rows in Parquet files, two threads. *Ours* is the whole way from the text of a question to the
cells of its answer: parsed, planned, priced, counted in a new DuckDB, noise drawn; without the ledger,
which does not depend on the rows. *By hand* is the same statement on the same files in a new DuckDB,
written for DuckDB alone: each unit's rows and groups are bounded alike, and nothing else is done.
Target: not more than 1.5 times by hand, plus 100 ms. Both are run in turn; the least times count, since
other work on the machine only adds. Processor time says more where the machine does other work too.
Exit code 1 if a statement is above the target by the clock.

First of all, the time until the first answer of a new process is measured: imports and what OpenDP does
at its first use.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from bench.timers import ROOT, run_process
from pipelines.duck import Budget, connection, create_views, snapshot_sql
from pipelines.lake import Column, Snapshot
from sandbox.accounting import rho_for
from sandbox.counting import count_on_duckdb
from sandbox.plan import plan_of
from sandbox.quote import quote
from sandbox.release import released
from sandbox.sql import read_question
from sandbox.terms import ColumnTerms, ViewTerms

OUT = ROOT / "bench" / "out" / "sandbox_latency"
THREADS, MEMORY = 2, "4GB"
TIMES, PLUS = 1.5, 0.1
SECTORS = tuple(f"s{i:02d}" for i in range(20))
VERSION = 1  # raise when the rows change

FIRM = ViewTerms("open.firm", "enterprise", "pid", 1, 1, columns={
    "turnover": ColumnTerms("turnover", "number", (Decimal(0), Decimal(1000)), 2),
    "sector": ColumnTerms("sector", "text", keys=SECTORS),
    "place": ColumnTerms("place", "text"),
})  # fmt: skip
VISIT = ViewTerms("open.visit", "enterprise", "pid", 3, 3, columns={
    "fee": ColumnTerms("fee", "number", (Decimal(0), Decimal(500)), 1),
    "kind": ColumnTerms("kind", "text", keys=SECTORS),
    "place": ColumnTerms("place", "text"),
})  # fmt: skip
VIEWS = {view.name: view for view in (FIRM, VISIT)}
_LISTED = ", ".join(f"'{one}'" for one in SECTORS)

# By name: the question, and the same by hand.
STATEMENTS = {
    "count by public key": (
        "SELECT sector, COUNT(*) FROM open.firm GROUP BY sector",
        "SELECT sector, count(*) FROM (SELECT pid, sector FROM open.firm WHERE pid IS NOT NULL AND "
        f"sector IN ({_LISTED}) GROUP BY pid, sector "
        "QUALIFY row_number() OVER (PARTITION BY pid ORDER BY hash(pid, sector)) = 1) GROUP BY sector",
    ),
    "sum and average by public key": (
        "SELECT sector, SUM(turnover), AVG(turnover) FROM open.firm GROUP BY sector",
        "SELECT sector, sum(s), sum(n) FROM (SELECT pid, sector, "
        "least(greatest(sum(least(greatest(turnover, 0), 1000)), 0), 1000) AS s, "
        "least(count(turnover), 1) AS n FROM open.firm WHERE pid IS NOT NULL AND "
        f"sector IN ({_LISTED}) GROUP BY pid, sector "
        "QUALIFY row_number() OVER (PARTITION BY pid ORDER BY hash(pid, sector)) = 1) GROUP BY sector",
    ),
    "three groups and rows of a unit": (
        "SELECT kind, COUNT(*), SUM(fee) FROM open.visit GROUP BY kind",
        "SELECT kind, sum(n), sum(s) FROM (SELECT pid, kind, least(count(*), 3) AS n, "
        "least(greatest(sum(least(greatest(fee, 0), 500)), -1500), 1500) AS s FROM open.visit "
        f"WHERE pid IS NOT NULL AND kind IN ({_LISTED}) GROUP BY pid, kind "
        "QUALIFY row_number() OVER (PARTITION BY pid ORDER BY hash(pid, kind)) <= 3) GROUP BY kind",
    ),
    "keys that are not public": (
        "SELECT place, COUNT(*) FROM open.visit GROUP BY place",
        "SELECT place, sum(n), count(*) FROM ("
        "SELECT pid, place, least(count(*), 3) AS n FROM open.visit "
        "WHERE pid IS NOT NULL AND place IS NOT NULL GROUP BY pid, place "
        "QUALIFY row_number() OVER (PARTITION BY pid ORDER BY hash(pid, place)) <= 3) GROUP BY place",
    ),
    "median": (
        "SELECT MEDIAN(fee) FROM open.visit WHERE fee < 400",
        "SELECT round(least(greatest(fee, 0), 500), 1) AS bin, count(*) FROM ("
        "SELECT pid, fee FROM open.visit WHERE pid IS NOT NULL AND fee < 400 "
        "QUALIFY row_number() OVER (PARTITION BY pid ORDER BY hash(pid, fee)) <= 3) GROUP BY bin",
    ),
    "join on the unit": (
        "SELECT sector, COUNT(*), SUM(fee) FROM open.visit JOIN open.firm USING (pid) GROUP BY sector",
        "SELECT sector, sum(n), sum(s) FROM (SELECT v.pid, sector, least(count(*), 3) AS n, "
        "least(greatest(sum(least(greatest(fee, 0), 500)), -1500), 1500) AS s "
        "FROM open.visit v JOIN open.firm f ON v.pid = f.pid "
        f"WHERE sector IN ({_LISTED}) GROUP BY v.pid, sector "
        "QUALIFY row_number() OVER (PARTITION BY v.pid ORDER BY hash(v.pid, sector)) <= 3) "
        "GROUP BY sector",
    ),
    "whole table": (
        "SELECT COUNT(*), AVG(turnover) FROM open.firm WHERE turnover > 100",
        "SELECT sum(n), sum(s) FROM (SELECT pid, 1 AS n, "
        "least(greatest(sum(least(greatest(turnover, 0), 1000)), 0), 1000) AS s FROM open.firm "
        "WHERE pid IS NOT NULL AND turnover > 100 GROUP BY pid)",
    ),
}  # fmt: skip


def written(rows: int) -> dict[str, Snapshot]:
    """Firms of one row, and as many visits of a tenth of the firms, as Parquet files."""
    folder = OUT / f"rows-v{VERSION}-{rows}"
    firm = (
        f"SELECT 'U' || lpad(CAST(i AS VARCHAR), 17, '0') AS pid, "
        "CAST(hash(i, 1) % 100000 AS DOUBLE) / 100 AS turnover, "
        "'s' || lpad(CAST(hash(i, 2) % 20 AS VARCHAR), 2, '0') AS sector, "
        f"'p' || CAST(hash(i, 3) % 2000 AS VARCHAR) AS place FROM range({rows}) AS r(i)"
    )
    visit = (
        f"SELECT 'U' || lpad(CAST(hash(i, 4) % {rows // 10} AS VARCHAR), 17, '0') AS pid, "
        "CAST(hash(i, 5) % 5000 AS DOUBLE) / 10 AS fee, "
        "'s' || lpad(CAST(hash(i, 6) % 20 AS VARCHAR), 2, '0') AS kind, "
        f"'p' || CAST(hash(i, 7) % 2000 AS VARCHAR) AS place FROM range({rows}) AS r(i)"
    )
    texts = {"pid": "VARCHAR", "sector": "VARCHAR", "kind": "VARCHAR", "place": "VARCHAR"}
    found = {}
    for name, sql in (("open.firm", firm), ("open.visit", visit)):
        path = folder / f"{name}.parquet"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            duckdb.sql(sql).write_parquet(str(path), compression="zstd")
        names = duckdb.read_parquet(str(path)).columns
        columns = tuple(Column(one, texts.get(one, "DOUBLE")) for one in names)
        found[name] = Snapshot(name, 1, datetime.now(UTC), rows, (path,), columns, {})
    return found


def ours(text: str, snapshots: dict[str, Snapshot], budget: Budget) -> int:
    """The whole way to an answer; the number of its rows."""
    question = read_question(text, VIEWS)
    plan = plan_of(question, VIEWS)
    price = quote(plan, rho_for(1.0, 5e-7), 5e-7, group_delta=5e-9)
    exact = count_on_duckdb(plan, {v: snapshots[v] for v in question.views}, budget)
    return len(released(plan, price.scales, exact.counted, exact.bins))


def by_hand(sql: str, snapshots: dict[str, Snapshot], budget: Budget) -> int:
    """The bare statement; the number of its rows."""
    with connection(budget) as con:
        create_views(con, {name: snapshot_sql(one) for name, one in snapshots.items()})
        return len(con.execute(sql).fetchall())


def least(repeat: int, *run: Callable[[], int]) -> list[tuple[float, float]]:
    """The least seconds of each, by the clock and by processor time, run in turn."""
    found: list[list[tuple[float, float]]] = [[] for _ in run]
    for _ in range(repeat):
        for times, one in zip(found, run, strict=True):
            began, used = time.perf_counter(), time.process_time()
            assert one() > 0
            times.append((time.perf_counter() - began, time.process_time() - used))
    return [(min(t for t, _ in times), min(t for _, t in times)) for times in found]


def measured(rows: int, repeat: int) -> list[dict[str, Any]]:
    """Every statement at one size."""
    snapshots = written(rows)
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        budget = Budget(MEMORY, THREADS, Path(scratch))
        for name, (text, sql) in STATEMENTS.items():
            (us, our_cpu), (hand, cpu) = least(
                repeat,
                lambda text=text: ours(text, snapshots, budget),
                lambda sql=sql: by_hand(sql, snapshots, budget),
            )
            line = {"rows": rows, "name": name, "ours": us, "hand": hand}
            lines.append(line | {"our_cpu": our_cpu, "hand_cpu": cpu})
            verdict = "ok" if us <= TIMES * hand + PLUS else "ABOVE"
            print(
                f"{rows:>10,}  {us:8.3f} s  {hand:8.3f} s  {us / hand:5.2f}x  {our_cpu:8.3f} s"
                f"  {cpu:8.3f} s  {our_cpu / cpu:5.2f}x  {verdict:5}  {name}",
                flush=True,
            )
    return lines


FIRST = """
import time; began = time.perf_counter()
from bench.sandbox_latency import first_answer
print(time.perf_counter() - began, *first_answer())
"""


def first_answer() -> tuple[float, float]:
    """Seconds until the first and the second answer of this process over no rows at all."""
    plan = plan_of(
        read_question("SELECT sector, COUNT(*) FROM open.firm GROUP BY sector", VIEWS), VIEWS
    )
    times = []
    for delta in (1e-6, 1e-7):
        began = time.perf_counter()
        price = quote(plan, rho_for(1.0, delta), delta, group_delta=1e-9)
        released(plan, price.scales, {}, {})
        times.append(time.perf_counter() - began)
    return times[0], times[1]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    process = [list(map(float, run_process(["-c", FIRST]).output.split())) for _ in range(3)]
    imported, first, second = (statistics.median(one) for one in zip(*process, strict=True))
    print(f"imports {imported:.2f} s, first price and noise {first:.3f} s, second {second:.3f} s")
    print(f"{'':10}  by the clock{'':19}  processor time")
    print(f"{'rows':>10}  " + f"{'ours':>10}  {'by hand':>10}  ratio   " * 2)
    lines = [line for rows in args.rows for line in measured(rows, args.repeat)]
    above = [line for line in lines if line["ours"] > TIMES * line["hand"] + PLUS]
    print(f"above {TIMES:g} times by hand plus {PLUS * 1000:.0f} ms: {len(above)} of {len(lines)}")
    if args.json:
        args.json.write_text(json.dumps(lines, indent=1))
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
