"""Reading and judging a few rows of text without a lake: straight through the staging SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from catalog.contract import Contract
from catalog.odcs import read_contract
from pipelines.plan import Step
from pipelines.reading import row_rules
from pipelines.stage import Stage
from quality.rules import rules_of
from tests.support.city import contract_text

TODAY = date(2026, 7, 1)
SERVER = "- {server: source, type: local, path: x.csv, format: csv}"


def contract_of(folder: Path, fields: str, *, quality: str = "", custom: str = "") -> Contract:
    """A collected resource `raw.d__t` with these fields."""
    path = folder / "t.yaml"
    path.write_text(contract_text("d__t", fields, quality, custom, SERVER, "d"), "utf-8")
    return read_contract(path, "raw", "d__t")


def field(logical_type: str = "string", physical_type: str = "", **read: Any) -> str:
    """The YAML of one field `x`, as a flow mapping."""
    entry: dict[str, Any] = {"name": "x", "logicalType": logical_type}
    if physical_type:
        entry["physicalType"] = physical_type
    if read:
        entry["customProperties"] = [{"property": "read", "value": read}]
    return "- " + yaml.safe_dump(entry, default_flow_style=True, allow_unicode=True, width=10_000)


def step_of(contract: Contract) -> Step:
    """The compiled step of a collected resource."""
    rules, problems = rules_of(contract)
    assert problems == []
    return Step(contract.name, "collect", contract, tuple(rules), row_rules(contract, rules))


def received(
    contract: Contract, rows: Sequence[Mapping[str, str | None] | str], file: str = "x.csv"
) -> pa.Table:
    """Published text as a collector hands it on; a row that is one text is malformed."""
    names = [item.name for item in contract.fields]
    columns: dict[str, list[Any]] = {name: [] for name in names}
    columns |= {
        key: [] for key in ("_source_file", "_source_line", "_load_id", "_malformed", "_raw")
    }
    for number, row in enumerate(rows, 2):
        cells: Mapping[str, str | None] = {} if isinstance(row, str) else row
        for name in names:
            columns[name].append(cells.get(name))
        columns["_source_file"].append(file)
        columns["_source_line"].append(number)
        columns["_load_id"].append("load")
        columns["_malformed"].append("columns" if isinstance(row, str) else None)
        columns["_raw"].append(row if isinstance(row, str) else None)
    types = {name: pa.string() for name in columns} | {"_source_line": pa.int64()}
    return pa.table({name: pa.array(v, types[name]) for name, v in columns.items()})


@dataclass
class Staged:
    """What staging made of the rows.

    Attributes:
        good: the published rows as dictionaries, by line.
        bad: reasons by line.
        original: the quarantined text by line.
    """

    stage: Stage
    good: list[dict[str, Any]]
    bad: dict[int, list[str]]
    original: dict[int, str]


@contextmanager
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB as a step gets it."""
    with duckdb.connect(":memory:") as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET preserve_insertion_order = false")
        yield con


def staged(contract: Contract, text: pa.Table, folder: Path, as_of: date = TODAY) -> Staged:
    """Stage, judge and split."""
    good, bad = folder / "good.parquet", folder / "bad.parquet"
    for path in (good, bad):
        path.unlink(missing_ok=True)
    with engine() as con:
        stage = Stage(con, step_of(contract), as_of)
        stage.fill_collected(text.to_reader)
        stage.judge_sets({})
        stage.write_good(good)
        stage.write_quarantine(bad)
        kept = con.execute(f"SELECT * FROM read_parquet('{good}') ORDER BY _source_line")
        names = [c[0] for c in kept.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in kept.fetchall()]
        held: list[Any] = []
        if stage.counts.quarantined:
            held = con.execute(
                f"SELECT _source_line, _reasons, _original FROM read_parquet('{bad}') ORDER BY ALL"
            ).fetchall()
    return Staged(stage, rows, {n: why for n, why, _ in held}, {n: o for n, _, o in held})


def read_all(folder: Path, written: str, texts: Iterable[str | None]) -> dict[str | None, Any]:
    """The typed value per published text; `UNREADABLE` when its row is quarantined for it."""
    listed = list(texts)
    contract = contract_of(folder, written + "\n- {name: other, logicalType: string}")
    done = staged(contract, received(contract, [{"x": t, "other": "x"} for t in listed]), folder)
    assert set(map(tuple, done.bad.values())) <= {("unreadable:x",)}
    values = {row["_source_line"]: row["x"] for row in done.good}
    return {text: values.get(line, UNREADABLE) for line, text in enumerate(listed, 2)}


def read_one(folder: Path, written: str, text: str | None) -> Any:
    """`read_all` of one text."""
    return read_all(folder, written, [text])[text]


UNREADABLE = "<unreadable>"
