"""Sample people, documents and requests of an example city."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from catalog.database import CatalogStore
from citybrain import app
from pipelines.home import Home
from pipelines.plan import compile_workspace
from pipelines.sharing.rules import SharingRules
from pipelines.workspace import load_workspace
from portal.errors import PortalError
from portal.samples import make_samples, read_samples
from sandbox.keyfiles import public_keys
from tests.portal.bureau import instruments
from tests.support.city import NAME, City

ROOT = Path(__file__).parents[2]
DEPARTMENTS = """
departments:
  - {id: tax, name: Tax, role: provider}
  - {id: health, name: Health, role: provider}
  - {id: bureau, name: Bureau, role: operator}
"""
FIELDS = """
    - {name: code, logicalType: string, primaryKey: true, classification: L2}
    - {name: area, logicalType: string, classification: L1}
    - {name: paid, logicalType: number, classification: L2}
"""
SHARED = "- {property: catalogue, value: {share_type: 2, share_condition: for a task, share_way: interface}}"
SAMPLES = """
accounts = [
  {name = "s", called = "S", role = "steward"},
  {name = "t", called = "T", role = "officer", department = "tax"},
  {name = "h", called = "H", role = "officer", department = "health"},
  {name = "wang", called = "W", role = "partner", partner = "bank-a"},
]
[[requests]]
by = "h"
basis = "a duty"
scenario = "decided"
purpose = "care"
manner = "interface"
days = 30
wants = {"raw.tax__firm" = ["code", "area", "paid"]}
checked_by = "s"
answers = [{by = "t", resource = "raw.tax__firm", approve = ["code"], masks = {paid = "mask_amount(paid, 10)"}, refuse = {area = "no need"}}]
[[requests]]
by = "h"
basis = "a duty"
scenario = "waits"
purpose = "care"
manner = "download"
days = 30
wants = {"raw.tax__firm" = ["code"]}
"""


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> City:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    city = City(tmp_path / "city")
    city.settings()
    city.write("departments.yaml", DEPARTMENTS)
    city.collected("tax/firm", FIELDS, custom=SHARED)
    city.source("firm.csv", "code,area,paid\na,east,11\nb,west,28\n")
    for document in instruments():
        city.write(f"agreements/examples/{document['id']}.yaml", yaml.safe_dump(document))
    city.write("samples.toml", SAMPLES)
    assert city.run().outcomes["raw.tax__firm"].status == "published"
    return city


def store() -> CatalogStore:
    return CatalogStore.open(Home.of(NAME).database_url)


def test_what_the_file_says_is_there(city: City) -> None:
    made = make_samples(city.plan())
    with store() as found:
        assert [one.person.id for one in made] == ["s", "t", "h", "wang"]
        for one in made:
            account = found.accounts.signed_in(NAME, one.person.id, one.password)
            assert account is not None and account.person == one.person
        versions = {one.document.id: one for one in found.instruments.versions(NAME)}
        assert set(versions) == {"letter-tax", "agreement-a"}
        today = city.plan().workspace.settings.day_of(versions["letter-tax"].imported_at)
        assert versions["letter-tax"].document.valid_from == today
        keys = public_keys(city.plan().workspace)
        assert set(keys) == {"centre", "tax"}
        states = {one.asked.scenario: one for one in found.requests.list(NAME)}
        assert states["waits"].state == "submitted" and not states["waits"].tasks
        [task] = states["decided"].tasks
        assert (task.state, task.refused) == ("provisioned", ("area",))
        [grant] = found.grants.list(NAME)
        assert grant.fields == ("code", "paid")
        assert dict(grant.masks) == {"paid": "mask_amount(paid, 10)"}


def test_again_gives_new_passwords_and_adds_nothing(city: City) -> None:
    first = make_samples(city.plan())
    again = make_samples(city.plan())
    with store() as found:
        assert found.accounts.signed_in(NAME, "s", first[0].password) is None
        assert found.accounts.signed_in(NAME, "s", again[0].password) is not None
        assert len(found.accounts.list(NAME)) == 4
        assert len(found.instruments.versions(NAME)) == 2
        assert len(found.requests.list(NAME)) == 2 and len(found.grants.list(NAME)) == 1


def test_the_command(city: City) -> None:
    told = CliRunner().invoke(app, ["samples", str(city.root), "--json"], catch_exceptions=False)
    rows = json.loads(told.output)
    assert {row["name"]: row["role"] for row in rows}["wang"] == "partner"
    shown = CliRunner().invoke(app, ["samples", str(city.root)], catch_exceptions=False)
    assert shown.exit_code == 0 and "synthetic" in shown.output and "wang" in shown.output


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (SAMPLES.replace('by = "h"', 'by = "nobody"'), "there is no account nobody"),
        (SAMPLES.replace("days = 30", "days = 0"), "requests.0.days"),
        (SAMPLES + "\nmore = 1", "requests.1.more"),
        ("accounts = [", "Invalid value"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(city: City, changed: str, problem: str) -> None:
    path = city.write("samples.toml", changed)
    with pytest.raises(PortalError) as caught:
        make_samples(city.plan())
    assert caught.value.code == "samples_syntax" and problem in caught.value.fields["problem"]
    assert caught.value.where is not None and caught.value.where.path == path
    path.unlink()
    with pytest.raises(PortalError) as caught:
        make_samples(city.plan())
    assert caught.value.code == "samples_missing"


@pytest.mark.parametrize("name", ["chicago", "tainan"])
def test_the_example_cities_may_ask_for_what_their_samples_do(name: str) -> None:
    plan = compile_workspace(load_workspace(ROOT / "workspaces" / name, cached=True))
    samples, rules = read_samples(plan.workspace.root), SharingRules(plan)
    for account in samples.accounts:
        assert "synthetic" in account.called.lower() or "虛構" in account.called
    for request in samples.requests:
        officer = samples.person(request.by)
        items = rules.items(officer.department or "", request.wants)
        assert {one.resource for one in items} == set(request.wants)
        for answer in request.answers:
            said = {*answer.approve, *answer.masks, *answer.refuse}
            assert said == set(request.wants[answer.resource])
