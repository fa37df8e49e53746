"""Whether a model means the same on every engine: held against the allow-list, then transpiled.

Nothing of Spark is needed for it, neither Java nor PySpark.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from catalog.contract import Contract
from catalog.errors import CityBrainError, Location
from pipelines.duck import table_columns
from pipelines.errors import PipelineError
from pipelines.functions import not_portable
from quality.predicates import quoted, violation
from quality.split import FILTER_COLUMN

if TYPE_CHECKING:
    from pipelines.plan import Step
    from pipelines.workspace import Model, Workspace

JUDGED = "model.typed"
_ANY_DAY = date(2000, 1, 1)


def types_of(contract: Contract) -> dict[str, str]:
    """The DuckDB types of a table's columns, by name."""
    return {column.name: column.type for column in table_columns(contract)}


def judging_sql(step: Step, as_of: date) -> str:
    """The SELECT, in DuckDB's SQL, that adds the verdicts of a model's row rules to its typed rows.

    It reads `JUDGED`, whose columns are the contract's fields.
    """
    contract, masks = step.contract, step.masks
    types = {item.name: item.physical_type for item in contract.fields}
    violations = {rule.id: violation(rule, types, as_of) for rule in masks.rules}
    kept = ", ".join(quoted(item.name) for item in contract.fields)
    verdicts = ", ".join(masks.select_list(violations))
    return (
        f"SELECT {kept}, {verdicts}, CAST(NULL AS VARCHAR) AS {quoted(FILTER_COLUMN)} FROM {JUDGED}"
    )


def check_portable(workspace: Workspace, step: Step) -> list[CityBrainError]:
    """What of a bound model and of its rules does not mean the same on Spark.

    Nothing for collected resources, whose text DuckDB reads on every engine, and nothing in a
    workspace with `portable = false`.
    """
    if step.model is None or not workspace.settings.engine.portable:
        return []
    found: list[CityBrainError] = list(not_portable(step.model.sql, step.model.path))
    return found or [*_transpiled(workspace, step, step.model), *_rules(step)]


def _transpiled(workspace: Workspace, step: Step, model: Model) -> list[CityBrainError]:
    from pipelines.spark.queries import portable

    contracts = workspace.contracts
    tables = {name: types_of(contracts[name]) for name in step.inputs if name in contracts}
    try:
        portable(model.sql, tables, None, model.path)
    except PipelineError as error:
        return [error]
    return []


def _rules(step: Step) -> Sequence[CityBrainError]:
    """The first row rule, if any, that cannot be asked on Spark."""
    from pipelines.spark.queries import to_spark
    from pipelines.spark.refusal import Refusal

    types = {item.name: item.physical_type for item in step.contract.fields}
    for rule in step.masks.rules:
        broken = violation(rule, types, _ANY_DAY)
        try:
            to_spark(f"SELECT {broken} AS broken FROM {JUDGED}", {JUDGED: types})
        except Refusal as refusal:
            where = rule.where or Location(step.contract.path, 1)
            return [
                PipelineError(
                    "rule_not_portable",
                    where=where,
                    rule=rule.id,
                    part=refusal.part,
                    problem=refusal.why,
                )
            ]
    return []
