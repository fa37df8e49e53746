"""Which columns of a query no two of its rows share.

A query gives each key once where it groups by it, takes the first row of each (`row_number() ... = 1`),
or hands on the rows of a table whose contract has the key, none of them twice. What is not seen to be
a key is none: nothing is lost but the proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlglot import exp

from pipelines.lineage.nodes import aggregated, children, is_star
from pipelines.lineage.scope import Scope
from pipelines.lineage.types import compared_alike

Key = frozenset[str]
_MANY = (exp.Rollup, exp.Cube, exp.GroupingSets)


def keys_of(node: exp.Select, scope: Scope, outputs: Sequence[str | None]) -> tuple[Key, ...]:
    """The keys of what a SELECT gives.

    Args:
        node: no list in it makes several rows of one.
        outputs: the names of its columns; one that stands twice names none.
    """
    found = [frozenset(key.values()) for key in _own_keys(node, scope)]
    distinct = node.args.get("distinct")
    if distinct is not None and distinct.args.get("on") is None:
        found += _all(outputs)
    single = {name for name in outputs if name and outputs.count(name) == 1}
    return tuple(dict.fromkeys(key for key in found if key <= single))


def keys_of_set(node: exp.SetOperation, outputs: Sequence[str | None]) -> tuple[Key, ...]:
    """The key of a set operation: without ALL it gives each row once."""
    return tuple(_all(outputs)) if node.args.get("distinct") else ()


def _all(outputs: Sequence[str | None]) -> list[Key]:
    """All columns together, if each has a name of its own."""
    names = frozenset(name for name in outputs if name)
    return [names] if len(names) == len(outputs) else []


def _own_keys(node: exp.Select, scope: Scope) -> Iterator[dict[str, str]]:
    """Keys as what they are of and the name under which that is given out."""
    group = node.args.get("group")
    if group is not None:
        yield from _complete(_grouped(node, group, scope))
        return
    if any(aggregated(item) for item in node.expressions):
        return
    qualify = node.args.get("qualify")
    for window in _firsts(qualify.this) if qualify else ():
        yield from _complete(_named(part, node, scope) for part in _partition(window))
    for item in node.expressions:
        if isinstance(item, exp.Alias) and _is_number(item.this):
            parts = (_named(part, node, scope) for part in _partition(item.this))
            yield from _complete([*parts, (item.alias, item.alias.lower())])
    if not scope.multiplied and scope.sources:
        yield from _handed_on(node, scope)


def _handed_on(node: exp.Select, scope: Scope) -> Iterator[dict[str, str]]:
    """The keys of the sources whose rows come once each."""
    where = node.args.get("where")
    for alias in sorted(scope.once & scope.sources.keys()):
        fixed = set(_fixed(where.this, alias, scope)) if where else set()
        for key in scope.sources[alias].keys:
            yield from _complete((n, _given(alias, n, node, scope)) for n in sorted(key - fixed))


def _complete(parts: Iterable[tuple[str, str | None]]) -> Iterator[dict[str, str]]:
    """The key, if all of it is given out."""
    found = dict(parts)
    if found and None not in found.values():
        yield {part: name for part, name in found.items() if name}


def _grouped(node: exp.Select, group: exp.Group, scope: Scope) -> Iterator[tuple[str, str | None]]:
    if group.find(*_MANY) is not None or group.args.get("totals"):
        yield "", None
    elif group.args.get("all"):
        for item in node.expressions:
            if is_star(item):
                yield "*", None
            elif not aggregated(item):
                yield item.sql(), item.alias_or_name.lower() or None
    else:
        for key in group.expressions:
            yield _named(key, node, scope)


def _named(part: Any, node: exp.Select, scope: Scope) -> tuple[str, str | None]:
    """An expression and the name under which the SELECT gives it out, None when it does not."""
    if isinstance(part, exp.Literal):
        place = int(part.this) - 1 if not part.is_string else -1
        items = [] if any(is_star(item) for item in node.expressions) else node.expressions
        whole = 0 <= place < len(items)
        return part.sql(), (items[place].alias_or_name.lower() or None) if whole else None
    if isinstance(part, exp.Column):
        source = source_of(part, scope)
        if source is not None:
            return part.sql(), _given(source, part.name.lower(), node, scope)
        labels = [item.alias.lower() for item in node.expressions if item.alias]
        bare = len(part.parts) == 1 and labels.count(part.name.lower()) == 1
        return part.sql(), part.name.lower() if bare else None
    for item in node.expressions:
        if isinstance(item, exp.Alias) and item.this == part:
            return part.sql(), item.alias.lower()
    return part.sql(), None


def _given(source: str, column: str, node: exp.Select, scope: Scope) -> str | None:
    """The name under which a SELECT gives out a source's column as it is."""
    for item in node.expressions:
        bare = item.this if isinstance(item, exp.Alias) else item
        if is_star(bare):
            star = bare.this if isinstance(bare, exp.Column) else bare
            own = not isinstance(bare, exp.Column) or bare.table.lower() == source
            bent = any(star.args.get(part) for part in ("except_", "replace", "rename"))
            if own and not bent:
                return column
        elif _is(bare, source, column, scope):
            return str(item.alias_or_name).lower()
    return None


def _is(node: Any, source: str, column: str, scope: Scope) -> bool:
    plain = isinstance(node, exp.Column) and node.name.lower() == column
    return plain and source_of(node, scope) == source


def source_of(node: exp.Column, scope: Scope) -> str | None:
    """The source that a plain column is of; of those that USING made one, the first."""
    name, table = node.name.lower(), node.table.lower()
    if node.args.get("db") or isinstance(node.this, exp.Star):
        return None
    having = [a for a, relation in scope.sources.items() if relation.named(name) is not None]
    if table:
        return table if table in having else None
    return having[0] if having else None


def only_of(source: str, node: Any, scope: Scope) -> bool:
    """Whether an expression is made of nothing but columns of one source and what is written.

    A number from a list or a window has no origin that lineage would show, and is another for each
    row of a join.
    """
    if is_star(node):
        return isinstance(node, exp.Column) and node.table.lower() == source
    for part in node.walk():
        if isinstance(part, exp.Query | exp.Window | exp.Star):
            return False
        if isinstance(part, exp.Column) and not _is_only(source, part, scope):
            return False
    return True


def _is_only(source: str, column: exp.Column, scope: Scope) -> bool:
    """Whether a column is one source's, or a label: that is made of what the SELECT lists."""
    own, label = source_of(column, scope), len(column.parts) == 1 and column.name.lower()
    return own == source or (own is None and label in scope.labels)


def _partition(window: Any) -> list[Any]:
    found: list[Any] = window.args.get("partition_by") or []
    return found


def _is_number(node: Any) -> bool:
    """Whether a node numbers the rows of each part of its own: not by a window that is named elsewhere,
    nor by an order in which it counts a frame."""
    if not isinstance(node, exp.Window) or not isinstance(node.this, exp.RowNumber):
        return False
    elsewhere = any(node.args.get(part) for part in ("alias", "first", "spec"))
    return not elsewhere and not children(node.this)


def _firsts(condition: Any) -> Iterator[exp.Window]:
    """Windows whose row number must be one written number."""
    for part in _required(condition):
        sides = (part.this, part.expression) if isinstance(part, exp.EQ) else (None, None)
        for side, other in (sides, sides[::-1]):
            if isinstance(side, exp.Window) and _is_number(side) and isinstance(other, exp.Literal):
                yield side


def _fixed(condition: Any, alias: str, scope: Scope) -> Iterator[str]:
    """Columns of a source that must equal something written."""
    for part in _required(condition):
        sides = (part.this, part.expression) if isinstance(part, exp.EQ) else (None, None)
        for side, other in (sides, sides[::-1]):
            if not isinstance(side, exp.Column) or not isinstance(other, exp.Literal):
                continue
            if source_of(side, scope) == alias and compared_alike(side, other, scope):
                yield side.name.lower()


def _required(condition: Any) -> list[Any]:
    parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    return [part.unnest() for part in parts]
