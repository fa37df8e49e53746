"""What an owner's masks leave of the fields that he grants.

A grant is compiled like a model: a SELECT of its fields through their masks, of which the lineage and
the levels are inferred. So a mask that is not made for such values lowers nothing, and neither do two
views of one value that show together more than each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import sqlglot

from catalog.contract import Contract, ContractField
from pipelines.duck import table_columns
from pipelines.errors import PipelineError
from pipelines.levels.infer import derived_levels
from pipelines.lineage.model import model_lineage
from pipelines.lineage.types import kind_of
from pipelines.masking.calls import own_mask, own_mask_sql
from pipelines.masking.functions import MASKS
from pipelines.masking.install import install_duckdb
from pipelines.plan import Plan
from quality.predicates import quoted

PURPOSE = "share"  # for which keys of pseudonyms are derived, for each department its own
_SHARED = "share"


def masked_levels(plan: Plan, resource: str, masks: Mapping[str, str]) -> dict[str, str]:
    """The level of each field as it is given.

    Args:
        masks: by field that is given, the mask's call; empty: none.

    Raises:
        PipelineError: `share_mask`, when a mask is no call of a masking function on its field, or
            not for a value of its type.
    """
    contract = plan.steps[resource].contract
    given = {name: _shown(name, mask) for name, mask in masks.items()}
    _bind(contract, given, masks)
    columns = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in given.items())
    text = f"SELECT {columns} FROM {quoted(contract.database)}.{quoted(contract.table)}"
    tree = sqlglot.parse_one(text, dialect="duckdb")
    own = table_columns(contract)
    lineage = model_lineage(
        tree,  # type: ignore[arg-type]  # it is a SELECT
        Path(resource),
        {resource: tuple(column.name for column in own)},
        list(given),
        {resource: frozenset(contract.primary_key)},
        {resource: {column.name: kind_of(column.type) for column in own}},
    )
    fields = tuple(_bare(item) for item in contract.fields if item.name in given)
    grant = replace(contract, database=_SHARED, table="granted", fields=fields, quality=())
    found = derived_levels(grant, lineage, plan.levels, {})
    return {name: found.columns[name].level for name in given}


def offered_masks(plan: Plan, resource: str, name: str, department: str) -> tuple[str, ...]:
    """Masks that lower the level of a field of a resource, as they are written, the finest first.

    Args:
        department: the reader, for which a pseudonym is made.
    """
    item = plan.steps[resource].contract.field_named(name)
    before = plan.levels.of((resource, name))
    found: list[str] = []
    for mask in _candidates(item, name, department) if item is not None else ():
        try:
            level = masked_levels(plan, resource, {name: mask})[name]
        except PipelineError:
            continue  # not for this type
        if level < before:
            found.append(mask)
    return tuple(found)


def _candidates(item: ContractField, name: str, department: str) -> list[str]:
    """Calls that may fit a field: those made for its kind, and those of what it declares."""
    kind = item.physical_type.upper()
    # As people write it, where that means the field and no word of SQL.
    field = name if own_mask(name, f"mask_text({name})") is not None else quoted(name)
    found = [
        f"{function.name}({field})"
        for function in MASKS.values()
        if function.made_for is not None
        and function.made_for == item.kind
        and len(function.parameters) == 1
    ]
    if item.kind == "division":
        found += [f"mask_division({field}, '{part}')" for part in ("district", "city")]
    if item.kind == "coordinate":
        found += [f"mask_coordinate({field}, {decimals})" for decimals in (3, 2)]
    if kind == "DATE":
        found += [f"mask_date({field}, '{part}')" for part in ("month", "quarter", "year")]
    if item.step is not None:
        step = f"{item.step:g}"
        found += [f"mask_round({field}, {step})", f"mask_amount({field}, {step})"]
        found.append(f"mask_age({field}, {step})")
    found.append(f"mask_pseudonym({field}, '{PURPOSE}', '{department}')")
    return found


def _shown(name: str, mask: str) -> str:
    if not mask:
        return quoted(name)
    call = own_mask(name, mask)
    if call is None:
        raise PipelineError("share_mask", field=name, mask=mask)
    return own_mask_sql(name, call)


def _bare(item: ContractField) -> ContractField:
    """The field without what its contract says of its level: what holds is inferred."""
    return replace(item, level=None)


def _bind(contract: Contract, given: Mapping[str, str], masks: Mapping[str, str]) -> None:
    """Let the engine say whether every mask takes a value of its field's type."""
    if not any(masks.values()):
        return
    with duckdb.connect(":memory:") as con:
        columns = ", ".join(f"{quoted(c.name)} {c.type}" for c in table_columns(contract))
        con.execute(f"CREATE TABLE granted ({columns})")
        con.execute("SET enable_external_access = false")
        install_duckdb(con, None, ())
        for name, sql in given.items():
            try:
                con.execute(f"DESCRIBE SELECT {sql} FROM granted")
            except duckdb.Error as error:
                raise PipelineError("share_mask", field=name, mask=masks[name]) from error
