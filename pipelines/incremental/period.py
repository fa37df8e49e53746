"""A range of days that is to be made again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """A range of days that is to be made again, both ends included; None: open on that side."""

    since: date | None
    until: date | None

    def holds(self, column: str) -> str:
        """The condition that a date or time lies in it."""
        found = [f"{column} IS NOT NULL"]
        if self.since is not None:
            found.append(f"{column} >= DATE '{self.since}'")
        if self.until is not None:
            found.append(f"{column} < DATE '{self.until + timedelta(days=1)}'")
        return " AND ".join(found)
