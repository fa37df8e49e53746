"""What lineage events say of a plan's jobs, its tables and what departments hand over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from catalog.contract import Contract
from catalog.database.records import RuleResult
from catalog.lineage import Edge, ModelLineage
from catalog.openlineage import (
    Assertion,
    Dataset,
    Field,
    JobInfo,
    namespace_of,
    source_name,
)
from pipelines.account import Outcome
from pipelines.duck import table_columns
from pipelines.lake import Lake, Snapshot
from pipelines.plan import Plan, Step

Inputs = Mapping[str, int | None]
"""Tables that a step reads, with the snapshot that it read; None: not known, or none yet."""

_CATALOG = "sql"


class Datasets:
    """The datasets of one run. Threads may share it."""

    def __init__(self, plan: Plan, lake: Lake) -> None:
        self._plan = plan
        self._lake = lake
        self._namespace = namespace_of(plan.workspace.name)
        self._snapshots: dict[tuple[str, int], Snapshot] = {}

    def job(self, step: Step) -> JobInfo:
        """What a step runs."""
        contract = step.contract
        description, department = contract.purpose or contract.title, contract.department or ""
        if step.model is None:
            return JobInfo(step.name, "collect", "", description, department)
        return JobInfo(step.name, "model", step.model.sql, description, department)

    def inputs(self, step: Step, tables: Inputs, outcome: Outcome | None = None) -> list[Dataset]:
        """What a step reads: the tables, and what a department hands over."""
        handed = [self._source(step.contract, outcome)] if step.kind == "collect" else []
        return [*handed, *(self._table(name, tables[name]) for name in tables)]

    def planned(self, step: Step) -> Dataset:
        """The table that a step will write."""
        return self._dataset(step.contract)

    def written(self, step: Step, outcome: Outcome) -> Dataset:
        """The table that a step wrote, or would have written if the gate had let it."""
        snapshot = outcome.snapshot if outcome.committed else None
        if snapshot is not None:
            self._snapshots[step.name, snapshot.snapshot_id] = snapshot
        return self._dataset(
            step.contract,
            snapshot,
            lineage=self._lineage(step),
            assertions=tuple(_assertions(outcome.rules, published=snapshot is not None)),
        )

    def _table(self, name: str, snapshot_id: int | None) -> Dataset:
        contract = self._plan.steps[name].contract
        if snapshot_id is None:
            return self._dataset(contract)
        known = (name, snapshot_id)
        if known not in self._snapshots:
            self._snapshots[known] = self._lake.snapshot(name, snapshot_id)
        return self._dataset(contract, self._snapshots[known])

    def _dataset(
        self,
        contract: Contract,
        snapshot: Snapshot | None = None,
        lineage: ModelLineage | None = None,
        assertions: tuple[Assertion, ...] = (),
    ) -> Dataset:
        return Dataset(
            self._namespace,
            contract.name,
            tuple(self._fields(contract)),
            description=contract.purpose or contract.title,
            department=contract.department or "",
            snapshot_id=str(snapshot.snapshot_id) if snapshot else None,
            rows=snapshot.rows if snapshot else None,
            size=_size(snapshot) if snapshot else None,
            files=len(snapshot.files) if snapshot else None,
            lineage=lineage,
            assertions=assertions,
            catalog=_CATALOG,
        )

    def _source(self, contract: Contract, outcome: Outcome | None) -> Dataset:
        """What a department hands over. It has the names of the contract's fields and no types:
        all of it is read as text."""
        counts = outcome.counts if outcome else None
        files = outcome.files if outcome else ()
        own = {item.name for item in contract.fields}
        fields = (f for f in self._fields(contract) if f.name in own)
        return Dataset(
            self._namespace,
            _source_name(contract),
            tuple(Field(f.name, "", f.description, f.level) for f in fields),
            department=contract.department or "",
            rows=counts.received if counts else None,
            size=sum(file.size for file in files) if files else None,
            files=len(files) if files else None,
            assertions=tuple(_assertions(outcome.rules, published=False)) if outcome else (),
        )

    def _fields(self, contract: Contract) -> Iterator[Field]:
        known = self._plan.levels.tables.get(contract.name)
        for column in table_columns(contract):
            item = contract.field_named(column.name)
            level = known.columns.get(column.name) if known else None
            yield Field(
                column.name,
                column.type,
                (item.description or item.title) if item else "",
                level.level if level else "",
            )

    def _lineage(self, step: Step) -> ModelLineage | None:
        if step.model is None:
            lineage: ModelLineage | None = collected(step.contract)
        else:
            lineage = self._plan.lineage.get(step.name)
        levels = self._plan.levels.tables.get(step.name)
        return _with_rules(step.name, lineage, levels.decided) if lineage and levels else lineage


def _with_rules(table: str, lineage: ModelLineage, decided: Iterable[Edge]) -> ModelLineage:
    """The lineage with what the contract's rules let the rows depend on: a rule looks at the table's
    own columns, so at what they are made of."""
    found = [
        edge
        for rule in decided
        for edge in (
            [e._replace(direct=False, how=rule.how, line=0) for e in lineage.columns[rule.column]]
            if rule.table == table and rule.column in lineage.columns
            else [rule._replace(line=0)]
        )
    ]
    return replace(lineage, rows=tuple(dict.fromkeys((*lineage.rows, *found))))


def collected(contract: Contract) -> ModelLineage:
    """The lineage of a collected table: every field is read from the field of the same name of what
    the department hands over, or from the file's name."""
    source = _source_name(contract)
    return ModelLineage(
        {
            item.name: ()
            if item.read.file_name
            else (Edge(source, item.name, True, "transformation"),)
            for item in contract.fields
        },
        (),
    )


def _source_name(contract: Contract) -> str:
    department = contract.department or ""
    return source_name(department, contract.table.removeprefix(f"{department}__"))


def _size(snapshot: Snapshot) -> int:
    return sum(path.stat().st_size for path in snapshot.files)


def _assertions(rules: tuple[RuleResult, ...], *, published: bool) -> Iterator[Assertion]:
    """The rules that were assessed. Rows that a `reject` rule finds are not in what is published."""
    for rule in rules:
        if rule.passed is None:
            continue
        column = rule.fields[0] if len(rule.fields) == 1 else None
        yield Assertion(
            rule.kind if column else rule.rule,
            rule.passed or (published and rule.severity == "reject"),
            column,
            "error" if rule.severity == "block" else "warn",
        )
