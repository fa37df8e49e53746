"""The words of the language, for whoever helps to write questions; `read_question` decides."""

from __future__ import annotations

from sandbox.sql.parsing import FUNCTIONS

# How each function is called; what the parser knows as parts of other forms is no function.
_PARTS = {"group", "cast"}  # WITHIN GROUP (...), CAST(...) as PostgreSQL writes a date
_OF_NUMBER = "{}(number)"
_FORMS = {
    "count": "COUNT(*)",
    "percentile_cont": "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY number)",
    "percentile_disc": "PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY number)",
    "width_bucket": "WIDTH_BUCKET(number, low, high, count)",
    "clamp": "CLAMP(number, low, high)",
}
KEYWORDS = (
    "SELECT", "FROM", "JOIN", "USING", "ON", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT",
    "AS", "DISTINCT", "AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "NULL", "CASE", "WHEN",
    "THEN", "ELSE", "END", "DATE", "TRUE", "FALSE", "ASC", "DESC", "INNER", "WITHIN GROUP",
    "EXPLAIN PRIVACY",
)  # fmt: skip


def function_forms() -> dict[str, str]:
    """By name in capitals, how each function of the language is written."""
    return {
        name.upper(): _FORMS.get(name, _OF_NUMBER.format(name.upper()))
        for name in sorted(FUNCTIONS - _PARTS)
    }
