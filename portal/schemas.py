"""What goes in and out, as the OpenAPI document describes it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from portal.jobs import State
from portal.problems import Problem
from sandbox.sql.size import MOST_CHARACTERS

NAME = r"^[^\x00-\x1f\x7f]+$"  # a line of text
KEY = r"^[!-~]+$"
Named = Annotated[str, Field(min_length=1, max_length=200, pattern=NAME)]


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# What JSON calls so: neither a truth value nor a text; 1.0 is whole.
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True)]
Cell = str | bool | int | float | None


class Body(BaseModel):
    """Unknown members are errors."""

    model_config = ConfigDict(extra="forbid")


class AccuracyBody(Body):
    """How exact an answer should be: so large an error, relative to a group of so many rows."""

    relative: Number = Field(gt=0, le=1, examples=[0.05])
    rows: Whole = Field(ge=1, le=10**12, examples=[1000])


class QuestionBody(Body):
    """A question."""

    sql: str = Field(
        max_length=MOST_CHARACTERS, examples=["SELECT COUNT(*) AS n FROM sandbox.enterprise"]
    )
    agreement: Named = Field(examples=["green-credit"])
    purpose: Named = Field(examples=["green_credit"])
    epsilon: Number | None = Field(None, description="What it may cost.")
    accuracy: AccuracyBody | None = Field(None, description="Instead of epsilon.")


class Amount(BaseModel):
    """A privacy loss in zero-concentrated differential privacy.

    In agreements of the mode `pure` it is epsilon that bounds; in others it is 0 here.
    """

    rho: float
    delta: float
    epsilon: float


class Budget(BaseModel):
    """What is granted in this period, spent and left."""

    granted: Amount
    spent: Amount
    left: Amount


class ExpectedError(BaseModel):
    """The error to be expected, half of the 95 % interval.

    Attributes:
        error: absolute, for counts and sums.
        relative: in a group of 1,000 rows.
    """

    statistic: str
    error: float | None
    relative: float


class QuoteAnswer(BaseModel):
    """A price; nothing was spent."""

    kind: Literal["quote"] = "quote"
    epsilon: float
    rho: float
    delta: float
    cells: int | None = Field(
        description="Groups that are answered; null: those above the threshold."
    )
    threshold: int | None = Field(
        description="Units that a group needs, about; null: all are public."
    )
    expected: list[ExpectedError]
    known: bool = Field(description="It was answered before, and is free now.")
    balance: Budget


class Column(BaseModel):
    """A column of an answer."""

    name: str
    kind: Literal["key", "statistic"]


class Spent(BaseModel):
    """What was spent for this answer now; nothing for one that was there."""

    rho: float
    epsilon: float
    delta: float


class Answered(BaseModel):
    """What every answer says: numbers with noise, and half of their 95 % intervals."""

    kind: Literal["answer"] = "answer"
    id: str
    agreement: str
    columns: list[Column]
    rows: list[list[Cell]]
    errors: list[list[float | None]]
    hidden_groups: bool = Field(description="Groups below the threshold are left out.")
    snapshots: dict[str, str]


class QueryAnswer(Answered):
    """An answer: numbers with noise, and half of their 95 % intervals."""

    instruments: list[str]
    spent: Spent
    balance: Budget


class StoredAnswer(Answered):
    """An answer that was given, in its canonical form."""

    created_at: datetime


class QueryState(BaseModel):
    """A question at work.

    Attributes:
        progress: from 0 to 1, where it is known.
    """

    id: str
    state: State
    progress: float | None
    answer: QueryAnswer | None = None
    problem: Problem | None = None


class RecordAnswer(BaseModel):
    """What an enterprise lets a partner see.

    Attributes:
        masked: the fields whose values are masked.
    """

    view: str
    code: str
    values: dict[str, Cell]
    masked: list[str]
    snapshot: str
    instruments: list[str]


class ColumnTerms(BaseModel):
    """What is registered about a field."""

    name: str
    kind: Literal["number", "text", "date", "boolean"]
    bounds: tuple[float, float] | None
    digits: int
    keys: list[str] | None
    like: bool
    reason: str


class ViewTerms(BaseModel):
    """What is registered about a view, as far as the agreement grants it."""

    name: str
    unit: str
    unit_column: str
    rows: int = Field(description="Of one unit in one group that count.")
    groups: int = Field(description="To which one unit may contribute.")
    version: int
    columns: list[ColumnTerms]


class Views(BaseModel):
    """The views of an agreement."""

    agreement: str
    views: list[ViewTerms]


class Balances(BaseModel):
    """The budget of an agreement by kind of unit; a kind that was never asked about is missing."""

    agreement: str
    budgets: dict[str, Budget]


class Health(BaseModel):
    """Whether the service works, its database, and what it does again and again."""

    status: Literal["ok", "failing"]
    parts: dict[str, str] = Field(description="By part, `ok` or the code of what is wrong with it.")


class CitiesHealth(BaseModel):
    """Whether every city of a service works."""

    status: Literal["ok", "failing"]
    cities: dict[str, Health]


def plain(model: BaseModel) -> dict[str, Any]:
    """As JSON."""
    return model.model_dump(mode="json")
