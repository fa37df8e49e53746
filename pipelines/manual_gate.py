"""The manual gate: a publish over its warn threshold waits until a person has decided about it.

A decision covers exactly the result that it was given for: everything that the result depends on is
in the fingerprint under which it is kept. Without a decision nothing is published, however long it
takes. What a person may say:

- approve: publish what was staged, the rows that only a warning is about included;
- release: publish only the rows that break no rule; those that break a rule of severity `warn`
  go to the quarantine, too. A rule that takes rows out decides about the rows that are left, so the
  workspace is compiled with the harder rules first, and refused where that would leak;
- reject: publish nothing; readers keep the last good snapshot until something has changed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog.contract import Gate
from catalog.database.holds import Holds
from catalog.database.ledger_records import Hold
from catalog.errors import CityBrainError, Problems
from pipelines.errors import PipelineError
from pipelines.plan import Plan, Step, compile_workspace
from pipelines.workspace import Model, Workspace
from quality.rules import hardened

if TYPE_CHECKING:
    from pipelines.account import Outcome
    from pipelines.gate import Verdict
    from pipelines.stage import Counts

HELD = frozenset({"gate_held_quarantine", "gate_held_warning"})


class ManualGate:
    """What people decided about a workspace's results; nobody did where there are no holds."""

    def __init__(self, plan: Plan, holds: Holds | None = None) -> None:
        self._plan = plan
        self._holds = holds

    def decision(self, table: str, mark: str) -> Hold | None:
        """What was decided about one result."""
        if self._holds is None:
            return None
        hold = self._holds.of(self._plan.workspace.name, table, mark)
        return hold if hold is not None and hold.decision is not None else None

    def step(self, step: Step, decision: Hold | None) -> Step:
        """The step to run: with harder rules, where that was decided.

        Raises:
            PipelineError: `release_unsound`.
        """
        if decision is None or decision.decision != "release":
            return step
        return hardened_step(self._plan.workspace, step.name)

    def refusal(
        self, step: Step, counts: Counts, verdict: Verdict, decision: Hold | None
    ) -> CityBrainError | None:
        """Why a result that the gate lets pass must not be published yet, or at all; or None."""
        if decision is not None:
            if decision.decision != "reject":
                return None
            who, why = decision.who, decision.why
            return PipelineError("gate_rejected", table=step.name, who=who, why=why)
        gate = step.contract.gate or self._plan.workspace.settings.gate
        return _over(step, counts, gate) or _warned(step, verdict, gate)


def _over(step: Step, counts: Counts, gate: Gate) -> CityBrainError | None:
    share = 100.0 * counts.quarantined / counts.judged if counts.judged else 0.0
    if gate.warn_quarantined_percent is None or share <= gate.warn_quarantined_percent:
        return None
    top = ", ".join(f"{reason} {rows}" for reason, rows in counts.reasons.most_common(3))
    return PipelineError(
        "gate_held_quarantine",
        table=step.name,
        share=f"{share:.1f}",
        limit=f"{gate.warn_quarantined_percent:g}",
        quarantined=counts.quarantined,
        judged=counts.judged,
        reasons=top,
    )


def _warned(step: Step, verdict: Verdict, gate: Gate) -> CityBrainError | None:
    if not gate.hold_on_warning:
        return None
    broken = [r for r in verdict.rules if r.severity == "warn" and r.passed is False]
    if not broken:
        return None
    listed = "; ".join(f"{r.rule} ({r.failed} / {r.assessed})" for r in broken)
    return PipelineError("gate_held_warning", table=step.name, rules=listed)


def decision_text(hold: Hold) -> str:
    """A decision, for the summary of the snapshot that it let pass."""
    when = hold.decided_at.isoformat() if hold.decided_at else ""
    kept = {"decision": hold.decision, "who": hold.who, "why": hold.why, "at": when}
    return json.dumps(kept, ensure_ascii=False)


def note_hold(holds: Holds, workspace: str, run_id: str, outcome: Outcome) -> None:
    """Record that a result waits, if it does."""
    error, counts = outcome.error, outcome.counts
    if error is None or error.code not in HELD or counts is None or outcome.fingerprint is None:
        return
    holds.record(
        workspace,
        Hold(
            outcome.name,
            outcome.fingerprint,
            run_id,
            error.code,
            error.text(),
            counts.received,
            counts.published,
            counts.quarantined,
            datetime.now(UTC),
        ),
    )


def hardened_step(workspace: Workspace, name: str) -> Step:
    """A step whose row and set rules of severity `warn` reject rows.

    Raises:
        PipelineError: `release_unsound`: with these rules the workspace does not compile.
    """
    collected, models = dict(workspace.collected), dict(workspace.models)
    if name in collected:
        collected[name] = hardened(collected[name])
    else:
        model = models[name]
        models[name] = Model(hardened(model.contract), model.path, model.sql)
    # What was proven of the contract as it is written must not be taken for this one's.
    harder = replace(workspace, collected=collected, models=models, cache=None)
    try:
        return compile_workspace(harder).steps[name]
    except Problems as error:
        first = str(error.problems[0])
        raise PipelineError("release_unsound", table=name, problem=first) from error
