"""The lineage of one model, from its parsed query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sqlglot import exp

from catalog.lineage import MANY, ONCE, READ, Edge, ModelLineage, Placed
from pipelines.lineage.flow import ONCE as FOUND
from pipelines.lineage.flow import (
    OWN,
    PARTIAL,
    UNITED,
    WRITTEN,
    Flow,
    Place,
    direct_edges,
    indirect_edges,
    is_looked_up,
)
from pipelines.lineage.nodes import aggregated
from pipelines.lineage.relations import Relations
from pipelines.lineage.scope import Context, Relation, Scope


def model_lineage(
    tree: exp.Query,
    path: Path,
    schema: Mapping[str, tuple[str, ...]],
    outputs: Sequence[str],
    keys: Mapping[str, frozenset[str]] | None = None,
    types: Mapping[str, Mapping[str, str]] | None = None,
) -> ModelLineage:
    """Trace every output column of a query to the columns of the tables that it reads.

    Args:
        tree: the query, as parsed.
        path: where it stands, for error locations.
        schema: column names of every table, in order, in lower case.
        outputs: the output columns as the engine names them; the lineage must agree with it.
        keys: the primary key of every table that has one: a join by it repeats no row.
        types: by table and column, the kinds of values (`lineage.types.kind_of`).

    Raises:
        PipelineError: `lineage_unresolved` for what cannot be traced, `mask_...` for a masking
            function that is not called as it should be.
    """
    context = Context(path, schema, keys or {}, types or {})
    try:
        relation = Relations(context).query(tree, Scope(context, {}))
    except RecursionError:
        raise context.unresolved(tree, "the expressions stand too deep in each other") from None
    _agree(relation, outputs, context, tree)
    columns = {
        name: _edges([*direct_edges(flow.direct), *indirect_edges(flow.indirect)])
        for name, (_, flow) in zip(outputs, relation.columns, strict=True)
    }
    equal = frozenset(pair for pair in context.equal if pair[0] != pair[1])
    order = _edges(indirect_edges(relation.order))
    rows = _edges(indirect_edges(relation.rows))
    noted = {
        note: frozenset(
            name
            for name, (_, flow) in zip(outputs, relation.columns, strict=True)
            if note in flow.indirect
        )
        for note in (WRITTEN, PARTIAL, UNITED)
    }
    places, numbers = _places(outputs, relation)
    once = frozenset(number for place, number in numbers.items() if place and place[0] == FOUND)
    looked_up = frozenset(number for place, number in numbers.items() if is_looked_up(place))
    often = _often(tree, relation)
    apart = frozenset(pair for pair in context.apart if pair[0] != pair[1])
    return ModelLineage(
        columns,
        rows,
        equal,
        order,
        relation.keys,
        noted[WRITTEN],
        places,
        often,
        noted[PARTIAL],
        relation.of,
        apart,
        noted[UNITED],
        once,
        looked_up,
    )


def _often(tree: exp.Query, relation: Relation) -> str:
    """How often what is read stands in the rows."""
    if not relation.singly:
        return MANY
    grouped = isinstance(tree, exp.Select) and (
        tree.args.get("group") is not None or any(aggregated(item) for item in tree.expressions)
    )
    return ONCE if grouped or tree.args.get("distinct") is not None else READ


def _places(
    outputs: Sequence[str], relation: Relation
) -> tuple[dict[str, frozenset[Placed]], dict[Place, int]]:
    """For every column, its sources and whose row each is of, numbered as they come; and the numbers."""
    numbers: dict[Place, int] = {OWN: 0}
    found: dict[str, frozenset[Placed]] = {}
    for name, (_, flow) in zip(outputs, relation.columns, strict=True):
        traces = sorted(flow.direct, key=lambda t: (t.table, t.column, repr(t.place)))
        found[name] = frozenset(
            Placed(t.table, t.column, numbers.setdefault(t.place, len(numbers))) for t in traces
        )
    return found, numbers


def _edges(found: Iterable[Edge]) -> tuple[Edge, ...]:
    """In a fixed order, each once: the first line that names a source."""
    best: dict[Edge, Edge] = {}
    for edge in found:
        key = edge._replace(line=0)
        known = best.get(key)
        if known is None or (edge.line and edge.line < (known.line or edge.line + 1)):
            best[key] = edge
    return tuple(sorted(best.values(), key=_order))


def _order(edge: Edge) -> tuple[bool, str, str, str, str, str]:
    how = (edge.how, edge.treated)
    return (not edge.direct, edge.table, edge.column, *how, repr(edge.masks))


def _agree(relation: Relation, outputs: Sequence[str], context: Context, tree: exp.Query) -> None:
    """The engine and the lineage see the same columns, or nothing is said."""
    ours: list[tuple[str | None, Flow]] = relation.columns
    if len(ours) != len(outputs):
        problem = f"{len(ours)} columns were traced, the engine gives {len(outputs)}"
        raise context.unresolved(tree, problem)
    for (name, _), engine in zip(ours, outputs, strict=True):
        if name is not None and name != engine.lower():
            raise context.unresolved(tree, f"column '{engine}' was traced as '{name}'")
