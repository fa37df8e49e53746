"""Pages of lists by the numbers of their rows: what is added meanwhile moves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

# Of a row, on PostgreSQL, which refuses to compare one with more. An address may name any number.
MOST_NUMBER = 2**31 - 1
Row = TypeVar("Row")
Record = TypeVar("Record", covariant=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: at the newest by default.

    Attributes:
        before, after: only what is older, or newer, than the row of this number.
    """

    before: int | None = None
    after: int | None = None
    most: int = 50


@dataclass(frozen=True, slots=True)
class Listed(Generic[Record]):
    """A page of a list, the newest first.

    Attributes:
        count: how many there are on all pages.
        older: what is `before` of the next page; newer: what is `after` of the one before; None: there
            is none.
    """

    items: Sequence[Record]
    count: int
    older: int | None
    newer: int | None


def page_of(
    session: Session,
    query: Select[Row],
    key: InstrumentedAttribute[int],
    place: Place,
    most_counted: int | None = None,
) -> Listed[Row]:
    """A page of what a statement finds.

    Args:
        query: of one table's class, without an order.
        key: the number of its rows.
        most_counted: no more than these are counted; None: all.
    """
    counted = query if most_counted is None else query.limit(most_counted)
    count = session.scalar(select(func.count()).select_from(counted.subquery())) or 0
    if place.after is not None:
        rising = query.where(key > min(place.after, MOST_NUMBER)).order_by(key).limit(place.most)
        rows = list(session.scalars(rising))[::-1]
    else:
        before = place.before
        falling = query if before is None else query.where(key < min(before, MOST_NUMBER))
        rows = list(session.scalars(falling.order_by(key.desc()).limit(place.most)))
    if not rows:
        return Listed((), count, None, None)
    first, last = _number(rows[0], key), _number(rows[-1], key)
    older = session.scalar(query.where(key < last).limit(1))
    newer = session.scalar(query.where(key > first).limit(1))
    return Listed(rows, count, last if older else None, first if newer else None)


def _number(row: Any, key: InstrumentedAttribute[int]) -> int:
    return int(getattr(row, key.key))
