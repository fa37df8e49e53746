"""DuckDB's types and what they are on Spark."""

from __future__ import annotations

import re

from pipelines.spark.refusal import Refusal

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
UNSIGNED = ("UTINYINT", "USMALLINT", "UINTEGER")
FLOATS = ("FLOAT", "DOUBLE")
_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "HUGEINT": 38}
_PLAIN = {
    "TINYINT": "TINYINT",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INT",
    "BIGINT": "BIGINT",
    # Sums of integers: Spark has nothing wider than BIGINT but a DECIMAL.
    "HUGEINT": "DECIMAL(38,0)",
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INT",
    "UINTEGER": "BIGINT",
    "FLOAT": "FLOAT",
    "DOUBLE": "DOUBLE",
    "VARCHAR": "STRING",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMP",
    "BLOB": "BINARY",
    '"NULL"': "VOID",
}


def spark_type(kind: str) -> str:
    """The Spark type of a DuckDB type.

    Raises:
        Refusal: Spark has none.
    """
    if kind.endswith("[]"):
        return f"ARRAY<{spark_type(kind[:-2])}>"
    if kind.startswith("DECIMAL"):
        return kind.replace(" ", "")
    if kind.startswith("STRUCT("):
        inner = ", ".join(f"`{name}`: {spark_type(of)}" for name, of in struct_fields(kind))
        return f"STRUCT<{inner}>"
    found = _PLAIN.get(kind)
    if found is None:
        raise Refusal(kind, "Spark has no such type")
    return found


def struct_fields(kind: str) -> list[tuple[str, str]]:
    """Names and types of a `STRUCT(a INTEGER, "b c" VARCHAR)`."""
    inside, fields, depth, start = kind[len("STRUCT(") : -1], [], 0, 0
    for at, letter in enumerate(inside + ","):
        depth += letter in "(" or -(letter in ")")
        if letter == "," and depth == 0:
            name, _, of = inside[start:at].strip().partition(" ")
            fields.append((name.strip('"'), of))
            start = at + 1
    return fields


def decimal(kind: str) -> tuple[int, int] | None:
    """Digits and scale of a DECIMAL, or of an integer that stands for one."""
    found = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", kind)
    if found:
        return int(found[1]), int(found[2])
    digits = _DIGITS.get(kind)
    return (digits, 0) if digits else None


def family(kind: str) -> str:
    """What a type may be compared with: its own family, and NULL."""
    if kind in INTEGERS or kind in UNSIGNED or kind in FLOATS or kind.startswith("DECIMAL"):
        return "number"
    if kind in ("DATE", "TIMESTAMP"):
        return "time"
    return "null" if kind == '"NULL"' else kind
