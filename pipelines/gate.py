"""The gate: what the rules found, what Great Expectations certifies, and whether to publish."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.database.records import RuleResult
from catalog.errors import CityBrainError
from pipelines.duck import files_sql, lent, table_columns
from pipelines.errors import PipelineError
from pipelines.incremental.parts import Content
from pipelines.lake import Column, Snapshot
from pipelines.plan import Step
from pipelines.stage import Counts, Stage
from quality.predicates import quoted, violation
from quality.rules import Rule

if TYPE_CHECKING:
    from quality.certify import Certificate, Certifier, ExpectationOutcome
    from quality.suite import TableContext


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's decision on one attempt.

    Attributes:
        score: the quality score in [0, 1]; None when nothing could be assessed.
    """

    blocked: bool
    error: CityBrainError | None
    warnings: tuple[CityBrainError, ...]
    rules: tuple[RuleResult, ...]
    score: float | None


def judge(
    certifier: Certifier,
    stage: Stage,
    assessed: Mapping[str, int | None],
    content: Content,
    current: Snapshot | None,
    max_quarantined_percent: float,
    totals: Counts,
) -> Verdict:
    """Decide on a staged step.

    Args:
        content: what the table would be: the good rows, and for an increment or a replay the rows
            that stay. Table rules are about all of it; the others about what is new.
        assessed: rows compared per set rule, None where a rule could not be assessed.
        current: the last good snapshot, for volume rules.
        totals: the account of the table as it would be; the limit on quarantined rows is its.
    """
    from quality.scores import score as score_of
    from quality.suite import TableContext

    step = stage.step
    types = {item.name: item.physical_type for item in step.contract.fields}
    predicates = {
        rule.id: violation(rule, types, stage.as_of)
        for rule in step.rules
        if rule.scope == "row" and rule.kind not in ("unreadable", "malformed")
    }
    context = TableContext(as_of=stage.as_of, previous_rows=current.rows if current else None)
    columns = table_columns(step.contract, current)
    with lent(stage.con):
        certificate = _certified(certifier, step, content, columns, context, predicates)
    certified = {outcome.rule_id: outcome for outcome in certificate.outcomes}
    results = tuple(
        _result(stage, rule, assessed, certified.get(rule.id), (content.files, columns))
        for rule in _all_rules(stage)
    )
    error = _refusal(
        step.name, totals, results, certificate.decision, certified, max_quarantined_percent
    )
    warnings = tuple(
        PipelineError(
            "rule_warning", table=step.name, rule=r.rule, failed=_shown(r), detail=r.detail
        )
        for r in results
        if r.severity == "warn" and r.passed is False
    )
    by_id = {rule.id: rule for rule in _all_rules(stage)}
    score = score_of((by_id[r.rule], r.assessed, r.failed) for r in results).value
    return Verdict(error is not None, error, warnings, results, score)


def _certified(
    certifier: Certifier,
    step: Step,
    content: Content,
    columns: Sequence[Column],
    context: TableContext,
    predicates: Mapping[str, str],
) -> Certificate:
    """The certificate of what is new, and of the table for the rules that are about all of it.

    What stays was certified when it was published, by the same contract.
    """
    from quality.certify import Certificate, decide

    name, rules = step.name, step.rules
    if not content.kept:
        fresh = files_sql(content.fresh, columns)
        return certifier.certify(name, fresh, rules, context, predicates)
    of_rows = [rule for rule in rules if rule.scope != "table"]
    of_table = [rule for rule in rules if rule.scope == "table"]
    fresh, everything = files_sql(content.fresh, columns), files_sql(content.files, columns)
    new = certifier.certify(name, fresh, of_rows, context, predicates)
    if not of_table:
        return new
    whole = certifier.certify(f"{name}.table", everything, of_table, context, predicates)
    outcomes = (*new.outcomes, *whole.outcomes)
    return Certificate(decide(outcomes), outcomes)


def _all_rules(stage: Stage) -> list[Rule]:
    """The contract's rules, and `malformed`, which every collected resource has."""
    named = {rule.id: rule for rule in (*stage.step.masks.rules, *stage.step.rules)}
    bits = {rule.id for rule in stage.step.masks.rules}
    return [r for r in named.values() if r.kind != "unreadable" or r.id in bits]


def _result(
    stage: Stage,
    rule: Rule,
    assessed: Mapping[str, int | None],
    outcome: ExpectationOutcome | None,
    content: tuple[Sequence[Path], Sequence[Column]],
) -> RuleResult:
    counts = stage.counts
    detail = outcome.observed if outcome and rule.scope == "table" else ""
    failed: int | None
    looked: int | None
    if rule.scope == "row":
        failed = counts.failures[rule.id]
        looked = _looked_at(stage, rule, failed)
        passed: bool | None = failed == 0 if looked else None
    elif rule.scope == "set":
        looked = assessed.get(rule.id)
        failed = counts.failures[rule.id] if looked is not None else None
        passed = failed == 0 if looked else None
    elif rule.kind == "sql":
        passed, detail = _sql_rule(stage, rule, content)
        looked, failed = 1, 0 if passed else 1
    else:
        passed = outcome.passed if outcome else None
        looked = outcome.assessed if outcome else None
        failed = outcome.failed if outcome else None
        if looked is None and passed is not None:
            looked, failed = 1, 0 if passed else 1
    return RuleResult(
        rule.id,
        rule.kind,
        rule.fields,
        rule.dimension,
        rule.severity,
        looked,
        failed,
        passed,
        detail,
    )


def _looked_at(stage: Stage, rule: Rule, failed: int) -> int:
    """Rows that a row rule judged: those that have a value, or all of them."""
    counts = stage.counts
    if rule.kind in ("required", "row", "malformed"):
        return counts.judged
    present = counts.present.get(rule.fields[0], counts.judged)
    return present + failed if rule.kind == "unreadable" else present


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "mustBe": lambda value, limit: bool(value == limit),
    "mustNotBe": lambda value, limit: bool(value != limit),
    "mustBeGreaterThan": lambda value, limit: bool(value > limit),
    "mustBeGreaterOrEqualTo": lambda value, limit: bool(value >= limit),
    "mustBeLessThan": lambda value, limit: bool(value < limit),
    "mustBeLessOrEqualTo": lambda value, limit: bool(value <= limit),
    "mustBeBetween": lambda value, limit: bool(limit[0] <= value <= limit[1]),
    "mustNotBeBetween": lambda value, limit: not limit[0] <= value <= limit[1],
}


def _sql_rule(
    stage: Stage, rule: Rule, content: tuple[Sequence[Path], Sequence[Column]]
) -> tuple[bool | None, str]:
    """Run an SQL rule over what would be published; its query names the table by its short name."""
    table = quoted(stage.step.contract.table)
    stage.con.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS {files_sql(*content)}")
    row = stage.con.execute(rule.params["query"]).fetchone()
    value = row[0] if row else None
    if value is None:
        return None, "NULL"
    ((operator, limit),) = rule.params["operators"].items()
    return _COMPARE[operator](value, limit), str(value)


def _refusal(
    name: str,
    counts: Counts,
    results: tuple[RuleResult, ...],
    decision: str,
    certified: Mapping[str, ExpectationOutcome],
    max_quarantined_percent: float,
) -> CityBrainError | None:
    """Why the step must not be published, or None."""
    broken = [r for r in results if r.severity == "block" and r.passed is False]
    if broken:
        listed = "; ".join(f"{r.rule} ({_shown(r)})" for r in broken)
        return PipelineError("gate_blocked", table=name, rules=listed)
    share = 100.0 * counts.quarantined / counts.judged if counts.judged else 0.0
    if share > max_quarantined_percent:
        top = ", ".join(f"{reason} {rows}" for reason, rows in counts.reasons.most_common(3))
        return PipelineError(
            "gate_quarantined",
            table=name,
            share=f"{share:.1f}",
            limit=f"{max_quarantined_percent:g}",
            quarantined=counts.quarantined,
            judged=counts.judged,
            reasons=top,
        )
    if decision == "block":
        listed = "; ".join(
            f"{o.rule_id} ({o.observed})" for o in certified.values() if o.passed is False
        )
        return PipelineError("gate_not_certified", table=name, rules=listed)
    return None


def _shown(result: RuleResult) -> str:
    if result.kind in (
        "sql",
        "row_count",
        "freshness",
        "volume_change",
        "null_share",
        "invalid_share",
    ):
        return result.detail or "-"
    return f"{result.failed} of {result.assessed} rows"
