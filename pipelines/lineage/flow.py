"""What flows into a value: the traces of its sources, direct and indirect, and their union."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from catalog.lineage import ROW, Edge, MaskUse

# How a value has been treated, the gentlest first. `cleaned` (trim, cast, coalesce) and `picked`
# (min, any_value) still show a source's value whole: a partial mask of them masks what it should.
IDENTITY, CLEANED, PICKED = "identity", "cleaned", "picked"
TRANSFORMATION, AGGREGATION, COUNT = "transformation", "aggregation", "count"
# An aggregate of a value that was changed before or after: it may show one row's value exactly, made
# a thousand times larger. Outside of this package it is called an aggregation.
BENT = "bent"
# Characters of a text were exchanged for variants that no place's name is told by, letters became large
# or small and separators went, a number was divided by a whole one, a date became the years until a
# written day: some masks hide these as well. Outside they are called transformations.
SPELT, RESPELT, SMALLER, YEARS = "spelt", "respelt", "smaller", "years"
HIDDEN_BY = {
    SPELT: frozenset({"mask_address", "mask_token", "mask_sm4"}),
    RESPELT: frozenset({"mask_token", "mask_sm4"}),
    SMALLER: frozenset({"mask_amount", "mask_round"}),
    YEARS: frozenset({"mask_age", "mask_round"}),
}
# The beginning of what a mask was given, when that is several columns one after the other.
JOINT = "joint: "
WHOLE = frozenset({IDENTITY, CLEANED, PICKED})
AGGREGATED = frozenset({PICKED, AGGREGATION, COUNT, BENT})
_CHANGED = frozenset({TRANSFORMATION, BENT, *HIDDEN_BY})
# What a gentle change makes of a value that was treated before; of any other it is a change.
_GENTLY = {
    CLEANED: {
        IDENTITY: CLEANED,
        COUNT: AGGREGATION,
        **{how: how for how in (CLEANED, PICKED, AGGREGATION, *_CHANGED)},
    },
    SPELT: {**dict.fromkeys((IDENTITY, CLEANED, SPELT), SPELT), RESPELT: RESPELT},
    RESPELT: dict.fromkeys((IDENTITY, CLEANED, SPELT, RESPELT), RESPELT),
    YEARS: dict.fromkeys((IDENTITY, CLEANED), YEARS),
    SMALLER: {
        **dict.fromkeys((IDENTITY, CLEANED, SMALLER), SMALLER),
        **dict.fromkeys((PICKED, AGGREGATION), AGGREGATION),
    },
}


OWN = None
Place = tuple[Any, ...] | None
"""Whose row a value belongs to, in the relation that it is a column of: `OWN` for the row itself (one
row of a table, or one group of them), else a mark that two values share only if they come from one
row of one source. A mark that begins with `ONCE` is of a row that stands once in the relation, but is
not the row itself: it was looked up by a key that no other row has."""
ONCE = "once"
LOOKED_UP = "looked up"


def is_looked_up(place: Place) -> bool:
    """Whether a row that is counted is none of those that are counted, but was looked up for them."""
    while place:
        if place == (LOOKED_UP,):
            return True
        place = place[-1] if isinstance(place[-1], tuple) else None
    return False


class Trace(NamedTuple):
    """One source column on its way into a value.

    Attributes:
        place: of a direct trace, whose row the value belongs to; always `OWN` for an indirect one.
        named: as of an edge.
    """

    table: str
    column: str
    how: str
    masks: tuple[MaskUse, ...]
    place: Place = OWN
    named: bool = False


# Among the traces that a value depends on: it may be what the model writes out, in some rows.
WRITTEN = Trace("", "", "written", ())
# The same: it is a source's value in some rows only.
PARTIAL = Trace("", "", "partial", ())
# The same: it is one source's value as it is in some rows, another's in others.
UNITED = Trace("", "", "united", ())
_NOTES = frozenset({WRITTEN, PARTIAL, UNITED})

Traces = Mapping[Trace, int]
"""Traces and the line that names their source."""


class Flow(NamedTuple):
    """Everything that a value is made of (`direct`) or depends on (`indirect`)."""

    direct: Traces
    indirect: Traces


EMPTY = Flow({}, {})


def sources_of(flow: Flow) -> frozenset[tuple[str, str]]:
    """The columns that a value is made of, as table and column."""
    return frozenset((trace.table, trace.column) for trace in flow.direct)


def merged(flows: Iterable[Flow]) -> Flow:
    """The union."""
    kept = [flow for flow in flows if flow.direct or flow.indirect]
    if len(kept) < 2:
        return kept[0] if kept else EMPTY
    direct: dict[Trace, int] = {}
    indirect: dict[Trace, int] = {}
    for flow in kept:
        direct.update(flow.direct)
        indirect.update(flow.indirect)
    return Flow(direct, indirect)


def treated(flow: Flow, how: str) -> Flow:
    """The flow after a treatment of the value."""
    direct = {t._replace(how=after(t.how, how)): line for t, line in flow.direct.items()}
    return Flow(direct, flow.indirect)


def after(inner: str, outer: str) -> str:
    """How a value has been treated that was treated so, and then so."""
    if outer == IDENTITY:
        return inner
    if outer in _GENTLY:
        return _GENTLY[outer].get(inner) or after(inner, TRANSFORMATION)
    if outer == TRANSFORMATION:
        return BENT if inner in AGGREGATED else TRANSFORMATION
    if inner in _CHANGED:
        return BENT
    return AGGREGATION if outer == PICKED and inner not in WHOLE else outer


def mingled(flows: Iterable[Flow]) -> Flow:
    """The union of values of which each row has one. Where one source comes in several shapes, each may
    be of another age or another unit: what a band hides of one, the bands of all may show."""
    several = list(flows)
    shapes: dict[tuple[str, str], int] = {}
    for flow in several:
        for source in {(t.table, t.column) for t in flow.direct if t.how in (SMALLER, YEARS)}:
            shapes[source] = shapes.get(source, 0) + 1
    if max(shapes.values(), default=0) < 2:
        return merged(several)
    return treated(merged(several), TRANSFORMATION)


def placed(flow: Flow, change: Callable[[Trace], Place]) -> Flow:
    """The flow with other places."""
    direct = {t._replace(place=change(t)): line for t, line in flow.direct.items()}
    return Flow(direct, flow.indirect)


def influence(flow: Flow, how: str) -> dict[Trace, int]:
    """What a flow means to something that only depends on it."""
    found = {t._replace(how=how, place=OWN): line for t, line in flow.direct.items()}
    found.update(flow.indirect)
    for note in _NOTES:
        found.pop(note, None)
    return found


def depending(flow: Flow, *others: Traces) -> Flow:
    """The flow, depending on more."""
    more: dict[Trace, int] = dict(flow.indirect)
    for other in others:
        more.update(other)
    return Flow(flow.direct, more)


def moved(flow: Flow, line: int) -> Flow:
    """The flow with the line that names it, where no line stands yet."""
    if not line or all(flow.direct.values()):
        return flow
    return Flow({trace: at or line for trace, at in flow.direct.items()}, flow.indirect)


_DIRECT_KINDS = {
    CLEANED: TRANSFORMATION,
    **dict.fromkeys(HIDDEN_BY, TRANSFORMATION),
    PICKED: AGGREGATION,
    COUNT: AGGREGATION,
    BENT: AGGREGATION,
}


def _direct_kind(trace: Trace) -> str:
    if any(step.function for step in trace.masks):
        return "masking"
    if trace.how == COUNT and trace.column == ROW:
        return COUNT
    return _DIRECT_KINDS.get(trace.how, trace.how)


def direct_edges(traces: Traces) -> list[Edge]:
    """Direct traces as edges."""
    return [
        Edge(
            t.table,
            t.column,
            True,
            _direct_kind(t),
            t.masks,
            line,
            t.how,
            t.named,
        )
        for t, line in traces.items()
    ]


def indirect_edges(traces: Traces) -> list[Edge]:
    """Indirect traces as edges."""
    return [
        Edge(t.table, t.column, False, t.how, t.masks, line, named=t.named)
        for t, line in traces.items()
        if t not in _NOTES
    ]
