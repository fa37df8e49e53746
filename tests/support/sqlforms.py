"""What random queries are made of: forms of expressions by kind, over the schema of the oracle.

Kinds: n number, t text, d date, p truth, l list of numbers, s struct.
"""

from __future__ import annotations

from tests.support.interference import SCHEMA

Columns = list[tuple[str, str]]
_KINDS = {"BIGINT": "n", "VARCHAR": "t", "DATE": "d", "BOOLEAN": "p", "BIGINT[]": "l"}
TABLES: dict[str, Columns] = {
    table: [(name, _KINDS.get(kind, "s")) for name, kind in columns.items()]
    for table, columns in SCHEMA.items()
}
ALIASES = ("a", "b", "c", "d", "p", "v", "w", "x", "y", "z", "t", "u", "f", "g", "l", "s")
SOURCES = ("t", "u", "q", "r", "a", "s")
LITERALS = {
    "n": ("0", "1", "2", "-1"),
    "t": ("'x'", "'y'", "''", "'day'"),
    "d": ("DATE '2020-02-02'", "DATE '2020-03-01'"),
    "p": ("true", "false"),
    "l": ("[1, 2]", "[0]", "[]::BIGINT[]"),
    "s": ("{'f': 1, 'g': 'x'}",),
}
# {n} {t} {d} {p} {l} {s}: an expression of that kind; {V}: a lambda's body over x, a number.
FORMS = {
    "n": (
        "{n} + {n}", "{n} * {n}", "abs({n})", "-{n}", "length({t})", "year({d})", "day({d})",
        "TRY_CAST({t} AS BIGINT)", "coalesce({n}, {n})", "nullif({n}, {n})", "greatest({n}, {n})",
        "CASE WHEN {p} THEN {n} ELSE {n} END", "CASE {n} WHEN {n} THEN {n} END",
        "if({p}, {n}, {n})", "({s}).f", "({s})['f']", "len({l})", "{l}[1]", "list_sum({l})::BIGINT",
        "date_diff('day', {d}, {d})", "list_reduce({l}, lambda x, y: x + y, {n})", "ascii({t})",
        "date_diff(CASE WHEN {p} THEN 'day' ELSE 'year' END, {d}, {d})", "extract(month FROM {d})",
        "({n}).abs()", "struct_pack(k := {n}, m := {t}).k", "list_count([x FOR x IN {l} IF {P}])",
        "map([ifnull({n}, 0)], [{n}])[{n}]", "{p}::BIGINT", "list_position({l}, {n})", "bit_count({n})",
    ),
    "t": (
        "upper({t})", "{t} || {t}", "substr({t}, {n}, 1)", "trim({t})", "{n}::VARCHAR",
        "concat({t}, {n})", "coalesce({t}, {t})", "replace({t}, {t}, {t})", "({s}).g", "{t}.lower()",
        "CASE WHEN {p} THEN {t} ELSE {t} END", "strftime({d}, '%m')", "left({t}, {n})",
        "regexp_replace({t}, 'x', {t})", "printf('%d %s', {n}, {t})", "{l}::VARCHAR",
        "mask_name({t})", "md5({t})", "array_to_string({l}, ',')", "ifnull({t}, {t})",
    ),
    "d": (
        "{d} + INTERVAL ({n}) DAY", "CAST(date_trunc('month', {d}) AS DATE)", "coalesce({d}, {d})",
        "CASE WHEN {p} THEN {d} END", "make_date(2020, 1, 1 + abs({n}) % 9)", "last_day({d})",
        "greatest({d}, {d})", "mask_date({d}, 'month')",
    ),
    "p": (
        "{n} > {n}", "{t} = {t}", "{n} IS NULL", "{d} < {d}", "NOT {p}", "{p} AND {p}",
        "{p} OR {p}", "{n} IN ({n}, {n})", "{t} LIKE {t}", "{n} BETWEEN {n} AND {n}",
        "list_contains({l}, {n})", "{t} IS NOT DISTINCT FROM {t}", "({n}, {t}) = ({n}, {t})",
        "starts_with({t}, {t})", "{s} = {s}", "{n} = ANY({l})", "{t} SIMILAR TO 'x.*'",
    ),
    "l": (
        "list_transform({l}, lambda x: {V})", "list_filter({l}, lambda x: {P})", "{l} || {l}",
        "[{n}, {n}]", "[{V} FOR x IN {l} IF {P}]", "list_sort({l})", "{l}[{n}:{n}]",
        "list_transform({l}, lambda x, i: i + {V})", "{l}.list_reverse()", "coalesce({l}, {l})",
        "CASE WHEN {p} THEN {l} ELSE {l} END", "list_append({l}, {n})",
        "list_transform([{s}], lambda q: q.f + {n})",
    ),
    "s": ("{{'f': {n}, 'g': {t}}}", "struct_pack(f := {n}, g := {t})", "CASE WHEN {p} THEN {s} END"),
}  # fmt: skip
AGGREGATES = {
    "n": (
        "count(*)", "count({n})", "sum({n})::BIGINT", "max({n})", "min({n})", "count(DISTINCT {t})",
        "sum({n}) FILTER (WHERE {p})::BIGINT", "arg_max({n}, {d})", "count_if({p})", "first({n})",
        "any_value({n})", "max({n}) - min({n})", "count(*) FILTER (WHERE {p})", "mode({n})",
        "quantile_disc({n}, 0.5)",
    ),
    "t": ("max({t})", "string_agg({t}, ',' ORDER BY {n}, {t})", "min({t})", "first({t} ORDER BY {n})"),
    "d": ("max({d})", "min({d})"),
    "p": ("bool_or({p})", "bool_and({p})", "count(*) > {k}"),
    "l": ("list({n})", "list({n} ORDER BY {d})", "array_agg(DISTINCT {n})"),
    "s": ("any_value({s})",),
}  # fmt: skip
WINDOWS = (
    "row_number() OVER ({w})", "sum({n}) OVER ({w})::BIGINT", "lag({n}) OVER ({w})",
    "first_value({n}) OVER ({w})", "count(*) OVER ({w})", "rank() OVER ({w})",
    "max({n}) FILTER (WHERE {p}) OVER ({w})", "lead({n}, 1, {n}) OVER ({w})",
    "sum({n}) OVER ({w} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)::BIGINT",
)  # fmt: skip
JOINS = ("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN")
