"""What the clauses after FROM decide: which rows there are, how they are grouped and ordered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from catalog.lineage import ROW
from pipelines.dialect import line_of
from pipelines.lineage.expressions import Expressions
from pipelines.lineage.flow import EMPTY, Flow, Trace, influence, merged, moved
from pipelines.lineage.nodes import aggregated
from pipelines.lineage.scope import Relation, Scope

_LISTS = (exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple, exp.Paren)


class Clauses:
    """Evaluates WHERE, GROUP BY, HAVING, QUALIFY, DISTINCT, ORDER BY and LIMIT."""

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions

    def of_select(
        self, node: exp.Select, after: Sequence[Any], scope: Scope, projections: list[Flow]
    ) -> dict[Trace, int]:
        """What the rows of a SELECT depend on through its clauses.

        Args:
            after: queries in parentheses around it; the engine takes their ORDER BY and LIMIT for
                the SELECT's own, and finds the same names there.
            projections: what its columns are made of, in order.
        """
        rows: dict[Trace, int] = {}
        flow = self._expressions.flow
        if node.args.get("where"):
            rows.update(influence(flow(node.args["where"].this, scope), "filter"))
        if node.args.get("group"):
            rows.update(influence(self.group_keys(node, scope, projections), "group"))
        if node.args.get("having"):
            within = _having_scope(node, scope)
            rows.update(influence(flow(node.args["having"].this, within), "having"))
        if node.args.get("qualify"):
            rows.update(influence(flow(node.args["qualify"].this, scope), "filter"))
        if node.args.get("distinct"):
            rows.update(self._distinct(node.args["distinct"], scope, projections))
        for part in (node, *after):
            rows.update(self._order(part, scope, projections))
            rows.update(self._limit(part, scope))
        return rows

    def of_whole(self, parts: Sequence[Any], relation: Relation, scope: Scope) -> Relation:
        """ORDER BY and LIMIT of a whole set operation: they see its columns and nothing else."""
        inner = Scope(scope.context, scope.ctes, sources={"": relation})
        rows = dict(relation.rows)
        for part in parts:
            rows.update(self._order(part, inner, [flow for _, flow in relation.columns]))
            rows.update(self._limit(part, inner))
        return replace(relation, rows=rows)

    def _distinct(
        self, node: exp.Distinct, scope: Scope, projections: list[Flow]
    ) -> dict[Trace, int]:
        on = node.args.get("on")
        if on is None:
            return influence(merged(projections), "group")
        keys = on.expressions if isinstance(on, exp.Tuple) else [on]
        found = merged(self._label(key, scope, projections) for key in keys)
        # The first row of each group stays.
        return {**influence(found, "group"), **_as(scope.arrival(), "limit")}

    def group_keys(self, node: exp.Select, scope: Scope, projections: list[Flow]) -> Flow:
        """What the keys of a GROUP BY are made of."""
        group = node.args["group"]
        if group.args.get("all"):
            plain = [
                flow
                for item, flow in zip(node.expressions, projections, strict=False)
                if not aggregated(item)
            ]
            # A star stands for several projections: then all of them are taken.
            aligned = len(projections) == len(node.expressions)
            return merged(plain if aligned else projections)
        return merged(self._key(key, scope, projections) for key in _group_keys(group))

    def _key(self, node: Any, scope: Scope, projections: list[Flow]) -> Flow:
        """A grouping or ordering key; a number is the place of a projection."""
        if isinstance(node, exp.Literal) and not node.is_string:
            place = int(node.this) - 1
            return projections[place] if 0 <= place < len(projections) else EMPTY
        if isinstance(node, exp.Var) and node.name.upper() == "ALL":
            return merged(projections)
        if isinstance(node, _LISTS):
            inside = node.expressions or [node.this]
            return merged(self._key(part, scope, projections) for part in inside)
        return self._expressions.flow(node, scope)

    def _label(self, node: Any, scope: Scope, projections: list[Flow]) -> Flow:
        """A key of ORDER BY or DISTINCT ON: a bare name means the column that is given out."""
        bare = _unwrapped(node)
        name = _bare_name(bare)
        if name is None:
            return self._key(node, scope, projections)
        if name in scope.labels and not isinstance(node, exp.Collate):
            return moved(scope.aliases[name], line_of(node))
        whole = scope.sources.get("")
        if whole is not None and whole.named(name) is None:
            return merged(projections)  # its columns may be called as any of its sides calls them
        return merged([self._key(bare, scope, projections), scope.aliases.get(name, EMPTY)])

    def _order(self, node: Any, scope: Scope, projections: list[Flow]) -> dict[Trace, int]:
        order = node.args.get("order")
        if order is None:
            return {}
        keys = merged(self._label(item.this, scope, projections) for item in order.expressions)
        return influence(keys, "order")

    def _limit(self, node: Any, scope: Scope) -> dict[Trace, int]:
        found: dict[Trace, int] = {}
        for clause in (node.args.get("limit"), node.args.get("offset")):
            if clause is not None:
                count = clause.expression or clause.args.get("count")
                found.update(influence(self._expressions.flow(count, scope), "limit"))
                rows = {t: line for t, line in scope.rows().items() if t.column == ROW}
                found.update(_as({**rows, **scope.arrival()}, "limit"))
        return found


def _as(traces: Mapping[Trace, int], how: str) -> dict[Trace, int]:
    return {trace._replace(how=how): line for trace, line in traces.items()}


def _unwrapped(node: Any) -> Any:
    while isinstance(node, exp.Paren | exp.Collate):
        node = node.this
    return node


def _bare_name(node: Any) -> str | None:
    """The name that stands alone; None for anything else."""
    bare = isinstance(node, exp.Column) and len(node.parts) == 1
    return node.name.lower() if bare and not isinstance(node.this, exp.Star) else None


def _group_keys(group: exp.Group) -> list[Any]:
    keys: list[Any] = []
    for value in group.args.values():
        items = value if isinstance(value, list) else [value]
        keys += [key for key in items if isinstance(key, exp.Expression)]
    return keys


# -- HAVING -----------------------------------------------------------------------------------------


def _having_scope(node: exp.Select, scope: Scope) -> Scope:
    """The names that HAVING sees.

    Outside aggregates a column can only be a group key. A name that no key mentions is the alias
    there; where it also stands in an aggregate or a subquery, both are taken.
    """
    mentioned = _grouped_names(node)
    if mentioned is None:
        return replace(scope, unsure=True)
    hidden = (exp.AggFunc, exp.Anonymous, exp.Query, exp.Window, exp.Lambda)
    for part in node.args["having"].find_all(*hidden):
        mentioned |= set(_names(part))
    return replace(scope, unsure=True, meant=frozenset(scope.labels - mentioned))


def _grouped_names(node: exp.Select) -> set[str] | None:
    """Every name in the group keys, those behind aliases and places too; None if that is unknown."""
    items = {item.alias.lower(): item.this for item in node.expressions if item.alias}
    group = node.args.get("group")
    todo = _group_keys(group) if group else []
    if group and (group.args.get("all") or any(_is_place(key) for key in todo)):
        if any(item.is_star for item in node.expressions):
            return None
        todo += [item for item in node.expressions if not aggregated(item)]
    found: set[str] = set()
    while todo:
        for name in _names(todo.pop()):
            if name not in found and name in items:
                todo.append(items[name])
            found.add(name)
    return found


def _is_place(key: Any) -> bool:
    return any(isinstance(part, exp.Literal | exp.Var) for part in key.walk())


def _names(node: Any) -> Iterator[str]:
    return (part.name.lower() for part in node.find_all(exp.Identifier))
