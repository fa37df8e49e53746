"""What pages about runs read: one run with its steps, and how a city's data went over time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from catalog.database import reading
from catalog.database import tables as t
from catalog.database.records import RuleResultRow, RunRow, StepRow

Transaction = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run; of each step by resource what its rules found."""

    run: RunRow
    steps: tuple[StepRow, ...]
    rules: dict[str, list[RuleResultRow]]


@dataclass(frozen=True, slots=True)
class Point:
    """A resource after a step: its score, None when not assessed, or its rows."""

    resource: str
    at: datetime
    value: float


class Histories:
    """Every method is one transaction and reads only."""

    def __init__(self, read: Transaction) -> None:
        self._read = read

    def runs(self, workspace: str, limit: int, before: datetime | None = None) -> list[RunRow]:
        """Runs that started before a moment, the newest first."""
        with self._read() as session:
            query = select(t.Run).where(t.Run.workspace_id == _owner(workspace))
            if before is not None:
                query = query.where(t.Run.started_at < before)
            query = query.order_by(t.Run.started_at.desc(), t.Run.id.desc()).limit(limit)
            return reading.run_rows(session, workspace, session.scalars(query).all())

    def run(self, workspace: str, run_id: str) -> RunDetail | None:
        """A run of the workspace; None if it has no such run."""
        with self._read() as session:
            query = select(t.Run).where(t.Run.workspace_id == _owner(workspace))
            found = session.scalars(query.where(t.Run.id == run_id)).all()
            if not found:
                return None
            run = reading.run_rows(session, workspace, found)[0]
            steps = select(t.Resource.name, t.Step).join(
                t.Step, t.Step.resource_id == t.Resource.id
            )
            steps = steps.where(t.Step.run_id == run_id).order_by(t.Step.id)
            rows = reading.step_rows(session, steps)
            rules = reading.rules_of_run(session, run_id)
        return RunDetail(run, tuple(rows.values()), rules)

    def scores(self, workspace: str, since: datetime) -> list[Point]:
        """Every score since a moment, the oldest first."""
        step = t.Step
        query = select(t.Resource.name, step.finished_at, step.score)
        query = query.join(step, step.resource_id == t.Resource.id)
        query = query.where(
            t.Resource.workspace_id == _owner(workspace),
            step.score.is_not(None),
            step.finished_at >= since,
        )
        with self._read() as session:
            found = session.execute(query.order_by(step.id)).all()
        return [Point(name, at, score) for name, at, score in found if score is not None]

    def rows(self, workspace: str, since: datetime) -> list[Point]:
        """The rows of every snapshot that was published since a moment, the oldest first."""
        item = t.Snapshot
        query = select(t.Resource.name, item.committed_at, item.rows)
        query = query.join(item, item.resource_id == t.Resource.id)
        query = query.where(
            t.Resource.workspace_id == _owner(workspace), item.committed_at >= since
        )
        with self._read() as session:
            found = session.execute(query.order_by(item.committed_at, item.id)).all()
        return [Point(*row) for row in found]


def _owner(workspace: str) -> ColumnElement[int]:
    return select(t.Workspace.id).where(t.Workspace.name == workspace).scalar_subquery()
