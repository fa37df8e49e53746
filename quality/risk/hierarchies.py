"""Generalisation ladders: for each field the ways to say less, each as the mask an author writes.

Each rung makes the groups that its mask function makes (a test compares them), without needing the
function to be installed. A rung is computed from the original value, never from the rung below, as
the mask is. So a rung need not coarsen the one below (bands of 5 do not refine bands of 2, rounding
to one decimal does not refine rounding to two); the search looks at the data which ones do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import duckdb

from quality.errors import QualityError
from quality.predicates import literal, quoted
from quality.risk.cells import column_types, is_ordered, run

Kind = Literal["number", "age", "date", "division", "coordinate", "category"]
AS_IS, LEAVE_OUT, GROUPS = "as_is", "leave_out", "groups"

_AGE_WIDTHS = (5, 10, 20)
_NUMBER_RUNGS = 5
_FEW_VALUES = 10  # an integer with so few values is a code, not a quantity
_AGE_NAME = re.compile(r"(^|_)ages?(_|$)|年龄")
_COORDINATE_NAME = re.compile(r"(^|_)(lon|lng|longitude|lat|latitude)(_|$)|经度|纬度")
_PROVINCE = "(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])"
_COUNTY = "(100(0[2-9]|1[0-8]|20)|090(07|20))"
# The code's form, and how many characters of it name the district, the city and the province.
_DIVISIONS = (
    (rf"{_PROVINCE}\d{{4}}(\d{{3}}(\d{{3}})?)?", 6, 4, 2),  # GB/T 2260, GB/T 10114
    (r"6[3-8](\d{3}00(-\d{3})?)?", 7, 2, 2),  # Taiwan's cities and villages: 6700100-001
    (rf"{_COUNTY}\d{{2}}(-\d{{3}})?", 7, 5, 5),  # its counties: 1001402-017
    (rf"(6[3-8]000|{_COUNTY})(\d{{3}}(\d{{3}})?)?", 8, 5, 5),  # its Ministry of the Interior's
)
_TAKES: dict[str, str] = {"number": "number", "age": "number", "coordinate": "number"}


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to generalise a field.

    Attributes:
        name: `as_is`, `leave_out`, `groups` or what the mask does (`month`, `band_1000`).
        sql: the generalised value; `{x}` stands for the column.
        call: what a model's author writes, `{x}` for the column; None for `leave_out` and `groups`,
            which have no mask function.
    """

    name: str
    sql: str
    call: str | None

    def expression(self, column: str) -> str:
        """The generalised value of a column (given as SQL)."""
        return self.sql.replace("{x}", column)

    def mask(self, name: str) -> str | None:
        """The call for a field's name."""
        return None if self.call is None else self.call.replace("{x}", name)


@dataclass(frozen=True, slots=True)
class Ladder:
    """A field's rungs, from the value as it is to leaving the field out."""

    field: str
    rungs: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Hint:
    """What the author knows about a field.

    Attributes:
        kind: how to generalise it; None: from its type, name and form.
        widths: bands for a number or an age, instead of the 1-2-5 ones.
        groups: a coarser word for each value of a category.
    """

    kind: Kind | None = None
    widths: tuple[float, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Profile:
    """What a column looks like: its type, extremes (of ordered types), distinct values, form."""

    type: str
    low: Any
    high: Any
    distinct: int
    division: bool

    @property
    def takes(self) -> str:
        """`date`, `number` or `text`: what the column can be generalised as."""
        if self.type == "DATE" or self.type.startswith("TIMESTAMP"):
            return "date"
        return "number" if is_ordered(self.type) and "TIME" not in self.type else "text"


def ladders_for(
    con: duckdb.DuckDBPyConnection,
    relation_sql: str,
    fields: Sequence[str],
    hints: Mapping[str, Hint] | None = None,
) -> dict[str, Ladder]:
    """A ladder for each field.

    Rungs that change nothing on this data, or leave one value only, are dropped.

    Args:
        relation_sql: a SELECT of the rows before generalisation. It is run twice.

    Raises:
        QualityError: `risk_relation`, `risk_field`, or `risk_kind` for a hint that does not suit
            the column's type.
    """
    hints = hints or {}
    profiles = _profiles(con, relation_sql, fields)
    drafts = {name: _draft(name, profiles[name], hints.get(name, Hint())) for name in fields}
    useful = _useful(con, relation_sql, drafts)
    return {
        name: Ladder(name, (_as_is(), *useful[name], Rung(LEAVE_OUT, "NULL", None)))
        for name in fields
    }


def _as_is() -> Rung:
    return Rung(AS_IS, "{x}", "{x}")


def _profiles(
    con: duckdb.DuckDBPyConnection, relation_sql: str, fields: Sequence[str]
) -> dict[str, _Profile]:
    types = column_types(con, relation_sql)
    asked = []
    for name in fields:
        if name not in types:
            known = ", ".join(types)
            raise QualityError("risk_field", field=name, known=known)
        asked += _profile_sql(quoted(name), types[name])
    if not asked:
        return {}
    found = run(con, f"SELECT {', '.join(asked)} FROM ({relation_sql})").fetchone() or ()
    parts = (found[start : start + 4] for start in range(0, len(found), 4))
    return {
        name: _Profile(types[name], part[0], part[1], part[2], bool(part[3]))
        for name, part in zip(fields, parts, strict=True)
    }


def _profile_sql(column: str, physical_type: str) -> list[str]:
    ends = [f"min({column})", f"max({column})"] if is_ordered(physical_type) else ["NULL"] * 2
    form = "false"
    if physical_type == "VARCHAR":
        shapes = " OR ".join(f"regexp_full_match({column}, '{shape}')" for shape, *_ in _DIVISIONS)
        form = f"coalesce(bool_and(length({column}) >= 6 AND ({shapes})), false)"
    return [*ends, f"count(DISTINCT {column})", form]


def _draft(name: str, profile: _Profile, hint: Hint) -> list[Rung]:
    kind = hint.kind or _guess(name, profile)
    if kind not in ("category", "division"):
        takes = _TAKES.get(kind, "date")
        if profile.takes != takes:
            raise QualityError("risk_kind", field=name, kind=kind, type=profile.type)
    return list(_RUNGS[kind](profile, hint))


def _guess(name: str, profile: _Profile) -> Kind:
    if profile.takes == "date":
        return "date"
    if profile.takes == "text":
        return "division" if profile.division else "category"
    if _COORDINATE_NAME.search(name.lower()):
        return "coordinate"
    if _AGE_NAME.search(name.lower()):
        return "age"
    few = "INT" in profile.type and profile.distinct <= _FEW_VALUES
    return "category" if few else "number"


def _number(profile: _Profile, hint: Hint) -> Iterator[Rung]:
    """Bands; the mask of bands takes whole widths, so below one it is rounding."""
    for width in [Decimal(str(width)) for width in hint.widths] or public_widths(profile):
        text = f"{width:f}"
        if width < 1 or width % 1:
            yield Rung(f"round_{text}", _rounded(width), f"mask_round({{x}}, {text})")
        else:
            value = f"floor(CAST({{x}} AS DOUBLE) / {width:.0f})"
            yield Rung(f"band_{width:.0f}", value, f"mask_amount({{x}}, {width:.0f})")


def _rounded(step: Decimal) -> str:
    """The group of a value, as `mask_round` makes it: a step below one is a whole part of one."""
    if step >= 1:
        return f"floor(CAST({{x}} AS DOUBLE) / {step:f} + 0.5)"
    parts = int(1 / step + Decimal("0.5"))
    return f"floor(CAST({{x}} AS DOUBLE) * {parts} + 0.5)"


def _age(profile: _Profile, hint: Hint) -> Iterator[Rung]:
    """Bands of years; `mask_age` has one band for 90 and more."""
    for width in hint.widths or _AGE_WIDTHS:
        years = int(width)
        value = f"CASE WHEN {{x}} >= 90 THEN 90 WHEN {{x}} >= 0 THEN {{x}} - {{x}} % {years} END"
        yield Rung(f"band_{years}", value, f"mask_age({{x}}, {years})")


def public_widths(profile: _Profile) -> list[Decimal]:
    """At most five widths from the series 1, 2, 5, 10, 20, ..., at least two bands each.

    Only the order of magnitude of the range enters, so the widths tell no extreme value.
    """
    span = Decimal(str((profile.high or 0) - (profile.low or 0)))
    if not span.is_finite() or span <= 0:
        return []
    series = [
        Decimal(digit).scaleb(power)
        for power in range(span.adjusted() - 2, span.adjusted() + 1)
        for digit in (1, 2, 5)
    ]
    whole = "INT" in profile.type
    fitting = [w for w in series if w <= span / 2 and (not whole or w > 1)]
    return fitting[-_NUMBER_RUNGS:]


def _date(profile: _Profile, hint: Hint) -> Iterator[Rung]:
    for part in ("month", "quarter", "year"):
        yield Rung(part, f"date_trunc('{part}', {{x}})", f"mask_date({{x}}, '{part}')")


def _coordinate(profile: _Profile, hint: Hint) -> Iterator[Rung]:
    for decimals in (3, 2, 1, 0):
        value = f"floor(CAST({{x}} AS DOUBLE) * {10**decimals} + 0.5)"
        yield Rung(f"decimals_{decimals}", value, f"mask_coordinate({{x}}, {decimals})")


def _division(profile: _Profile, hint: Hint) -> Iterator[Rung]:
    for place, level in enumerate(("district", "city", "province")):
        arms = " ".join(
            f"WHEN regexp_full_match({{x}}, '{shape}') THEN left({{x}}, {lengths[place]})"
            for shape, *lengths in _DIVISIONS
        )
        yield Rung(level, f"CASE {arms} END", f"mask_division({{x}}, '{level}')")


def _category(profile: _Profile, hint: Hint) -> Iterator[Rung]:
    if hint.groups:
        cases = " ".join(
            f"WHEN {literal(value)} THEN {literal(group)}" for value, group in hint.groups.items()
        )
        text = "CAST({x} AS VARCHAR)"
        yield Rung(GROUPS, f"CASE {text} {cases} ELSE {text} END", None)


_RUNGS: dict[str, Callable[[_Profile, Hint], Iterator[Rung]]] = {
    "number": _number,
    "age": _age,
    "date": _date,
    "coordinate": _coordinate,
    "division": _division,
    "category": _category,
}


def _useful(
    con: duckdb.DuckDBPyConnection, relation_sql: str, drafts: Mapping[str, list[Rung]]
) -> dict[str, list[Rung]]:
    """The rungs that say less than the ones below, and more than nothing."""
    rungs = [(name, rung) for name, draft in drafts.items() for rung in (_as_is(), *draft)]
    counts = ", ".join(f"count(DISTINCT {rung.expression(quoted(name))})" for name, rung in rungs)
    found: Sequence[int] = ()
    if rungs:
        found = run(con, f"SELECT {counts} FROM ({relation_sql})").fetchone() or ()
    kept: dict[str, list[Rung]] = {name: [] for name in drafts}
    fewest: dict[str, int] = {}
    for (name, rung), values in zip(rungs, found, strict=True):
        if name in fewest and 1 < values < fewest[name]:
            kept[name].append(rung)
        fewest[name] = min(values, fewest.get(name, values))
    return kept
