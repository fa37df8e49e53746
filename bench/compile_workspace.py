"""A synthetic workspace for timing the compiler: models of many columns over each other."""

from __future__ import annotations

from pathlib import Path

_KINDS = ("string", "integer", "number", "date")
_TYPES = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "date": "DATE"}


def write_workspace(root: Path, models: int, columns: int = 30, collected: int = 20) -> None:
    """Write a synthetic workspace.

    Args:
        models: number of models; each reads one earlier table and joins another.
        columns: columns of every table.
    """
    root.mkdir(parents=True, exist_ok=True)
    (root / "workspace.toml").write_text('name = "synthetic"\ntimezone = "UTC"\n', "utf-8")
    (root / "departments.yaml").write_text("departments:\n  - {id: d, name: D}\n", "utf-8")
    raws = [f"t{i}" for i in range(collected)]
    for name in raws:
        _write(root / f"contracts/d/{name}.yaml", _contract(f"d__{name}", columns, "d", name))
    tables = [f"raw.d__{name}" for name in raws]
    for index in range(models):
        database = ("base", "thematic", "fusion")[min(2, index * 3 // models)]
        name = f"m{index}"
        first, second = tables[-1 - index % 7], tables[-1 - index % 11]
        folder = root / "models" / database
        _write(folder / f"{name}.sql", _sql(first, second, columns, index))
        _write(folder / f"{name}.yaml", _contract(name, columns))
        tables.append(f"{database}.{name}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _kind(index: int) -> str:
    return _KINDS[index % len(_KINDS)]


def _sql(first: str, second: str, columns: int, index: int) -> str:
    """A model of the everyday kind: a CTE, a join, a filter, conditions, casts, a window."""
    parts = []
    for c in range(columns):
        name, kind = f"c{c}", _kind(c)
        if kind == "string":
            value = f"coalesce(upper(trim(a.{name})), b.{name})"
        elif kind == "integer":
            value = f"CASE WHEN a.c{c - 1} = 'x' THEN a.{name} ELSE b.{name} END"
        elif kind == "number":
            value = f"a.{name} * 2 + coalesce(b.{name}, {index})"
        else:
            value = f"max(a.{name}) OVER (PARTITION BY a.c0)"
        parts.append(f"    {value} AS {name}")
    projection = ",\n".join(parts)
    return (
        f"WITH kept AS (SELECT * FROM {second} WHERE c1 > {index})\n"
        f"SELECT\n{projection}\nFROM {first} AS a\nLEFT JOIN kept AS b ON b.c0 = a.c0\n"
        "WHERE a.c2 IS NOT NULL\n"
    )


def _contract(table: str, columns: int, department: str = "", file: str = "") -> str:
    lines = ["apiVersion: v3.1.0", "kind: DataContract", f"id: synthetic:{table}", f"name: {table}"]
    lines += ["version: 1.0.0", "status: active"]
    if department:
        lines += [f"domain: {department}", "servers:", "  - server: source", "    type: local"]
        lines += [f"    path: {file}.csv", "    format: csv"]
    lines += ["schema:", f"  - name: {table}", "    physicalType: table", "    properties:"]
    for index in range(columns):
        kind = _kind(index)
        lines += [f"      - name: c{index}", f"        logicalType: {kind}"]
        lines += [f"        physicalType: {_TYPES[kind]}"]
        if department:
            lines += [f"        classification: L{1 + index % 4}"]
    return "\n".join(lines) + "\n"
