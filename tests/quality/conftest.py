"""One certifier for all tests (Great Expectations is imported once), and rules made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from catalog.errors import Location
from quality.certify import Certifier, ExpectationOutcome
from quality.predicates import violation
from quality.rules import Rule
from quality.suite import TableContext
from tests.support.parquet import rows_in

TODAY = date(2026, 7, 1)
_SCOPES = {"unique": "set", "foreign_key": "set"}
_TABLE = ("row_count", "null_share", "invalid_share", "sql", "freshness", "volume_change")

MakeRule = Callable[..., Rule]


@pytest.fixture(scope="session")
def rule() -> MakeRule:
    """`rule("range", "age", minimum=0)`; severity, dimension and id have defaults."""

    def make(
        kind: str,
        *fields: str,
        severity: str | None = None,
        dimension: str = "accuracy",
        identity: str = "",
        params: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Rule:
        scope: Any = "table" if kind in _TABLE else _SCOPES.get(kind, "row")
        chosen: Any = severity or ("block" if scope == "table" else "reject")
        name = identity or f"{kind}:{'+'.join(fields)}"
        where = Location(Path("contract.yaml"), 7)
        return Rule(name, kind, fields, chosen, scope, dimension, where, {**more, **(params or {})})

    return make


@pytest.fixture(scope="session")
def certifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certifier]:
    certifier = Certifier(tmp_path_factory.mktemp("docs"), "Test City")
    yield certifier
    certifier.close()


@dataclass(frozen=True)
class Judged:
    decision: str
    by_rule: dict[str, ExpectationOutcome]

    @property
    def passed(self) -> dict[str, bool | None]:
        return {name: outcome.passed for name, outcome in self.by_rule.items()}


Judge = Callable[..., Judged]


@pytest.fixture
def judge(certifier: Certifier, tmp_path: Path) -> Judge:
    """Certify the rows of a query: `judge("SELECT 1 AS a", rule("required", "a"))`."""

    def run(query: str, *rules: Rule, previous: int | None = None) -> Judged:
        file = tmp_path / "part.parquet"
        with duckdb.connect() as database:
            database.execute(f"COPY ({query}) TO '{file}'")
            described = database.execute(f"DESCRIBE {query}").fetchall()
        types = {name: kind for name, kind, *_ in described}
        predicates = {r.id: violation(r, types, TODAY) for r in rules if r.scope == "row"}
        context = TableContext(TODAY, previous)
        certificate = certifier.certify(
            "raw.tests__table", rows_in(file), rules, context, predicates
        )
        return Judged(certificate.decision, {o.rule_id: o for o in certificate.outcomes})

    return run
