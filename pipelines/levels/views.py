"""What the masks on the way of a value leave of it, and which masks may not stand together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import combinations

from catalog.lineage import Edge, MaskUse
from pipelines.lineage.flow import (
    AGGREGATION,
    BENT,
    CLEANED,
    HIDDEN_BY,
    IDENTITY,
    PICKED,
    SMALLER,
    TRANSFORMATION,
    after,
)
from pipelines.masking.function import KEEP_LENGTH, hides

View = tuple[MaskUse, ...]
"""The masking steps between an origin and a column; empty when the value is carried as it is."""

WHOLE: View = ()
# More ways than are followed: a mask behind them cannot be said to hide anything.
TOO_MANY: View = (MaskUse("", argument="*"),)
LIMIT = 24
HIGHEST = "L4"
_BANDS = frozenset({"generalise", "noise"})
_SUM = re.compile(r"\bsum\(", re.IGNORECASE)
_WHATEVER = frozenset({"token", "encrypt"})
# Different numbers made coarser from one value, different cells around one point: each says more.
_DOMAINS = {
    "mask_age": "number",
    "mask_amount": "number",
    "mask_round": "number",
    "mask_coordinate": "place",
    "mask_grid": "place",
}


def composed(
    views: Iterable[View],
    edge: Edge,
    column: str,
    repeated: bool = False,
    mixed: bool = False,
) -> frozenset[View]:
    """The views of an origin behind one more direct edge.

    Args:
        repeated: whether the edge comes from rows of which each may stand there several times. Their
            sum may show one value, as much larger as a band hides.
        mixed: whether it comes from a column in which a model wrote values of its own. Aggregated with
            those a value is compared with them, or moved.
        column: the column that the edge leads to, by which a change of the value is told from
            another.
    """
    if edge.named:
        views = map(_without_key, views)
    if repeated or mixed:
        edge = edge._replace(
            masks=tuple(_of_several(step, mixed) for step in edge.masks),
            treated=BENT
            if edge.treated == AGGREGATION or (mixed and edge.treated == PICKED)
            else edge.treated,
        )
    found = frozenset(_through(view, edge, column) for view in views)
    return found if len(found) <= LIMIT else frozenset({TOO_MANY})


def _of_several(step: MaskUse, mixed: bool) -> MaskUse:
    summed = step.kind in _BANDS and _SUM.search(step.argument)
    return step._replace(leads_to=HIGHEST) if summed or (mixed and step.over) else step


def _without_key(view: View) -> View:
    """What a pseudonym is worth that has been given a name: the value that it is made of."""
    keyed = (i for i, step in enumerate(view) if step.keyed and step.kind != "noise")
    return view[: next(keyed, len(view))]


def _through(view: View, edge: Edge, column: str) -> View:
    """Masks are added up. Changes before the first mask become one, as they do within a model; what
    is done to a masked value shows no more of it."""
    if view == TOO_MANY:
        return view
    for step in edge.masks:
        view = _masked(view, step)
    if edge.masks or _last(view) is not None:
        return view
    if edge.how == IDENTITY:
        return view
    how = after(_treated(view), edge.treated or TRANSFORMATION)
    return (MaskUse("", argument=column, kind=how),)


def _treated(view: View) -> str:
    """How a value that no mask has treated was changed."""
    return view[0].kind if view else IDENTITY


def _masked(view: View, step: MaskUse) -> View:
    """The view behind one more mask, if that hides what it should."""
    masked = _last(view) is not None
    how = IDENTITY if masked else _treated(view)
    shaped = how != SMALLER and step.function in HIDDEN_BY.get(how, ())
    hidden = hides(
        step.kind,
        whole=how in (IDENTITY, CLEANED) or shaped,
        masked=masked,
        aggregated=how in (PICKED, AGGREGATION),
        counted=how == IDENTITY,
        long=step.function in KEEP_LENGTH,
    )
    return (*view, step) if hidden else view


def hint(view: View) -> View:
    """What somebody learns who only sees the effect of a value: how it was changed is nothing."""
    return view if _last(view) is not None else WHOLE


def united(one: frozenset[View], other: frozenset[View]) -> frozenset[View]:
    """Both; more than are followed are as good as the value itself."""
    both = one | other
    return both if len(both) <= LIMIT else frozenset({TOO_MANY})


def level_behind(level: str, views: Collection[View]) -> str:
    """The level of a value of `level` that is seen through all of `views` together."""
    if conflict(views) is not None:
        return level
    return max((_lowered(level, view) for view in views), default="L1")


def _lowered(level: str, view: View) -> str:
    """What the first mask leaves counts. Behind it the value may have been made larger again, so a
    later mask lowers further only if it hides whatever it is given, or is a coarser one of a kind."""
    before: MaskUse | None = None
    for step in (step for step in view if step.function):
        if before is None or step.kind in _WHATEVER or _coarser(before, step):
            level = min(level, step.leads_to)
        before = step
    return level


def _coarser(before: MaskUse, step: MaskUse) -> bool:
    related = bool(step.family) and step.family == before.family
    return step.kind == "generalise" and related and not step.argument


def conflict(views: Collection[View]) -> tuple[View, View] | None:
    """Two views of one value that show together more than each of them."""
    masked = sorted({view for view in views if _last(view) is not None}, key=repr)
    for one, other in combinations(masked, 2):
        if _more_together(one, other):
            return one, other
    return None


def _last(view: View) -> MaskUse | None:
    return next((step for step in reversed(view) if step.function), None)


def _more_together(one: View, other: View) -> bool:
    if _apart(one) == _apart(other) or _of_one_group(one, other):
        return False
    a, b = _last(one), _last(other)
    assert a is not None
    assert b is not None
    if a.kind != "generalise" or b.kind != "generalise":
        return True
    if _domain(a) != _domain(b):
        return False  # their combination is what the disclosure-risk gate measures
    nested = a.family and a.family == b.family and a.argument == b.argument
    return not (nested and one[:-1] == other[:-1])


def _apart(view: View) -> View:
    """The view without the SELECT that it was made in."""
    return tuple(step._replace(group="", over="") for step in view)


def _of_one_group(one: View, other: View) -> bool:
    """Whether two views are plain statistics of the same groups, made equally coarse: the sum says
    no more beside the average than alone, and least and greatest are values as any."""
    a, b = one[-1], other[-1]
    same = (a.function, a.literals, a.group) == (b.function, b.literals, b.group)
    return bool(a.group) and same and a.kind == "generalise" and one[:-1] == other[:-1]


def _domain(step: MaskUse) -> str:
    return _DOMAINS.get(step.function, step.family or step.function)


def masked_kinds(views: Collection[View]) -> frozenset[str]:
    """The kinds of masks that the views end in."""
    return frozenset(step.kind for view in views if (step := _last(view)) is not None)
