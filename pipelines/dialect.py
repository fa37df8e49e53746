"""DuckDB's SQL as models are parsed: the parser's own dialect, less what would lose a column."""

from __future__ import annotations

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
