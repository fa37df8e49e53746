"""How often a row of what is read stands in a table, as far as lineage and keys prove it.

Sums and counts over rows that are there several times are larger than what they are of: a band hides
less of such a sum than it seems to, and such a count is a count of fewer.
"""

from __future__ import annotations

from collections.abc import Mapping

from catalog.contract import Contract
from catalog.lineage import MANY, ROW, ModelLineage
from pipelines.lineage.flow import CLEANED, IDENTITY

OWN = 0  # the place of a value that comes from the row itself, or from the group it stands for
_UNCHANGED, _GENTLE = frozenset({IDENTITY}), frozenset({IDENTITY, CLEANED})


def key_places(contract: Contract, lineage: ModelLineage, gently: bool = False) -> frozenset[int]:
    """The place that a table's whole key comes from, if it is one: no row of it can be there twice, for
    the gate would find the key twice.

    Args:
        gently: whether a key that was cleaned will do. Cleaning gives few keys for one value, not one.
    """
    allowed = _GENTLE if gently else _UNCHANGED
    places: set[int] = set()
    for name in contract.primary_key:
        direct = [edge for edge in lineage.columns.get(name, ()) if edge.direct]
        if not direct or any(edge.masks or edge.treated not in allowed for edge in direct):
            return frozenset()
        places |= {source.place for source in lineage.places.get(name, ())}
    return frozenset(places) if len(places) == 1 else frozenset()


def repeated_columns(
    contract: Contract,
    lineage: ModelLineage,
    above: Mapping[str, frozenset[str]],
    doubled: bool = False,
) -> frozenset[str]:
    """The columns whose sources' rows may stand in several rows of a table; its rows as a whole are
    `ROW`.

    Args:
        above: the same of the tables that are read.
        doubled: whether a row may come from both of two tables that the model unites.
    """
    many = doubled or lineage.rows_are == MANY
    once = key_places(contract, lineage, gently=True)
    once |= frozenset() if many else {OWN, *lineage.once}
    found = set()
    if many or any(ROW in above.get(e.table, ()) for e in lineage.rows):
        found.add(ROW)
    for name, places in lineage.places.items():
        beside = any(source.place not in once for source in places)
        if beside or any(s.column in above.get(s.table, ()) for s in places):
            found.add(name)
    return frozenset(found)
