"""Typed Arrow columns as text that is deterministic and can be read again."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def to_text(column: pa.Array) -> pa.Array:
    """A column as strings; NULL stays NULL.

    Dates are ISO, timestamps `YYYY-MM-DD HH:MM:SS[.ffffff]` (with a time zone: in UTC, `+00`
    behind them), decimals and floats without needless digits and decimals without exponent,
    booleans `true`/`false`, bytes hexadecimal, nested values JSON.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return to_text(column.dictionary_decode())
    if pa.types.is_string(kind):
        return column
    if pa.types.is_timestamp(kind):
        return _timestamps(column)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return _mapped(column, bytes.hex)
    if pa.types.is_fixed_size_binary(kind):
        return _mapped(column, bytes.hex)
    if pa.types.is_decimal(kind):
        return _mapped(column, lambda value: format(value, "f"))
    if pa.types.is_float64(kind):
        return _mapped(column, float_text)
    if pa.types.is_nested(kind):
        texts = [None if value is None else _json(value) for value in column.to_pylist()]
        return pa.array(texts, pa.string())
    return column.cast(pa.string())


def float_text(value: float) -> str:
    """The shortest text that reads back as the same number; whole numbers without `.0`."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _mapped(column: pa.Array, text: Any) -> pa.Array:
    """By distinct value: Arrow has no such cast, and columns repeat their values."""
    encoded = column.dictionary_encode()
    values = [None if v is None else text(v) for v in encoded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(
        encoded.indices, pa.array(values, pa.string())
    ).dictionary_decode()


def _timestamps(column: pa.Array) -> pa.Array:
    """Fractions of a second are written only where there are any."""
    zoned = column.type.tz is not None
    plain = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    text = plain.cast(pa.timestamp("us")).cast(pa.string())
    text = pc.replace_substring_regex(text, pattern=r"\.(\d*?)0*$", replacement=r".\1")
    text = pc.replace_substring_regex(text, pattern=r"\.$", replacement="")
    return pc.binary_join_element_wise(text, "+00", "") if zoned else text


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
