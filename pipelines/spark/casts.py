"""CAST and TRY_CAST as DuckDB does them.

Where DuckDB reads more texts than Spark (`1e3` as a whole number, `2026/1/5` as a day), the text is
an error on Spark, never another value.
"""

from __future__ import annotations

from pipelines.spark.refusal import Refusal
from pipelines.spark.text import cast, let, string
from pipelines.spark.types import FLOATS, INTEGERS, decimal, spark_type

_WHOLE = r"^[+-]?[0-9]+\z"
_DECIMAL = r"^[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)\z"
_DOUBLE = r"^[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?\z"
_DAY = r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\z"
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]{1,6})?)?\z"
# What DuckDB reads besides: such a text is an error on Spark. Of all others both make nothing.
_ODD_WHOLE = (
    r"^(?=.*[0-9])(?:[+-]?[0-9_]*[.]?[0-9_]*(?:[eE][+-]?[0-9_.]*)?|[+-]?0[xXbB][0-9a-fA-F_]*)\z"
)
_ODD_DOUBLE = (
    r"^(?=.*(?:[0-9]|(?i:inf|nan)))[+-]*(?:[0-9_]*[.]?[0-9_]*(?:[eE][+-]*[0-9_.]*)?"
    r"|(?i:inf|infinity|nan))\z"
)
_ODD_DAY = r"^(?:[+-]?[0-9]+[-/ \\][0-9]+[-/ \\][0-9]+.*|[+-]?(?i:epoch|infinity|inf)[\s\S]*)\z"
_BLANK = "' \\t\\n\\r\\f\\u000b'"
_EXACT = "4503599627370496D"  # from 2^52 on every DOUBLE is whole


def convert(value: str, have: str, want: str, *, attempt: bool) -> str:
    """A value of a DuckDB type as another.

    Args:
        attempt: TRY_CAST: NULL for what cannot be converted.

    Raises:
        Refusal: the two engines do not agree on it.
    """
    kind = spark_type(want)
    if have == want or have == '"NULL"':
        return cast(value, kind)
    if have == "VARCHAR":
        return _from_text(value, want, attempt)
    if want == "VARCHAR":
        return _to_text(value, have)
    if have in FLOATS and want in INTEGERS:
        return _tried(f"rint({value})", kind, attempt)
    if have in FLOATS and decimal(want):
        if attempt:
            raise Refusal(f"TRY_CAST {have} AS {want}", "what does not fit cannot be told apart")
        return _double_to_decimal(value, want)
    if have.startswith("DECIMAL") and want in INTEGERS:
        return _tried(f"round({value}, 0)", kind, attempt)
    if (have, want) in _SAME or (_number(have) and _number(want)):
        return _tried(value, kind, attempt)
    if have == "BOOLEAN" and want in INTEGERS:
        return cast(value, kind)
    raise Refusal(f"CAST {have} AS {want}", "the engines differ or nothing shows that they agree")


_SAME = {
    ("DATE", "TIMESTAMP"),
    ("TIMESTAMP", "DATE"),
    ("DATE", "TIMESTAMP WITH TIME ZONE"),
    ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
    ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP"),
    ("TIMESTAMP WITH TIME ZONE", "DATE"),
}


def _number(kind: str) -> bool:
    return kind in FLOATS or decimal(kind) is not None


def _tried(value: str, kind: str, attempt: bool) -> str:
    return f"try_cast({value} AS {kind})" if attempt else cast(value, kind)


def _to_text(value: str, have: str) -> str:
    if have in INTEGERS or have in ("DATE", "BOOLEAN") or have.startswith("DECIMAL"):
        return cast(value, "STRING")
    if have == "TIMESTAMP":
        return cast(value, "STRING")
    raise Refusal(f"CAST {have} AS VARCHAR", "the engines write such a value differently")


def _from_text(value: str, want: str, attempt: bool) -> str:
    kind = spark_type(want)
    trimmed = f"trim(BOTH {_BLANK} FROM {value})"
    if want in INTEGERS:
        as_decimal = "round(try_cast({v} AS DECIMAL(38,15)), 0)"
        shapes, odd = [(_WHOLE, "{v}"), (_DECIMAL, as_decimal)], _ODD_WHOLE
    elif want in FLOATS:
        shapes, odd = [(_DOUBLE, "{v}")], _ODD_DOUBLE
    elif want.startswith("DECIMAL"):
        shapes, odd = [(_DECIMAL, "{v}")], _ODD_DOUBLE
    elif want == "DATE":
        shapes, odd = [(_DAY, "{v}")], _ODD_DAY
    elif want == "TIMESTAMP":
        shapes, odd = [(_MOMENT, "{v}")], _ODD_DAY
    else:
        raise Refusal(f"CAST VARCHAR AS {want}", "the engines read such texts differently")
    cases = " ".join(
        f"WHEN {{v}} RLIKE {string(shape)} THEN {_tried(text, kind, attempt)}"
        for shape, text in shapes
    )
    error = f"raise_error({string('cast: DuckDB may read this text, Spark does not')})"
    other = cast(error, kind)
    if not attempt:
        return let(
            trimmed, f"CASE WHEN {{v}} IS NULL THEN CAST(NULL AS {kind}) {cases} ELSE {other} END"
        )
    doubtful = f"WHEN {{v}} RLIKE {string(odd)} AND {{v}} <> '' THEN {other}"
    return let(trimmed, f"CASE {cases} {doubtful} ELSE CAST(NULL AS {kind}) END")


def half_away(value: str) -> str:
    """A DOUBLE rounded to a whole one, halves away from zero; every step of it is exact."""
    return let(
        value,
        f"CASE WHEN abs({{v}}) < {_EXACT} THEN signum({{v}}) * (CAST(floor(abs({{v}})) AS DOUBLE) + "
        "CASE WHEN abs({v}) - CAST(floor(abs({v})) AS DOUBLE) >= 0.5D THEN 1D ELSE 0D END) "
        "ELSE {v} END",
    )


def _double_to_decimal(value: str, want: str) -> str:
    """DuckDB scales in DOUBLE, rounds, and keeps every digit of the result; Spark would read the
    shortest text of the number instead."""
    size = decimal(want)
    assert size is not None
    digits, scale = size
    scaled = half_away(
        f"({cast(value, 'DOUBLE')} * 1E{scale}D)" if scale else cast(value, "DOUBLE")
    )
    # Limbs of 2^52: each is a whole DOUBLE below 2^63, which a BIGINT holds exactly.
    limb = "4503599627370496"
    high = f"floor(abs({{v}}) / {limb}D)"
    low = f"CAST(abs({{v}}) - CAST({high} AS DOUBLE) * {limb}D AS BIGINT)"
    large = string("cast: too large a DOUBLE for a DECIMAL")
    whole = (
        f"CASE WHEN abs({{v}}) >= 4E34D THEN CAST(raise_error({large}) AS DECIMAL(38,0)) "
        f"ELSE (CAST({high} AS DECIMAL(19,0)) * {limb}BD + {low}) "
        "* CAST(signum({v}) AS DECIMAL(1,0)) END"
    )
    if scale == 0:
        return cast(let(scaled, whole), f"DECIMAL({digits},0)")
    # From an unscaled whole number to its decimal: as text, the only exact way at 38 digits.
    shifted = (
        f"CASE WHEN {{v}} IS NULL THEN CAST(NULL AS DECIMAL({digits},{scale})) ELSE "
        f"CAST(concat(CASE WHEN {{v}} < 0 THEN '-' ELSE '' END, "
        f"CAST(abs({whole}) AS STRING), 'E-{scale}') AS DECIMAL({digits},{scale})) END"
    )
    return let(scaled, shifted)
