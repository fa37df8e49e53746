"""Row rules as SQL: one boolean expression a rule, TRUE where the row violates it.

DuckDB's dialect, restricted to functions that transpile with the same meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from quality.errors import QualityError
from quality.rules import Rule


def quoted(name: str) -> str:
    """A column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any, physical_type: str = "VARCHAR") -> str:
    """A value as an SQL literal of `physical_type`."""
    if isinstance(value, bool):
        # YAML reads `yes` as true; in a text column it can only mean the word.
        value = str(value).lower()
    text = str(value).replace("'", "''")
    if physical_type == "VARCHAR":
        return f"'{text}'"
    return f"CAST('{text}' AS {physical_type})"


def violation(rule: Rule, types: Mapping[str, str], as_of: date) -> str:
    """The expression that is TRUE for a row that violates a row rule; NULL and FALSE are fine.

    Args:
        rule: a rule of scope `row`, other than `unreadable` and `malformed` (which only the
            reader of the published text can see).
        types: physical type per field.
        as_of: the day of collection, for `not_future`.

    Raises:
        QualityError: `rule_not_row` for a rule that needs more than the row.
    """
    if rule.kind == "row":
        return f"NOT ({rule.params['holds']})"
    if rule.kind not in _ROW or not rule.fields:
        raise QualityError("rule_not_row", where=rule.where, rule=rule.id)
    column = quoted(rule.fields[0])
    return _ROW[rule.kind](column, rule, types.get(rule.fields[0], "VARCHAR"), as_of)


def _required(column: str, rule: Rule, kind: str, as_of: date) -> str:
    return f"{column} IS NULL"


def _range(column: str, rule: Rule, kind: str, as_of: date) -> str:
    tests = {
        "minimum": "<",
        "maximum": ">",
        "exclusiveMinimum": "<=",
        "exclusiveMaximum": ">=",
    }
    compared = "DOUBLE" if kind in ("BIGINT", "INTEGER") else kind
    return " OR ".join(
        f"{column} {operator} {literal(rule.params[name], compared)}"
        for name, operator in tests.items()
        if name in rule.params
    )


def _length(column: str, rule: Rule, kind: str, as_of: date) -> str:
    tests = []
    if "minLength" in rule.params:
        tests.append(f"length({column}) < {int(rule.params['minLength'])}")
    if "maxLength" in rule.params:
        tests.append(f"length({column}) > {int(rule.params['maxLength'])}")
    return " OR ".join(tests)


def _pattern(column: str, rule: Rule, kind: str, as_of: date) -> str:
    return f"NOT regexp_matches({column}, {literal('^(?:' + rule.params['pattern'] + ')$')})"


def _enumeration(column: str, rule: Rule, kind: str, as_of: date) -> str:
    values = ", ".join(literal(value, kind) for value in rule.params["values"])
    return f"{column} NOT IN ({values})"


def _checksum(column: str, rule: Rule, kind: str, as_of: date) -> str:
    from quality.checksums import valid_sql

    return f"NOT ({valid_sql(rule.params['kind'], column)})"


def _not_future(column: str, rule: Rule, kind: str, as_of: date) -> str:
    return f"CAST({column} AS DATE) > DATE '{as_of.isoformat()}'"


_ROW = {
    "required": _required,
    "range": _range,
    "length": _length,
    "pattern": _pattern,
    "enumeration": _enumeration,
    "checksum": _checksum,
    "not_future": _not_future,
}
