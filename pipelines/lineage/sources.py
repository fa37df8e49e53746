"""What a FROM clause gives: tables, subqueries, joins, lists turned into rows, and stars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from pipelines.lineage.expressions import Expressions
from pipelines.lineage.flow import EMPTY, TRANSFORMATION, Flow, Trace, influence, merged, treated
from pipelines.lineage.nodes import children
from pipelines.lineage.scope import Context, Relation, Scope
from pipelines.lineage.types import compared_alike

_TABLE = {"this", "alias", "db", "joins", "pivots"}
_UNPIVOT = {"expressions", "fields", "unpivot", "include_nulls", "alias"}
SUBQUERY = {"this", "alias", "with_", "order", "limit", "offset"}
_JOIN = {"this", "on", "using", "side", "kind", "method"}
_METHODS = {"", "NATURAL", "ASOF"}

Query = Callable[[Any, Scope], Relation]


@dataclass(slots=True)
class Found:
    """What a FROM clause gave.

    Attributes:
        scope: with its sources.
        rows: what joins and lists decide of the rows.
        merged_away: by source, the columns that USING made one with those of another.
        explodes: whether a list in the SELECT makes several rows of one.
    """

    scope: Scope
    rows: dict[Trace, int] = field(default_factory=dict)
    merged_away: dict[str, set[str]] = field(default_factory=dict)
    explodes: bool = False


class Sources:
    """Reads FROM clauses.

    Args:
        query: gives the relation of a query.
        parenthesised: the same for one in parentheses, which joins may follow.
    """

    def __init__(
        self, context: Context, expressions: Expressions, query: Query, parenthesised: Query
    ) -> None:
        self._context = context
        self._expressions = expressions
        self._query = query
        self._parenthesised = parenthesised

    def read(self, node: exp.Select, scope: Scope) -> Found:
        """Add everything of a SELECT's FROM clause to its scope."""
        found = Found(scope)
        if node.args.get("from_"):
            self._add(node.args["from_"].this, found)
        for join in node.args.get("joins") or []:
            self._join(join, found)
        for lateral in node.args.get("laterals") or []:
            self._add(lateral, found)
            scope.multiplied = True
        return found

    def _add(self, node: Any, found: Found) -> None:
        """Add one item of a FROM clause to the scope."""
        scope = found.scope
        if isinstance(node, exp.Table):
            self._table(node, found)
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            self._context.known(node, {"this", "joins"})
            self._add(node.this, found)  # FROM (a JOIN b)
        elif isinstance(node, exp.Subquery):
            if node.args.get("pivots"):
                problem = "UNPIVOT takes a table or a name from WITH, no subquery"
                raise self._context.unresolved(node.args["pivots"][0], problem)
            self._context.known(node, SUBQUERY | {"joins"})
            self._named(node, node, scope, self._parenthesised)
        elif isinstance(node, exp.Lateral):
            self._lateral(node, found)
        elif isinstance(node, exp.Unnest):
            self._unnest(node, node, found)
        elif isinstance(node, exp.Values):
            scope.add(_alias(node, scope), self._query(node, scope))
        else:
            raise self._context.unresolved(node, "this item of FROM is not supported in a model")
        for join in node.args.get("joins") or []:
            self._join(join, found)

    def _named(self, node: Any, holder: Any, scope: Scope, query: Query) -> None:
        """A subquery under the alias of its holder."""
        relation = query(node, Scope(self._context, scope.ctes, scope))
        scope.add(_alias(holder, scope), relation.renamed(alias_columns(holder)))

    def _table(self, node: exp.Table, found: Found) -> None:
        self._context.known(node, _TABLE)
        if isinstance(node.this, exp.GenerateSeries):
            self._series(node.this, node, found)
            return
        scope = found.scope
        name = node.name.lower()
        if not node.db and name in scope.ctes:
            known = scope.ctes[name]
            relation, table = replace(known), ""
        else:
            table = f"{node.db}.{node.name}".lower()
            relation = self._context.table(table, node)
        alias = (node.alias or node.name).lower()
        relation = relation.renamed(alias_columns(node))
        for pivot in node.args.get("pivots") or []:
            relation = self._unpivoted(pivot, relation, found)
            alias, table = pivot.alias.lower() or alias, "" if pivot.alias else table
        scope.add(alias, relation, "" if node.alias else table)

    def _unpivoted(self, node: exp.Pivot, relation: Relation, found: Found) -> Relation:
        """The columns that an UNPIVOT lists become rows: one holds their names, one their values."""
        self._context.known(node, _UNPIVOT)
        if not node.args.get("unpivot") or len(node.expressions) != 1 or len(node.fields) != 1:
            problem = (
                "PIVOT is not supported in a model: write sum(x) FILTER (WHERE ...) per column"
            )
            raise self._context.unresolved(node, problem)
        listed = [column.name.lower() for column in node.fields[0].expressions]
        plain = all(type(c) is exp.Column and not c.table for c in node.fields[0].expressions)
        flows = [flow for name, flow in relation.columns if name in listed]
        if not plain or len(flows) != len(set(listed)) or alias_columns(node):
            raise self._context.unresolved(node, "an UNPIVOT must list columns, each by its name")
        if found.scope.sources:  # behind a join the engine takes it for one of the whole join
            raise self._context.unresolved(node, "an UNPIVOT must come first in FROM")
        value = merged(flows)
        # Where there is no value there is no row.
        found.rows.update(influence(value, "rows"))
        found.scope.multiplied = True
        kept = [(name, flow) for name, flow in relation.columns if name not in listed]
        made: list[tuple[str | None, Flow]] = [
            (node.fields[0].this.name.lower(), EMPTY),
            (node.expressions[0].name.lower(), value),
        ]
        return Relation([*kept, *made], relation.rows, relation.order, of=relation.of)

    def _series(self, node: exp.GenerateSeries, holder: Any, found: Found) -> None:
        """`generate_series(...)` or `range(...)`: a column of values that its arguments decide."""
        self._context.known(holder, {"this", "alias", "joins", "view", "outer"})
        flow = treated(self._expressions.several(children(node), found.scope), TRANSFORMATION)
        found.rows.update(influence(flow, "rows"))
        own = "range" if node.args.get("is_end_exclusive") else "generate_series"
        alias = holder.alias.lower() or own
        names = alias_columns(holder) or [alias]
        found.scope.add(alias, Relation([(names[0], flow)], {}))
        found.scope.multiplied = True

    def _lateral(self, node: exp.Lateral, found: Found) -> None:
        if isinstance(node.this, exp.Subquery):
            self._named(node.this, node, found.scope, self._query)
        elif isinstance(node.this, exp.Unnest | exp.Explode):
            self._unnest(node.this, node, found)
        else:
            raise self._context.unresolved(node, "this LATERAL is not supported in a model")

    def _unnest(self, node: Any, holder: Any, found: Found) -> None:
        lists = node.expressions or [node.this]
        inside = (self._expressions.flow(item, found.scope) for item in lists)
        flows = [treated(flow, TRANSFORMATION) for flow in inside]
        found.rows.update(influence(merged(flows), "rows"))
        names = alias_columns(holder)
        alias = holder.alias.lower() or "unnest"
        if len(names) < len(flows):
            names += [alias] * (len(flows) - len(names))
        columns: list[tuple[str | None, Flow]] = list(zip(names, flows, strict=False))
        found.scope.add(alias, Relation(columns, {}))
        found.scope.multiplied = True

    def _join(self, join: exp.Join, found: Found) -> None:
        self._context.known(join, _JOIN)
        method = str(join.args.get("method") or "").upper()
        if method not in _METHODS:
            raise self._context.unresolved(join, f"{method} JOIN is not supported in a model")
        scope = found.scope
        before, once, main = set(scope.sources), set(scope.once), set(scope.main)
        left = {name for r in scope.sources.values() for name, _ in r.columns if name}
        self._add(join.this, found)
        added = [name for name in scope.sources if name not in before]
        shared = [u.name.lower() for u in join.args.get("using") or []]
        if method == "NATURAL":
            own = [n for a in added for n, _ in scope.sources[a].columns if n]
            shared = [name for name in own if name in left]
        for name in shared:
            self._using(name, scope)
            found.rows.update(influence(scope.plain(name) or EMPTY, "join"))
            for alias in added:
                found.merged_away.setdefault(alias, set()).add(name)
        if join.args.get("on"):
            condition = self._expressions.flow(join.args["on"], scope)
            found.rows.update(influence(condition, "join"))
        if str(join.args.get("kind") or "").upper() in ("SEMI", "ANTI"):
            for alias in added:
                found.rows.update(scope.sources.pop(alias).rows)
            scope.once, scope.main = once, main
            return
        if method == "ASOF":  # of equal rows it takes the first that comes
            for alias in added:
                found.rows.update(scope.sources[alias].order)
        forth = _finds_one(join, added, shared, scope)
        back = len(before) == len(added) == 1 and _finds_one(join, [*before], shared, scope)
        scope.once = (once if forth else set()) | ({*added} if back and once else set())
        inner = not join.args.get("side")
        scope.main = (main if forth else set()) | ({*added} if back and main else set())
        if forth and back and (not inner or any(r.grouped for r in scope.sources.values())):
            scope.main = main
        scope.multiplied |= not (forth or (back and inner))
        for alias in added:
            scope.matched[alias] = {*shared, *_compared(join.args.get("on"), alias)}

    def _using(self, name: str, scope: Scope) -> None:
        """Columns that USING requires to be equal."""
        flows = [flow for r in scope.sources.values() if (flow := r.named(name)) is not None]
        plain = [(t.table, t.column) for f in flows for t in f.direct if not t.masks]
        for one in plain:
            for other in plain:
                if one < other:
                    self._context.equal.add((one, other))

    def star(self, item: Any, read: Found) -> list[tuple[str | None, Flow]]:
        """The columns of `*` or `t.*`, with EXCLUDE, REPLACE and RENAME."""
        scope, merged_away = read.scope, read.merged_away
        star = item.this if isinstance(item, exp.Column) else item
        self._context.known(star, {"except_", "replace", "rename"})
        sources: Mapping[str, Relation] = scope.sources
        if isinstance(item, exp.Column):
            relation = scope.sources.get(item.table.lower())
            if relation is None:
                scope.column(item)  # says why
                raise self._context.unresolved(item, "no such table")
            sources, merged_away = {item.table.lower(): relation}, {}
        left_out = {e.name.lower() for e in star.args.get("except_") or []}
        replaced = {
            e.alias.lower(): self._expressions.flow(e.this, scope)
            for e in star.args.get("replace") or []
        }
        renamed = {e.this.name.lower(): e.alias.lower() for e in star.args.get("rename") or []}
        found: list[tuple[str | None, Flow]] = []
        for alias, relation in sources.items():
            for name, flow in relation.columns:
                if name in left_out or name in merged_away.get(alias, ()):
                    continue
                if any(name in gone for gone in merged_away.values()):
                    flow = scope.plain(name or "") or flow  # USING: both sides make the column
                value = replaced.get(name or "", flow)
                found.append((renamed.get(name or "", name), value))
        return found


def alias_columns(node: Any) -> list[str]:
    """The column names of a table alias, `t(a, b)`."""
    alias = node.args.get("alias")
    return [c.name.lower() for c in alias.args.get("columns") or []] if alias else []


def _alias(node: Any, scope: Scope) -> str:
    return node.alias.lower() or f"({len(scope.sources)})"


def _finds_one(join: exp.Join, added: list[str], shared: list[str], scope: Scope) -> bool:
    """Whether a join finds at most one row for each row before it: by the whole key of a table."""
    usual = not join.args.get("method") and str(join.args.get("side") or "").upper() in ("", "LEFT")
    if not usual or len(added) != 1:
        return False
    alike = {name for name in shared if _alike(name, scope)}
    compared = {*alike, *_compared(join.args.get("on"), added[0], scope)}
    return any(key <= compared for key in scope.sources[added[0]].keys)


def _alike(name: str, scope: Scope) -> bool:
    """Whether the columns that USING compares are of one kind."""
    kinds = {r.types.get(name) for r in scope.sources.values() if r.named(name) is not None}
    return len(kinds) == 1 and None not in kinds


def _compared(condition: Any, alias: str, scope: Scope | None = None) -> Iterator[str]:
    """Columns of a source that a join's condition requires to equal something of the others.

    Args:
        scope: where the columns must be compared as they are, not as something of another type.
    """
    for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
        if not isinstance(part, exp.EQ):
            continue
        for side, other in ((part.this, part.expression), (part.expression, part.this)):
            # Of `a.b.c` it is not told here whether `a` or `b` is the source.
            own = isinstance(side, exp.Column) and len(side.parts) == 2
            own = own and side.table.lower() == alias
            columns = other.find_all(exp.Column)
            apart = all(len(c.parts) == 2 and c.table.lower() != alias for c in columns)
            if own and apart and (scope is None or compared_alike(side, other, scope)):
                yield side.name.lower()
