"""A synthetic workspace for timing the compiler: models of many columns over each other.

Ten subject areas, each with five departments' resources of its own and a hundred models in twenty
layers. A model reads a table of the layer before and one or two that lie further back in its area, a
shared reference table, or (one in twenty) another area. The shapes repeat: joins of two and three,
common table expressions, unions, aggregates, windows, CASE, subqueries, stars, masks. The last layer
are releases with justifications. Every table has the columns `c0` .. `c29`, and nothing is random.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

AREAS, LAYERS, OWN, SHARED = 10, 20, 4, 10
_KINDS = ("string", "integer", "number", "date")
_TYPES = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "date": "DATE"}
_PERSONAL = (8, 20)  # L4 in every collected table: what the releases must not carry
_FROM = 8  # so far before them stand those whose pseudonyms the releases carry
# What is masked by a key: no model may write values of its own into it.
_KEYED = {*_PERSONAL, *(column - _FROM for column in _PERSONAL)}


@dataclass(frozen=True, slots=True)
class Table:
    """A table that a model may read; `reach` are the collected tables behind it."""

    name: str
    reach: frozenset[str]


def write_workspace(root: Path, models: int = 1000, columns: int = 30) -> int:
    """Write the workspace; returns the number of collected resources.

    Args:
        models: number of models, a multiple of 200 for full layers.
        columns: columns of every table, at least 24.
    """
    root.mkdir(parents=True, exist_ok=True)
    (root / "workspace.toml").write_text('name = "synthetic"\ntimezone = "UTC"\n', "utf-8")
    listed = "".join(f"  - {{id: a{i}, name: Area {i}}}\n" for i in range(AREAS))
    (root / "departments.yaml").write_text(f"departments:\n{listed}", "utf-8")
    shared = [_collected(root, i % AREAS, f"shared{i}", columns) for i in range(SHARED)]
    own = [[_collected(root, a, f"t{i}", columns) for i in range(OWN)] for a in range(AREAS)]
    each = max(1, models // (AREAS * LAYERS))
    before, behind = [list(tables) for tables in own], [list(tables) for tables in own]
    for index in range(models):
        layer, place = divmod(index, AREAS * each)
        area, nth = divmod(place, each)
        if nth == 0 and layer > 0:
            before[area] = behind[area][-each:]
        sources = _sources(index, nth, before[area], behind, area, shared)
        behind[area].append(_model(root, index, min(layer, LAYERS - 1), sources, columns))
    return SHARED + AREAS * OWN


def middle_model(root: Path) -> tuple[Path, int]:
    """The SQL of the joining model of the middle third from which most is made, and how many models
    that are."""
    paths = sorted((root / "models").glob("*/m*.sql"), key=lambda path: int(path.stem[1:]))
    texts = {f"{path.parent.name}.{path.stem}": path.read_text("utf-8") for path in paths}
    behind: dict[str, set[str]] = {name: set() for name in texts}
    for name in reversed(texts):  # a model reads only earlier ones
        for source in set(re.findall(r"\w+\.m\d+", texts[name])):
            behind[source] |= {name, *behind[name]}
    third = len(paths) // 3
    middle = paths[third : 2 * third]
    joining = [p for p in middle if "LEFT JOIN kept" in texts[f"{p.parent.name}.{p.stem}"]]
    chosen = max(joining, key=lambda p: len(behind[f"{p.parent.name}.{p.stem}"]))
    return chosen, len(behind[f"{chosen.parent.name}.{chosen.stem}"])


def _sources(
    index: int,
    nth: int,
    before: list[Table],
    behind: list[list[Table]],
    area: int,
    shared: list[Table],
) -> list[Table]:
    first = before[nth % len(before)]
    elsewhere = behind[(area + 1) % AREAS] if index % 20 == 7 else behind[area]
    second = elsewhere[index * 7 % len(elsewhere)]
    return [first, second, shared[index * 3 % len(shared)]]


def _collected(root: Path, area: int, name: str, columns: int) -> Table:
    path = root / f"contracts/a{area}/{name}.yaml"
    _write(path, _contract(f"a{area}__{name}", columns, f"a{area}", name))
    full = f"raw.a{area}__{name}"
    return Table(full, frozenset({full}))


def _model(root: Path, index: int, layer: int, sources: list[Table], columns: int) -> Table:
    released = layer == LAYERS - 1
    database = ("base", "thematic", "fusion")[layer * 3 // LAYERS]
    make = _release if released else _SHAPES[index % len(_SHAPES)]
    sql = make([table.name for table in sources], columns, index)
    reach = frozenset().union(*(table.reach for table in sources))
    folder, name = root / "models" / database, f"m{index}"
    _write(folder / f"{name}.sql", sql)
    _write(
        folder / f"{name}.yaml", _contract(name, columns) + (_released(reach) if released else "")
    )
    return Table(f"{database}.{name}", reach)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _kind(index: int) -> str:
    return _KINDS[index % len(_KINDS)]


def _level(index: int) -> str:
    return "L4" if index in _PERSONAL else f"L{1 + index % 7 // 3}"


# -- the shapes of models ---------------------------------------------------------------------------


def _list(values: Callable[[int, str], str], columns: int) -> str:
    return ",\n".join(f"  {values(c, _kind(c))} AS c{c}" for c in range(columns))


def _join(tables: list[str], columns: int, index: int) -> str:
    """Two tables, what each has of a thing."""

    def value(c: int, kind: str) -> str:
        if kind == "string":
            return f"coalesce(upper(trim(a.c{c})), b.c{c})"
        if kind == "integer":
            return f"CASE WHEN a.c{c - 1} = 'x' THEN a.c{c} ELSE b.c{c} END"
        return f"a.c{c} * 2 + coalesce(b.c{c}, {index})" if kind == "number" else f"a.c{c}"

    return (
        f"WITH kept AS (SELECT * FROM {tables[1]} WHERE c1 > {index})\n"
        f"SELECT\n{_list(value, columns)}\nFROM {tables[0]} AS a\n"
        "LEFT JOIN kept AS b ON b.c0 = a.c0\nWHERE a.c2 IS NOT NULL\n"
    )


def _join_three(tables: list[str], columns: int, index: int) -> str:
    """A reference table besides."""

    def value(c: int, kind: str) -> str:
        if kind == "date":
            return f"greatest(a.c{c}, b.c{c})"
        return f"coalesce(a.c{c}, r.c{c})" if c % 5 == 0 else f"a.c{c}"

    return (
        f"SELECT\n{_list(value, columns)}\nFROM {tables[0]} AS a\n"
        f"JOIN {tables[1]} AS b ON b.c0 = a.c0 AND b.c1 = a.c1\n"
        f"LEFT JOIN {tables[2]} AS r ON r.c0 = a.c4\n"
    )


def _newest(tables: list[str], columns: int, index: int) -> str:
    """The newest row of every thing, through two common table expressions."""
    names = ", ".join(f"c{c}" for c in range(columns))
    return (
        f"WITH numbered AS (\n  SELECT {names},\n"
        f"    row_number() OVER (PARTITION BY c0 ORDER BY c3 DESC, c1) AS nth\n"
        f"  FROM {tables[0]}\n), newest AS (SELECT * EXCLUDE (nth) FROM numbered WHERE nth = 1)\n"
        f"SELECT {names}\nFROM newest\nWHERE c1 <> {index} OR c6 > 0\n"
    )


def _aggregate(tables: list[str], columns: int, index: int) -> str:
    """A row for a group."""

    def value(c: int, kind: str) -> str:
        if c in (0, 4):
            return f"a.c{c}"
        if kind == "integer":
            return "count(*)" if c % 3 == 0 else f"count(DISTINCT b.c{c})"
        if kind == "number":
            return f"avg(a.c{c}) FILTER (WHERE a.c1 > {index})"
        return f"max(a.c{c})"

    return (
        f"SELECT\n{_list(value, columns)}\nFROM {tables[0]} AS a\n"
        f"JOIN {tables[1]} AS b USING (c0)\nGROUP BY a.c0, a.c4\nHAVING count(*) > 1\n"
    )


def _union(tables: list[str], columns: int, index: int) -> str:
    """Two sources of the same things."""
    names = ", ".join(f"c{c}" for c in range(columns))
    return (
        f"SELECT {names} FROM {tables[0]} WHERE c1 % 2 = 0\nUNION ALL\n"
        f"SELECT {names} FROM {tables[1]} WHERE c4 <> 'x{index}'\n"
    )


def _windows(tables: list[str], columns: int, index: int) -> str:
    """Running figures."""

    def value(c: int, kind: str) -> str:
        if kind == "number":
            return f"avg(c{c}) OVER (PARTITION BY c0 ORDER BY c3 ROWS 6 PRECEDING)"
        return f"lag(c{c}) OVER (PARTITION BY c0 ORDER BY c3)" if kind == "date" else f"c{c}"

    return f"SELECT\n{_list(value, columns)}\nFROM {tables[0]}\nWHERE c9 > {index}\n"


def _masked(tables: list[str], columns: int, index: int) -> str:
    """Less of each person."""

    def value(c: int, kind: str) -> str:
        if c in _PERSONAL:
            return f"mask_phone(c{c})" if c == 8 else f"mask_pseudonym(c{c}, 'study', 'area')"
        return f"mask_date(c{c}, 'month')" if kind == "date" and c > 10 else f"c{c}"

    return f"SELECT\n{_list(value, columns)}\nFROM {tables[0]}\n"


def _subqueries(tables: list[str], columns: int, index: int) -> str:
    """Conditions on other tables."""

    def value(c: int, kind: str) -> str:
        if c == 5:
            return f"(SELECT max(b.c5) FROM {tables[1]} AS b WHERE b.c0 = a.c0)"
        return f"a.c{c}"

    return (
        f"SELECT\n{_list(value, columns)}\nFROM {tables[0]} AS a\n"
        f"WHERE EXISTS (SELECT 1 FROM {tables[1]} AS e WHERE e.c0 = a.c0 AND e.c1 > {index})\n"
        f"  AND a.c4 IN (SELECT c4 FROM {tables[2]})\n"
    )


def _star(tables: list[str], columns: int, index: int) -> str:
    """Everything, some of it replaced."""
    load = "EXCLUDE (_source_file, _source_line, _load_id) " if tables[0].startswith("raw.") else ""
    return (
        f"SELECT * {load}REPLACE (lower(c4) AS c4, CAST(round(c2, {index % 3}) AS DOUBLE) AS c2)\n"
        f"FROM {tables[0]}\nWHERE c3 >= DATE '2020-01-01'\n"
    )


def _cases(tables: list[str], columns: int, index: int) -> str:
    """Classes of things."""

    def value(c: int, kind: str) -> str:
        if kind == "string" and c not in _KEYED:
            return (
                f"CASE WHEN c1 < 10 THEN 'low' WHEN c2 BETWEEN 1 AND {index} THEN c{c} "
                f"ELSE regexp_replace(c{c}, '[0-9]+', '#') END"
            )
        return f"coalesce(c{c}, CAST(0 AS BIGINT))" if kind == "integer" else f"c{c}"

    return f"SELECT\n{_list(value, columns)}\nFROM {tables[0]}\nQUALIFY rank() OVER (ORDER BY c1) < 9\n"


def _release(tables: list[str], columns: int, index: int) -> str:
    """What a partner gets: nothing of the personal columns, though rows are chosen by one."""

    def value(c: int, kind: str) -> str:
        if c in _PERSONAL:
            return f"mask_pseudonym(c{c - _FROM}, 'share', 'partner')"
        return f"c{c}"

    return f"SELECT\n{_list(value, columns)}\nFROM {tables[0]}\nWHERE c8 IS NOT NULL\n"


_SHAPES = (
    _join,
    _join_three,
    _newest,
    _aggregate,
    _union,
    _windows,
    _masked,
    _subqueries,
    _star,
    _cases,
    _join,
)


# -- contracts --------------------------------------------------------------------------------------


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
        lines += [f"        physicalType: {_TYPES[kind]}", f"        businessName: Column {index}"]
        lines += ["        required: true"] if index == 0 and department else []
        if department:
            lines += [f"        classification: {_level(index)}"]
    return "\n".join(lines) + "\n"


def _released(reach: frozenset[str]) -> str:
    sources = ", ".join(f"{name}.c{c}" for name in sorted(reach) for c in _PERSONAL)
    return (
        "customProperties:\n  - {property: release, value: {channel: share, kind: records}}\n"
        "  - property: justification\n    value:\n"
        f"      - from: [{sources}]\n        level: L4\n        who: Data officer\n"
        "        why: synthetic\n        until: 2099-12-31\n"
    )
