"""The gate of a release: the disclosure risk of records, the small counts of statistics.

The compiler has proven which columns a release carries; only the rows tell whether they single
somebody out. What is judged is exactly the file that would be published.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from catalog.contract import Contract, Release
from catalog.database.records import RuleResult
from catalog.errors import CityBrainError
from catalog.text import text
from pipelines.errors import PipelineError
from quality.predicates import quoted
from quality.risk.policy import RiskSettings, policy_of

if TYPE_CHECKING:
    from pipelines.plan import Plan
    from quality.risk.report import Failure, RiskReport

RECORDS_RULE, STATISTICS_RULE = "disclosure_risk", "small_counts"
_DIMENSION = (
    "confidentiality"  # ISO/IEC 25012; GB/T 36344 has no such dimension, so no score counts it
)


@dataclass(frozen=True, slots=True)
class ReleaseVerdict:
    """What the gate found of a release.

    Attributes:
        error: why it may not be published, or None.
        rule: the same as a rule result, beside those of the contract.
        report: numbers and names of fields for the catalogue, never a value of the data.
    """

    error: CityBrainError | None
    rule: RuleResult
    report: dict[str, Any]


def judge_release(
    con: duckdb.DuckDBPyConnection,
    relation_sql: str,
    contract: Contract,
    settings: RiskSettings,
    lowered: Sequence[str],
) -> ReleaseVerdict | None:
    """Judge what a release would publish.

    Args:
        relation_sql: a SELECT of its rows.
        lowered: its columns that something above the channel's ceiling got into, masked.

    Returns:
        None when there is nothing to judge: no release, or records without quasi-identifiers, which
        the compiler allows only when nothing in them was ever above the ceiling (`release_quasi`).

    Raises:
        QualityError: the declaration does not fit the rows; see `quality.risk.measure.measure`.
    """
    release = contract.release
    if release is None:
        return None
    if release.kind == "statistics":
        return judge_statistics(con, relation_sql, contract, settings, lowered)
    if not release.quasi_identifiers:
        return None
    return _records(con, relation_sql, contract, release, settings)


def release_seal(plan: Plan, name: str) -> str:
    """What a release was proven and judged by: everything upstream of it, and the bounds.

    A snapshot with another seal was released under other rules; going back to it would publish
    what nothing has proven.
    """
    settings = plan.workspace.settings
    digest = hashlib.sha256(f"{settings.risk!r}\0{settings.channels!r}".encode())
    for upstream in sorted(plan.upstream([name])):
        step = plan.steps[upstream]
        mark = step.model.fingerprint if step.model else step.contract.fingerprint
        digest.update(f"\0{upstream}\0{mark}".encode())
    return digest.hexdigest()


# -- records -------------------------------------------------------------------------------------


def _records(
    con: duckdb.DuckDBPyConnection,
    relation_sql: str,
    contract: Contract,
    release: Release,
    settings: RiskSettings,
) -> ReleaseVerdict:
    from quality.risk.measure import measure

    report = measure(con, relation_sql, policy_of(contract.name, release, settings))
    error = None if report.passed else risk_error(report)
    assessed = report.rows or None
    rule = RuleResult(
        RECORDS_RULE,
        RECORDS_RULE,
        report.quasi_identifiers,
        _DIMENSION,
        "block",
        assessed,
        report.rows_in_small_classes if assessed else None,
        report.passed if assessed else None,
        _summary(report),
    )
    return ReleaseVerdict(error, rule, {"kind": "records", **report.to_dict()})


def risk_error(report: RiskReport) -> PipelineError:
    """Why a record-level release is refused: what was measured against what is asked."""
    return PipelineError(
        "release_risk",
        table=report.resource,
        channel=report.channel,
        rows=f"{report.rows:,}",
        failures="; ".join(failure_text(failure) for failure in report.failures),
    )


def failure_text(failure: Failure) -> str:
    """One criterion that does not hold, in words."""
    word = text(f"risk_criterion_{failure.criterion}")
    field = f" ({failure.field})" if failure.field else ""
    return f"{word}{field}: {failure.value:.4g}, {_bound(failure)}"


def _bound(failure: Failure) -> str:
    key = "risk_at_least" if failure.criterion in ("k", "l") else "risk_at_most"
    return text(key, bound=f"{failure.required:.4g}")


def _summary(report: RiskReport) -> str:
    if report.k is None or report.gbt42460 is None or report.theta_mean is None:
        return ""
    return f"k={report.k}, theta mean={report.theta_mean:.4g}, R={report.gbt42460.risk:.4g}"


# -- statistics ----------------------------------------------------------------------------------


def judge_statistics(
    con: duckdb.DuckDBPyConnection,
    relation_sql: str,
    contract: Contract,
    settings: RiskSettings,
    lowered: Sequence[str],
) -> ReleaseVerdict:
    """Judge a release of kind `statistics`: no count may be below the minimum.

    NULL hides a count, but not what else the row tells of its few: a row without a count may show
    nothing that was lowered. Zero is no small count, for there is nobody to be found; who would hide
    few behind a zero is held to the same: what was lowered cannot come from no row.
    """
    release = contract.release
    assert release is not None
    assert release.count is not None
    minimum = max(release.minimum or 1, settings.minimum_count)
    count = quoted(release.count)
    others = [name for name in lowered if name != release.count]
    row = con.execute(
        f"SELECT count(*), count(*) FILTER ({count} < {minimum} AND {count} <> 0), "
        f"count(*) FILTER ({count} IS NULL), min({count}), count(*) FILTER ({count} = 0), "
        f"count(*) FILTER (coalesce({count}, 0) = 0 AND ({_any_given(others)})) "
        f"FROM ({relation_sql})"
    ).fetchone()
    assert row is not None
    groups, small, suppressed, smallest, empty, bare = row
    failed = small + bare
    outcome = "not_assessed" if not groups else "refused" if failed else "passed"
    report = {
        "kind": "statistics",
        "resource": contract.name,
        "channel": release.channel,
        "count": release.count,
        "minimum": minimum,
        "groups": groups,
        "small": small,
        "suppressed": suppressed,
        "smallest": smallest,
        "empty": empty,
        "bare": bare,
        "outcome": outcome,
    }
    rule = RuleResult(
        STATISTICS_RULE,
        STATISTICS_RULE,
        (release.count,),
        _DIMENSION,
        "block",
        groups or None,
        failed if groups else None,
        failed == 0 if groups else None,
        f"min={smallest}, NULL={suppressed}" if groups else "",
    )
    return ReleaseVerdict(_statistics_error(report, lowered), rule, report)


def _statistics_error(report: dict[str, Any], lowered: Sequence[str]) -> PipelineError | None:
    """Why statistics are refused, or None."""
    shared: dict[str, Any] = {
        "table": report["resource"],
        "field": report["count"],
        "groups": f"{report['groups']:,}",
    }
    if report["small"]:
        few, minimum = f"{report['small']:,}", report["minimum"]
        return PipelineError("release_small_counts", **shared, small=few, minimum=minimum)
    if report["bare"]:
        rows, fields = f"{report['bare']:,}", ", ".join(lowered)
        return PipelineError("release_hidden_count", **shared, rows=rows, fields=fields)
    return None


def _any_given(columns: Sequence[str]) -> str:
    return " OR ".join(f"{quoted(name)} IS NOT NULL" for name in columns) or "false"
