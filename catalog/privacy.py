"""What is registered about a sandbox view, so that questions on it can be planned without its rows.

All of it is public to partners, written down with a reason, and never taken from the data.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

UNITS = ("enterprise", "person", "household", "ticket")
MOST_DIGITS = 6
MOST_KEYS = 1_000


class Registered(BaseModel):
    """Base of what is registered: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str = Field(min_length=1)


class Privacy(Registered):
    """What a view protects.

    Attributes:
        unit, column: whose privacy is protected, and the field that says whose a row is.
        rows: rows of one unit in one group that count.
        groups: groups to which one unit may contribute.
        version: raised with every change of what is registered; answers of another version are
            other answers.
    """

    unit: Literal["enterprise", "person", "household", "ticket"]
    column: str
    rows: int = Field(ge=1, le=10_000)
    groups: int = Field(ge=1, le=1_000)
    version: int = Field(default=1, ge=1)


class Answerable(Registered):
    """What may be asked about one field, and what is public about its values.

    Attributes:
        bounds: least and greatest value that counts; others are moved to the nearer one.
        digits: decimal digits that are kept.
        keys: all values by which may be grouped; each is answered, even if no row has it. Without
            them a group is answered only when enough units have it.
        like: whether it may be compared with a pattern.
    """

    bounds: tuple[Decimal, Decimal] | None = None
    digits: int = Field(default=0, ge=0, le=MOST_DIGITS)
    keys: tuple[str, ...] | None = Field(default=None, min_length=1, max_length=MOST_KEYS)
    like: bool = False

    @field_validator("bounds", mode="before")
    @classmethod
    def _exact(cls, value: object) -> object:
        """YAML reads 0.1 as a binary fraction; the digits that were written are meant."""
        return [str(one) for one in value] if isinstance(value, list | tuple) else value

    @model_validator(mode="after")
    def _sound(self) -> Answerable:
        if self.bounds is not None:
            low, high = self.bounds
            if not (low.is_finite() and high.is_finite() and low < high):
                raise ValueError("'bounds' are two numbers, the lesser one first")
        if self.keys is not None and len(set(self.keys)) < len(self.keys):
            raise ValueError("a key is given twice")
        return self


def misfit(answerable: Answerable, logical_type: str) -> str | None:
    """What is registered of a field and does not fit its type; None when all does."""
    numeric = logical_type in ("integer", "number")
    if not numeric and (answerable.bounds is not None or answerable.digits):
        return "'bounds' and 'digits' are of numbers"
    if logical_type == "integer" and answerable.digits:
        return "a whole number has no 'digits'"
    if logical_type != "string" and (answerable.keys is not None or answerable.like):
        return "'keys' and 'like' are of texts"
    if logical_type not in ("integer", "number", "string", "date", "boolean"):
        return f"a question cannot be about a field of type {logical_type}"
    return None
