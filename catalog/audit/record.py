"""One record of the audit log: an access, a refusal, a decision, a publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

Action = Literal[
    "publish",  # a step of a run became a snapshot, or the gate blocked it
    "rollback",
    "hold",  # a held publish was decided
    "document",  # a letter, agreement or consent was imported, countersigned, ended; an incident
    "quote",
    "query",
    "answer",
    "record",
    "request",  # a department's request changed its state
    "grant",  # a grant was provisioned, ended or revoked
    "objection",
    "exchange",  # rows were read through the exchange, or a subscription told of them
    "sign_in",
    "account",  # an account, a client or a subscription was made, changed or closed
    "quarantine",  # rejected rows were looked at or replayed
    "audit",  # the log was read, verified, exported or anchored; budgets and calls looked at
]
ACTIONS: tuple[Action, ...] = get_args(Action)
DONE = "ok"
NOBODY = "-"


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One thing that happened, or was refused.

    Attributes:
        at: when, in UTC.
        actor: who: `department:<id>/<user>`, `partner:<id>/<user>`, `account:<name>`, `run:<id>`,
            `system`, or `NOBODY` for someone who has not signed in.
        action: what was done.
        subject: to what: a table, a question, the id of a request, a document.
        outcome: `DONE`, or the code of the error with which it was refused.
        under: the id of the grant or agreement that allowed it.
        purpose: for what, as the grant or agreement names it.
        fields: which columns were given.
        rows: how many rows were given.
        snapshot: from which snapshot of the table.
        detail: what else belongs to the action, as texts.
    """

    at: datetime
    actor: str
    action: Action
    subject: str
    outcome: str = DONE
    under: str = ""
    purpose: str = ""
    fields: tuple[str, ...] = ()
    rows: int | None = None
    snapshot: int | None = None
    detail: Mapping[str, str] = field(default_factory=dict)
