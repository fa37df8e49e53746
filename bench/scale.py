"""How time and memory grow with the rows, on DuckDB and on Spark in this machine.

    python -m bench.scale [--rows 1000000 10000000 50000000] [--engines duckdb spark] [--json FILE]

The workspace of the spine benchmark, one process a measurement, in turn. Both engines must give the
same tables, else the benchmark fails; it asserts nothing about time. Where Spark would win is computed
from the measured terms and printed as a model, not as a measurement: nothing here has many machines.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench.synthetic import write_source
from bench.timers import ROOT, Clock

HERE = Path(__file__).resolve().parent
WORKSPACE = HERE / "workspace"
OUT = HERE / "out"
TABLES = ("raw.market__inspection", "thematic.district_month", "open.inspection")
LIMIT = 4096  # MB; DuckDB's limit is 2500 MB, the rest is Python, Arrow and Great Expectations
CORES = 2
EXECUTORS = (8, 32, 128)  # cores of clusters for which the model is computed


def measured(engine: str, source: Path) -> dict[str, Any]:
    """One run in this process: seconds as a whole, and of what one machine does on either engine."""
    from pipelines.collect import Landing
    from pipelines.run import RunOptions, run_workspace
    from pipelines.spark.stage import SparkStage
    from pipelines.stage import Stage
    from quality import certify

    certify._import_gx()
    clock = Clock()
    clock.wrap(Landing, "keep", lambda *a, **k: "serial")
    clock.wrap(certify.Certifier, "certify", lambda *a, **k: "serial")
    clock.wrap(SparkStage, "fill_collected", lambda *a, **k: "serial")
    clock.wrap(Stage, "fill_collected", lambda *a, **k: "collect")
    began = time.perf_counter()
    result = run_workspace(WORKSPACE, RunOptions(source=source, full=True, engine=engine))
    seconds = time.perf_counter() - began
    status = {name: o.status for name, o in result.outcomes.items()}
    if set(status.values()) != {"published"}:
        raise SystemExit(f"{engine}: {status}")
    serial = clock.wall.get("serial", 0.0)
    return {"run": seconds, "serial": serial, "tables": _digest()}


def _digest() -> dict[str, Any]:
    import duckdb

    from pipelines.duck import snapshot_sql
    from pipelines.home import Home

    found = {}
    with Home.of("spine_bench").open_lake() as lake, duckdb.connect() as con:
        for table in TABLES:
            snapshot = lake.current(table)
            assert snapshot is not None
            rows = snapshot_sql(snapshot)
            found[table] = con.execute(
                f"SELECT count(*), CAST(sum(CAST(hash(t) AS HUGEINT)) AS VARCHAR) FROM ({rows}) AS t"
            ).fetchone()
    return found


def run(engine: str, rows: int, source: Path) -> dict[str, Any]:
    """One measurement in a process of its own; the peak is of it and all its children (the JVM)."""
    home = OUT / "scale-home"
    shutil.rmtree(home, ignore_errors=True)
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.scale", "--measure", engine, str(source)],
        cwd=ROOT,
        env={**os.environ, "CITYBRAIN_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    peak = _Peak(process.pid)
    output, _ = process.communicate()
    wall = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{engine} with {rows:,} rows failed: {process.returncode}\n{output}")
    shutil.rmtree(home, ignore_errors=True)
    last = output.strip().splitlines()[-1]
    return {**json.loads(last), "engine": engine, "rows": rows, "wall": wall, "peak": peak.stop()}


class _Peak:
    """Samples the memory of a process and its children, ten times a second; in MB."""

    def __init__(self, pid: int) -> None:
        import psutil

        self._process = psutil.Process(pid)
        self._most = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        import psutil

        while not self._done.wait(0.1):
            try:
                family = [self._process, *self._process.children(recursive=True)]
                resident = sum(one.memory_info().rss for one in family)
            except psutil.Error:
                continue
            self._most = max(self._most, resident / 1024**2)

    def stop(self) -> float:
        self._done.set()
        self._thread.join()
        return round(self._most, 1)


def line_of(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Least squares: a fixed term and one for each million rows."""
    count = len(points)
    mean_x, mean_y = (sum(p[i] for p in points) / count for i in (0, 1))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
    return mean_y - slope * mean_x, slope


def growth(points: Sequence[tuple[float, float]]) -> float:
    """The exponent with which time grows: the slope of its logarithm against that of the rows."""
    return line_of([(math.log(x), math.log(y)) for x, y in points])[1]


def crossing(
    duck: tuple[float, float], spark: tuple[float, float], serial: float, cores: int
) -> float | None:
    """Million rows from which Spark on so many cores would be faster than DuckDB here; None: never.

    Args:
        duck, spark: fixed and per-million seconds, as measured on `CORES` cores.
        serial: the part of Spark's seconds per million that stays on one machine.
    """
    parallel = max(spark[1] - serial, 0.0) * CORES / cores
    gain = duck[1] - serial - parallel
    return max(spark[0] - duck[0], 0.0) / gain if gain > 0 else None


def report(found: Sequence[dict[str, Any]]) -> str:
    """The tables that a person reads."""
    lines = [
        f"{'engine':<8}{'rows':>13}{'run s':>9}{'s/million':>11}{'one machine s':>15}{'peak MB':>9}"
    ]
    for one in found:
        millions = one["rows"] / 1e6
        lines.append(
            f"{one['engine']:<8}{one['rows']:>13,}{one['run']:>9.1f}{one['run'] / millions:>11.2f}"
            f"{one['serial']:>15.1f}{one['peak']:>9.0f}"
        )
    lines.append(
        "same tables on both engines for every size: counts and sums of hashes of all rows"
    )
    fitted = {}
    for engine in dict.fromkeys(one["engine"] for one in found):
        points = [(one["rows"] / 1e6, one["run"]) for one in found if one["engine"] == engine]
        if len(points) > 1:
            fitted[engine] = line_of(points)
            fixed, slope = fitted[engine]
            lines.append(
                f"{engine}: {fixed:.1f} s + {slope:.2f} s a million rows; "
                f"grows with rows^{growth(points):.2f}"
            )
    over = [one for one in found if one["engine"] == "duckdb" and one["peak"] > LIMIT]
    lines.append(f"DuckDB's process within {LIMIT} MB: {'no' if over else 'yes'}")
    if any(slope <= 0 for _, slope in fitted.values()):
        lines.append("These sizes are too small to tell what a row costs.")
    elif {"duckdb", "spark"} <= fitted.keys():
        points = [(o["rows"] / 1e6, o["serial"]) for o in found if o["engine"] == "spark"]
        serial = max(line_of(points)[1], 0.0)
        lines.append(
            "A MODEL, not a measurement: Spark's parallel part divided by cores, nothing lost between "
            f"them; what stays on one machine is {serial:.2f} s a million rows."
        )
        for cores in EXECUTORS:
            rows = crossing(fitted["duckdb"], fitted["spark"], serial, cores)
            wins = "never" if rows is None else f"from about {rows:,.1f} million rows on"
            lines.append(f"  Spark on {cores} cores against DuckDB on {CORES}: {wins}")
    return "\n".join(lines)


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000, 50_000_000])
    parser.add_argument(
        "--engines", nargs="+", default=["duckdb", "spark"], choices=["duckdb", "spark"]
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measured(options.measure[0], Path(options.measure[1]))))
        return
    found: list[dict[str, Any]] = []
    for rows in sorted(options.rows):
        with get_context("spawn").Pool(1) as pool:
            source = pool.apply(write_source, (OUT, rows))
        size = [run(engine, rows, source) for engine in options.engines]
        if any(one["tables"] != size[0]["tables"] for one in size):
            raise SystemExit(f"{rows:,} rows: the engines do not give the same tables")
        found += size
    print(report(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    main()
