"""Data Docs: one page a resource, an index over all of them, and no value of a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from quality.certify import Certifier
from quality.errors import QualityError
from quality.rules import Rule
from quality.suite import TableContext
from tests.support.parquet import rows_in

MakeRule = Callable[..., Rule]
CONTEXT = TableContext(date(2026, 7, 1))
SECRET = "王大明"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret.parquet"
    duckdb.sql(f"SELECT '{SECRET}' AS name, 1 AS a FROM range(4)").write_parquet(str(file))
    return file


def _rules(rule: MakeRule) -> list[Rule]:
    return [
        rule("unique", "name"),
        rule("unique", "name", "a", identity="unique:both"),
        rule("pattern", "name", pattern="[a-z]+"),
        rule("enumeration", "name", values=("x",)),
        rule("length", "name", maxLength=1),
        rule("range", "a", minimum=2),
        rule("row", holds="name < 'A'"),
        rule("null_share", "name", operators={"mustBe": 3}, unit="rows"),
    ]


def _pages(docs: Path) -> dict[str, str]:
    found = [*docs.rglob("*.html"), *docs.rglob("*.json")]
    return {str(path.relative_to(docs)): path.read_text("utf-8") for path in found}


def test_pages_hold_counts_and_no_values(tmp_path: Path, secret: Path, rule: MakeRule) -> None:
    certifier = Certifier(tmp_path / "docs", "臺南市")
    rules = _rules(rule)
    predicates = {r.id: "NOT (name < 'A')" for r in rules if r.kind == "row"}
    certificate = certifier.certify("raw.people", rows_in(secret), rules, CONTEXT, predicates)
    index = certifier.build_docs()
    certifier.close()
    assert {o.passed for o in certificate.outcomes} == {False}
    assert index == tmp_path / "docs" / "site" / "index.html"
    pages = _pages(tmp_path / "docs")
    assert len(pages) == 3  # a result, its page, the index
    for name, text in pages.items():
        assert SECRET not in text, name
        assert SECRET.encode("unicode_escape").decode() not in text, name


def test_each_resource_has_its_latest_page(tmp_path: Path, secret: Path, rule: MakeRule) -> None:
    docs = tmp_path / "docs"
    for resources in (["raw.a", "raw.b"], ["raw.b", "raw.c"]):
        certifier = Certifier(docs, "City")
        for resource in resources:
            certifier.certify(resource, rows_in(secret), [rule("required", "a")], CONTEXT, {})
        index = certifier.build_docs()
        certifier.close()
    assert index is not None
    pages = [p for p in docs.rglob("*.html") if p != index]
    assert len(pages) == 3
    text = index.read_text("utf-8")
    assert all(resource in text for resource in ("raw.a", "raw.b", "raw.c"))
    for page in pages:
        assert page.relative_to(index.parent).as_posix() in text


def test_a_failed_certification_leaves_no_page(
    tmp_path: Path, secret: Path, rule: MakeRule
) -> None:
    certifier = Certifier(tmp_path / "docs", "City")
    broken = rule("row", holds="")
    with pytest.raises(QualityError):
        certifier.certify(
            "raw.a", rows_in(secret), [broken], CONTEXT, {broken.id: "CAST(name AS INTEGER) = 1"}
        )
    assert certifier.build_docs() is None
    certifier.close()
    assert not any(SECRET in text for text in _pages(tmp_path / "docs").values())


def test_nothing_validated_writes_nothing(tmp_path: Path) -> None:
    certifier = Certifier(tmp_path / "docs", "City")
    assert certifier.build_docs() is None
    certifier.close()
    assert not (tmp_path / "docs").exists()


def test_pages_need_no_other_host(tmp_path: Path, secret: Path, rule: MakeRule) -> None:
    certifier = Certifier(tmp_path / "docs", "City")
    certifier.certify("raw.a", rows_in(secret), [rule("required", "a")], CONTEXT, {})
    certifier.build_docs()
    certifier.close()
    for page in (tmp_path / "docs").rglob("*.html"):
        text = page.read_text("utf-8")
        assert 'src="http' not in text, page
        assert 'rel="stylesheet"' not in text, page


def test_text_of_a_contract_is_escaped(tmp_path: Path, secret: Path, rule: MakeRule) -> None:
    certifier = Certifier(tmp_path / "docs", "<b>City</b>")
    rules = [
        rule("pattern", "name", pattern="<b id=x>"),
        rule("enumeration", "name", values=("<b id=x>",)),
        rule("row", holds="name <> '<b id=x>'"),
    ]
    predicates = {"row:": "NOT (name <> '<b id=x>')"}
    certifier.certify("raw.a", rows_in(secret), rules, CONTEXT, predicates)
    certifier.build_docs()
    certifier.close()
    for page in (tmp_path / "docs").rglob("*.html"):
        assert "<b id=x>" not in page.read_text("utf-8")
        assert "<b>City</b>" not in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("severity", "word"), [("warn", "warned"), ("reject", "failed"), (None, "passed")]
)
def test_the_index_says_how_grave_it_is(
    tmp_path: Path, secret: Path, rule: MakeRule, severity: str | None, word: str
) -> None:
    certifier = Certifier(tmp_path / "docs", "City")
    checked = rule("range", "a", minimum=2 if severity else 0, severity=severity)
    certifier.certify("raw.a", rows_in(secret), [checked], CONTEXT, {})
    index = certifier.build_docs()
    certifier.close()
    assert index is not None
    assert f'<tr class="{word}">' in index.read_text("utf-8")
