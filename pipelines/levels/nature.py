"""What a field's values are, and which masks are made for them.

A mask that keeps a part of a value (three digits of a telephone, the year of a date, a rounded amount)
hides the rest of such values only: of another kind it may keep everything. So it lowers a level only
where the contract of the field says that it is of the kind, or how wide a band must be.
"""

from __future__ import annotations

from typing import NamedTuple

from catalog.lineage import MaskUse
from pipelines.masking.functions import MASKS

SMALLEST_COUNT = 3.0
"""The least width of a band of counts of rows: as many as a count must be to be shown by default."""


class Nature(NamedTuple):
    """What the contract says of a field's values; the attributes are those of `ContractField`."""

    kind: str | None = None
    step: float | None = None
    noise: float | None = None


UNSAID = Nature()
ROWS = Nature(step=SMALLEST_COUNT)


def needs(step: MaskUse) -> tuple[str, str]:
    """The property that a mask asks of a field, and its value: the kind, or the most that the least
    width may be; empty when it asks for none."""
    function = MASKS.get(step.function)
    if function is None:
        return "", ""
    if function.made_for is not None:
        return "kind", function.made_for
    return (function.least, f"{float(step.literals[0]):g}") if function.least else ("", "")


def suits(step: MaskUse, nature: Nature) -> bool:
    """Whether a mask is made for such values, and wide enough; a mere change is no mask."""
    function = MASKS.get(step.function)
    if function is None:
        return True
    if function.made_for is not None:
        return nature.kind == function.made_for
    if function.least is None:
        return True
    least = nature.step if function.least == "step" else nature.noise
    return least is not None and float(step.literals[0]) >= least
