"""What columns of a query's FROM say of the rows that they depend on: tags, joins, periods.

See `pipelines.incremental.locality` for what is proven by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from pipelines.dialect import line_of

Tags = Mapping[int, frozenset[str]]
"""By scan: the columns of its table that have the same value in every row depended on."""

_WITHIN = {"day": {"day"}, "month": {"day", "month"}, "year": {"day", "month", "quarter", "year"}}
_FINER = {"microseconds", "milliseconds", "second", "minute", "hour"}
_SIDES = {"", "INNER", "CROSS", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI"}
_Place = tuple[int, str]
"""A column: the number of its source in FROM, and its name."""


class NotLocal(Exception):
    """Why a part of a model may need the whole of an input.

    Attributes:
        line: where the SQL says so.
    """

    def __init__(self, node: Any, reason: str) -> None:
        super().__init__(reason)
        self.line = line_of(node) or 1
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a query: the scans that they depend on, and the tags of each column.

    Attributes:
        types: of the columns that are a table's as they stand.
        back: how many periods before its own a row may depend on.
    """

    scans: Mapping[int, str] = field(default_factory=dict)
    columns: Mapping[str, Tags] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    back: int = 0

    def tags(self, name: str) -> Tags:
        return self.columns.get(name, {})

    def bound(self, tags: Tags) -> bool:
        """Whether tags speak of all scans."""
        return all(tags.get(scan) for scan in self.scans)


@dataclass(frozen=True, slots=True)
class Source:
    """One thing in FROM, and the join that brings it."""

    alias: str
    rows: Rows
    join: exp.Join | None = None

    @property
    def side(self) -> str:
        return (self.join.side or self.join.kind or "").upper() if self.join is not None else ""


class Names:
    """What a column name means in a SELECT."""

    def __init__(self, sources: Sequence[Source], rows: Rows, labels: Mapping[str, Any]) -> None:
        self.sources = sources
        self.rows = rows
        self._labels = labels

    def of(self, column: exp.Column | None) -> Tags:
        """The tags of a column; none when it is not clear which it is."""
        return self.rows.tags(self._place(column))

    def type(self, node: Any) -> str | None:
        """The type of a column that is given out as it stands."""
        return self.rows.types.get(self._place(core(node, None)))

    def named(self, name: str) -> bool:
        """Whether something in FROM has a column of the name."""
        return any(name in source.rows.columns for source in self.sources)

    def _place(self, column: exp.Column | None) -> str:
        if column is None or column.args.get("db") or isinstance(column.this, exp.Star):
            return ""
        name, table = column.name.lower(), column.table.lower()
        if not table and name in self._labels and self._labels[name] != column:
            return ""  # a label may be meant
        having = [s for s in self.sources if name in s.rows.columns and table in ("", s.alias)]
        if len(having) == 1 or (having and not table and _using(self.sources, name)):
            return f"{having[0].alias}.{name}"
        return ""


def core(node: Any, grain: str | None) -> exp.Column | None:
    """The column of whose part an expression says the same; None when it may say another."""
    while isinstance(node, exp.Paren | exp.Alias):
        node = node.this
    if isinstance(node, exp.Column):
        return node
    if grain is None:
        return None
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        if node.to.this in (exp.DType.DATE, exp.DType.TIMESTAMP):
            return core(node.this, grain)
        return None
    if isinstance(node, exp.Anonymous) and node.name.lower() in ("date_trunc", "datetrunc"):
        unit, value = node.expressions
        name = str(unit.name).lower() if isinstance(unit, exp.Literal) else ""
        return core(value, grain) if name in _FINER or name in _WITHIN[grain] else None
    return None


# -- joins ------------------------------------------------------------------------------------------


def joined(sources: Sequence[Source]) -> Rows:
    """The rows of FROM; columns are named `<alias>.<column>`."""
    scans: dict[int, str] = {}
    columns: dict[str, Tags] = {}
    types: dict[str, str] = {}
    for source in sources:
        scans |= source.rows.scans
        for name, tags in source.rows.columns.items():
            columns[f"{source.alias}.{name}"] = tags
        types |= {f"{source.alias}.{name}": kind for name, kind in source.rows.types.items()}
    back = max((source.rows.back for source in sources), default=0)
    return Rows(scans, columns, types=types, back=back)


def _using(sources: Sequence[Source], name: str) -> bool:
    joins = [s.join for s in sources if s.join is not None]
    return any(name in {u.name.lower() for u in j.args.get("using") or []} for j in joins)


def bound_sources(sources: list[Source], where: Any, grain: str | None) -> list[Source]:
    """The sources with the tags that equalities between them give."""
    found = list(sources)
    for _ in range(len(found) + 1):
        for index, source in enumerate(found):
            if source.join is not None:
                for pair in _joining(found, index, source.join, grain):
                    _share(found, *pair, grain)
        for pair in _equalities(where, found, grain) if where is not None else ():
            _share(found, *pair, grain)
    return _without_outer(found)


def _joining(
    found: Sequence[Source], index: int, join: exp.Join, grain: str | None
) -> Iterator[tuple[_Place, _Place]]:
    """Columns that a join requires to be equal, the joined source's last."""
    for name in join.args.get("using") or []:
        column = name.name.lower()
        holders = [i for i in range(index) if column in found[i].rows.columns]
        if holders:
            yield (holders[0], column), (index, column)
    on = join.args.get("on")
    for one, other in _equalities(on, found[: index + 1], grain) if on is not None else ():
        # What an outer join says of two others, it says of its own partner rows alone.
        if other[0] == index or not found[index].side or found[index].side == "INNER":
            yield one, other


def _equalities(
    condition: Any, found: Sequence[Source], grain: str | None
) -> Iterator[tuple[_Place, _Place]]:
    """Pairs of columns of two sources whose parts a condition requires to be the same."""
    parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    for part in (p.unnest() for p in parts):
        if isinstance(part, exp.EQ):
            one, other = (_place(core(side, grain), found) for side in (part.this, part.expression))
            if one is not None and other is not None and one[0] != other[0]:
                yield min(one, other), max(one, other)


def _place(column: exp.Column | None, found: Sequence[Source]) -> _Place | None:
    if column is None or column.args.get("db") or isinstance(column.this, exp.Star):
        return None
    name, table = column.name.lower(), column.table.lower()
    at = [i for i, s in enumerate(found) if name in s.rows.columns and table in ("", s.alias)]
    return (at[0], name) if len(at) == 1 else None


def _share(found: list[Source], one: _Place, other: _Place, grain: str | None) -> None:
    """Give two columns that are equal what is known of either."""
    (i, a), (j, b) = one, other
    kinds = {found[i].rows.types.get(a), found[j].rows.types.get(b)}
    alike = len(kinds) == 1 or grain is not None
    if not alike or not all(kind and divides(kind, grain) for kind in kinds):
        return  # values of two types can be equal and not the same
    both = {**found[i].rows.tags(a), **found[j].rows.tags(b)}
    for index, name in ((i, a), (j, b)):
        source = found[index]
        columns = {**source.rows.columns, name: both}
        found[index] = replace(source, rows=replace(source.rows, columns=columns))


def _without_outer(found: list[Source]) -> list[Source]:
    """A column of a side that a join fills with NULL says nothing of rows without a partner."""
    lost: set[int] = set()
    for index, source in enumerate(found):
        if source.join is None:
            continue
        if source.join.method or source.side not in _SIDES:
            raise NotLocal(source.join, "this kind of join is not looked into")
        if source.side in ("LEFT", "FULL"):
            lost.add(index)
        if source.side in ("RIGHT", "FULL"):
            lost |= set(range(index))
    none: Tags = {}
    return [
        replace(s, rows=replace(s.rows, columns=dict.fromkeys(s.rows.columns, none)))
        if index in lost
        else s
        for index, s in enumerate(found)
    ]


# -- time -------------------------------------------------------------------------------------------


def divides(kind: str, grain: str | None) -> bool:
    """Whether a column of a type can divide a table: a date into periods, a value by itself."""
    if grain is not None:
        return kind in ("DATE", "TIMESTAMP")
    return kind not in ("DOUBLE",) and not kind.endswith("[]")


def periods(spec: Any, grain: str) -> int | None:
    """How many periods before its own a frame reaches at most; None when that is not known."""
    start = spec.args.get("start")
    ends_here = str(spec.args.get("end") or "CURRENT ROW").upper() == "CURRENT ROW"
    preceding = str(spec.args.get("start_side") or "").upper() == "PRECEDING"
    if str(spec.args.get("kind") or "").upper() != "RANGE" or not ends_here or not preceding:
        return None
    if not isinstance(start, exp.Interval) or not isinstance(start.this, exp.Literal):
        return None
    unit = str(start.args.get("unit") or "").lower().rstrip("s")
    if not start.this.name.isdigit() or unit not in ("day", "week", "month", "year"):
        return None
    number = int(start.this.name) * {"week": 7, "year": 12}.get(unit, 1)
    in_days = unit in ("day", "week")
    if number == 0:
        return 0
    if grain == "day":
        return number if in_days else 31 * number
    if grain == "month":
        return 1 + (number - 1) // 28 if in_days else number
    return 1 + (number - 1) // 365 if in_days else 1 + (number - 1) // 12
