"""Lists in pages: what of them is wanted, and the links to what is older and newer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Protocol
from urllib.parse import urlencode

from fastapi import Depends, Query, Request

from catalog.database.paging import Listed, Place

Name = Annotated[str, Query(max_length=200)]
Number = Annotated[int | None, Query(ge=0, lt=2**63)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address of a list asks for.

    Attributes:
        state, department, owner: empty: any.
        overdue: only what is late.
    """

    state: str
    department: str
    owner: str
    overdue: bool
    place: Place

    @property
    def filters(self) -> dict[str, str]:
        """The terms of the address that say what is wanted."""
        said = {"state": self.state, "department": self.department, "owner": self.owner}
        said["overdue"] = "yes" if self.overdue else ""
        return {name: one for name, one in said.items() if one}


async def wanted_of(
    state: Name = "",
    department: Name = "",
    owner: Name = "",
    overdue: Name = "",
    before: Number = None,
    after: Number = None,
) -> Wanted:
    """What an address asks for."""
    state, department, owner = (one.replace("\x00", "") for one in (state, department, owner))
    return Wanted(state, department, owner, bool(overdue), Place(before, after))


WantedDep = Annotated[Wanted, Depends(wanted_of)]


class Filtered(Protocol):
    """What the address of a list asks for, by the terms that say so."""

    @property
    def filters(self) -> dict[str, str]:
        """The terms by their names."""


@dataclass(frozen=True, slots=True)
class Links:
    """The ways on from a page of a list; empty: there is none."""

    older: str
    newer: str
    newest: str


def links_of(request: Request, wanted: Filtered, listed: Listed[object]) -> Links:
    """The ways on from a page."""
    path = request.url.path

    def link(**more: int) -> str:
        terms = wanted.filters | {name: str(one) for name, one in more.items()}
        return f"{path}?{urlencode(terms)}" if terms else path

    older = "" if listed.older is None else link(before=listed.older)
    newer = "" if listed.newer is None else link(after=listed.newer)
    astray = not listed.items and listed.count > 0
    return Links(older, newer, link() if newer or astray else "")
