"""What a change costs: an increment against computing everything, on the rows of the spine benchmark.

    python -m bench.incremental [--rows 10000000] [--files 100] [--json FILE]

The rows come as files in order of time. Each measurement is a process of its own that imports Great
Expectations first (its fixed cost is named apart); both ways must give the same tables, else the
benchmark fails. It asserts nothing about time.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb

from bench.synthetic import write_source
from bench.timers import run_process

HERE = Path(__file__).resolve().parent
OUT = HERE / "out"
WORKSPACE = OUT / "incremental-workspace"
TABLES = ("raw.market__inspection", "thematic.district_month", "open.inspection")
TARGET = 5.0  # percent of a full run for a change of 1 %
SPANS = {"run": "run", "work": "its CPU", "wall": "process"}
_MONTHLY = "{kind: incremental_by_time, time: month}"


def write_workspace() -> Path:
    """The spine's workspace, kept in parts; steps that do not need each other run side by side."""
    shutil.rmtree(WORKSPACE, ignore_errors=True)
    shutil.copytree(HERE / "workspace", WORKSPACE)
    changes = {
        "workspace.toml": ("workers = 1\n", ""),  # as by default
        "contracts/market/inspection.yaml": ("path: inspection.csv", "path: inspection/*.csv"),
        "models/thematic/district_month.yaml": ("{kind: full}", _MONTHLY),
        "models/open/inspection.yaml": ("{kind: full}", _MONTHLY),
    }
    for name, (old, new) in changes.items():
        path = WORKSPACE / name
        text = path.read_text("utf-8")
        assert old in text, name
        path.write_text(text.replace(old, new), "utf-8")
    contract = WORKSPACE / "contracts/market/inspection.yaml"
    more = "customProperties:\n  - {property: collect, value: {mode: incremental}}\n"
    contract.write_text(contract.read_text("utf-8") + more, "utf-8")
    return WORKSPACE


def write_files(source: Path, folder: Path, files: int) -> list[Path]:
    """The spine's lines in order of their day, cut into files of the same number of lines."""
    target = folder / "inspection"
    shutil.rmtree(folder, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copy(source / "district.csv", folder / "district.csv")
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        lines = (
            f"SELECT column0 AS line FROM read_csv('{source / 'inspection.csv'}', header = false, "
            "skip = 1, delim = '\x01', quote = '', escape = '', columns = {'column0': 'VARCHAR'})"
        )
        con.execute(
            "CREATE TABLE parts AS SELECT line, (row_number() OVER (ORDER BY regexp_extract(line, "
            f"',(20[0-9-]{{8}}),', 1), line) - 1) * {files} // count(*) OVER () AS part FROM ({lines})"
        )
        head = (source / "inspection.csv").open(encoding="utf-8").readline().strip()
        for part in range(files):
            con.execute(
                f'COPY (SELECT line AS "{head}" FROM parts WHERE part = {part} ORDER BY line) '
                f"TO '{target / f'{part:04d}.csv'}' (FORMAT csv, HEADER, DELIMITER '\x01', QUOTE '', "
                "ESCAPE '')"
            )
    return sorted(target.iterdir())


def measured(source: Path, full: bool) -> dict[str, Any]:
    """One run in this process; the seconds of the run itself, and of what is fixed before it.

    `work` is the time of all processors together: what else the machine does matters less for it.
    """
    began = time.perf_counter()
    from pipelines.run import RunOptions, run_workspace
    from quality import certify

    certify._import_gx()
    fixed = time.perf_counter() - began
    began, worked = time.perf_counter(), time.process_time()
    result = run_workspace(WORKSPACE, RunOptions(source=source, full=full, cached=True))
    taken, worked = time.perf_counter() - began, time.process_time() - worked
    steps = {name: [o.status, round(o.seconds, 2)] for name, o in result.outcomes.items()}
    return {"fixed": fixed, "run": taken, "work": worked, "steps": steps}


def run(home: Path, source: Path, full: bool) -> dict[str, Any]:
    """One run in a process of its own."""
    arguments = ["-m", "bench.incremental", "--measure", str(source)] + (["--full"] if full else [])
    done = run_process(arguments, {"CITYBRAIN_HOME": str(home)})
    if done.code:
        raise SystemExit(f"a run failed: {done.code}\n{done.output}")
    found: dict[str, Any] = json.loads(done.output)
    load = os.getloadavg()[0]
    return {**found, "wall": done.wall, "cpu": done.cpu, "peak": done.peak, "load": load}


def digest(home: Path) -> dict[str, Any]:
    """What every table holds, as counts and sums of hashes."""
    from pipelines.duck import snapshot_sql
    from pipelines.home import Home

    found = {}
    os.environ["CITYBRAIN_HOME"] = str(home)
    with Home.of("spine_bench").open_lake() as lake, duckdb.connect() as con:
        for table in (*TABLES, "quarantine.raw__market__inspection"):
            snapshot = lake.current(table)
            assert snapshot is not None
            left = "EXCLUDE (_row)" if table.startswith("quarantine") else ""
            row = con.execute(
                f"SELECT count(*), sum(CAST(hash(t) AS HUGEINT)) FROM (SELECT * {left} "
                f"FROM ({snapshot_sql(snapshot)})) AS t"
            ).fetchone()
            found[table] = row
    return found


def change(files: list[Path], kind: str) -> None:
    """A change of one file: the newest comes, or one in the middle is corrected."""
    if kind == "corrected":
        path = files[len(files) // 2]
        text = path.read_text("utf-8")
        path.write_text(text.replace(",A1,", ",B2,", 500), "utf-8")


def compare(rows: int, files: int) -> dict[str, Any]:
    """All measurements; the tables after an increment must be those of a full run."""
    workspace = write_workspace()
    assert workspace.is_dir()
    folder = OUT / "incremental-source"
    # In a process of its own: a child's peak memory counts from what its parent has taken.
    with get_context("spawn").Pool(1) as pool:
        parts = pool.apply(write_files, (pool.apply(write_source, (OUT, rows)), folder, files))
    newest = parts[-1].rename(OUT / "newest.csv")
    homes = {name: OUT / f"incremental-{name}" for name in ("parts", "whole")}
    for home in homes.values():
        shutil.rmtree(home, ignore_errors=True)
    results = {"first": run(homes["parts"], folder, False)}
    newest.rename(parts[-1])
    results["a new file"] = run(homes["parts"], folder, False)
    change(parts, "corrected")
    results["a corrected file"] = run(homes["parts"], folder, False)
    results["nothing"] = run(homes["parts"], folder, False)
    results["everything"] = run(homes["whole"], folder, True)
    if digest(homes["parts"]) != digest(homes["whole"]):
        raise SystemExit("the increments and the full run do not give the same tables")
    for home in homes.values():
        shutil.rmtree(home)
    return {"rows": rows, "files": files, "results": results}


def report(found: dict[str, Any]) -> str:
    """The table that a person reads."""
    results = found["results"]
    whole = results["everything"]
    lines = [
        f"{found['rows']:,} synthetic rows in {found['files']} files by time; seconds",
        "".join(
            [f"{'what has changed':<22}", *(f"{of:>9}{'% of full':>11}" for of in SPANS.values())]
        )
        + f"{'peak MB':>9}{'load':>7}",
    ]
    for name, one in results.items():
        spans = (f"{one[of]:>9.2f}{100 * one[of] / whole[of]:>11.1f}" for of in SPANS)
        lines.append(f"{name:<22}{''.join(spans)}{one['peak']:>9.0f}{one['load']:>7.1f}")
    share = 100 / found["files"]
    lines += [
        f"a changed file is {share:g} % of the rows; target for 1 %: {TARGET:g} % of a full run",
        f"fixed: start and import of Great Expectations, {whole['fixed']:.2f} s in each process and not",
        "in 'run'. 'its CPU': of all processors together, less disturbed by what else the machine did;",
        "load: the machine's, of the minute in which the run ended.",
        "Both ways gave the same tables: counts and sums of hashes of all rows.",
    ]
    for name in ("a new file", "a corrected file"):
        steps = results[name]["steps"]
        lines.append(f"{name}: " + ", ".join(f"{k} {v[0]} {v[1]}" for k, v in steps.items()))
    return "\n".join(lines)


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--full", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure is not None:
        print(json.dumps(measured(options.measure, options.full)))
        return
    found = compare(options.rows, options.files)
    print(report(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    main()
