"""How long compiling takes: 1,000 synthetic models of 30 columns, at first and after a change.

    python -m bench.compile_workspace [--models 1000] [--repeat 3] [--json FILE]

Every measurement is a process of its own; imports, loading and compiling are timed inside it. The
workspace is invented (`bench.compile_models`). The baselines are what sqlglot gives for the same SQL:
parsing it; and parsing, qualifying and tracing the columns of every fiftieth model with
`sqlglot.lineage`, multiplied. Neither reads contracts, asks an engine for types, follows filters and
joins, infers levels or judges releases. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.compile_models import middle_model, write_workspace
from bench.timers import run_process

TARGET_COLD, TARGET_CHANGED, SAMPLE = 20.0, 1.0, 50


# -- in processes of their own ----------------------------------------------------------------------


def ours(root: Path, cached: bool) -> dict[str, float]:
    """Load and compile a workspace."""
    began = time.perf_counter()
    from pipelines.plan import compile_workspace
    from pipelines.workspace import load_workspace

    imported, cpu = time.perf_counter(), time.process_time()
    workspace = load_workspace(root, cached=cached)
    loaded = time.perf_counter()
    compile_workspace(workspace)
    return {
        "imports": imported - began,
        "load": loaded - imported,
        "compile": time.perf_counter() - loaded,
        "cpu": time.process_time() - cpu,
    }


def parsing(root: Path) -> dict[str, float]:
    """Only parse the SQL of every model."""
    import sqlglot

    texts = [path.read_text("utf-8") for path in sorted(root.glob("models/*/*.sql"))]
    began, cpu = time.perf_counter(), time.process_time()
    for text in texts:
        sqlglot.parse_one(text, read="duckdb")
    return {"compile": time.perf_counter() - began, "cpu": time.process_time() - cpu}


def tracing(root: Path) -> dict[str, float]:
    """Parse, qualify and trace the columns of some models with `sqlglot.lineage`."""
    import sqlglot
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    schema: dict[str, dict[str, dict[str, str]]] = {}
    for path in root.glob("*/*/*.yaml"):
        raw = path.parent.parent.name == "contracts"
        table = f"{path.parent.name}__{path.stem}" if raw else path.stem
        columns = dict.fromkeys(re.findall(r"- name: (c\d+)", path.read_text("utf-8")), "VARCHAR")
        schema.setdefault("raw" if raw else path.parent.name, {})[table] = columns
    paths = sorted(root.glob("models/*/*.sql"), key=lambda path: int(path.stem[1:]))
    began, cpu = time.perf_counter(), time.process_time()
    for path in paths[::SAMPLE]:
        tree = sqlglot.parse_one(path.read_text("utf-8"), read="duckdb")
        tree = qualify(tree, schema=schema, dialect="duckdb", validate_qualify_columns=False)
        scope = build_scope(tree)
        for name in tree.named_selects:
            lineage(name, tree, schema=schema, dialect="duckdb", scope=scope, trim_selects=False)
    return {
        "compile": (time.perf_counter() - began) * SAMPLE,
        "cpu": (time.process_time() - cpu) * SAMPLE,
    }


# -- the report -------------------------------------------------------------------------------------


def changes(root: Path) -> Iterator[tuple[str, Callable[[int], object]]]:
    """Titles of the changes, and what makes each so that no two are alike."""
    (model, above), contract = middle_model(root), root / "contracts/a3/t1.yaml"
    sql, text = model.read_text("utf-8"), contract.read_text("utf-8")

    def condition(n: int) -> None:
        model.write_text(sql.replace("IS NOT NULL", f"> {n}"), "utf-8")

    def column(n: int) -> None:
        model.write_text(
            sql.replace("a.c3 AS c3", f"greatest(a.c3, a.c{7 + 4 * n}) AS c3"), "utf-8"
        )

    def level(n: int) -> None:
        model.write_text(sql, "utf-8")
        levels = ("L2", "L3")[n % 2]
        contract.write_text(
            text.replace("classification: L1", f"classification: {levels}", 1), "utf-8"
        )

    yield "nothing", lambda n: None
    yield "one model: a condition", condition
    yield f"one model: a column ({above} models above)", column
    yield "one collected field: its level", level


def measured(mode: str, root: Path, home: Path) -> dict[str, float]:
    """One process."""
    arguments = ["-m", "bench.compile_workspace", "--child", mode, str(root)]
    finished = run_process(arguments, {"CITYBRAIN_HOME": str(home)})
    if finished.code:
        raise SystemExit(finished.code)
    found: dict[str, float] = json.loads(finished.output)
    return {**found, "process": finished.wall, "peak": finished.peak}


def median(several: list[dict[str, float]]) -> dict[str, float]:
    """The median of every figure."""
    return {key: statistics.median(one[key] for one in several) for key in several[0]}


def report(models: int, repeat: int, folder: Path) -> list[dict[str, Any]]:
    """Measure everything; a row a line of the table."""
    root, home = folder / "workspace", folder / "home"
    collected = write_workspace(root, models)
    print(f"synthetic: {models} models and {collected} collected resources of 30 columns")
    rows: list[dict[str, Any]] = []

    def row(title: str, mode: str, prepare: Callable[[int], object]) -> None:
        several = []
        for n in range(repeat):
            prepare(n)
            several.append(measured(mode, root, home))
        rows.append({"title": title, **median(several)})
        print_row(rows[-1], rows[0])

    titles = ("imports", "load", "compile", "both", "cpu", "ratio", "MB")
    print(" " * 48 + "".join(f"{title:>9s}" for title in titles))
    row("sqlglot: parse", "parsing", lambda n: None)
    row(f"sqlglot: qualify and lineage (1 in {SAMPLE})", "tracing", lambda n: None)
    row("without a cache", "plain", lambda n: None)
    row("first time", "cached", lambda n: forget(home))
    for title, change in changes(root):
        row(f"changed: {title}", "cached", change)
    return rows


def forget(home: Path) -> None:
    """Remove the cache."""
    for path in home.rglob("compiled.cache"):
        path.unlink()


def print_row(row: dict[str, Any], baseline: dict[str, Any]) -> None:
    """Seconds by the clock, processor seconds of loading and compiling and their ratio to the first
    row's: on a machine that does other work too only these say what the code costs."""
    both = row.get("load", 0.0) + row["compile"]
    ratio = row["cpu"] / baseline["cpu"]
    figures = (row.get("imports"), row.get("load"), row["compile"], both, row["cpu"], ratio)
    shown = "".join(" " * 9 if value is None else f"{value:9.2f}" for value in figures)
    print(f"{row['title']:48s}{shown}{row['peak']:9.0f}", flush=True)


def main() -> None:
    """Parse arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", nargs=2, metavar=("MODE", "ROOT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        mode, root = options.child[0], Path(options.child[1])
        work = {"parsing": parsing, "tracing": tracing}.get(mode)
        json.dump(work(root) if work else ours(root, mode == "cached"), sys.stdout)
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = report(options.models, options.repeat, Path(folder))
    print(f"targets: first time {TARGET_COLD:.0f} s, one changed model {TARGET_CHANGED:.0f} s")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), "utf-8")


if __name__ == "__main__":
    main()
