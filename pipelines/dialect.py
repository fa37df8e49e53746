"""DuckDB's SQL as models are parsed: the parser's own dialect, less what would lose a column."""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.tokenizer_core import TokenType

# The parser folds an argument of these away or takes a column for a unit's name: as functions that
# it does not know, they keep all of their arguments.
_LOSING = ("DECODE", "TIME_BUCKET", "DATE_DIFF", "DATEDIFF", "DATE_TRUNC", "DATETRUNC")


class ModelDialect(DuckDB):
    """What `parse_query` reads."""

    class Parser(DuckDB.Parser):  # type: ignore[misc, valid-type]
        """In DuckDB 2 `->` is JSON's operator alone; a lambda is written `lambda x: ...`."""

        LAMBDAS = {k: v for k, v in DuckDB.Parser.LAMBDAS.items() if k != TokenType.ARROW}  # noqa: RUF012
        FUNCTIONS = {k: v for k, v in DuckDB.Parser.FUNCTIONS.items() if k not in _LOSING}  # noqa: RUF012

        def _parse_primary(self) -> Any:
            """Keeps the place of `#2`, which the parser forgets."""
            found = super()._parse_primary()
            if isinstance(found, exp.PositionalColumn):
                found.update_positions(self._prev)
            return found


def line_of(node: Any) -> int:
    """The line of the SQL text that a node starts at; 0 when the parser kept none."""
    if not isinstance(node, exp.Expression):
        return 0
    for part in node.walk():
        line = part.meta.get("line")
        if line:
            return int(line)
    return 0
