"""The SQL that contracts compile to, as pairs in plain files: the contract, then what comes of it.

After a deliberate change: `pytest tests/pipelines/test_golden.py --update-golden`, then read the diff.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import sqlglot

from catalog.odcs import read_contract
from pipelines.reading import WHITE, row_rules, staging_sql
from quality.predicates import literal, violation
from quality.rules import rules_of
from tests.support.staging import engine, received

GOLDEN = Path(__file__).parents[1] / "golden"
DAY = date(2026, 7, 1)


def pretty(sql: str) -> str:
    return sqlglot.transpile(sql, read="duckdb", write="duckdb", pretty=True)[0]


def shown(sql: str) -> str:
    """Readable SQL; the white space that `trim` takes off would not be."""
    return pretty(sql).replace(literal(WHITE), "'<white space>'")


def contract_in(path: Path) -> str:
    """The contract that stands in the file's first comment."""
    return path.read_text("utf-8").split("/*\n", 1)[1].split("*/", 1)[0]


def compiled(text: str, folder: Path) -> str:
    """The statements of a contract, each under a comment that says what it is."""
    path = folder / "t.yaml"
    path.write_text(text, "utf-8")
    contract = read_contract(path, "raw", "d__t")
    rules, problems = rules_of(contract)
    assert problems == []
    types = {field.name: field.physical_type for field in contract.fields}
    parts = [("staging", shown(staging_sql(contract, row_rules(contract, rules), "received", DAY)))]
    for rule in rules:
        if rule.scope == "row" and rule.kind != "unreadable":
            parts.append(
                (f"violation of {rule.id}", shown(f"SELECT {violation(rule, types, DAY)}"))
            )
    return "\n\n".join(f"-- {title}\n{sql};" for title, sql in parts) + "\n"


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.sql")))
def test_golden(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = GOLDEN / f"{name}.sql"
    text = contract_in(path)
    got = f"/*\n{text}*/\n\n{compiled(text, tmp_path)}"
    if request.config.getoption("--update-golden"):
        path.write_text(got, "utf-8")
    assert got == path.read_text("utf-8")


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.sql")))
def test_what_stands_in_the_file_is_what_runs(name: str, tmp_path: Path) -> None:
    """Printing it readably has not changed what it means."""
    path = tmp_path / "t.yaml"
    path.write_text(contract_in(GOLDEN / f"{name}.sql"), "utf-8")
    contract = read_contract(path, "raw", "d__t")
    sql = staging_sql(contract, row_rules(contract, rules_of(contract)[0]), "received", DAY)
    values = (
        "1",
        "A",
        " 台南 ",
        "12人",
        "104/5/25",
        "105Y12M",
        "是",
        "-",
        "No.7",
        "2020-01-01",
        "x",
        None,
    )
    rows = [{field.name: value for field in contract.fields} for value in values]
    with engine() as con:
        con.register("received", received(contract, rows))
        order = " ORDER BY _source_line"
        ran = con.execute(f"SELECT * FROM ({sql}){order}").fetchall()
        assert json.dumps(ran, default=str) == json.dumps(
            con.execute(f"SELECT * FROM ({pretty(sql)}){order}").fetchall(), default=str
        )
