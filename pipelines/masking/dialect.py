"""The words in which DuckDB and Spark differ; a mask's body is written once over them.

Patterns stay inside what RE2 and Java read alike: no look-around, no `\\b`, `\\d`, `\\s` or `$`
(Java's `$` also stands before a last line break), explicit classes instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

KEYS = "citybrain_mask.keys"
SPARK_KEYS = "citybrain_mask_keys"
_GROUP = re.compile(r"\{(\d)\}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one engine says what both can do."""

    engine: Literal["duckdb", "spark"]

    @property
    def duckdb(self) -> bool:
        """Whether this is DuckDB."""
        return self.engine == "duckdb"

    def pattern(self, regex: str) -> str:
        """A regular expression as a literal, its backslashes kept."""
        if self.duckdb:
            return "'" + regex.replace("'", "''") + "'"
        return f'r"{regex}"'

    def text(self, expression: str) -> str:
        """The value as text."""
        return f"CAST({expression} AS {'VARCHAR' if self.duckdb else 'STRING'})"

    def match(self, expression: str, regex: str) -> str:
        """Whether the whole text has the shape."""
        if self.duckdb:
            return f"regexp_full_match({expression}, {self.pattern(regex)})"
        return f"{expression} RLIKE " + self.pattern(rf"^(?:{regex})\z")

    def characters(self, expression: str, classes: str) -> str:
        """Whether the text is these characters and `[...]` classes, one after the other.

        The same as `match`; DuckDB's GLOB does it in two thirds of the time.
        """
        if self.duckdb:
            return f"{expression} GLOB {self.pattern(classes)}"
        return self.match(expression, classes)

    def replace(self, expression: str, regex: str, new: str) -> str:
        """Every match by `new`, in which `{1}` is the first group."""
        mark = r"\\\1" if self.duckdb else r"$\1"
        by = _GROUP.sub(mark, new)
        flag = ", 'g'" if self.duckdb else ""
        return f"regexp_replace({expression}, {self.pattern(regex)}, '{by}'{flag})"

    def extract(self, expression: str, regex: str) -> str:
        """The first group of the first match; an empty text when there is none."""
        return f"regexp_extract({expression}, {self.pattern(regex)}, 1)"

    def concat(self, *parts: str) -> str:
        """Texts, none of them NULL, one after the other (in DuckDB quicker than `||`)."""
        return f"concat({', '.join(parts)})"

    def floor(self, expression: str) -> str:
        """The next lower whole number as a DOUBLE; Spark's floor of a DOUBLE is a BIGINT.

        Zero is added because DuckDB knows a negative zero.
        """
        return f"(CAST(floor({expression}) AS DOUBLE) + {double(0)})"

    def quotient(self, a: str, b: str) -> str:
        """The whole part of a division of two integers that are not negative."""
        return f"({a} // {b})" if self.duckdb else f"({a} DIV {b})"

    def month(self, day: str, part: str) -> str:
        """The first day of the month, quarter or year."""
        if self.duckdb:
            return f"CAST(date_trunc({part}, {day}) AS DATE)"
        return f"trunc({day}, {part})"

    def hexadecimal(self, digits: str) -> str:
        """Up to fifteen hexadecimal digits as a BIGINT."""
        if self.duckdb:
            return f"CAST('0x' || {digits} AS BIGINT)"
        return f"CAST(conv({digits}, 16, 10) AS BIGINT)"

    def hmac(self, message: str, scheme: str) -> str:
        """HMAC-SHA256 (RFC 2104) of a text in lower-case hexadecimal.

        The padded keys stand in a table, read by subqueries: no key is ever part of an SQL text
        or of a plan.
        """
        inner, outer = (self._key(column, scheme) for column in ("inner_pad", "outer_pad"))
        if self.duckdb:
            return f"sha256({outer} || unhex(sha256({inner} || encode({message}))))"
        inside = f"sha2({inner} || encode({message}, 'UTF-8'), 256)"
        return f"sha2({outer} || unhex({inside}), 256)"

    def _key(self, column: str, scheme: str) -> str:
        table = KEYS if self.duckdb else SPARK_KEYS
        name = f"'{scheme}|' || purpose || '|' || recipient"
        return (
            f"(SELECT CASE WHEN count(*) = 1 THEN any_value({column}) "
            f"ELSE {self._no_key()} END FROM {table} WHERE id = {name})"
        )

    def _no_key(self) -> str:
        """An error, not NULL. DuckDB's `error()` is volatile, which PARTITION BY refuses; a text
        that is no date fails as surely."""
        if self.duckdb:
            return "encode(CAST(CAST('mask_key_missing' AS DATE) AS VARCHAR))"
        return "CAST(raise_error('mask_key_missing') AS BINARY)"


def double(number: int) -> str:
    """A whole number as a DOUBLE in both engines (a bare `1.0` is a DECIMAL)."""
    return f"CAST({number} AS DOUBLE)"


DUCKDB, SPARK = Dialect("duckdb"), Dialect("spark")
