"""Every call of a partner is logged before its answer leaves: what was asked, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from catalog.database.openings import GIVEN, Action, Opening, Openings
from catalog.errors import CityBrainError


@dataclass(slots=True)
class Call:
    """A call that is going on; see `catalog.database.openings.Opening`."""

    partner: str
    user: str
    agreement: str
    purpose: str
    action: Action
    subject: str
    instruments: tuple[str, ...] = ()
    charge: int | None = None


class CallLog:
    """Writes the calls to one workspace."""

    def __init__(self, openings: Openings, workspace: str, clock: Callable[[], datetime]) -> None:
        self._openings = openings
        self._workspace = workspace
        self._clock = clock

    @contextmanager
    def logged(self, call: Call) -> Iterator[Call]:
        """While a call is worked on; what is known of it is filled in."""
        try:
            yield call
        except CityBrainError as error:
            self._write(call, error.code)
            raise
        except Exception:
            self._write(call, "unexpected")
            raise
        self._write(call, GIVEN)

    def _write(self, call: Call, outcome: str) -> None:
        opening = Opening(
            self._clock(),
            call.partner,
            call.user,
            call.agreement,
            call.purpose,
            call.action,
            call.subject,
            outcome,
            call.instruments,
            call.charge,
        )
        self._openings.write(self._workspace, opening)
