"""A few published rows of a resource, as somebody may see them before he asks for it.

A value is shown when its column is not above what the viewer may see and its contract does not say that
it identifies somebody; of all others only that they are there is told, and they are not even read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from catalog.contract import Contract
from catalog.lineage import ROW
from pipelines.home import Home
from pipelines.plan import Plan
from pipelines.query import open_query

Why = Literal["level", "personal"]
MOST = 20
_PERSONAL = frozenset(
    {"person_name", "phone", "identity", "email", "plate", "address", "coordinate", "free_text"}
)
"""Kinds of values that are never shown as a sample, whoever looks (`catalog.contract.VALUE_KINDS`)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows.

    Attributes:
        columns: of the contract that the published table has, in the contract's order.
        hidden: the columns whose values are not shown, and why.
        rows: a value for each column; None where it is hidden, or NULL.
        withheld: whether no row may be shown at all, because that one is there is above the ceiling,
            or because the resource's rows never leave.
    """

    columns: tuple[str, ...] = ()
    hidden: Mapping[str, Why] = field(default_factory=dict)
    rows: tuple[tuple[Any, ...], ...] = ()
    snapshot: int | None = None
    published_at: datetime | None = None
    withheld: bool = False


def sample(plan: Plan, name: str, ceiling: str, count: int = 5) -> Sample:
    """The first rows of what readers see now; none if nothing is published.

    Args:
        ceiling: the highest level that is shown, `L1` to `L4`.
        count: of rows, at most `MOST`.
    """
    contract = plan.steps[name].contract
    release = contract.release
    private = release is not None and release.kind == "private"
    if private or max(contract.row_level, plan.levels.of((name, ROW))) > ceiling:
        return Sample(withheld=True)
    with Home.of(plan.workspace.name).open_lake() as lake:
        current = lake.current(name)
    if current is None:
        return Sample()
    there = {column.name for column in current.columns}
    columns = tuple(item.name for item in contract.fields if item.name in there)
    hidden = hidden_fields(plan, contract, ceiling)
    shown = [column for column in columns if column not in hidden]
    rows: list[tuple[Any, ...]] = []
    if shown:
        names = ", ".join(f'"{column}"' for column in shown)
        sql = f"SELECT {names} FROM {name} LIMIT {min(count, MOST)}"
        with open_query(plan.workspace, sql, current.snapshot_id) as result:
            rows = result.fetchall()
    values = [dict(zip(shown, row, strict=True)) for row in rows]
    return Sample(
        columns,
        {column: hidden[column] for column in columns if column in hidden},
        tuple(tuple(row.get(column) for column in columns) for row in values),
        current.snapshot_id,
        current.committed_at,
    )


def hidden_fields(plan: Plan, contract: Contract, ceiling: str) -> dict[str, Why]:
    """The fields whose values somebody does not see, and why."""
    found: dict[str, Why] = {}
    for item in contract.fields:
        if item.kind in _PERSONAL or _carries_personal(plan, contract.name, item.name):
            found[item.name] = "personal"
        elif plan.levels.of((contract.name, item.name)) > ceiling:
            found[item.name] = "level"
    return found


def _carries_personal(plan: Plan, table: str, column: str) -> bool:
    """Whether a column has, unmasked, values of a field that identifies somebody."""
    known = plan.levels.column((table, column))
    for (origin, name), views in known.origins.items() if known else ():
        contract = plan.workspace.contracts.get(origin)
        source = contract.field_named(name) if contract else None
        if source is None or source.kind not in _PERSONAL:
            continue
        # A step of a view without a function is no mask: the value was respelt, or shortened.
        if any(not any(step.function for step in view) for view in views):
            return True
    return False
