"""How exact private answers are, beside SmartNoise SQL and diffprivlib.

    python -m bench.sandbox_accuracy [--rows 20000] [--runs 60] [--epsilon 1] [--delta 1e-6]

Twenty statements over synthetic rows, with the same epsilon, delta, unit and bounds for all. The peers
run in environments of their own, made once under bench/out with pinned versions from PyPI (`uv`).

Two budgets are compared. *One question*: each statement alone may lose (epsilon, delta). Ours is asked
in the mode `pure` (delta is only used where groups are not public, as SmartNoise uses it). *A year*:
every statement is asked five times under one (epsilon, delta) for all hundred; ours is asked in the
mode `zcdp`, SmartNoise is given what its odometer allows, diffprivlib what its accountant allows.

Not the same in all: SmartNoise spends one epsilon a mechanism; here it gets the epsilon with which its
own odometer says the whole. Its delta for groups that are not public comes on top of that. diffprivlib
protects rows of a known number (neighbours replace a row, and a mean is divided by the true count), a
weaker promise than ours (neighbours add or remove a unit), so it is not asked how many rows there are;
it has no groups that are not public, and no units of several rows. A group that is not answered counts
as an error of 100 %.

A statement is *worse* when the median relative error is above a peer's by more than chance: 97.5 % of
bootstrap samples of runs say so, by more than one part in a hundred. For this comparison alone, every
count is spread evenly around its whole number, so that medians of a few whole numbers can be compared.
Exit code 1 if one is worse.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from bench.timers import ROOT
from sandbox.accounting import Mode, rho_for
from sandbox.counting import Exact, counted
from sandbox.plan import Plan, plan_of
from sandbox.release import released, scales_of
from sandbox.sql import read_question
from sandbox.terms import ColumnTerms, ViewTerms

OUT = ROOT / "bench" / "out" / "sandbox_accuracy"
PEERS = {
    "smartnoise": ["smartnoise-sql==1.0.10", "opendp==0.14.2", "pandas==2.3.3", "numpy==2.4.6"],
    "diffprivlib": ["diffprivlib==0.6.6", "scikit-learn==1.5.2", "numpy==2.2.6"],
}
TIMES = 5  # how often every statement is asked under the budget of a year
CHANCE = 1.01
OURS = 4  # times as many runs of ours: they are cheap

SECTORS = tuple("abcdefgh")
DISTRICTS = ("east", "north", "south", "west")
TURNOVER, BALANCE, SCORE = (0, 1000), (-500, 500), (0, 100)


def _number(name: str, bounds: tuple[int, int], digits: int) -> ColumnTerms:
    return ColumnTerms(name, "number", (Decimal(bounds[0]), Decimal(bounds[1])), digits)


FIRM = ViewTerms("open.firm", "enterprise", "pid", 1, 1, columns={
    "turnover": _number("turnover", TURNOVER, 2),
    "balance": _number("balance", BALANCE, 2),
    "score": _number("score", SCORE, 0),
    "sector": ColumnTerms("sector", "text", keys=SECTORS),
    "district": ColumnTerms("district", "text", keys=DISTRICTS),
    "licence": ColumnTerms("licence", "text"),
})  # fmt: skip
VISIT = ViewTerms("open.visit", "enterprise", "pid", 1, 3, columns={
    "fee": _number("fee", (0, 100), 0),
    "kind": ColumnTerms("kind", "text", keys=SECTORS),
    "place": ColumnTerms("place", "text"),
})  # fmt: skip
VIEWS = {view.name: view for view in (FIRM, VISIT)}


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, and diffprivlib's calls for it; none where it has no function."""

    select: str
    calls: tuple[tuple[Any, ...], ...] = ()
    by: str | None = None
    keys: tuple[str, ...] = ()
    above: tuple[str, float] | None = None
    table: str = "firm"

    @property
    def sql(self) -> str:
        """The statement's text."""
        key, group = (f"{self.by}, ", f" GROUP BY {self.by}") if self.by else ("", "")
        where = " WHERE {} > {}".format(*self.above) if self.above else ""
        return f"SELECT {key}{self.select} FROM open.{self.table}{where}{group}"


COUNT = ("count_nonzero", "")
SUM, MEAN = ("sum", "turnover", TURNOVER), ("mean", "score", SCORE)
LARGE = ("turnover", 300)
STATEMENTS = (
    Statement("COUNT(*) AS n"),
    Statement("COUNT(*) AS n", (COUNT,), above=LARGE),
    Statement("COUNT(DISTINCT pid) AS n"),
    Statement("SUM(turnover) AS s", (SUM,)),
    Statement("SUM(balance) AS s", (("sum", "balance", BALANCE),)),
    Statement("SUM(score) AS s", (("sum", "score", SCORE),), above=LARGE),
    Statement("AVG(turnover) AS m", (("mean", "turnover", TURNOVER),)),
    Statement("AVG(balance) AS m", (("mean", "balance", BALANCE),)),
    Statement("VARIANCE(turnover) AS v", (("var", "turnover", TURNOVER),)),
    Statement("STDDEV(score) AS v", (("std", "score", SCORE),)),
    Statement("MEDIAN(turnover) AS m", (("quantile", "turnover", TURNOVER, 0.5),)),
    Statement(
        "PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY turnover) AS m",
        (("quantile", "turnover", TURNOVER, 0.9),),
    ),
    Statement("COUNT(*) AS n", (COUNT,), "sector", SECTORS),
    Statement("SUM(turnover) AS s", (SUM,), "sector", SECTORS),
    Statement("AVG(score) AS m", (MEAN,), "district", DISTRICTS),
    Statement(
        "COUNT(*) AS n, SUM(turnover) AS s, AVG(score) AS m",
        (COUNT, SUM, MEAN),
        "district",
        DISTRICTS,
    ),
    Statement("MEDIAN(score) AS m", (("quantile", "score", SCORE, 0.5),), "district", DISTRICTS),
    Statement("COUNT(*) AS n", by="licence"),
    Statement("COUNT(*) AS n, SUM(fee) AS s", by="kind", table="visit"),
    Statement("COUNT(*) AS n, SUM(fee) AS s", by="place", table="visit"),
)


def write_rows(folder: Path, rows: int) -> None:
    """Synthetic rows as CSV files: firms of one row, and visits of up to three rows a firm."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20261128)
    turnover = np.minimum(rng.lognormal(5.0, 1.0, rows), 1000)
    balance = np.clip(rng.normal(60, 120, rows), *BALANCE)
    score = np.clip(rng.normal(62, 15, rows), *SCORE)
    zipf = 1 / np.arange(1, 61) ** 1.3
    licence = rng.choice(60, rows, p=zipf / zipf.sum())
    sector, district = rng.integers(0, 8, rows), rng.choice(4, rows, p=[0.4, 0.3, 0.2, 0.1])
    with (folder / "firm.csv").open("w") as out:
        out.write("pid,turnover,balance,score,sector,district,licence,k\n")
        for i in range(rows):
            out.write(
                f"{i},{turnover[i]:.2f},{balance[i]:.2f},{score[i]:.0f},{SECTORS[sector[i]]},"
                f"{DISTRICTS[district[i]]},L{licence[i]:02d},\n"
            )
    fees = np.clip(rng.gamma(2, 15, rows * 3), 0, 100)
    with (folder / "visit.csv").open("w") as out:
        out.write("pid,fee,kind,place,k\n")
        for i in range(rows):
            # Each visit of a firm is of another kind and in another place: bounding removes none.
            kinds = rng.permutation(8)[: 1 + i % 3]
            places = rng.choice(60, 1 + i % 3, replace=False, p=zipf / zipf.sum())
            for j, (kind, place) in enumerate(zip(kinds, places, strict=True)):
                out.write(f"{i},{fees[3 * i + j]:.0f},{SECTORS[kind]},P{place:02d},\n")


Run = Mapping[str, Sequence[float | None]]


def our_runs(
    plan: Plan, exact: Exact, loss: float, delta: float, mode: Mode, runs: int
) -> list[Run]:
    """Noise drawn again and again for the same exact numbers."""
    scales = scales_of(plan, loss, delta, mode)
    return [
        {str(row.keys[0]) if row.keys else "": [cell.value for cell in row.cells] for row in rows}
        for rows in (released(plan, scales, exact.counted, exact.bins) for _ in range(runs))
    ]


def peer_runs(job: Mapping[str, Any], name: str) -> dict[str, list[Run] | str]:
    """A peer's answers by statement; a text where it has none."""
    done = subprocess.run(
        [str(_environment(name)), str(ROOT / "bench" / "sandbox_peers.py"), name],
        input=json.dumps(job), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    return {
        sql: runs if isinstance(runs, str) else [{str(k): v for k, v in rows} for rows in runs]
        for sql, runs in found.items()
    }


def _environment(name: str) -> Path:
    folder = OUT / f"{name}-env"
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        uv = shutil.which("uv") or str(ROOT / ".venv-uv" / "bin" / "uv")
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        subprocess.run(
            [uv, "venv", "--clear", "--quiet", "--python", version, str(folder)], check=True
        )
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", str(python), *PEERS[name]], check=True
        )
        ready.touch()
    return python


def job_of(folder: Path, args: argparse.Namespace, times: int) -> dict[str, Any]:
    """What a peer is asked."""
    tables = {}
    for view in VIEWS.values():
        described: dict[str, Any] = {
            "max_ids": view.max_groups, "row_privacy": False, "sample_max_ids": False,
            "clamp_counts": False, "clamp_columns": True, "use_dpsu": False,
            view.unit_column: {"type": "int", "private_id": True},
        }  # fmt: skip
        for column in view.columns.values():
            if column.bounds:
                low, high = map(int, column.bounds)
                kind = "float" if column.scale else "int"
                described[column.name] = {
                    "type": kind,
                    "lower": low,
                    "upper": high,
                    "nullable": False,
                }
            else:
                described[column.name] = {"type": "string"}
        tables[view.name.removeprefix("open.")] = described
    statements = []
    for one in chosen(args):
        plan = planned(one.sql)
        spec = {"calls": one.calls, "key": one.by, "keys": one.keys, "above": one.above}
        statements.append({
            "sql": one.sql,
            "table": plan.question.views[0].removeprefix("open."),
            "public": plan.domain is not None,
            "values": len(plan.question.aggregates),
            "dpl": spec if one.calls else None,
        })  # fmt: skip
    return {
        "folder": str(folder), "tables": tables, "statements": statements,
        "epsilon": args.epsilon, "delta": args.delta, "runs": args.runs, "times": times,
    }  # fmt: skip


def chosen(args: argparse.Namespace) -> list[Statement]:
    """The statements that are compared."""
    return [one for one in STATEMENTS if args.only in one.sql]


def planned(sql: str) -> Plan:
    """The plan of a statement."""
    return plan_of(read_question(sql, VIEWS), VIEWS)


def truths(con: duckdb.DuckDBPyConnection, sql: str) -> dict[str, list[float]]:
    """The exact answer by group."""
    rows = con.execute(sql).fetchall()
    values = len(planned(sql).question.aggregates)
    return {
        str(row[0]) if len(row) > values else "": [float(v) for v in row[len(row) - values :]]
        for row in rows
    }


def errors(
    runs: Sequence[Run], truth: Mapping[str, Sequence[float]], counts: Sequence[bool] = ()
) -> np.ndarray:
    """Relative errors by run (rows) and cell (columns).

    Args:
        counts: which values are counts, to be spread around their whole numbers.
    """
    rng = np.random.default_rng(11)
    cells = [(key, i) for key, values in truth.items() for i in range(len(values))]
    found = np.ones((len(runs), len(cells)))
    for at, run in enumerate(runs):
        for place, (key, i) in enumerate(cells):
            value = run[key][i] if key in run else None
            if value is not None:
                value += rng.uniform(-0.5, 0.5) if counts and counts[i] else 0.0
                found[at, place] = abs(value - truth[key][i]) / max(abs(truth[key][i]), 1e-9)
    return found


def ratio(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """Our median error as a multiple of theirs; and the 2.5 % point of what chance makes of it."""
    rng = np.random.default_rng(7)

    def again(found: np.ndarray) -> float:
        return float(np.median(found[rng.integers(0, len(found), len(found))]))

    tiny = 1e-12
    drawn = [(again(ours) + tiny) / (again(theirs) + tiny) for _ in range(400)]
    whole = (float(np.median(ours)) + tiny) / (float(np.median(theirs)) + tiny)
    return whole, float(np.quantile(drawn, 0.025))


def compared(args: argparse.Namespace, mode: Mode, times: int, con: Any) -> list[dict[str, Any]]:
    """One table: every statement with our error and the ratios to each peer that answers."""
    job = job_of(OUT / f"rows-{args.rows}", args, times)
    peers = {name: peer_runs(job, name) for name in PEERS}
    asked = len(STATEMENTS) * times or 1
    whole = args.epsilon if mode == "pure" else rho_for(args.epsilon, args.delta / 2)
    lines = []
    for one in chosen(args):
        plan = planned(one.sql)
        exact = counted(plan, lambda sql: con.execute(sql).fetchall())
        # As agreements do: of delta, half is for groups that are not public.
        group_delta = args.delta if mode == "pure" else args.delta / 2 / asked
        runs = our_runs(plan, exact, whole / asked, group_delta, mode, args.runs * OURS)
        truth = truths(con, one.sql)
        ours = errors(runs, truth)
        counts = [aggregate.kind.startswith("count") for aggregate in plan.question.aggregates]
        line: dict[str, Any] = {"sql": one.sql, "ours": float(np.median(ours)), "peers": {}}
        for name, answers in peers.items():
            given = answers[one.sql]
            if isinstance(given, str):
                line["peers"][name] = given
                continue
            theirs = errors(given, truth)
            by, least = ratio(errors(runs, truth, counts), errors(given, truth, counts))
            line["peers"][name] = {"error": float(np.median(theirs)), "ratio": by, "least": least}
        lines.append(line)
    return lines


def show(title: str, lines: Sequence[Mapping[str, Any]]) -> int:
    """Print one table; how many statements are worse than a peer's."""
    print(f"\n{title}\n{'ours':>9}  {'SmartNoise':>18}  {'diffprivlib':>18}  verdict  statement")
    worse, ratios = 0, []
    for line in lines:
        cells, bad = [], False
        for name in PEERS:
            peer = line["peers"][name]
            if isinstance(peer, str):
                cells.append(f"{'-':>18}")
                continue
            bad |= peer["least"] > CHANCE
            ratios.append(peer["ratio"])
            cells.append(f"{peer['error']:9.3%} ({peer['ratio']:5.2f}x)")
        worse += bad
        alone = all(isinstance(peer, str) for peer in line["peers"].values())
        verdict = "WORSE" if bad else "alone" if alone else "ok"
        sql = line["sql"].replace("open.", "")
        print(f"{line['ours']:9.3%}  {'  '.join(cells)}  {verdict:7}  {sql}")
    middle = statistics.median(ratios)
    print(f"median of all ratios {middle:.2f}; worse than a peer: {worse} of {len(lines)}")
    return worse


def main() -> int:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--delta", type=float, default=1e-6)
    parser.add_argument("--tables", nargs="+", choices=["one", "many"], default=["one", "many"])
    parser.add_argument("--only", default="", help="statements that hold this text")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    folder = OUT / f"rows-{args.rows}"
    write_rows(folder, args.rows)
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA open")
        for name in ("firm", "visit"):
            con.execute(f"CREATE TABLE open.{name} AS FROM read_csv('{folder / name}.csv')")
        asked, worse, found = len(STATEMENTS) * TIMES, 0, {}
        budget = f"epsilon {args.epsilon:g}, delta {args.delta:g}"
        if "one" in args.tables:
            found["one"] = compared(args, "pure", 0, con)
            worse += show(f"One question: {budget} (ours: pure)", found["one"])
        if "many" in args.tables:
            found["many"] = compared(args, "zcdp", TIMES, con)
            worse += show(f"{asked} questions together: {budget} (ours: zcdp)", found["many"])
    if args.json:
        args.json.write_text(json.dumps(found, indent=1))
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main())
