"""Which inputs a model can be computed from in parts, and what says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from sqlglot import exp

from catalog.contract import Contract
from catalog.errors import Location
from pipelines.duck import table_columns
from pipelines.errors import PipelineError
from pipelines.incremental.locality import Local, prove
from pipelines.incremental.scans import NotLocal, divides

if TYPE_CHECKING:
    from pipelines.plan import Step

_ALL_SETS = 5  # of more inputs not every selection is tried


def local_parts(step: Step, tree: exp.Query, contracts: Mapping[str, Contract]) -> Local:
    """The proof with which most inputs are read in parts; a change of the others makes all rows new.

    Raises:
        PipelineError: `materialisation_not_local`, with the place in the SQL that stands against it.
    """
    kept, contract = step.contract.materialisation, step.contract
    by_time = kept.kind == "incremental_by_time"
    names = [kept.time] if by_time and kept.time else list(contract.primary_key)
    types = {item.name: item.physical_type for item in contract.fields}
    columns = {name: types[name] for name in names}
    grain = kept.grain if by_time else None
    schema = {
        name: {column.name: column.type for column in table_columns(contracts[name])}
        for name in step.inputs
    }
    reasons: list[NotLocal] = []
    fitting = [n for n in step.inputs if any(divides(kind, grain) for kind in schema[n].values())]
    for tables in _sets(fitting):
        try:
            return prove(tree, schema, tables, columns, grain, kept.lookback)
        except NotLocal as error:
            reasons.append(error)
    assert step.model is not None
    # The reading of one table alone says most plainly what is wrong.
    last = reasons[-len(fitting)] if reasons else None
    raise PipelineError(
        "materialisation_not_local",
        where=Location(step.model.path, last.line if last else 1),
        table=step.name,
        columns=", ".join(columns),
        reason=last.reason if last else "-",
    )


def _sets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The selections of inputs, the largest first."""
    sizes = range(len(names), 0, -1) if len(names) <= _ALL_SETS else (len(names), 1)
    for size in sizes:
        yield from combinations(names, size)
