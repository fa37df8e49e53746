"""The register of incidents (失泄密): what was found, what was done, who confirmed it."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.audit.record import AuditRecord
from catalog.database.incident_tables import (
    IncidentClosingRow,
    IncidentRow,
    IncidentStatementRow,
)
from catalog.database.kept import Kept
from catalog.database.writing import lock_workspace
from catalog.errors import CatalogError

Severity = Literal["minor", "serious", "grave"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody records of an incident.

    Attributes:
        on: the day in the city on which it was found.
        resources: whose data it was about; none where nobody knows.
    """

    on: date
    resources: tuple[str, ...]
    what: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident of the register.

    Attributes:
        number: within the workspace, from 1.
        how: what was done about it; it is closed with that.
    """

    number: int
    found: Found
    recorded_at: datetime
    recorded_by: str
    closed_at: datetime | None = None
    closed_by: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """That the register is complete, as far as somebody knows."""

    at: datetime
    by: str


class Incidents(Kept):
    """The registers of every workspace in a catalogue database; every method is one transaction."""

    def add(self, workspace: str, found: Found, actor: str) -> int:
        """Record an incident; its number.

        Raises:
            CatalogError: `incident_words`: nothing is said about it; `incident_severity`.
        """
        if not found.what.strip():
            raise CatalogError("incident_words")
        if found.severity not in SEVERITIES:
            raise CatalogError("incident_severity", severity=found.severity)
        with self._write() as session:
            now = self._clock()
            lock_workspace(session, workspace, now)
            here = IncidentRow.workspace == workspace
            last = session.scalar(select(func.max(IncidentRow.number)).where(here)) or 0
            session.add(
                IncidentRow(
                    workspace=workspace,
                    number=last + 1,
                    found_on=found.on,
                    resources=list(found.resources),
                    what=found.what.strip(),
                    severity=found.severity,
                    recorded_at=now,
                    recorded_by=actor,
                )
            )
            session.flush()
            said = {"severity": found.severity, "resources": " ".join(found.resources)}
            self._told(session, workspace, now, actor, last + 1, "incident_recorded", said)
            return last + 1

    def close(self, workspace: str, number: int, how: str, actor: str) -> None:
        """Close an incident, with what was done about it.

        Raises:
            CatalogError: `incident_words`, `incident_unknown`, `incident_closed`.
        """
        if not how.strip():
            raise CatalogError("incident_words")
        with self._write() as session:
            now = self._clock()
            lock_workspace(session, workspace, now)
            here = (IncidentRow.workspace == workspace, IncidentRow.number == number)
            row = session.scalar(select(IncidentRow).where(*here))
            if row is None:
                raise CatalogError("incident_unknown", number=number)
            if session.get(IncidentClosingRow, row.id) is not None:
                raise CatalogError("incident_closed", number=number)
            closing = IncidentClosingRow(
                incident_id=row.id, closed_at=now, closed_by=actor, how=how.strip()
            )
            session.add(closing)
            session.flush()
            self._told(session, workspace, now, actor, number, "incident_closed", {})

    def state(self, workspace: str, actor: str) -> None:
        """Somebody confirms that he knows of no incident but those of the register."""
        with self._write() as session:
            now = self._clock()
            session.add(IncidentStatementRow(workspace=workspace, stated_at=now, stated_by=actor))
            session.flush()
            self._told(session, workspace, now, actor, 0, "incidents_confirmed", {})

    def list(self, workspace: str) -> builtins.list[Incident]:
        """All incidents, those that were recorded last first."""
        query = select(IncidentRow, IncidentClosingRow).outerjoin(
            IncidentClosingRow, IncidentClosingRow.incident_id == IncidentRow.id
        )
        query = query.where(IncidentRow.workspace == workspace).order_by(IncidentRow.number.desc())
        with self._read() as session:
            return [_incident(row, closing) for row, closing in session.execute(query)]

    def last_statement(self, workspace: str) -> Statement | None:
        """The last confirmation; None: there was none."""
        row = IncidentStatementRow
        query = select(row).where(row.workspace == workspace).order_by(row.id.desc()).limit(1)
        with self._read() as session:
            found = session.scalar(query)
            return None if found is None else Statement(found.stated_at, found.stated_by)

    def _told(
        self,
        session: Session,
        workspace: str,
        at: datetime,
        actor: str,
        number: int,
        what: str,
        said: dict[str, str],
    ) -> None:
        """The audit log's record: never the words, which may say what leaked."""
        subject = f"incident {number}" if number else "incidents"
        told = AuditRecord(at, actor, "document", subject, detail={"what": what, **said})
        self._audit.append_in(session, workspace, [told])


def _incident(row: IncidentRow, closing: IncidentClosingRow | None) -> Incident:
    severity: Severity = row.severity  # type: ignore[assignment]  # a constraint of the table
    found = Found(row.found_on, tuple(row.resources), row.what, severity)
    made = (row.number, found, row.recorded_at, row.recorded_by)
    if closing is None:
        return Incident(*made)
    return Incident(*made, closing.closed_at, closing.closed_by, closing.how)
