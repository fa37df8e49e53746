"""What column lineage says: which source columns reach a column, how, and through which masks.

*Direct* edges carry a column's value into another; *indirect* edges only influence it: which rows
there are, how they are grouped or ordered, which branch of a CASE is taken. Both tell something
about the source, so both are kept (OpenLineage's column lineage facet makes the same division).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

DirectKind = Literal["identity", "transformation", "aggregation", "masking", "count"]
IndirectKind = Literal[
    "filter",
    "join",
    "group",
    "having",
    "order",
    "limit",
    "window",
    "case",
    "subquery",
    "rule",
    "count",
    "set",
    "rows",
]
ROW = "*"
"""In the place of a column: the row itself, that it is there at all."""


class MaskUse(NamedTuple):
    """One masking step on the way of a value.

    Attributes:
        function: the registered function; empty for a step that only changes the value, kept
            because a mask of a changed value shows another part of it.
        literals: its literal arguments, in order.
        argument: what was masked when that was not a column as it stands; else empty.
        leads_to: the level that the result has at most; empty when `function` is.
        kind, family, keyed: as in the registry of masking functions. Of a step that only changes
            the value `kind` says how (`treated` of an edge).
        group: what was masked is a plain statistic of a column over the groups of a SELECT, those
            named here; else empty.
        over: what was masked is an aggregate, `picked` among values or an `aggregation` of them; else
            empty.
    """

    function: str
    literals: tuple[str | int | float, ...] = ()
    argument: str = ""
    leads_to: str = ""
    kind: str = ""
    family: str = ""
    keyed: bool = False
    group: str = ""
    over: str = ""

    def __str__(self) -> str:
        return f"{self.function}({', '.join(['x', *map(repr, self.literals)])})"


class Edge(NamedTuple):
    """One source of a column.

    Attributes:
        table, column: the source; `column` is `*` for the row itself.
        direct: whether the value is carried, or only influenced.
        how: the kind of edge (`DirectKind` or `IndirectKind`).
        masks: the masking steps on the way, the first applied first.
        line: where the model's SQL names the source; 0 when it does not (a star).
        treated: of a direct edge, what `how` is short for: which masks still hide the value
            (`pipelines.lineage.flow`); empty when that is not known.
        named: it was compared with something that the model writes out: equal to a pseudonym, that
            gives its person a name.
    """

    table: str
    column: str
    direct: bool
    how: str
    masks: tuple[MaskUse, ...] = ()
    line: int = 0
    treated: str = ""
    named: bool = False


class Placed(NamedTuple):
    """A source of a column, and whose row its value is of.

    Attributes:
        place: 0 for the output's own row: one row of the source's table, or the group of rows that
            the output row stands for. Any other number is another row: two values of one such number
            are of the same row of the same source.
    """

    table: str
    column: str
    place: int


# How often a row of what is read stands in a model's rows: once, in a group or as a distinct row; as
# often as it is read; or more often, as behind a join that repeats it.
ONCE, READ, MANY = "once", "read", "many"


@dataclass(frozen=True, slots=True)
class ModelLineage:
    """The lineage of one model.

    Attributes:
        columns: for every output column, in order, its edges.
        rows: indirect edges of the table as a whole: what decides which rows there are.
        equal: pairs of source columns that the model requires to be equal.
        order: indirect edges of the order in which the rows come, beyond `rows`: who takes the
            first of them without saying by what learns of these. The order of a table is an edge
            of its row with the kind `order`.
        keys: sets of columns of which the query gives each combination of values at most once.
        written: columns that hold, in some rows, what the model writes out itself (`ELSE 'x'`).
        partial: columns that hold a source's value in some rows only (`CASE` without `ELSE`).
        places: for every output column, its direct sources and whose row each value is of.
        rows_are: `ONCE`, `READ` or `MANY`.
        rows_of: the tables of whose rows its rows are.
        united: columns that hold one source's value in some rows and another's in others, as they are.
        once: places, besides 0, of which each row stands in at most one row.
        looked_up: places of rows that are looked up where rows are counted: they are not counted.
        apart: pairs of tables whose rows are united: should the two have rows in common, these would
            be there twice.
    """

    columns: Mapping[str, tuple[Edge, ...]]
    rows: tuple[Edge, ...]
    equal: frozenset[tuple[tuple[str, str], tuple[str, str]]] = field(default=frozenset())
    order: tuple[Edge, ...] = ()
    keys: tuple[frozenset[str], ...] = ()
    written: frozenset[str] = frozenset()
    places: Mapping[str, frozenset[Placed]] = field(default_factory=dict)
    rows_are: str = MANY
    partial: frozenset[str] = frozenset()
    rows_of: frozenset[str] = frozenset()
    apart: frozenset[tuple[str, str]] = frozenset()
    united: frozenset[str] = frozenset()
    once: frozenset[int] = frozenset()
    looked_up: frozenset[int] = frozenset()
