"""`citybrain plan` says what a new version of a contract will do, before it does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner, Result

from catalog.text import text
from citybrain import app
from pipelines.evolution.decide import Reason
from tests.support.city import City, csv

DOCS = Path(__file__).parents[3] / "docs"
FIELDS = "- {name: id, logicalType: integer}\n- {name: name, logicalType: string}\n"
FORMER = "customProperties: [{property: renamed_from, value: name}, {property: read, value: {from: name}}]"


@pytest.fixture
def city(city: City) -> City:
    city.settings()
    city.departments("trade")
    city.collected("trade/shop", FIELDS)
    city.source("shop.csv", csv("id,name", "1,Tea"))
    return city


def plan(city: City, *more: str) -> Result:
    return CliRunner().invoke(app, ["plan", str(city.root), *more])


def change(path: Path, *pairs: tuple[str, str]) -> None:
    told = path.read_text()
    for before, after in pairs:
        assert before in told
        told = told.replace(before, after)
    path.write_text(told)


def test_what_will_happen(city: City) -> None:
    path = city.root / "contracts/trade/shop.yaml"
    first = plan(city)
    assert first.exit_code == 0
    city.run()
    assert plan(city).output == first.output  # nothing has changed
    renamed = ("name: name, logicalType: string}", f"name: label, logicalType: string, {FORMER}}}")
    change(path, renamed)
    refused = plan(city)
    assert refused.exit_code == 1
    assert "name is now called label" in refused.output
    assert "needs version 2.0.0" in refused.output
    change(path, ("version: 1.0.0", "version: 2.0.0"))
    planned = plan(city)
    assert planned.exit_code == 0
    assert "columns only" in planned.output
    assert "version 1.0.0 -> 2.0.0" in planned.output
    found: list[dict[str, Any]] = json.loads(plan(city, "--json").output)
    assert found[0]["evolution"] == {
        "way": "in_place",
        "reason": None,
        "version": {"published": "1.0.0", "contract": "2.0.0"},
        "columns": [
            {
                "change": "renamed",
                "before": {"name": "name", "type": "VARCHAR"},
                "after": {"name": "label", "type": "VARCHAR"},
            }
        ],
    }
    city.run()
    assert plan(city).output == first.output


def test_in_chinese(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    city.run()
    change(city.root / "contracts/trade/shop.yaml", ("logicalType: integer", "logicalType: string"))
    monkeypatch.setenv("CITYBRAIN_LANG", "zh")
    output = plan(city).output
    assert "id 类型改变：BIGINT -> VARCHAR" in output
    assert "需要版本 2.0.0" in output


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_is_told_and_explained(reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = text(f"evolution_why_{reason}")
    assert f"| {told} |" in (DOCS / "evolution.md").read_text("utf-8")
    monkeypatch.setenv("CITYBRAIN_LANG", "zh")
    assert text(f"evolution_why_{reason}") not in ("", told)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("7", "expected a name"),
        ("id", "is, or was, the name of another field"),
        ("[]", "expected a name"),
    ],
)
def test_a_former_name_is_a_name_of_no_other_field(city: City, value: str, told: str) -> None:
    change(
        city.root / "contracts/trade/shop.yaml",
        ("name: name, logicalType: string}",
         f"name: label, logicalType: string, customProperties: [{{property: renamed_from, value: {value}}}]}}"),
    )  # fmt: skip
    (problem,) = city.problems()
    assert problem.code == "value_invalid"
    assert told in str(problem)
    assert problem.where is not None
