"""What a masking function is: its signature, what its result is worth, its SQL on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pipelines.masking.dialect import DUCKDB, SPARK, Dialect

Level = Literal["L1", "L2", "L3", "L4"]
LiteralValue = str | int | float
Kind = Literal["token", "partial", "generalise", "noise", "redact", "encrypt", "suppress"]
Keeps = Literal["join", "range", "place", "display", "format", "reverse", "nothing"]
Body = Callable[[Dialect], str]


# Keyed masks whose result is as long as the value, and missing where the value does not fit: of what a
# model made of a value they may show everything.
KEEP_LENGTH = frozenset({"mask_token", "mask_sm4"})


def hides(
    kind: str,
    *,
    whole: bool,
    masked: bool,
    aggregated: bool = False,
    counted: bool = False,
    long: bool = False,
) -> bool:
    """Whether a mask of a kind hides what it should of a value.

    A partial mask keeps a known part of a whole value, of a changed or masked one it may keep any
    part. A band, noise or redaction hides nothing of a value that was bent before (made larger, cut
    into pieces). The suppression of small counts hides nothing of what is no count. Pseudonyms
    hide whatever they are given; tokens and ciphers all but its length.

    Args:
        kind: as in the registry.
        whole: the value is as it was collected, or what a mask before left of it.
        masked: a mask has treated it before.
        aggregated: it is an aggregate of whole values.
        counted: it is an unchanged count.
        long: the mask is one of `KEEP_LENGTH`.
    """
    if kind == "partial":
        return whole and not masked
    if kind == "suppress":
        return counted
    if kind in ("generalise", "redact", "noise"):
        return whole or aggregated
    return whole or masked or not long


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a masking function.

    Attributes:
        type: DuckDB type; `ANY` is a text, a whole number (BIGINT) or a DATE.
        literal: whether the model must write the value itself.
        choices: the texts that are allowed, if they are few.
        low, high: bounds of a number, both allowed.
        word: a name of a purpose or recipient: `[a-z][a-z0-9_.-]*`, at most 63 characters.
        whole: a whole number; `unit` also allows 1/2, 1/4, 1/10 and other whole parts of one.
    """

    name: str
    type: str
    literal: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    word: bool = False
    unit: bool = False


@dataclass(frozen=True, slots=True)
class MaskFunction:
    """A registered masking function.

    Attributes:
        parameters: the values first, then the literals.
        result_type: DuckDB type of the result.
        scheme: what its keys are derived for; None when it uses none.
        keeps: what stays possible with the results.
        family: views of one value that are harmless together because they nest; None otherwise.
        body: SQL expression over the parameter names; None when it is a Python function.
        made_for: the kind of value of which it keeps a known part; None: any.
        least: the property of a field that names the least first literal that hides its value.
        level: the level that a result has at most, whatever the literals are.
        level_of: the same, when it depends on the literals.
    """

    name: str
    kind: Kind
    parameters: tuple[Parameter, ...]
    result_type: str
    keeps: Keeps
    level: Level
    body: Body | None = field(default=None, repr=False)
    scheme: str | None = None
    family: str | None = None
    made_for: str | None = None
    least: Literal["step", "noise"] | None = None
    level_of: Callable[[tuple[LiteralValue, ...]], Level] | None = field(default=None, repr=False)

    @property
    def keyed(self) -> bool:
        """Whether the result depends on a key of the bureau."""
        return self.scheme is not None

    @property
    def values(self) -> tuple[Parameter, ...]:
        """The parameters that columns go into."""
        return tuple(item for item in self.parameters if not item.literal)

    @property
    def literals(self) -> tuple[Parameter, ...]:
        """The parameters that the model must write out."""
        return tuple(item for item in self.parameters if item.literal)

    @property
    def duckdb(self) -> str | None:
        """The macro's body; None when it is a Python function."""
        return self.body(DUCKDB) if self.body else None

    @property
    def spark(self) -> str | None:
        """The SQL function's body on Spark; None when it is a Python function."""
        return self.body(SPARK) if self.body else None

    def leads_to(self, literals: tuple[LiteralValue, ...]) -> Level:
        """The level that the result has at most; the source's own level, where that is lower."""
        return self.level_of(literals) if self.level_of else self.level
