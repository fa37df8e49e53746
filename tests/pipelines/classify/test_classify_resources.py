"""Resources with contracts: both cities, declared levels, databases."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path

import pytest
import yaml

from bench.classify import CITIES, Judged, city_fields, kind_score, personal_score
from catalog.errors import CityBrainError
from pipelines.classify import Classification, classify_resource, proposal_yaml
from pipelines.workspace import load_workspace
from tests.support.city import City

ROOT = Path(__file__).resolve().parents[3]


@cache
def classified(city: str, resource: str) -> Classification:
    return classify_resource(load_workspace(ROOT / "workspaces" / city), f"raw.{resource}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("city", "field", "kind", "level"),
    [
        ("chicago", "business_affairs__business_licenses.legal_name", "person", "L3"),
        ("chicago", "inspector_log__inspector_visit_log.inspector", "pseudonym", "L3"),
        ("chicago", "public_health__inspection_sanitarian.sanitarian", "pseudonym", "L3"),
        ("tainan", "environment__penalties.punished_name", "person", "L3"),
        ("tainan", "environment__penalties.punished_site_id", "pseudonym", "L3"),
        ("tainan", "environment__penalties.facility_name", "person", "L3"),
        ("tainan", "environment__regulated_sites.site_name", "person", "L3"),
        ("tainan", "environment__regulated_sites.address", "address", "L3"),
        ("tainan", "labour__violations_monthly.employer", "person", "L3"),
        ("tainan", "labour__violations_monthly.decided_by", "person", "L3"),
        ("tainan", "hotline__tickets.description", "free_text_with_personal", "L4"),
        ("tainan", "hotline__tickets.address", "address", "L3"),
        ("tainan", "hotline__tickets.latitude", "coordinates", "L3"),
        ("tainan", "hotline__tickets.district_as_typed", "address", "L3"),
        ("tainan", "public_works__building_committees.committee", "person", "L3"),
        ("tainan", "public_works__building_committees.address", "address", "L3"),
    ],
)
def test_what_the_publishers_warn_of_is_found(city: str, field: str, kind: str, level: str) -> None:
    resource, _, name = field.partition(".")
    found = {f.name: f for f in classified(city, resource).fields}[name]
    assert (found.kind, found.level) == (kind, level)
    assert found.evidence


@pytest.mark.slow
def test_plates_in_hotline_texts_are_counted() -> None:
    fields = {f.name: f for f in classified("tainan", "hotline__tickets").fields}
    evidence = fields["description"].evidence
    assert [e.count for e in evidence if (e.kind, e.sign) == ("plate", "inside") and e.count]


@pytest.mark.slow
def test_floors_on_both_cities() -> None:
    fields: list[Judged] = [field for city in CITIES for field in city_fields(city)]
    personal, kinds = personal_score(fields), kind_score(fields)
    assert len(fields) == 287 and personal.true == 28
    assert (personal.precision or 0) >= 0.88 and personal.recall == 1
    assert (kinds.precision or 0) >= 0.97 and (kinds.recall or 0) >= 0.95


# -- declared levels ----------------------------------------------------------------------------

FIELDS = """
- {name: id, logicalType: integer, classification: L1}
- {name: holder, logicalType: string, classification: L2, customProperties: [{property: read, value: {from: Name}}]}
- {name: mobile, logicalType: string, classification: L4}
- {name: note, logicalType: string, classification: L3}
"""


@pytest.fixture
def trade(city: City) -> City:
    city.collected("trade/permit", FIELDS)
    names = ("陳志明", "林美玲", "黃建宏")
    rows = [f"{i},{names[i % 3]},0912{i:06d},fine" for i in range(0, 900_000, 30_011)]
    city.source("permit.csv", "id,Name,mobile,note\n" + "\n".join(rows) + "\n")
    return city


def test_only_too_low_a_declaration_disagrees(trade: City) -> None:
    found = classify_resource(trade.load(), "raw.trade__permit", trade.root / "source")
    assert [(f.name, f.level, f.declared) for f in found.fields] == [
        ("id", "L1", "L1"),
        ("holder", "L3", "L2"),
        ("mobile", "L3", "L4"),
        ("note", "L1", "L3"),
    ]
    assert [f.name for f in found.disagreements] == ["holder"]
    assert found.fields[1].published_names == ("Name",)


def test_the_proposal_never_lowers(trade: City) -> None:
    document = yaml.safe_load(proposal_yaml(classify_resource(trade.load(), "raw.trade__permit")))
    levels = [p["classification"] for p in document["properties"]]
    assert levels == ["L1", "L3", "L4", "L3"]


def test_a_resource_without_a_contract(trade: City) -> None:
    with pytest.raises(CityBrainError) as caught:
        classify_resource(trade.load(), "raw.trade__nothing")
    assert caught.value.code == "classify_resource"
    assert "raw.trade__permit" in str(caught.value)


def test_a_source_that_did_not_come(trade: City, tmp_path: Path) -> None:
    with pytest.raises(CityBrainError) as caught:
        classify_resource(trade.load(), "raw.trade__permit", tmp_path)
    assert caught.value.code == "source_missing"


def test_a_database_is_sampled(city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = (
        "- server: source\n  type: custom\n  customProperties:\n"
        "  - {property: database, value: {connection: trade_db, table: permit}}\n"
    )
    fields = "- {name: id, logicalType: integer}\n- {name: contact, logicalType: string}\n"
    city.collected("trade/permit", fields, servers=server)
    with sqlite3.connect(tmp_path / "trade.db") as database:
        database.execute("CREATE TABLE permit (id INTEGER PRIMARY KEY, contact TEXT)")
        rows = [(i, f"user{i}@example.org") for i in range(50)]
        database.executemany("INSERT INTO permit VALUES (?, ?)", rows)
    monkeypatch.setenv("CITYBRAIN_CONNECTION_TRADE_DB", f"sqlite:///{tmp_path / 'trade.db'}")
    found = classify_resource(city.load(), "raw.trade__permit")
    assert found.rows_sampled == 50
    assert (found.fields[1].kind, found.fields[1].level, found.fields[1].declared) == (
        "email",
        "L3",
        None,
    )
