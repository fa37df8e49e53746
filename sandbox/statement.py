"""The one kind of SQL that reaches an engine: written here, from a plan, in DuckDB's dialect.

No value of a row can make it fail: numbers are computed in DOUBLE, divisors that are zero give NULL,
and what is not a finite number counts as NULL before it is clamped and turned into whole units. What
one unit contributes is bounded last, after filters and joins, right before groups are added up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from quality.predicates import literal, quoted
from sandbox.expressions import Writer, finite, number_literal
from sandbox.plan import Piece, Plan
from sandbox.sql.tree import (
    Column,
    Truth,
)

_ENDS = "CAST(9223372036854775807 AS DECIMAL(38, 0))"
_DIGITS = 8  # of a hash
_PRIME = 2**31 - 1
_STRIDE = 506952122  # 2**32 over the golden ratio, modulo the prime: neighbours are far apart
# The fifth power modulo the prime: no two numbers have one (5 does not divide the prime less one), and
# of the few rows of a unit each is the first as often as any other.
_SQUARE = f"(_place * _place) % {_PRIME}"
_MIXED = f"((({_SQUARE}) * ({_SQUARE})) % {_PRIME} * _place) % {_PRIME}"
_FEW = 16  # rows of a unit that DuckDB sets memory aside for in every group
_NEVER_OVERFLOWS = 2**31  # of 2**32 units the sum is still a BIGINT


def counting_sql(plan: Plan, sources: Mapping[str, str]) -> str:
    """One row a group: its keys `k0..`, then a column `p0..` for each piece that is not `bins`.

    Args:
        sources: a SELECT over the pinned snapshot of each view, by full name.
    """
    pieces = [piece for piece in plan.pieces if piece.kind != "bins"]
    keys = _keys(plan)
    valued = [piece for piece in pieces if piece.of is not None]
    rows = _rows_sql(plan, sources, valued)
    names = ["_unit", *keys, *(f"v{i}" for i, _ in enumerate(valued))]
    group = f" GROUP BY {', '.join(keys)}" if keys else ""
    outer = ", ".join([*keys, *(f"{_total(piece, i)} AS p{i}" for i, piece in enumerate(pieces))])
    if not _one_row_is_usual(plan):
        return f"SELECT {outer} FROM ({_of_units(plan, pieces, rows)}) AS b{group}"
    listed = ", ".join([*keys, *(f"p{i}" for i, _ in enumerate(pieces))])
    alone = ", ".join([*keys, *(_of_row(piece, i, plan) for i, piece in enumerate(pieces))])
    others = _of_units(plan, pieces, _of_several_rows(rows, names))
    return (
        f"{_units(rows, names)} SELECT {outer} FROM (SELECT {alone} FROM u WHERE _rows = 1 "
        f"UNION ALL SELECT {listed} FROM ({others}) AS o) AS b{group}"
    )


def _of_units(plan: Plan, pieces: Sequence[Piece], rows: str) -> str:
    """One row a unit and group that counts, what the unit contributes being bounded."""
    grouped = ["_unit", *_keys(plan)]
    inner = ", ".join([*grouped, *(_of_unit(p, i, plan) for i, p in enumerate(pieces))])
    per_unit = f"SELECT {inner} FROM ({rows}) AS r GROUP BY {', '.join(grouped)}"
    return _bounded(plan, per_unit)


def _total(piece: Piece, place: int) -> str:
    """A group's number. Where units could overflow it, it stops at the ends: failing would tell of rows.

    Stopping moves no two totals further apart than they are.
    """
    if piece.most <= _NEVER_OVERFLOWS:
        return f"CAST(sum(p{place}) AS BIGINT)"
    total = f"sum(CAST(p{place} AS DECIMAL(38, 0)))"
    return f"CAST(least(greatest({total}, -{_ENDS}), {_ENDS}) AS BIGINT)"


def bins_sql(
    plan: Plan, piece: Piece, sources: Mapping[str, str], *, portable: bool = False
) -> str:
    """One row a group and candidate: keys `k0..`, the candidate's number `bin`, and `rows`.

    Args:
        portable: without what only DuckDB has; the rows are the same, and it takes longer.
    """
    keys = _keys(plan)
    rows = _rows_sql(plan, sources, [piece])
    outer = ", ".join([*keys, "v0 AS bin", "count(*) AS rows"])
    group = f" GROUP BY {', '.join([*keys, 'v0'])}"
    if not _one_row_is_usual(plan):
        return f"SELECT {outer} FROM ({_kept_rows(plan, rows, portable)}) AS b{group}"
    names = ["_unit", *keys, "v0"]
    listed = ", ".join([*keys, "v0"])
    others = _kept_rows(plan, _of_several_rows(rows, names), portable)
    return (
        f"{_units(rows, names)} SELECT {outer} FROM ("
        f"SELECT {listed} FROM u WHERE _rows = 1 AND v0 IS NOT NULL "
        f"UNION ALL SELECT {listed} FROM ({others}) AS o) AS b{group}"
    )


def _kept_rows(plan: Plan, rows: str, portable: bool) -> str:
    """The rows of a quantile that count: each unit's, at most `max_rows` in at most `max_groups`."""
    keys = _keys(plan)
    listed = ", ".join(["_unit", *keys])
    kept = ", ".join([listed, "v0"])
    placed = (
        f"SELECT {kept}, ({_unit_number(portable)} + (v0 + 1) * {_STRIDE}) % {_PRIME} AS _place "
        f"FROM ({rows}) AS r WHERE v0 IS NOT NULL"
    )
    if portable or plan.max_rows > _FEW:
        numbered = (
            f"SELECT {kept}, row_number() OVER (PARTITION BY {listed} ORDER BY {_MIXED}) AS _row "
            f"FROM ({placed}) AS p"
        )
        of_unit = f"SELECT {kept} FROM ({numbered}) AS n WHERE _row <= {plan.max_rows}"
    else:
        first = f"unnest(arg_min(v0, {_MIXED}, {plan.max_rows})) AS v0"
        of_unit = f"SELECT {listed}, {first} FROM ({placed}) AS p GROUP BY {listed}"
    if keys and _has_to_rank(plan):
        # The same groups as for counts: which ones a unit keeps depends on it and them alone.
        units = f"SELECT DISTINCT {listed} FROM ({rows}) AS r"
        joined = " AND ".join(f"o.{name} = g.{name}" for name in ("_unit", *keys))
        of_unit = (
            f"SELECT o.* FROM ({of_unit}) AS o JOIN ({_bounded(plan, units)}) AS g ON {joined}"
        )
    return of_unit


def _unit_number(portable: bool) -> str:
    """A number below 2**32 by which a unit orders its rows: the first digits of its hash."""
    digits = "md5(_unit)"
    if not portable:
        return f"CAST('0x' || left({digits}, {_DIGITS}) AS BIGINT)"
    each = (
        f"(strpos('0123456789abcdef', substr({digits}, {place}, 1)) - 1) * "
        f"CAST({16 ** (_DIGITS - place)} AS BIGINT)"
        for place in range(1, _DIGITS + 1)
    )
    return f"({' + '.join(each)})"


def _one_row_is_usual(plan: Plan) -> bool:
    """Whether units have one row by what is registered: then ranking is for those that have more."""
    return all(view.max_rows == view.max_groups == 1 for view in plan.views.values())


def _units(rows: str, names: Sequence[str]) -> str:
    """The units `u` with their number of rows, and the one row's columns where there is but one."""
    least = ", ".join(f"min({name}) AS {name}" for name in names if name != "_unit")
    listed = ", ".join(filter(None, ["_unit", "count(*) AS _rows", least]))
    return f"WITH u AS (SELECT {listed} FROM ({rows}) AS r GROUP BY _unit)"


def _of_several_rows(rows: str, names: Sequence[str]) -> str:
    """The rows of the units that have more than one; `u` are the units."""
    listed = ", ".join(f"a.{name} AS {name}" for name in names)
    several = "SELECT _unit FROM u WHERE _rows > 1"
    return f"SELECT {listed} FROM ({rows}) AS a JOIN ({several}) AS m ON a._unit = m._unit"


def _keys(plan: Plan) -> list[str]:
    return [f"k{i}" for i in range(len(plan.question.keys))]


def _rows_sql(plan: Plan, sources: Mapping[str, str], pieces: Sequence[Piece]) -> str:
    """The rows that count: their unit, keys, and each piece's value in whole units."""
    names = {view: f"t{i}" for i, view in enumerate(plan.question.views)}
    units = [f"{names[v]}.{quoted(plan.views[v].unit_column)}" for v in plan.question.views]
    first, *others = plan.question.views
    tables = f"({sources[first]}) AS {names[first]}"
    for view, unit in zip(others, units[1:], strict=True):
        tables += f" JOIN ({sources[view]}) AS {names[view]} ON {units[0]} = {unit}"
    writer = Writer(names, plan.views)
    keys = [f"{writer.key(key)} AS k{i}" for i, key in enumerate(plan.question.keys)]
    values = [f"{_whole(piece, writer)} AS v{i}" for i, piece in enumerate(pieces)]
    tests = [
        f"{units[0]} IS NOT NULL",
        *(
            # A number that is none is no group: it could not even be told.
            writer.present(k) if isinstance(k, Column) else f"{writer.value(k)} IS NOT NULL"
            for k in plan.question.keys
        ),
    ]
    tests += _in_domain(plan, writer)
    if plan.question.where != Truth(True):
        tests.append(writer.condition(plan.question.where))
    listed = ", ".join([f"CAST({units[0]} AS VARCHAR) AS _unit", *keys, *values])
    return f"SELECT {listed} FROM {tables} WHERE {' AND '.join(tests)}"


def _in_domain(plan: Plan, writer: Writer) -> list[str]:
    """Rows of keys that are not public count nowhere, and use up no group of their unit."""
    found = []
    for key, values in zip(plan.question.keys, plan.domain or (), strict=False):
        if isinstance(key, Column) and all(isinstance(value, str) for value in values):
            listed = ", ".join(literal(str(value)) for value in values)
            found.append(f"{writer.value(key)} IN ({listed})")
    return found


def _whole(piece: Piece, writer: Writer) -> str:
    """A piece's value as a whole number of its smallest unit, NULL where there is none."""
    assert piece.of is not None
    if piece.range is None:
        return f"CASE WHEN {writer.present(piece.of)} THEN 1 END"
    bounds = piece.range
    value = writer.number(piece.of)
    clamped = (
        f"least(greatest({value}, {number_literal(bounds.low)}), {number_literal(bounds.high)})"
    )
    if piece.kind == "bins":
        step = (bounds.high - bounds.low) / max(len(piece.candidates) - 1, 1)
        shifted = (
            f"({clamped} - {number_literal(bounds.low)}) / {number_literal(step or Decimal(1))}"
        )
    else:
        shifted = (
            clamped if piece.kind == "sum" else f"({clamped} - {number_literal(bounds.middle)})"
        )
        shifted = f"{shifted} * {shifted}" if piece.kind == "squares" else shifted
        shifted = f"({shifted}) * {number_literal(Decimal(1).scaleb(bounds.scale))}"
    return f"CASE WHEN {finite(value)} THEN CAST(floor({shifted} + 0.5e0) AS BIGINT) END"


def _of_unit(piece: Piece, place: int, plan: Plan) -> str:
    """What one unit contributes to one group, bounded."""
    if piece.kind == "units":
        return f"1 AS p{place}"
    if piece.kind == "rows":
        return f"least(count(*), {piece.most}) AS p{place}"
    value = f"v{_value_place(piece, plan)}"
    if piece.kind == "present":
        return f"least(count({value}), {piece.most}) AS p{place}"
    return f"{_held(f'sum(CAST({value} AS DECIMAL(38, 0)))', piece.most)} AS p{place}"


def _of_row(piece: Piece, place: int, plan: Plan) -> str:
    """The same of a unit that has one row."""
    if piece.kind in ("units", "rows"):
        return f"1 AS p{place}"
    value = f"v{_value_place(piece, plan)}"
    if piece.kind == "present":
        return f"CASE WHEN {value} IS NULL THEN 0 ELSE 1 END AS p{place}"
    return f"{_held(value, piece.most)} AS p{place}"


def _held(number: str, most: int) -> str:
    """A whole number between two ends, which moves no further than it did; 0 where there is none."""
    return f"CAST(least(greatest(coalesce({number}, 0), -{most}), {most}) AS BIGINT)"


def _value_place(piece: Piece, plan: Plan) -> int:
    valued = [p for p in plan.pieces if p.kind != "bins" and p.of is not None]
    return valued.index(piece)


def _has_to_rank(plan: Plan) -> bool:
    cells = plan.cells
    return cells is None or plan.max_groups < len(cells)


def _bounded(plan: Plan, per_unit: str) -> str:
    """At most `max_groups` groups of each unit, chosen by a hash of the unit and the group."""
    keys = _keys(plan)
    if not keys or not _has_to_rank(plan):
        return per_unit
    named = "CAST(k" + " AS VARCHAR) || '|' || CAST(k".join(k[1:] for k in keys) + " AS VARCHAR)"
    order = ", ".join([_shuffled(named), *keys])
    ranked = f"SELECT *, row_number() OVER (PARTITION BY _unit ORDER BY {order}) AS _rank"
    return f"SELECT * FROM ({ranked} FROM ({per_unit}) AS u) AS n WHERE _rank <= {plan.max_groups}"


def _shuffled(text: str) -> str:
    return f"md5(_unit || '|' || {text})"
