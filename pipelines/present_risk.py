"""What the command line prints of disclosure risk: numbers and names of fields, never a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from catalog.text import text
from pipelines.present import make_table, print_line, print_table
from pipelines.release_gate import failure_text
from quality.risk.report import RiskReport

if TYPE_CHECKING:
    from pipelines.risk import RiskAnswer
    from quality.risk.search import Proposal

_STATISTICS = ("groups", "count", "minimum", "small", "suppressed")
_KEPT = ("as_is", "leave_out", "groups")


def print_risk(answer: RiskAnswer) -> None:
    """The measured risk and what would pass."""
    if answer.statistics is not None:
        print_risk_report(answer.statistics)
        return
    assert answer.report is not None
    print_risk_report({"kind": "records", **answer.report.to_dict()})
    if answer.report.passed:
        return
    if not answer.proposals:
        print_line(text("risk_no_proposal"))
    for number, proposal in enumerate(answer.proposals, 1):
        _print_proposal(number, proposal, answer.replaced)


def risk_json(answer: RiskAnswer) -> dict[str, Any]:
    """The same for machines."""
    found: dict[str, Any] = {"resource": answer.resource, "passed": answer.passed}
    found["computed"], found["seconds"] = answer.computed, round(answer.seconds, 3)
    if answer.statistics is not None:
        return {**found, "report": dict(answer.statistics)}
    assert answer.report is not None
    proposals = [_proposal_json(item, answer.replaced) for item in answer.proposals]
    report = {"kind": "records", **answer.report.to_dict()}
    return {**found, "report": report, "proposals": proposals}


def print_risk_report(data: Mapping[str, Any]) -> None:
    """A report as the catalogue keeps it."""
    outcome = text(f"risk_outcome_{data['outcome']}")
    resource, channel = data["resource"], data["channel"]
    print_line(text("risk_head", resource=resource, channel=channel, outcome=outcome))
    if data["kind"] == "statistics":
        print_line(text("risk_statistics", **{n: _shown(data[n]) for n in _STATISTICS}))
        return
    report = RiskReport.from_dict({k: v for k, v in data.items() if k != "kind"})
    for line in _lines(report):
        print_line(f"  {line}")


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _lines(report: RiskReport) -> Iterator[str]:
    result, bounds = report.gbt42460, report.thresholds
    fields = ", ".join(report.quasi_identifiers)
    yield text("risk_rows", rows=f"{report.rows:,}", classes=f"{report.classes:,}", fields=fields)
    if report.k is None or result is None or report.theta_mean is None:
        return
    yield text(
        "risk_k", k=f"{report.k:,}", least=bounds.k, small=f"{report.rows_in_small_classes:,}"
    )
    theta = {"theta_max": f"{1 / report.k:.4g}", "theta_mean": f"{report.theta_mean:.4g}"}
    yield text("risk_theta", tau=str(bounds.tau), **theta)
    for name in report.sensitive:
        spread = {"distinct": str(report.l[name]), "entropy": f"{report.entropy_l[name]:.3g}"}
        yield text("risk_sensitive", field=name, t=f"{report.t[name]:.3g}", **spread)
    overall = {"risk": f"{result.risk:.4g}", "threshold": f"{result.threshold:.4g}"}
    yield text("risk_overall", grade=text(f"risk_grade_{result.grade}"), **overall)
    for failure in report.failures:
        yield text("risk_failure", failure=failure_text(failure))
    yield from _small(report)


def _small(report: RiskReport) -> Iterator[str]:
    """Which fields make classes small, and the smallest classes by size."""
    for name, rows in sorted(report.small_without.items(), key=lambda item: item[1]):
        yield text("risk_without", field=name, rows=f"{rows:,}")
    # Classes that are alike in size and causes are told once.
    worst = dict.fromkeys((item.size, item.causes) for item in report.worst)
    for size, causes in worst:
        named = ", ".join(f"{c.field} → {c.size_without:,}" for c in causes) or "-"
        yield text("risk_worst", size=size, causes=named)


def _print_proposal(
    number: int, proposal: Proposal, replaced: Mapping[str, tuple[str, str]]
) -> None:
    proven = text("risk_proven" if proposal.proven else "risk_not_proven")
    loss, suppressed = f"{proposal.loss:.3f}", f"{proposal.suppressed_rows:,}"
    fields = {"number": str(number), "loss": loss, "suppressed": suppressed, "proven": proven}
    print_line(text("risk_proposal", **fields))
    table = make_table("risk_field", "risk_becomes", "risk_in_model")
    for name, rung in proposal.rungs.items():
        known = text(f"risk_rung_{rung.name}") if rung.name in _KEPT else rung.name
        table.add_row(escape(name), escape(known), escape(_call(name, proposal, replaced)))
    print_table(table)


def _call(name: str, proposal: Proposal, replaced: Mapping[str, tuple[str, str]]) -> str:
    """What to write in the model for a field, and what it stands in the place of."""
    value, present = replaced.get(name, (name, ""))
    call = proposal.rungs[name].mask(value)
    if call is None or not present:
        return call or ""
    return call if call == present else text("risk_instead", call=call, present=present)


def _proposal_json(proposal: Proposal, replaced: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    found = proposal.to_dict()
    for name, rung in found["rungs"].items():
        value, present = replaced.get(name, (name, None))
        rung["mask"] = proposal.rungs[name].mask(value)
        rung["replaces"] = present
    return found
