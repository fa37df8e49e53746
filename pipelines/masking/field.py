"""How a field is shown to somebody: as it is, or masked by one of the registered functions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.errors import CityBrainError
from pipelines.errors import PipelineError
from quality.predicates import literal, quoted

if TYPE_CHECKING:
    from pipelines.masking.keys import KeyUse


@dataclass(frozen=True, slots=True)
class Masked:
    """A field and the SQL that shows it.

    Attributes:
        key: the key that its mask needs.
    """

    name: str
    sql: str
    masked: bool = False
    key: KeyUse | None = None


def masked_field(name: str, mask: str | None) -> Masked:
    """The field as an agreement or a grant gives it.

    Args:
        mask: a call of a masking function on the field alone, as in a model:
            `mask_amount(capital, 10000)`; None shows the value as it is.

    Raises:
        PipelineError: `mask_wrong`.
    """
    if mask is None:
        return Masked(name, quoted(name))
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    from pipelines.masking.calls import mask_call

    try:
        call = mask_call(parse_one(mask, dialect="duckdb"), Path(name))
    except (SqlglotError, CityBrainError):
        call = None
    value = call.values[0] if call is not None and len(call.values) == 1 else None
    if call is None or not isinstance(value, exp.Column) or value.sql("duckdb") != name:
        raise PipelineError("mask_wrong", field=name, mask=mask)
    said = [literal(one) if isinstance(one, str) else repr(one) for one in call.literals]
    sql = f"{call.function.name}({', '.join([quoted(name), *said])})"
    return Masked(name, sql, True, call.use)
