"""Every call of a partner is logged before its answer leaves: what was asked, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from catalog.database.openings import GIVEN, Action, GivenData, Opening, Openings
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
    given: GivenData = field(default_factory=GivenData)


class CallLog:
    """Writes the calls to one workspace."""

    def __init__(self, openings: Openings, workspace: str, clock: Callable[[], datetime]) -> None:
        self._openings = openings
        self._workspace = workspace
        self._clock = clock

    @contextmanager
    def logged(self, call: Call) -> Iterator[Call]:
        """While a call is worked on; what is known of it is filled in.

        Raises:
            CatalogError: `audit_overdue`, before anything is done.
        """
        try:
            self.check()
            yield call
        except Exception as error:
            self.write([(call, error)])
            raise
        self.write([(call, None)])

    def check(self) -> None:
        """That the audit log lets anything be given.

        Raises:
            CatalogError: `audit_overdue`.
        """
        self._openings.check(self._workspace)

    def write(self, ended: Iterable[tuple[Call, Exception | None]]) -> None:
        """Log calls that have ended, each with its error if it has one."""
        now = self._clock()
        self._openings.write(self._workspace, *(_opening(now, *one) for one in ended))


def _opening(at: datetime, call: Call, error: Exception | None) -> Opening:
    outcome = GIVEN
    if error is not None:
        outcome = error.code if isinstance(error, CityBrainError) else "unexpected"
    return Opening(
        at,
        call.partner,
        call.user,
        call.agreement,
        call.purpose,
        call.action,
        call.subject,
        outcome,
        call.instruments,
        call.charge,
        GivenData() if error is not None else call.given,
    )
