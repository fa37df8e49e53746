"""From rules to Great Expectations: first pure values (`specs_of`), then a GX suite (`gx_suite`).

Row and set rules become exact expectations on what will be published: our own splitter has taken
the bad rows out, and an independent engine verifies that. Table rules carry their own thresholds.
What GX has no expectation for (cross-field rules, checksums, patterns on DuckDB, two-sided shares)
is an `UnexpectedRowsExpectation` over a query that returns a constant, never a value of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from html import escape
from math import ceil, floor
from typing import Any

from quality.errors import QualityError
from quality.rules import Rule

LEFT_OUT = frozenset({"unreadable", "malformed", "foreign_key", "sql", "quarantined_share"})
LARGE = 1_000_000  # rows; beyond it a second scan or a self-join is felt
_ON_EMPTY = frozenset({"row_count", "volume_change"})


@dataclass(frozen=True, slots=True)
class TableContext:
    """What the rules need to know beyond the table's rows.

    Attributes:
        as_of: the day of collection (`not_future`, `freshness`).
        previous_rows: row count of the last published snapshot; None when there is none.
        rows: row count of the table; `Certifier.certify` counts it.
        types: DuckDB type per field; `Certifier.certify` reads it from the files.
    """

    as_of: date
    previous_rows: int | None = None
    rows: int | None = None
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExpectationSpec:
    """One expectation to be: a class name of `great_expectations.expectations` and its arguments.

    Attributes:
        counted: for a share rule, the SQL condition whose rows are counted against the threshold.
        description: replaces GX's own sentence in Data Docs; empty keeps it.
    """

    rule: Rule
    expectation: str
    kwargs: Mapping[str, Any]
    description: str = ""
    counted: str | None = None

    @property
    def severity(self) -> str:
        """GX's word for what a failure means."""
        return "warning" if self.rule.severity == "warn" else "critical"

    @property
    def meta(self) -> dict[str, str]:
        """What leads from a GX result back to the rule."""
        return {
            "rule_id": self.rule.id,
            "severity": self.rule.severity,
            "dimension": self.rule.dimension,
        }


def expressible(rule: Rule) -> bool:
    """Whether the rule can be an expectation on typed data (the others are judged elsewhere)."""
    return rule.kind not in LEFT_OUT


def specs_of(
    rules: Sequence[Rule], context: TableContext, violation_sql: Mapping[str, str]
) -> list[ExpectationSpec]:
    """The expectations of every rule that is expressible and can be assessed.

    Args:
        rules: the resource's rules, in any order.
        context: `rows == 0` leaves only the rules that mean something on an empty table.
        violation_sql: by rule id, an SQL condition over the table's columns, TRUE = violated;
            needed for kinds `row` and `checksum`.

    Raises:
        QualityError: `predicate_missing` when `violation_sql` lacks a rule that needs it.
    """
    specs = []
    for rule in rules:
        if not expressible(rule) or (context.rows == 0 and rule.kind not in _ON_EMPTY):
            continue
        spec = _BUILDERS[rule.kind](rule, context, violation_sql)
        if spec is not None:
            specs.append(spec)
    return specs


def gx_suite(name: str, specs: Sequence[ExpectationSpec]) -> Any:
    """A `great_expectations.ExpectationSuite` of the specs (imports GX)."""
    import great_expectations as gx

    from quality.gx_engine import UnexpectedRowCount

    own: dict[str, Any] = {"UnexpectedRowsExpectation": UnexpectedRowCount}
    expectations = [
        (own.get(spec.expectation) or getattr(gx.expectations, spec.expectation))(
            **spec.kwargs,
            meta=spec.meta,
            severity=spec.severity,
            description=escape(spec.description) or None,  # GX puts it into its pages as it is
        )
        for spec in specs
    ]
    return gx.ExpectationSuite(name=name, expectations=expectations)


def violation_query(condition: str) -> str:
    """A query for `UnexpectedRowsExpectation` with one constant row per violating row."""
    return f"SELECT 1 AS violated FROM {{batch}} WHERE {_escaped(condition)}"


def _unless(condition: str) -> str:
    """A query with one row when an aggregate condition over the whole table does not hold."""
    return f"SELECT count(*) AS row_count FROM {{batch}} HAVING NOT ({_escaped(condition)})"


def _escaped(sql: str) -> str:
    """SQL that survives GX's `str.format` (braces) and SQLAlchemy's `text()` (`:name`)."""
    return sql.replace("{", "{{").replace("}", "}}").replace(":", "\\:")


def _column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_Spec = ExpectationSpec | None
_Predicates = Mapping[str, str]


def _by_query(rule: Rule, condition: str, description: str) -> ExpectationSpec:
    kwargs = {"unexpected_rows_query": violation_query(condition)}
    return ExpectationSpec(rule, "UnexpectedRowsExpectation", kwargs, description)


def _by_predicate(rule: Rule, context: TableContext, predicates: _Predicates) -> ExpectationSpec:
    if rule.id not in predicates:
        raise QualityError("predicate_missing", where=rule.where, rule=rule.id)
    told = str(rule.params.get("holds") or rule.params.get("kind") or rule.kind)
    return _by_query(rule, predicates[rule.id], f"{rule.id} holds in every row: {told}")


def _required(rule: Rule, context: TableContext, predicates: _Predicates) -> _Spec:
    return ExpectationSpec(rule, "ExpectColumnValuesToNotBeNull", {"column": rule.fields[0]})


def _range(rule: Rule, context: TableContext, predicates: _Predicates) -> _Spec:
    kind = context.types.get(rule.fields[0], "")
    if kind in ("VARCHAR", "BOOLEAN"):  # GX compares only numbers and dates
        return _by_predicate(rule, context, predicates)
    low, strict_min = _bound(rule.params, "minimum", "exclusiveMinimum", kind, max)
    high, strict_max = _bound(rule.params, "maximum", "exclusiveMaximum", kind, min)
    kwargs = {"column": rule.fields[0], "min_value": low, "max_value": high}
    strict = {"strict_min": strict_min, "strict_max": strict_max}
    return ExpectationSpec(rule, "ExpectColumnValuesToBeBetween", {**kwargs, **strict})


def _bound(
    params: Mapping[str, Any], closed: str, open_: str, kind: str, tighter: Callable[..., Any]
) -> tuple[Any, bool]:
    """The tighter of an inclusive and an exclusive bound, and whether it is the exclusive one.

    `exclusiveMinimum: true` (JSON Schema before 2019) makes the inclusive bound exclusive.
    """
    inclusive = typed(params[closed], kind) if closed in params else None
    exclusive = params.get(open_)
    if exclusive is None or isinstance(exclusive, bool):
        return inclusive, bool(exclusive)
    exclusive = typed(exclusive, kind)
    if inclusive is None:
        return exclusive, True
    chosen = tighter(inclusive, exclusive)
    return chosen, bool(chosen == exclusive)


def typed(value: Any, kind: str) -> Any:
    """A contract's value as the Python value that compares with a column of DuckDB type `kind`."""
    if kind == "DATE":
        return value if type(value) is date else _moment(value).date()
    if kind.startswith("TIMESTAMP"):
        return _moment(value)
    if kind in ("VARCHAR", "BOOLEAN"):
        plain = str(value).lower() if isinstance(value, bool) else str(value)
        return plain if kind == "VARCHAR" else plain.lower() == "true"
    if isinstance(value, str) and kind:
        number = Fraction(value)
        return int(number) if number.denominator == 1 else float(number)
    return value


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time.min)
    return datetime.fromisoformat(str(value))


def _length(rule: Rule, context: TableContext, predicates: _Predicates) -> _Spec:
    limits = {"min_value": rule.params.get("minLength"), "max_value": rule.params.get("maxLength")}
    kwargs = {"column": rule.fields[0], **limits}
    return ExpectationSpec(rule, "ExpectColumnValueLengthsToBeBetween", kwargs)


def _pattern(rule: Rule, context: TableContext, predicates: _Predicates) -> _Spec:
    # GX's own regex expectation knows no DuckDB ("Regex is not supported for dialect duckdb").
    condition = f"NOT regexp_full_match({_column(rule.fields[0])}, {_text(rule.params['pattern'])})"
    told = f"{rule.fields[0]}: every value matches {rule.params['pattern']}"
    return _by_query(rule, condition, told)


def _enumeration(rule: Rule, context: TableContext, predicates: _Predicates) -> _Spec:
    kind = context.types.get(rule.fields[0], "")
    values = [typed(value, kind) for value in rule.params["values"]]
    kwargs = {"column": rule.fields[0], "value_set": values}
    return ExpectationSpec(rule, "ExpectColumnValuesToBeInSet", kwargs)


def _unique(rule: Rule, context: TableContext, predicates: _Predicates) -> _Spec:
    if (context.rows or 0) > LARGE:
        return _unique_by_query(rule)
    if len(rule.fields) == 1:
        return ExpectationSpec(rule, "ExpectColumnValuesToBeUnique", {"column": rule.fields[0]})
    kwargs = {"column_list": list(rule.fields), "ignore_row_if": "any_value_is_missing"}
    return ExpectationSpec(rule, "ExpectCompoundColumnsToBeUnique", kwargs)


def _unique_by_query(rule: Rule) -> ExpectationSpec:
    """One aggregation; GX's own expectation joins the table with itself, five times as slow."""
    keys = ", ".join(_column(name) for name in rule.fields)
    given = " AND ".join(f"{_column(name)} IS NOT NULL" for name in rule.fields)
    query = f"SELECT 1 AS found FROM {{batch}} WHERE {given} GROUP BY {keys} HAVING count(*) > 1"
    told = f"{' + '.join(rule.fields)}: no key stands twice"
    kwargs = {"unexpected_rows_query": query}
    return ExpectationSpec(rule, "UnexpectedRowsExpectation", kwargs, told)


def _checksum(rule: Rule, context: TableContext, predicates: _Predicates) -> ExpectationSpec:
    """A check digit is dear to compute and codes repeat, so each code is judged once."""
    if (context.rows or 0) <= LARGE:
        return _by_predicate(rule, context, predicates)
    condition, column = _escaped(predicates[rule.id]), _column(rule.fields[0])
    query = (
        # Materialised, or the engine would move the condition below DISTINCT.
        f"WITH codes AS MATERIALIZED (SELECT DISTINCT {column} FROM {{batch}}) "
        f"SELECT 1 AS found FROM codes WHERE {condition}"
    )
    told = f"{rule.fields[0]}: every check digit holds"
    return ExpectationSpec(
        rule, "UnexpectedRowsExpectation", {"unexpected_rows_query": query}, told
    )


def _not_future(rule: Rule, context: TableContext, predicates: _Predicates) -> _Spec:
    name = rule.fields[0]
    kind = context.types.get(name, "DATE")
    if kind == "DATE":
        kwargs = {"column": name, "max_value": context.as_of}
        return ExpectationSpec(rule, "ExpectColumnValuesToBeBetween", kwargs)
    condition = f"CAST({_column(name)} AS DATE) > DATE '{context.as_of.isoformat()}'"
    return _by_query(rule, condition, f"{name}: no value after {context.as_of.isoformat()}")


def _freshness(rule: Rule, context: TableContext, predicates: _Predicates) -> _Spec:
    name = rule.fields[0]
    kind = context.types.get(name, "DATE")
    oldest = context.as_of - timedelta(days=floor(rule.params["max_age_days"]))
    if kind == "TIMESTAMP WITH TIME ZONE":  # Python will not compare it with a day
        stale = f"CAST(max({_column(name)}) AS DATE) >= DATE '{oldest.isoformat()}'"
        kwargs = {"unexpected_rows_query": _unless(stale)}
        told = f"{name}: newest value on {oldest.isoformat()} or later"
        return ExpectationSpec(rule, "UnexpectedRowsExpectation", kwargs, told)
    kwargs = {"column": name, "min_value": typed(oldest, kind)}
    return ExpectationSpec(rule, "ExpectColumnMaxToBeBetween", kwargs)


def _volume_change(rule: Rule, context: TableContext, predicates: _Predicates) -> _Spec:
    if not context.previous_rows:  # no snapshot, or an empty one: a percentage of nothing
        return None
    kwargs: dict[str, int] = {}
    if "max_drop_percent" in rule.params:
        kept = 1 - _exact(rule.params["max_drop_percent"]) / 100
        kwargs["min_value"] = max(0, ceil(context.previous_rows * kept))
    if "max_rise_percent" in rule.params:
        grown = 1 + _exact(rule.params["max_rise_percent"]) / 100
        kwargs["max_value"] = floor(context.previous_rows * grown)
    return ExpectationSpec(rule, "ExpectTableRowCountToBeBetween", kwargs)


def _exact(number: Any) -> Fraction:
    """A number as written in the contract: 0.1 is a tenth, not the nearest double."""
    return Fraction(str(number))


def _row_count(rule: Rule, context: TableContext, predicates: _Predicates) -> _Spec:
    ((operator, value),) = rule.params["operators"].items()
    limits = _ROW_COUNT_LIMITS.get(operator)
    if limits is not None:
        kwargs = limits(value)
        # GX takes whole row counts only, and refuses max < min.
        if all(isinstance(item, int) for item in kwargs.values()):
            return ExpectationSpec(rule, "ExpectTableRowCountToBeBetween", kwargs)
    condition = _compared(rule, "count(*)", "1")
    told = f"row count {operator} {value}"
    kwargs = {"unexpected_rows_query": _unless(condition)}
    return ExpectationSpec(rule, "UnexpectedRowsExpectation", kwargs, told)


_ROW_COUNT_LIMITS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "mustBe": lambda v: {"min_value": v, "max_value": v},
    "mustBeGreaterThan": lambda v: {"min_value": v, "strict_min": True},
    "mustBeGreaterOrEqualTo": lambda v: {"min_value": v},
    "mustBeLessThan": lambda v: {"max_value": v, "strict_max": True},
    "mustBeLessOrEqualTo": lambda v: {"max_value": v},
    "mustBeBetween": lambda v: {"min_value": v[0], "max_value": v[1]},
}

# {0} is the count, {1} the unit, {2} and {3} the thresholds: a percentage of the rows is compared as
# count * 100 with threshold * rows, so that nothing is divided and nothing rounded.
_OPERATORS_SQL: dict[str, Callable[..., str]] = {
    "mustBe": "{0} = {2} * {1}".format,
    "mustNotBe": "{0} <> {2} * {1}".format,
    "mustBeGreaterThan": "{0} > {2} * {1}".format,
    "mustBeGreaterOrEqualTo": "{0} >= {2} * {1}".format,
    "mustBeLessThan": "{0} < {2} * {1}".format,
    "mustBeLessOrEqualTo": "{0} <= {2} * {1}".format,
    "mustBeBetween": "{0} BETWEEN {2} * {1} AND {3} * {1}".format,
    "mustNotBeBetween": "{0} NOT BETWEEN {2} * {1} AND {3} * {1}".format,
}


def _null_share(rule: Rule, context: TableContext, predicates: _Predicates) -> _Spec:
    column = rule.fields[0]
    condition = f"{_column(column)} IS NULL"
    mostly = _mostly(rule.params, context.rows)
    if mostly is None:
        return _share(rule, condition, f"{column} without a value")
    kwargs = {"column": column, "mostly": mostly}
    return ExpectationSpec(rule, "ExpectColumnValuesToNotBeNull", kwargs, counted=condition)


def _mostly(params: Mapping[str, Any], rows: int | None) -> float | None:
    """GX's least conforming share for an upper limit on the number of bad rows.

    It is computed from the greatest number of bad rows that still passes, by the same division
    that GX makes, so the comparison at the limit is exact. None: only a query can say it.
    """
    ((operator, value),) = params["operators"].items()
    if rows is None or operator not in ("mustBeLessThan", "mustBeLessOrEqualTo"):
        return None
    limit = _exact(value) * (Fraction(rows, 100) if params.get("unit") == "percent" else 1)
    most = ceil(limit) - 1 if operator == "mustBeLessThan" else floor(limit)
    return None if most < 0 or not rows else max(0, rows - most) / rows


def _invalid_share(rule: Rule, context: TableContext, predicates: _Predicates) -> _Spec:
    # A query, not `mostly`: GX's share is of the values that are not NULL, ODCS's of the rows.
    name = rule.fields[0]
    if "values" in rule.params:
        kind = context.types.get(name, "VARCHAR")
        known = (_text(str(typed(value, kind))) for value in rule.params["values"])
        listed = ", ".join(f"CAST({value} AS {kind})" for value in known)
        condition = f"{_column(name)} NOT IN ({listed})"
    else:
        condition = f"NOT regexp_full_match({_column(name)}, {_text(rule.params['pattern'])})"
    return _share(rule, condition, f"{name} with an invalid value")


def _compared(rule: Rule, count: str, unit: str) -> str:
    ((operator, value),) = rule.params["operators"].items()
    limits = [_decimal(rule, item) for item in (value if isinstance(value, list) else [value])]
    return _OPERATORS_SQL[operator](count, unit, *limits)


def _decimal(rule: Rule, value: Any) -> str:
    """A threshold as a decimal literal; nothing but a number may reach the SQL."""
    try:
        return format(Decimal(str(value)) + 0, "f")
    except (ValueError, ArithmeticError):
        raise QualityError("rule_threshold", where=rule.where, rule=rule.id, value=value) from None


def _share(rule: Rule, condition: str, told: str) -> ExpectationSpec:
    ((operator, value),) = rule.params["operators"].items()
    percent = rule.params.get("unit") == "percent"
    counted = f"count(*) FILTER (WHERE {condition})"
    left, unit = (f"100 * {counted}", "count(*)") if percent else (counted, "1")
    holds = _compared(rule, left, unit)
    sentence = f"{'percent' if percent else 'number'} of rows of {told} {operator} {value}"
    kwargs = {"unexpected_rows_query": _unless(holds)}
    return ExpectationSpec(rule, "UnexpectedRowsExpectation", kwargs, sentence, condition)


_BUILDERS: dict[str, Callable[[Rule, TableContext, _Predicates], _Spec]] = {
    "required": _required,
    "range": _range,
    "length": _length,
    "pattern": _pattern,
    "enumeration": _enumeration,
    "checksum": _checksum,
    "row": _by_predicate,
    "not_future": _not_future,
    "unique": _unique,
    "row_count": _row_count,
    "null_share": _null_share,
    "invalid_share": _invalid_share,
    "freshness": _freshness,
    "volume_change": _volume_change,
}
