"""How a field of a record is shown: as it is, or masked by one of the registered functions."""

from __future__ import annotations

from pipelines.errors import PipelineError
from pipelines.masking import field
from sandbox.errors import SandboxError

Masked = field.Masked


def masked_field(name: str, mask: str | None) -> Masked:
    """The field as an agreement gives it.

    Args:
        mask: a call of a masking function on the field alone, as in a model:
            `mask_amount(capital, 10000)`; None shows the value as it is.

    Raises:
        SandboxError: `mask_wrong`.
    """
    try:
        return field.masked_field(name, mask)
    except PipelineError as error:
        raise SandboxError("mask_wrong", **error.fields) from None
