"""How a field is shown to somebody: as it is, or masked by one of the registered functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import PipelineError
from quality.predicates import quoted

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
    from pipelines.masking.calls import own_mask, own_mask_sql

    call = own_mask(name, mask)
    if call is None:
        raise PipelineError("mask_wrong", field=name, mask=mask)
    return Masked(name, own_mask_sql(name, call), True, call.use)
