"""What expressions ask of the values in them, and what they make of them, one by one."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from catalog.lineage import ROW
from pipelines.lineage.flow import (
    AGGREGATION,
    BENT,
    COUNT,
    HIDDEN_BY,
    LOOKED_UP,
    OWN,
    PARTIAL,
    TRANSFORMATION,
    WHOLE,
    WRITTEN,
    Flow,
    Trace,
    placed,
    sources_of,
)
from pipelines.lineage.scope import Relation, Scope
from pipelines.masking.function import KEEP_LENGTH, MaskFunction, hides

# Casts to these keep a value as it is, or fail for all that they cannot hold.
_WIDE = frozenset(
    getattr(exp.DType, name)
    for name in ("TEXT", "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "INT", "BIGINT", "INT128",
                 "DOUBLE", "DECIMAL")
)  # fmt: skip
_DIGITS = 14  # before the point: more than any amount has


def is_hidden(function: MaskFunction, trace: Trace) -> bool:
    """Whether a mask hides what it should of a trace."""
    return hides(
        function.kind,
        whole=trace.how in WHOLE or function.name in HIDDEN_BY.get(trace.how, ()),
        masked=bool(trace.masks),
        aggregated=trace.how == AGGREGATION,
        counted=trace.how == COUNT,
        long=function.name in KEEP_LENGTH,
    )


def is_wide(node: exp.Cast) -> bool:
    """Whether a cast holds all that can be meant; which digits fit would tell how large a value is."""
    kind = node.to
    if kind.this != exp.DType.DECIMAL or not isinstance(node, exp.TryCast):
        return kind.this in _WIDE
    sizes = [int(part.name) for part in kind.expressions] or [18, 3]  # DuckDB's own
    return sizes[0] - sum(sizes[1:]) >= _DIGITS


def is_mixed(flow: Flow) -> bool:
    """Whether an aggregate is also of what the model writes or makes: with numbers of its choice beside
    each value it moves the bounds of a band over the value."""
    several = len(sources_of(flow)) > 1
    return WRITTEN in flow.indirect or (several and any(t.how not in WHOLE for t in flow.direct))


def is_changed(trace: Trace) -> bool:
    """Whether a value is another than was collected, by more than a gentle change."""
    return trace.how in (TRANSFORMATION, BENT)


def of_some(value: Flow, scope: Scope) -> Flow:
    """The value of an aggregate over a CASE: of some rows of the group, as with FILTER."""
    if PARTIAL not in value.indirect:
        return value
    number = scope.context.number()
    return placed(value, lambda trace: trace.place if trace.how == COUNT else ("some", number))


def is_keyed(trace: Trace) -> bool:
    """Whether a value is equal to another just where what it was made of is; noise is no such name."""
    return any(use.keyed and use.kind != "noise" for use in trace.masks)


def unmasked(flow: Flow) -> Flow:
    """The flow with what keyed masks were given in the place of what they gave."""
    direct = {
        trace._replace(masks=()) if is_keyed(trace) else trace: line
        for trace, line in flow.direct.items()
    }
    return Flow(direct, flow.indirect)


def with_name(flow: Flow) -> Flow:
    """The flow of what is compared with something written; a column may hold a pseudonym."""
    direct = {trace._replace(named=True): line for trace, line in flow.direct.items()}
    return Flow(direct, flow.indirect)


def rows_chosen(relation: Relation) -> dict[Trace, int]:
    """What the rows of a subquery depend on; a LIMIT goes on telling that it took the first."""
    kept = ("limit", "order")
    return {
        t if t.how in kept else t._replace(how="subquery"): line
        for t, line in relation.rows.items()
    }


def own_rows(scope: Scope) -> dict[Trace, int]:
    """The tables whose rows are counted, with their places: what is looked up is not the row itself."""
    found: dict[Trace, int] = {}
    for name, relation in scope.sources.items():
        place = OWN if name in scope.main else (scope.number, name, (LOOKED_UP,))
        rows = counted_as(relation.rows, "rows")
        found.update({trace._replace(place=place): line for trace, line in rows.items()})
    return found


def counted_as(rows: Mapping[Trace, int], how: str) -> dict[Trace, int]:
    return {t._replace(how=how): line for t, line in rows.items() if t.how == "rows"}


def zero_for_none(node: exp.Coalesce) -> bool:
    """Whether a node is `coalesce(x, 0)`."""
    others = node.expressions
    return len(others) == 1 and isinstance(others[0], exp.Literal) and others[0].sql() == "0"


def is_count(flow: Flow) -> bool:
    """Whether a value is a count of rows that nothing was done to."""
    counts = (t.how == COUNT and t.column == ROW and not t.masks for t in flow.direct)
    return bool(flow.direct) and all(counts)
