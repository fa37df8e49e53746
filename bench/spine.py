"""The spine against a hand-written DuckDB script, on the same synthetic rows in the same run.

    python -m bench.spine [--rows 10000000] [--repeat 1] [--json FILE]
    python -m bench.spine --small [--json FILE]

Each side runs in a process of its own, in turn, with the same memory limit and threads. Both must
give the same rows, reasons, original texts, aggregates and export, else the benchmark fails; it
asserts nothing about time.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from bench.synthetic import write_source
from bench.timers import Clock, Finished, run_process

HERE = Path(__file__).resolve().parent
WORKSPACE = HERE / "workspace"
OUT = HERE / "out"
EXPORT = "SELECT * FROM open.inspection"
MAIN = "raw.market__inspection"
TARGET_RATIO, TARGET_PEAK, TARGET_SMALL = 1.3, 4096, 20

# Rows of the report: title, our labels, the script's stage.
STAGES: tuple[tuple[str, tuple[str, ...], str | None], ...] = (
    ("read, type, row rules", ("read", "district"), "read"),
    ("unique, foreign key", ("sets",), "sets"),
    ("write good rows", ("good",), "good"),
    ("quarantine with original text", ("bad",), "bad"),
    ("thematic: join and aggregate", ("thematic",), "thematic"),
    ("open: mask and write", ("open",), "open"),
    ("export of the open table", ("export",), None),
    ("landing: hash and keep", ("landing",), "land"),
    ("certificate of the written file", ("certify",), "verify"),
    ("fixed: import of Great Expectations", ("import",), None),
    ("Iceberg commits", ("commit",), None),
    ("fixed: start, plan, catalogue, pages", ("rest",), None),
)


# -- our side, in its own process ---------------------------------------------------------------------


def ours(source: Path, out: Path) -> dict[str, Any]:
    """Run the workspace and the export with stop watches; the labels are those of `STAGES`."""
    clock = Clock()
    began, began_cpu = time.perf_counter(), time.process_time()
    from pipelines.query import export, open_query
    from pipelines.run import RunOptions, run_workspace
    from pipelines.workspace import load_workspace
    from quality import certify

    # A run imports it beside its first step. Here it comes first, so that its fixed cost is a row
    # of its own and does not hide in the rows that it would run beside.
    wall, cpu = time.perf_counter(), time.process_time()
    certify._import_gx()
    clock.add("import", time.perf_counter() - wall, time.process_time() - cpu)
    _watch(clock)
    result = run_workspace(WORKSPACE, RunOptions(source=source, full=True))
    wall, cpu = time.perf_counter(), time.process_time()
    with open_query(load_workspace(WORKSPACE), EXPORT) as relation:
        export(relation, out / "export.parquet", "parquet")
    clock.add("export", time.perf_counter() - wall, time.process_time() - cpu)
    total, total_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    known = {label for _, labels, _ in STAGES for label in labels} - {"rest"}
    clock.add(
        "rest",
        total - sum(clock.wall.get(label, 0.0) for label in known),
        total_cpu - sum(clock.cpu.get(label, 0.0) for label in known),
    )
    return {
        "wall": clock.wall,
        "cpu": clock.cpu,
        "total": total,
        "steps": {name: round(o.seconds, 3) for name, o in result.outcomes.items()},
        "status": {
            name: f"{o.status} {o.error or ''}".strip() for name, o in result.outcomes.items()
        },
        "counts": {name: _counts(o) for name, o in result.outcomes.items()},
        "good": _files(result.outcomes[MAIN].snapshot),
        "thematic": _files(result.outcomes["thematic.district_month"].snapshot),
        "bad": _quarantine(),
        "export": [str(out / "export.parquet")],
    }


def _watch(clock: Clock) -> None:
    from pipelines import execute
    from pipelines.collect import Landing
    from pipelines.lake import Lake
    from pipelines.stage import Stage
    from quality import certify

    def part(name: str) -> Any:
        return lambda stage, *args, **kwargs: _label(stage.step.name, name)

    clock.wrap(Landing, "keep", lambda *a, **k: "landing")
    clock.wrap(Stage, "fill_collected", part("read"))
    clock.wrap(Stage, "fill_model", part("read"))
    clock.wrap(Stage, "_after_fill", lambda stage: f"count of {stage.step.name}")
    clock.wrap(Stage, "judge_sets", part("sets"))
    clock.wrap(Stage, "write_good", part("good"))
    clock.wrap(Stage, "write_quarantine", part("bad"))
    clock.wrap(certify.Certifier, "certify", lambda *a, **k: "certify")
    clock.wrap(certify.Certifier, "_run", lambda self, name, *a: f"suite of {name}")
    clock.wrap(Lake, "publish", lambda *a, **k: "commit")
    clock.wrap(execute, "run_step", lambda env, step, *a: f"step {step.name}")


def _label(step: str, part: str) -> str:
    """The stage of the report that a part of a step belongs to."""
    whole = {"raw.civil__district": "district"}
    return whole.get(step) or (part if step == MAIN else step.split(".")[0])


def _counts(outcome: Any) -> dict[str, Any] | None:
    counts = outcome.counts
    if counts is None:
        return None
    shown = {"received": counts.received, "published": counts.published}
    return {**shown, "quarantined": counts.quarantined, "reasons": dict(counts.reasons)}


def _files(snapshot: Any) -> list[str]:
    return [str(path) for path in snapshot.files] if snapshot else []


def _quarantine() -> list[str]:
    from pipelines.home import Home

    lake = Home.of("spine_bench").open_lake()
    snapshot = lake.current("quarantine.raw__market__inspection")
    lake.close()
    return _files(snapshot)


# -- the comparison -----------------------------------------------------------------------------------


def compare(source: Path, repeat: int) -> dict[str, Any]:
    """Run both sides in turn; the medians of the repetitions, and what was found."""
    home = OUT / "home"
    runs: list[tuple[Finished, dict[str, Any], Finished, dict[str, list[float]]]] = []
    for number in range(repeat):
        print(f"run {number + 1} of {repeat} ...", file=sys.stderr, flush=True)
        for folder in (home, OUT / "baseline", OUT / "ours"):
            shutil.rmtree(folder, ignore_errors=True)
        (OUT / "ours").mkdir(parents=True)
        _read_through(source)
        mine = run_process(
            ["-m", "bench.spine", "--ours", str(source)], {"CITYBRAIN_HOME": str(home)}
        )
        _read_through(source)
        theirs = run_process(["-m", "bench.spine_baseline", str(source), str(OUT / "baseline")])
        if mine.code or theirs.code:
            raise SystemExit(f"a side failed: ours {mine.code}, script {theirs.code}")
        measured = json.loads(mine.output)
        runs.append((mine, measured, theirs, json.loads(theirs.output)))
        _same(measured, OUT / "baseline")
    return _medians(runs)


def _read_through(source: Path) -> None:
    """Both sides find the source in the page cache."""
    for path in source.iterdir():
        with path.open("rb", buffering=0) as stream:
            while stream.read(1 << 24):
                pass


def _medians(runs: list[Any]) -> dict[str, Any]:
    def median(values: Any) -> float:
        return round(float(statistics.median(values)), 3)

    rows: list[dict[str, Any]] = []
    for title, labels, stage in STAGES:
        walls = [sum(m["wall"].get(label, 0.0) for label in labels) for _, m, _, _ in runs]
        cpus = [sum(m["cpu"].get(label, 0.0) for label in labels) for _, m, _, _ in runs]
        script = [b[stage] for *_, b in runs] if stage else None
        rows.append(
            {
                "stage": title,
                "ours": median(walls),
                "ours_cpu": median(cpus),
                "script": median(wall for wall, _ in script) if script else None,
                "script_cpu": median(cpu for _, cpu in script) if script else None,
            }
        )
    first = runs[0][1]
    alike: list[dict[str, Any]] = [row for row in rows if row["script"] is not None]
    listed = {label for _, labels, _ in STAGES for label in labels}
    details = {
        label: median([m["wall"].get(label, 0.0) for _, m, _, _ in runs])
        for label in first["wall"]
        if label not in listed
    }
    return {
        "repeat": len(runs),
        "stages": rows,
        "alike": {k: round(sum(row[k] for row in alike), 3) for k in alike[0] if k != "stage"},
        "process": {
            "ours": median([m.wall for m, *_ in runs]),
            "script": median([b.wall for _, _, b, _ in runs]),
            "ours_cpu": median([m.cpu for m, *_ in runs]),
            "script_cpu": median([b.cpu for _, _, b, _ in runs]),
            "ratios": [round(m.wall / b.wall, 3) for m, _, b, _ in runs],
        },
        "peak_mb": {
            "ours": round(max(m.peak for m, *_ in runs)),
            "script": round(max(b.peak for _, _, b, _ in runs)),
        },
        "details": details,
        "counts": first["counts"],
    }


def _same(measured: dict[str, Any], script: Path) -> None:
    """Fail unless both sides published the same rows, quarantine, aggregates and export."""
    bad = [f"{k}: {v}" for k, v in measured["status"].items() if not v.startswith("published")]
    if bad:
        raise SystemExit("not published: " + "; ".join(bad))
    pairs = {
        "good": "good.parquet",
        "thematic": "district_month.parquet",
        "export": "open.parquet",
    }
    for name, file in pairs.items():
        columns = _columns(script / file)
        left, right = _digest(measured[name], columns), _digest([str(script / file)], columns)
        if left != right:
            raise SystemExit(f"{name}: rows and digest differ: ours {left}, script {right}")
    for ask in (_reasons, _originals):
        left, right = ask(measured["bad"], "_"), ask([str(script / "bad.parquet")], "")
        if left != right:
            raise SystemExit(f"quarantine differs: ours {left}, script {right}")


def _ask(sql: str) -> list[Any]:
    import duckdb

    return duckdb.connect().execute(sql).fetchall()


def _columns(path: Path) -> str:
    return ", ".join(row[0] for row in _ask(f"DESCRIBE SELECT * FROM '{path}'"))


def _digest(files: list[str], columns: str) -> list[Any]:
    return _ask(
        f"SELECT count(*), sum(CAST(hash({columns}) AS HUGEINT)) FROM read_parquet({files})"
    )


def _reasons(files: list[str], prefix: str) -> list[Any]:
    return _ask(
        f"SELECT r, count(*) FROM (SELECT unnest({prefix}reasons) AS r FROM read_parquet({files})) "
        "GROUP BY r ORDER BY r"
    )


def _originals(files: list[str], prefix: str) -> list[Any]:
    # An empty cell is NULL for DuckDB's reader and an empty text for ours.
    text = f"""replace({prefix}original, ':null', ':""')"""
    return _ask(
        f"SELECT count(*), sum(CAST(hash({text}, list_sort({prefix}reasons)) AS HUGEINT)) "
        f"FROM read_parquet({files})"
    )


# -- the fixed cost of a run --------------------------------------------------------------------------


def small() -> dict[str, Any]:
    """Wall seconds of the command line in fresh processes, for a tiny workspace."""
    source, home = write_source(OUT, 1000), OUT / "home-small"
    shutil.rmtree(home, ignore_errors=True)
    env = {"CITYBRAIN_HOME": str(home)}
    workspace = str(WORKSPACE)
    command = ["-m", "citybrain"]
    run_source = ["--source", str(source)]
    asked = {
        "citybrain --help": [*command, "--help"],
        "citybrain check": [*command, "check", workspace],
        "citybrain run": [*command, "run", workspace, *run_source, "--json"],
        "citybrain run, unchanged": [*command, "run", workspace, *run_source, "--json"],
        "citybrain query": [
            *command,
            "query",
            workspace,
            "SELECT count(*) AS n FROM open.inspection",
        ],
    }
    found = {}
    for title, arguments in asked.items():
        done = run_process(arguments, env)
        found[title] = {
            "seconds": round(done.wall, 2),
            "cpu": round(done.cpu, 2),
            "peak_mb": round(done.peak),
            "exit": done.code,
        }
    return found


# -- report -------------------------------------------------------------------------------------------


def _print(report: dict[str, Any], rows: int, size: float) -> None:
    print(f"\n{rows:,} synthetic rows, {size:.0f} MB of CSV; seconds, median of {report['repeat']}")
    print(f"{'':<34}{'wall seconds':>26}{'processor seconds':>26}")
    print(f"{'stage':<34}" + f"{'ours':>9}{'script':>9}{'ratio':>8}" * 2)
    alike = {"stage": "total of what both do", **report["alike"]}
    for row in (*report["stages"], alike, {"stage": "total of the process", **report["process"]}):
        print(f"{row['stage']:<34}{_pair(row, '')}{_pair(row, '_cpu')}")
    process = report["process"]
    ratios = ", ".join(f"{ratio:.2f}" for ratio in process["ratios"])
    alike_ratio = alike["ours"] / alike["script"]
    print(f"ratio of the same work: {alike_ratio:.2f} (target <= {TARGET_RATIO})")
    print(f"ratio of the whole processes, fixed costs and export included: {ratios}")
    peak = report["peak_mb"]
    print(
        f"peak memory: ours {peak['ours']} MB, script {peak['script']} MB (target <= {TARGET_PEAK})"
    )
    print("of which, in detail (inside the stages above):")
    for label, seconds in sorted(report["details"].items(), key=lambda item: -item[1]):
        print(f"  {label:<52}{seconds:>8.2f}")
    print(
        "How: each side in a fresh process, in turn, source in the page cache; stages by stop watches\n"
        "around the platform's functions; process totals and peak from wait4. Same results checked."
    )


def _pair(row: dict[str, Any], suffix: str) -> str:
    mine, script = row["ours" + suffix], row["script" + suffix]
    if script is None:
        return f"{mine:>9.2f}{'-':>9}{'-':>8}"
    return f"{mine:>9.2f}{script:>9.2f}{mine / script:>8.2f}"


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--small", action="store_true", help="the fixed cost of a run instead")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        print(json.dumps(ours(options.ours, OUT / "ours")))
        return
    report: dict[str, Any]
    if options.small:
        report = small()
        for title, found in report.items():
            print(
                f"{title:<28}{found['seconds']:>8.2f} s{found['peak_mb']:>7} MB  exit {found['exit']}"
            )
        print(f"target: a run in {TARGET_SMALL} s or less")
    else:
        source = write_source(OUT, options.rows)
        report = {"rows": options.rows, **compare(source, options.repeat)}
        size = (source / "inspection.csv").stat().st_size / 1e6
        _print(report, options.rows, size)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
