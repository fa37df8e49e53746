"""What a release would give away, before it is published, and generalisations that would pass.

The rows of a model are computed from what is published now, as the next run would; a collected
resource is measured as it is published. Nothing is written.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from catalog.contract import Contract, Release
from pipelines.duck import Budget, connection, empty_sql, snapshot_sql, table_columns
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.lake import Lake, Snapshot
from pipelines.masking.settings import open_ring
from pipelines.quarantine import known_resource
from pipelines.release_gate import judge_statistics
from pipelines.risk_before import ungeneralised
from pipelines.stage import Stage
from quality.predicates import quoted
from quality.risk.policy import RiskPolicy, policy_of

if TYPE_CHECKING:
    import duckdb

    from pipelines.plan import Plan, Step
    from quality.risk.report import RiskReport
    from quality.risk.search import Proposal

Channel = Literal["open", "share", "sandbox", "extract"]


@dataclass(frozen=True, slots=True)
class RiskQuestion:
    """What is asked; what is left out is taken from the contract's release.

    Attributes:
        quasi_identifiers, sensitive: fields, to try out a release that is not declared (so).
        suppression: the share of the rows that a proposal may leave out, 0..1.
        limit: how many proposals.
        seconds: how long to search.
    """

    channel: Channel | None = None
    quasi_identifiers: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    suppression: float = 0.0
    limit: int = 3
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class RiskAnswer:
    """What was found.

    Attributes:
        computed: whether the rows come from the model as it stands, not from the lake.
        statistics: the counts of a statistical release, instead of `report`.
        proposals: what would pass, best first; only when the report does not.
        replaced: by field, what a proposal generalises and the model's own call that it replaces,
            for fields that the model generalises.
        seconds: how long measuring and searching took.
    """

    resource: str
    computed: bool
    report: RiskReport | None = None
    statistics: Mapping[str, Any] | None = None
    proposals: Sequence[Proposal] = field(default=())
    replaced: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether this could be published."""
        if self.report is not None:
            return self.report.passed
        return self.statistics is None or self.statistics["outcome"] != "refused"


def assess(plan: Plan, resource: str, asked: RiskQuestion) -> RiskAnswer:
    """Measure a resource's disclosure risk, and search for generalisations if it is too high.

    Raises:
        PipelineError: `unknown_table`; `risk_undeclared`: neither the contract nor the question
            names quasi-identifiers; `never_published`: it, or a table that its model reads.
        QualityError: as `quality.risk.measure.measure` and `quality.risk.propose`.
    """
    contract = known_resource(plan.workspace, resource)
    release = _release(contract, asked)
    home, engine = Home.of(plan.workspace.name), plan.workspace.settings.engine
    home.root.mkdir(parents=True, exist_ok=True)
    with home.open_lake() as lake, TemporaryDirectory(dir=home.root, prefix="risk-") as scratch:
        # Not the run's scratch space: a run that starts meanwhile empties that.
        budget = Budget(engine.memory, engine.threads, Path(scratch))
        with connection(budget) as con:
            step = plan.steps[resource]
            rows = _rows(con, plan, lake, home, step)
            began = time.monotonic()
            answer = _answer(con, rows, step, release, plan, asked)
            seconds = time.monotonic() - began
            return RiskAnswer(resource, step.model is not None, seconds=seconds, **answer)


def _release(contract: Contract, asked: RiskQuestion) -> Release:
    """The contract's release, with what the question says instead."""
    declared = contract.release
    if declared is None and not asked.quasi_identifiers:
        raise PipelineError("risk_undeclared", table=contract.name)
    if declared is not None and declared.kind == "statistics" and not asked.quasi_identifiers:
        return declared
    known = declared or Release()
    records = declared is not None and declared.kind == "records"
    return Release(
        channel=asked.channel or known.channel,
        quasi_identifiers=asked.quasi_identifiers or known.quasi_identifiers,
        sensitive=asked.sensitive or known.sensitive,
        k=known.k if records else None,
        l=known.l if records else None,
        t=known.t if records else None,
    )


def _rows(con: duckdb.DuckDBPyConnection, plan: Plan, lake: Lake, home: Home, step: Step) -> str:
    """A SELECT of the rows that would be published."""
    if step.model is None:
        return snapshot_sql(_published(lake, step.name))
    settings = plan.workspace.settings
    contracts = plan.workspace.contracts
    inputs = {
        name: empty_sql(table_columns(contracts[name]))
        if name in step.optional and lake.current(name) is None
        else snapshot_sql(_published(lake, name))
        for name in step.inputs
    }
    parents = {name: lake.current(name) for name in step.parents}
    ring = None
    if step.keys:
        ring = open_ring(settings.masking, home.root, plan.workspace.root)
    stage = Stage(con, step, settings.today)
    stage.fill_model(step.model.sql, inputs, ring)
    stage.judge_sets({name: snapshot_sql(s) for name, s in parents.items() if s is not None})
    return stage.good_sql()


def _published(lake: Lake, name: str) -> Snapshot:
    found = lake.current(name)
    if found is None:
        raise PipelineError("never_published", table=name)
    return found


def _answer(
    con: duckdb.DuckDBPyConnection,
    rows: str,
    step: Step,
    release: Release,
    plan: Plan,
    asked: RiskQuestion,
) -> dict[str, Any]:
    settings, channels = plan.workspace.settings.risk, plan.workspace.settings.channels
    if release.kind == "statistics":
        lowered = plan.levels.lowered(step.contract, channels.ceiling(release))
        found = judge_statistics(con, rows, step.contract, settings, lowered)
        return {"statistics": found.report}
    from quality.risk.measure import measure

    policy = policy_of(step.name, release, settings)
    report = measure(con, rows, policy)
    if report.passed:
        return {"report": report}
    before = None
    if step.model is not None:
        before = ungeneralised(step.model.sql, step.model.path, policy.quasi_identifiers)
    proposals = _proposals(con, before.sql if before else rows, policy, asked)
    return {
        "report": report,
        "proposals": proposals,
        "replaced": before.replaced if before else {},
    }


def _proposals(
    con: duckdb.DuckDBPyConnection, rows: str, policy: RiskPolicy, asked: RiskQuestion
) -> Sequence[Proposal]:
    from quality.risk import ladders_for, propose

    # Computed once: the profile, the ladders and the search each read the rows.
    fields = ", ".join(quoted(name) for name in (*policy.quasi_identifiers, *policy.sensitive))
    con.execute(f"CREATE TEMP TABLE before AS SELECT {fields} FROM ({rows})")
    return propose(
        con,
        "SELECT * FROM before",
        policy,
        ladders_for(con, "SELECT * FROM before", policy.quasi_identifiers),
        limit=asked.limit,
        seconds=asked.seconds,
        suppression=asked.suppression,
    )
