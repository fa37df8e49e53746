"""Names in a query: which source a column name stands for, as DuckDB reads it, or more.

Where a name is a column of the FROM clause and an alias of the SELECT list, DuckDB 2 takes
- in the SELECT list, WHERE, GROUP BY, QUALIFY, windows, aggregates and inside expressions of
  ORDER BY and DISTINCT ON: the column;
- alone as a key of ORDER BY or DISTINCT ON: the alias;
- in HAVING outside aggregates: the column if it is a group key, else the alias (see `clauses`).
Each is tested by running it (`test_alias_or_column.py`). Another engine may read a name otherwise:
a model is compiled as DuckDB reads it. Where neither is certain, both are taken: a lineage that says
too much is a question to the author, one that says too little is a leak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlglot import exp

from catalog.errors import Location
from catalog.lineage import ROW
from pipelines.dialect import line_of
from pipelines.errors import PipelineError
from pipelines.lineage.flow import (
    COUNT,
    EMPTY,
    IDENTITY,
    ONCE,
    OWN,
    TRANSFORMATION,
    Flow,
    Place,
    Trace,
    merged,
    moved,
    placed,
    treated,
)

Pair = tuple[str, str]


@dataclass(slots=True)
class Relation:
    """What a query or table gives: named columns in order, and what its rows depend on.

    Attributes:
        columns: names in lower case; None for an expression that has no name.
        rows: indirect traces of the relation as a whole.
        order: what else decides the order in which the rows come, and so which of them a LIMIT
            keeps: the order of the tables, and the keys of windows, by which the engine sorts.
        tallies: whether its counts are of disjoint groups: no row is counted in two of them.
        singly: whether each of its rows is another row of one table, or another group of such rows:
            no row of that table stands for two of them.
        of: the tables of whose rows its rows are.
        grouped: whether its rows may stand for groups of rows.
        keys: sets of columns whose values no two rows share: the key of a table, as its contract
            says and its gate enforces, and what a query makes one (`lineage.keys`).
        types: the kinds of its columns' values, where they are told (`lineage.types`).
    """

    columns: list[tuple[str | None, Flow]]
    rows: dict[Trace, int]
    order: dict[Trace, int] = field(default_factory=dict)
    tallies: bool = False
    singly: bool = False
    keys: tuple[frozenset[str], ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    of: frozenset[str] = frozenset()
    grouped: bool = False

    def named(self, name: str) -> Flow | None:
        """The column called `name`; several of one name are taken together."""
        found = [flow for own, flow in self.columns if own == name]
        return merged([*found, *self.unnamed()]) if found else None

    def unnamed(self) -> list[Flow]:
        """Expressions without a name: the engine may name one just so, and then means it."""
        return [flow for own, flow in self.columns if own is None]

    def renamed(self, names: list[str]) -> Relation:
        """The relation under column aliases; the columns beyond them keep their names."""
        given = dict(enumerate(names))
        columns = [(given.get(i, name), flow) for i, (name, flow) in enumerate(self.columns)]
        if not names:
            return replace(self, columns=columns)
        return replace(self, columns=columns, keys=(), types={})

    def placed(self, change: Callable[[Trace], Place]) -> Relation:
        """The relation with other places of its values."""
        columns = [(name, placed(flow, change)) for name, flow in self.columns]
        return replace(self, columns=columns)

    def whole(self) -> Flow:
        """All columns at once."""
        return treated(merged(flow for _, flow in self.columns), TRANSFORMATION)


@dataclass(slots=True)
class Context:
    """What one model's analysis needs everywhere.

    Attributes:
        schema: column names by table, as the contracts declare them.
        keys: the primary keys of tables.
        types: by table, the kinds of its columns' values (`lineage.types`).
        selects: a number for every SELECT in which a plain statistic was masked.
        equal: pairs of source columns that must be equal, gathered on the way.
        apart: pairs of tables that no row may stand in both of, for rows of both are united.
        numbers: how many numbers have been given out.
    """

    path: Path
    schema: Mapping[str, tuple[str, ...]]
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    selects: dict[int, int] = field(default_factory=dict)
    equal: set[tuple[Pair, Pair]] = field(default_factory=set)
    apart: set[tuple[str, str]] = field(default_factory=set)
    numbers: int = 0

    def number(self) -> int:
        """A number that nothing else in the model has."""
        self.numbers += 1
        return self.numbers

    def unresolved(self, node: Any, problem: str) -> PipelineError:
        """The error for what cannot be traced."""
        where = Location(self.path, _place_of(node))
        text = _text_of(node)
        return PipelineError("lineage_unresolved", where=where, part=text[:80], problem=problem)

    def known(self, node: Any, parts: set[str]) -> None:
        """Refuse a part of the syntax that is not read."""
        for key, value in node.args.items():
            if value and key not in parts:
                shown = value[0] if isinstance(value, list) else value
                raise self.unresolved(
                    shown if isinstance(shown, exp.Expression) else node,
                    f"{key.strip('_').upper()} is not supported in a model",
                )

    def table(self, name: str, node: Any) -> Relation:
        """A table of the city."""
        if name not in self.schema:
            raise self.unresolved(node, "no such table")
        columns: list[tuple[str | None, Flow]] = [
            (column, Flow({Trace(name, column, IDENTITY, ()): 0}, {}))
            for column in self.schema[name]
        ]
        line = line_of(node)
        rows, order = Trace(name, ROW, "rows", ()), Trace(name, ROW, "order", ())
        keys = (self.keys[name],) if self.keys.get(name) else ()
        types = self.types.get(name, {})
        of = frozenset({name})
        return Relation(columns, {rows: line}, {order: line}, False, True, keys, types, of)


@dataclass(slots=True)
class Scope:
    """The names that an expression sees.

    Attributes:
        aliases: of the SELECT list, as far as it has been read.
        labels: aliases that the SELECT list writes out (`AS name`).
        meant: names that are the alias even where a column has them.
        unsure: whether a name may be the alias where a column has it.
        order: as in `Relation`: keys of the windows in this query.
        single: the FROM clause is one table or subquery, whose rows it gives as they are.
        multiplied: a join or a list may give a row of the FROM clause several times.
        number: of the SELECT that this is the scope of.
        once: sources of which the FROM clause gives each row at most once.
        main: those among them whose rows are what count(*) counts here: not what a LEFT JOIN looks up,
            nor groups that are joined to others.
        matched: by source, columns that a join required to equal something: where its row was found
            they are not NULL.
    """

    context: Context
    ctes: Mapping[str, Relation]
    parent: Scope | None = None
    sources: dict[str, Relation] = field(default_factory=dict)
    qualified: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, Flow] = field(default_factory=dict)
    variables: dict[str, Flow] = field(default_factory=dict)
    windows: dict[str, exp.Window] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    meant: frozenset[str] = frozenset()
    unsure: bool = False
    single: bool = False
    multiplied: bool = False
    number: int = 0
    once: set[str] = field(default_factory=set)
    main: set[str] = field(default_factory=set)
    matched: dict[str, set[str]] = field(default_factory=dict)
    order: dict[Trace, int] = field(default_factory=dict)

    def inner(self, **own: Any) -> Scope:
        """A scope inside this one."""
        return Scope(self.context, self.ctes, self, **own)

    def add(self, name: str, relation: Relation, table: str = "") -> None:
        """A source of the FROM clause."""
        names = [n for n, _ in relation.columns if n]
        for n in names:
            if names.count(n) > 1:
                raise self.context.unresolved(n, f"{name} has two columns of this name")
        relation = relation.placed(lambda trace: (self.number, name, trace.place))
        self.once = set() if self.sources else {name}
        self.main = set(self.once)
        if name in self.sources:
            known = self.sources[name]
            relation = Relation(
                [*known.columns, *relation.columns],
                {**known.rows, **relation.rows},
                {**known.order, **relation.order},
            )
        self.sources[name] = relation
        if table:
            self.qualified[table] = name

    def up(self) -> Iterator[Scope]:
        """This scope and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    # -- resolving ------------------------------------------------------------------------------

    def column(self, node: exp.Column) -> Flow:
        """What a column reference stands for."""
        if isinstance(node.this, exp.Star):
            return self._star(node)
        parts = [p.name.lower() for p in node.parts]
        return self.path(parts, node)

    def path(self, parts: list[str], node: Any) -> Flow:
        """What a path of names stands for."""
        seen: list[Flow] = []
        doubts: list[Flow] = []
        for scope in self.up():
            found = scope._own(parts)
            if found is not None:
                seen.append(moved(found, line_of(node)))
                # `u.w` in a lambda over u: the engine takes the table's column, if there is one.
                # And a column of an inner query that is no struct does not hide an outer table.
                if len(parts) == 1 or any(f is not None for f in scope._tables(parts)):
                    break
            doubts += scope._unnamed()
        if not seen:
            raise self.context.unresolved(node, "no such column")
        return merged([*seen, *doubts])

    def every(self) -> Flow:
        """All columns of all sources."""
        return merged(relation.whole() for relation in self.sources.values())

    def rows(self) -> dict[Trace, int]:
        """What the rows of the sources depend on."""
        found: dict[Trace, int] = {}
        for relation in self.sources.values():
            found.update(relation.rows)
        return found

    def arrival(self) -> dict[Trace, int]:
        """What decides the order of the rows: windows, here and in the sources."""
        found = dict(self.order)
        for relation in self.sources.values():
            found.update(relation.order)
        return found

    def settled(self, flow: Flow, decide: set[str], *, groups: bool) -> Flow:
        """A flow as a column of what this SELECT gives: values of rows that are counted are its own,
        those of others that come once are marked so.

        Args:
            decide: the source that comes once again because it decides about the groups.
            groups: whether it makes groups; a count that comes from elsewhere is not of them.
        """
        main, once = self.main | decide, self.once | decide

        def place(trace: Trace) -> Place:
            if trace.place is OWN or trace.place[0] != self.number:
                return trace.place
            _, name, inside = trace.place
            own = name in main and inside is OWN and not (groups and trace.how == COUNT)
            if own:
                return OWN
            if name in once and _once(inside):
                return ONCE, self.number, name, inside
            return self.number, name, inside

        return placed(flow, place)

    def found(self, node: Any) -> Relation | None:
        """The source that a node names a column of, if that tells which of its rows were found."""
        if not isinstance(node, exp.Column) or len(node.parts) != 2:
            return None
        name, relation = node.table.lower(), self.sources.get(node.table.lower())
        never_null = node.name.lower() in self.matched.get(name, ())
        once = relation is not None and relation.singly and name in self.once
        return relation if once and never_null else None

    @property
    def singly(self) -> bool:
        """Whether the FROM clause gives each row of its one source, or of none, at most once."""
        sources = self.sources.values()
        return not self.multiplied and all(relation.singly for relation in sources)

    def comes_once(self, trace: Trace) -> bool:
        """Whether a value stands at most once among the rows here, as the row that it is of does."""
        if trace.place is OWN or trace.place[0] != self.number:
            return False
        _, name, inside = trace.place
        return name in self.once and self.sources[name].singly and _once(inside)

    def deciding(self, keys: Flow) -> set[str]:
        """The one source whose rows alone decide about some keys, each row about one of them."""
        places = {trace.place for trace in keys.direct}
        for name, relation in self.sources.items():
            others = {t.table for n, r in self.sources.items() if n != name for t in r.rows}
            told = {trace.table for trace in keys.indirect}
            if relation.singly and places == {(self.number, name, OWN)} and not told & others:
                return {name}
        return set()

    def tallied(self, node: Any) -> bool:
        """Whether a node is a column of the one source here, the counts of disjoint groups."""
        if not isinstance(node, exp.Column) or len(self.sources) != 1:
            return False
        ((name, relation),) = self.sources.items()
        *table, column = (part.name.lower() for part in node.parts)
        own = not table or table == [name]
        return self.single and relation.tallies and own and relation.named(column) is not None

    def type_of(self, node: exp.Column) -> str | None:
        """The kind of a column's values, if it is one of the sources here, and that tells it."""
        *table, column = (part.name.lower() for part in node.parts)
        if self.unsure or len(table) > 1:
            return None
        found = [
            relation
            for name, relation in self.sources.items()
            if (not table or table == [name]) and relation.named(column) is not None
        ]
        return found[0].types.get(column) if len(found) == 1 else None

    def _unnamed(self) -> list[Flow]:
        return [flow for relation in self.sources.values() for flow in relation.unnamed()]

    def _star(self, node: exp.Column) -> Flow:
        for scope in self.up():
            relation = scope.sources.get(node.table.lower())
            if relation is not None:
                return relation.whole()
            if any(r.named(node.table.lower()) for r in scope.sources.values()):
                raise self.context.unresolved(node, "the fields of a struct must be named")
        raise self.context.unresolved(node, "no such table")

    def _own(self, parts: list[str]) -> Flow | None:
        if len(parts) == 1:
            return self.plain(parts[0])
        found = [flow for flow in self._qualified(parts) if flow is not None]
        if not found and (field_of := self.plain(parts[0], rows=False)) is not None:
            found = [treated(field_of, TRANSFORMATION)]
        return merged(found) if found else None

    def plain(self, name: str, *, rows: bool = True) -> Flow | None:
        """What an unqualified name stands for in this scope alone."""
        if name in self.variables:
            return self.variables[name]
        if name in self.meant:
            return self.aliases[name]
        found = [flow for r in self.sources.values() if (flow := r.named(name)) is not None]
        if found and not self.unsure:
            return merged(found)
        if not found and rows and name in self.sources:
            found.append(self.sources[name].whole())
        if name in self.aliases:
            found += [self.aliases[name], *self._unnamed()]
        return merged(found) if found else None

    def _qualified(self, parts: list[str]) -> Iterator[Flow | None]:
        yield from self._tables(parts)
        yield from self._structs(parts)

    def _tables(self, parts: list[str]) -> Iterator[Flow | None]:
        """Readings of `a.b...` as source.column and database.table.column, with struct fields."""
        if parts[0] in self.sources:
            yield _deep(self.sources[parts[0]].named(parts[1]), len(parts) > 2)
        alias = self.qualified.get(".".join(parts[:2]))
        if alias is not None:
            source = self.sources[alias]
            yield _deep(source.named(parts[2]), len(parts) > 3) if parts[2:] else source.whole()

    def _structs(self, parts: list[str]) -> Iterator[Flow | None]:
        if any(r.named(parts[0]) for r in self.sources.values()):
            yield treated(self.plain(parts[0]) or EMPTY, TRANSFORMATION)


def _once(place: Place) -> bool:
    """Whether a place is of a row that stands once in the relation."""
    return place is OWN or bool(place[0] == ONCE)


def _deep(flow: Flow | None, inside: bool) -> Flow | None:
    return treated(flow, TRANSFORMATION) if flow is not None and inside else flow


def _place_of(node: Any) -> int:
    """A line to show: of the node, or of what stands around it."""
    while isinstance(node, exp.Expression):
        line = line_of(node)
        if line:
            return line
        node = node.parent
    return 1


def _text_of(node: Any) -> str:
    try:
        return node.sql("duckdb") if isinstance(node, exp.Expression) else str(node)
    except RecursionError:
        return "..."
