"""What partners asked for, page by page: the calls of the log with their charges and answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from catalog.database import budget_tables as bt
from catalog.database import tables as t
from catalog.database.budget_chain import amount_of
from catalog.database.budget_records import Amount
from catalog.database.opening_tables import OpeningRow
from catalog.database.openings import Action, Opening, record

Transaction = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True, slots=True)
class AskedEntry:
    """A call of the log.

    Attributes:
        number: its place in the log; later calls have greater ones.
        paid: what was charged by this call itself; None where nothing was.
        answer: the id of the answer that its question has; None where there is none.
    """

    number: int
    call: Opening
    paid: Amount | None = None
    answer: str | None = None


class AskedLog:
    """The log of calls of every workspace, joined with charges and answers; reads only."""

    def __init__(self, read: Transaction) -> None:
        self._read = read

    def page(
        self,
        workspace: str,
        *,
        partner: str | None = None,
        agreement: str | None = None,
        actions: Sequence[Action] = (),
        before: int | None = None,
        limit: int = 50,
    ) -> list[AskedEntry]:
        """Calls, the newest first: of a partner, under an agreement, of some kinds, or all.

        Args:
            before: only calls before this number, to go on from a page.
        """
        query = _calls(workspace)
        item = OpeningRow
        if partner is not None:
            query = query.where(item.partner == partner)
        if agreement is not None:
            query = query.where(item.agreement == agreement)
        if actions:
            query = query.where(item.action.in_(actions))
        if before is not None:
            query = query.where(item.id < before)
        with self._read() as session:
            found = list(session.scalars(query.order_by(item.id.desc()).limit(limit)))
            charges = {row.charge_id for row in found if row.charge_id is not None}
            if not charges:
                return [AskedEntry(row.id, record(row)) for row in found]
            first, paid, answers = _of_charges(session, found[0].workspace_id, charges)
            return [
                AskedEntry(
                    row.id,
                    record(row),
                    paid.get(row.charge_id or 0) if row.id in first else None,
                    answers.get(row.charge_id or 0),
                )
                for row in found
            ]

    def of_answer(
        self, workspace: str, agreement: str, partner: str, answer: str
    ) -> AskedEntry | None:
        """The call by which an answer of a partner's was first asked for; None: there is none."""
        item = OpeningRow
        charge = select(bt.BudgetAnswer.charge_id).where(bt.BudgetAnswer.id == answer)
        query = _calls(workspace).where(
            item.agreement == agreement, item.partner == partner, item.action == "query"
        )
        query = query.where(item.charge_id == charge.scalar_subquery())
        with self._read() as session:
            row = session.scalar(query.order_by(item.id).limit(1))
            return None if row is None else AskedEntry(row.id, record(row), answer=answer)

    def one(self, workspace: str, partner: str, number: int) -> AskedEntry | None:
        """A call of a partner's by its number."""
        query = _calls(workspace).where(OpeningRow.id == number, OpeningRow.partner == partner)
        with self._read() as session:
            row = session.scalar(query)
            return None if row is None else AskedEntry(row.id, record(row))


def _calls(workspace: str) -> Select[OpeningRow]:
    query = select(OpeningRow).join(t.Workspace, t.Workspace.id == OpeningRow.workspace_id)
    return query.where(t.Workspace.name == workspace)


def _of_charges(
    session: Session, workspace: int, charges: set[int]
) -> tuple[set[int], dict[int, Amount], dict[int, str]]:
    """The calls that were charged themselves; by charge, what it cost and its answer."""
    item = OpeningRow
    first = select(func.min(item.id)).where(
        item.workspace_id == workspace, item.charge_id.in_(charges), item.action == "query"
    )
    paid = select(bt.BudgetCharge).where(bt.BudgetCharge.id.in_(charges))
    answers = select(bt.BudgetAnswer.charge_id, bt.BudgetAnswer.id)
    answers = answers.where(bt.BudgetAnswer.charge_id.in_(charges))
    return (
        set(session.scalars(first.group_by(item.charge_id))),
        {row.id: amount_of(row) for row in session.scalars(paid)},
        dict(session.execute(answers).tuples().all()),
    )
