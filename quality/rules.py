"""From what a contract declares to pure rule values.

A `Rule` says what must hold; nothing here touches data. `quality.predicates` compiles row rules to
SQL, `quality.gate` splits staged rows with them, `quality.suite` turns the same rules into Great
Expectations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from catalog.contract import Contract, ContractField, QualityDeclaration
from catalog.errors import CityBrainError, Location
from quality.errors import QualityError

Severity = Literal["reject", "warn", "block"]
Scope = Literal["row", "set", "table"]

DIMENSIONS = (
    "accuracy",
    "completeness",
    "conformity",
    "consistency",
    "coverage",
    "timeliness",
    "uniqueness",
)
CHECKSUMS = ("resident_id", "uscc")
OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)
_SEVERITIES: dict[str, dict[Scope, Severity]] = {
    "reject": {"row": "reject", "set": "reject", "table": "block"},
    "error": {"row": "reject", "set": "reject", "table": "block"},
    "warn": {"row": "warn", "set": "warn", "table": "warn"},
    "warning": {"row": "warn", "set": "warn", "table": "warn"},
    "block": {"row": "block", "set": "block", "table": "block"},
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold of a resource.

    Attributes:
        id: the reason code, unique within the resource (`required:name`, `row:start_before_end`).
        kind: required, range, length, pattern, enumeration, checksum, not_future, row, unreadable,
            malformed (scope row); unique, foreign_key (scope set: needs other rows); row_count,
            null_share, invalid_share, sql, freshness, volume_change, quarantined_share (scope table).
        fields: the fields it looks at, in order.
        severity: reject the row, warn, or block the publish.
        params: what the kind needs: `minimum`, `pattern`, `values`, `holds`, `references`, ...;
            table rules carry their ODCS operators under `operators`.
    """

    id: str
    kind: str
    fields: tuple[str, ...]
    severity: Severity
    scope: Scope
    dimension: str
    where: Location
    params: Mapping[str, Any] = field(default_factory=dict)


def rules_of(contract: Contract) -> tuple[list[Rule], list[CityBrainError]]:
    """All rules of a contract in declaration order, and everything that is wrong with them."""
    problems: list[CityBrainError] = []
    rules: list[Rule] = []
    for item in contract.fields:
        rules += _field_rules(contract, item)
    if contract.primary_key:
        rules.append(_unique(contract.primary_key, contract.fields[0].where))
    for declaration in contract.quality:
        try:
            rules += _declared(contract, declaration)
        except QualityError as error:
            problems.append(error)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            # A list where a name belongs, and the like: the standard leaves these places open.
            problems.append(QualityError("rule_shape", where=declaration.where, problem=f"{error}"))
    return _distinct(rules, problems), problems


def _distinct(rules: list[Rule], problems: list[CityBrainError]) -> list[Rule]:
    seen: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in seen:
            problems.append(QualityError("rule_repeated", where=rule.where, rule=rule.id))
        seen.setdefault(rule.id, rule)
    return list(seen.values())


def _field_rules(contract: Contract, item: ContractField) -> Iterator[Rule]:
    def rule(kind: str, dimension: str, **params: Any) -> Rule:
        name = f"{kind}:{item.name}"
        severity: Severity = getattr(item.severity, kind, "reject")
        return Rule(name, kind, (item.name,), severity, "row", dimension, item.where, params)

    if contract.database == "raw":
        yield rule("unreadable", "conformity")
    if item.required or item.key_position is not None:
        yield rule("required", "completeness")
    if item.unique:
        yield _unique((item.name,), item.where, item.severity.unique)
    options = item.options
    bounds = _bounds(options)
    if bounds:
        yield rule("range", "accuracy", **bounds)
    lengths = {k: options[k] for k in ("minLength", "maxLength") if k in options}
    if lengths:
        yield rule("length", "conformity", **lengths)
    if "pattern" in options:
        yield rule("pattern", "conformity", pattern=options["pattern"])


def _bounds(options: Mapping[str, Any]) -> dict[str, Any]:
    """The range in `logicalTypeOptions`; `exclusiveMinimum: true` makes `minimum` itself strict."""
    found = {k: v for k, v in options.items() if k.lower().endswith(("minimum", "maximum"))}
    for exclusive, inclusive in (
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ):
        if isinstance(found.get(exclusive), bool):
            strict = found.pop(exclusive)
            if strict and inclusive in found:
                found[exclusive] = found.pop(inclusive)
    return found


def _unique(fields: tuple[str, ...], where: Location, severity: Severity = "reject") -> Rule:
    return Rule(
        f"unique:{'+'.join(fields)}", "unique", fields, severity, "set", "uniqueness", where
    )


def _declared(contract: Contract, declaration: QualityDeclaration) -> list[Rule]:
    kind = declaration.data.get("type") or "library"
    if kind == "text":
        return []
    builder = {"library": _library, "sql": _sql, "custom": _custom}[kind]
    return [builder(contract, declaration)]


def _severity(declaration: QualityDeclaration, scope: Scope) -> Severity:
    written = str(declaration.data.get("severity", "error"))
    if written not in _SEVERITIES:
        raise QualityError(
            "rule_severity", where=declaration.where, severity=written, known="reject, warn, block"
        )
    return _SEVERITIES[written][scope]


def _dimension(declaration: QualityDeclaration, default: str) -> str:
    written = str(declaration.data.get("dimension", default))
    if written not in DIMENSIONS:
        raise QualityError(
            "rule_dimension",
            where=declaration.where,
            dimension=written,
            known=", ".join(DIMENSIONS),
        )
    return written


def _operators(declaration: QualityDeclaration) -> dict[str, Any]:
    found = {
        key: declaration.data[key] for key in OPERATORS if declaration.data.get(key) is not None
    }
    if len(found) != 1:
        raise QualityError("rule_operator", where=declaration.where, known=", ".join(OPERATORS))
    ((operator, value),) = found.items()
    limits = value if operator.endswith("Between") else [value]
    wanted = 2 if operator.endswith("Between") else 1
    if not isinstance(limits, list) or len(limits) != wanted or not all(map(_is_number, limits)):
        rule = str(declaration.data.get("name") or declaration.data.get("metric") or "sql")
        raise QualityError("rule_threshold", where=declaration.where, rule=rule, value=value)
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _build(
    contract: Contract,
    declaration: QualityDeclaration,
    kind: str,
    scope: Scope,
    dimension: str,
    fields: tuple[str, ...],
    params: dict[str, Any],
) -> Rule:
    for name in fields:
        if contract.field_named(name) is None:
            raise QualityError(
                "rule_unknown_field", where=declaration.where, field=name, resource=contract.name
            )
    label = declaration.data.get("name") or "+".join(fields) or kind
    identity = str(label) if label == kind else f"{kind}:{label}"
    return Rule(
        identity,
        kind,
        fields,
        _severity(declaration, scope),
        scope,
        _dimension(declaration, dimension),
        declaration.where,
        params,
    )


def _own_field(declaration: QualityDeclaration) -> tuple[str, ...]:
    if declaration.field is None:
        raise QualityError("rule_needs_field", where=declaration.where)
    return (declaration.field,)


def _library(contract: Contract, declaration: QualityDeclaration) -> Rule:
    data = declaration.data
    metric = data.get("metric") or data.get("rule")
    operators = _operators(declaration)
    arguments = data.get("arguments") or {}
    exact = operators == {"mustBe": 0}
    unit = data.get("unit", "rows")
    share = {"operators": operators, "unit": unit}
    if metric == "rowCount":
        return _build(contract, declaration, "row_count", "table", "coverage", (), share)
    if metric in ("nullValues", "missingValues"):
        own = _own_field(declaration)
        if exact:
            return _build(contract, declaration, "required", "row", "completeness", own, {})
        return _build(contract, declaration, "null_share", "table", "completeness", own, share)
    if metric == "invalidValues":
        return _invalid(contract, declaration, arguments, share, exact)
    if metric == "duplicateValues" and exact:
        fields = tuple(arguments.get("properties") or _own_field(declaration))
        return _build(contract, declaration, "unique", "set", "uniqueness", fields, {})
    raise QualityError("rule_metric", where=declaration.where, metric=metric)


def _invalid(
    contract: Contract,
    declaration: QualityDeclaration,
    arguments: dict[str, Any],
    share: dict[str, Any],
    exact: bool,
) -> Rule:
    own = _own_field(declaration)
    if arguments.get("validValues"):
        test: dict[str, Any] = {"values": tuple(arguments["validValues"])}
        kind, dimension = "enumeration", "conformity"
    elif arguments.get("pattern"):
        test = {"pattern": arguments["pattern"]}
        kind, dimension = "pattern", "conformity"
    else:
        raise QualityError("rule_arguments", where=declaration.where, known="validValues, pattern")
    if exact:
        return _build(contract, declaration, kind, "row", dimension, own, test)
    return _build(
        contract, declaration, "invalid_share", "table", dimension, own, {**share, **test}
    )


def _sql(contract: Contract, declaration: QualityDeclaration) -> Rule:
    query = declaration.data.get("query")
    if not query or not declaration.data.get("name"):
        raise QualityError("rule_sql", where=declaration.where)
    params = {"query": query, "operators": _operators(declaration), "unit": "rows"}
    return _build(contract, declaration, "sql", "table", "consistency", (), params)


def _custom(contract: Contract, declaration: QualityDeclaration) -> Rule:
    body = declaration.data.get("implementation")
    if declaration.data.get("engine") != "citybrain" or not isinstance(body, dict):
        raise QualityError("rule_engine", where=declaration.where)
    kind = body.get("rule")
    if kind not in _CUSTOM:
        raise QualityError(
            "rule_custom_kind", where=declaration.where, rule=kind, known=", ".join(sorted(_CUSTOM))
        )
    allowed, builder = _CUSTOM[kind]
    for key in body:
        if key != "rule" and key not in allowed:
            raise QualityError(
                "unknown_key", where=declaration.where, key=key, expected=", ".join(allowed)
            )
    return builder(contract, declaration, body)


Body = dict[str, Any]


def _row(contract: Contract, declaration: QualityDeclaration, body: Body) -> Rule:
    if not declaration.data.get("name") or not body.get("holds"):
        raise QualityError("rule_row", where=declaration.where)
    return _build(
        contract, declaration, "row", "row", "consistency", (), {"holds": str(body["holds"])}
    )


def _foreign_key(contract: Contract, declaration: QualityDeclaration, body: Body) -> Rule:
    fields = tuple(body.get("fields") or _own_field(declaration))
    targets = tuple(body.get("to") or fields)
    if not body.get("references") or len(targets) != len(fields):
        raise QualityError("rule_foreign_key", where=declaration.where)
    params = {"references": str(body["references"]), "to": targets}
    return _build(contract, declaration, "foreign_key", "set", "consistency", fields, params)


def _checksum(contract: Contract, declaration: QualityDeclaration, body: Body) -> Rule:
    if body.get("kind") not in CHECKSUMS:
        raise QualityError(
            "rule_checksum",
            where=declaration.where,
            kind=body.get("kind"),
            known=", ".join(CHECKSUMS),
        )
    own = _own_field(declaration)
    return _build(contract, declaration, "checksum", "row", "accuracy", own, {"kind": body["kind"]})


def _not_future(contract: Contract, declaration: QualityDeclaration, body: Body) -> Rule:
    own = _own_field(declaration)
    return _build(contract, declaration, "not_future", "row", "timeliness", own, {})


def _freshness(contract: Contract, declaration: QualityDeclaration, body: Body) -> Rule:
    days = body.get("max_age_days")
    if not isinstance(days, int | float) or not body.get("field"):
        raise QualityError("rule_freshness", where=declaration.where)
    fields = (str(body["field"]),)
    return _build(
        contract, declaration, "freshness", "table", "timeliness", fields, {"max_age_days": days}
    )


def _volume(contract: Contract, declaration: QualityDeclaration, body: Body) -> Rule:
    names = ("max_drop_percent", "max_rise_percent")
    limits: dict[str, Any] = {name: body[name] for name in names if name in body}
    if not limits:
        raise QualityError("rule_volume", where=declaration.where)
    return _build(contract, declaration, "volume_change", "table", "coverage", (), limits)


_Builder = Callable[[Contract, QualityDeclaration, Body], Rule]
_CUSTOM: dict[str, tuple[tuple[str, ...], _Builder]] = {
    "row": (("holds",), _row),
    "foreign_key": (("fields", "references", "to"), _foreign_key),
    "checksum": (("kind",), _checksum),
    "not_future": ((), _not_future),
    "freshness": (("field", "max_age_days"), _freshness),
    "volume_change": (("max_drop_percent", "max_rise_percent"), _volume),
}


def hardened(contract: Contract) -> Contract:
    """The contract with `reject` in the place of `warn`, for rules that look at rows."""

    def harder(declaration: QualityDeclaration) -> QualityDeclaration:
        built = _declared(contract, declaration)
        if not any(rule.severity == "warn" and rule.scope != "table" for rule in built):
            return declaration
        return replace(declaration, data={**declaration.data, "severity": "reject"})

    def harder_field(item: ContractField) -> ContractField:
        warned = {k: "reject" for k, v in item.severity.model_dump().items() if v == "warn"}
        return replace(item, severity=item.severity.model_copy(update=warned))

    return replace(
        contract,
        fields=tuple(map(harder_field, contract.fields)),
        quality=tuple(map(harder, contract.quality)),
    )
