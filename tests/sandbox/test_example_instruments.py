"""The example letters, agreements and consents of both cities hold what they say."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from catalog.agreements import Agreement, Consent, Letter, read_signed
from pipelines.plan import Plan, compile_workspace
from pipelines.workspace import load_workspace
from sandbox.asking import sources_of
from sandbox.terms import terms_of

WORKSPACES = Path(__file__).parents[2] / "workspaces"
T = TypeVar("T", Letter, Agreement, Consent)
CITIES = ("chicago", "tainan")
FILES = sorted(WORKSPACES.glob("*/agreements/examples/*.yaml"))


@cache
def city(name: str) -> Plan:
    return compile_workspace(load_workspace(WORKSPACES / name))


def documents(name: str, kind: type[T]) -> list[T]:
    folder = WORKSPACES / name / "agreements" / "examples"
    found = [read_signed(path).document for path in sorted(folder.glob("*.yaml"))]
    return [one for one in found if isinstance(one, kind)]


def askable(name: str) -> dict[str, tuple[str, ...]]:
    """By view of the sandbox, the fields that may be asked about."""
    contracts = city(name).workspace.contracts
    return {n: tuple(terms_of(c).columns) for n, c in contracts.items() if c.privacy is not None}


def made_of(name: str, used: Mapping[str, tuple[str, ...]]) -> set[tuple[str, str, str]]:
    """Department, resource and field of all that views' fields are made of."""
    return {
        (department, resource, column)
        for departments in sources_of(city(name), used).values()
        for department, resources in departments.items()
        for resource, columns in resources.items()
        for column in columns
    }


def given(letters: list[Letter]) -> set[tuple[str, str, str]]:
    return {(one.department, r.name, f) for one in letters for r in one.resources for f in r.fields}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parents[2].name}-{path.stem}")
def test_an_example_is_a_draft_that_says_it_is_synthetic(path: Path) -> None:
    signed = read_signed(path)
    assert signed.signatures == ()
    assert signed.document.id in (path.stem, path.stem.removeprefix("agreement-")) or isinstance(
        signed.document, Consent
    )
    comment = [line for line in path.read_text("utf-8").splitlines() if line.startswith("#")]
    assert "synthetic and not signed" in comment[0]


def test_no_key_is_kept_in_the_repository() -> None:
    assert [path for path in WORKSPACES.rglob("*") if path.suffix in (".key", ".pem", ".pub")] == []


@pytest.mark.parametrize("name", CITIES)
def test_the_letters_give_what_the_views_are_made_of_and_no_more(name: str) -> None:
    assert askable(name)
    assert given(documents(name, Letter)) == made_of(name, askable(name))


@pytest.mark.parametrize("name", CITIES)
def test_an_agreement_rests_on_the_letters_of_what_it_grants(name: str) -> None:
    letters = {one.id: one for one in documents(name, Letter)}
    agreements = documents(name, Agreement)
    assert {one.mode for one in agreements} == {"zcdp", "pure"}
    for one in agreements:
        granted = {view.name: view.fields for view in one.views}
        for view, fields in granted.items():
            assert set(fields) <= set(askable(name)[view])
        resting = [letters[id] for id in one.letters]
        needed = made_of(name, granted)
        assert needed <= given(resting)
        assert {department for department, _, _ in needed} == {each.department for each in resting}
        for letter in resting:
            assert set(one.purposes) <= set(letter.purposes)
            assert letter.valid_from <= one.valid_from and one.valid_to <= letter.valid_to


@pytest.mark.parametrize("name", CITIES)
def test_pure_epsilon_is_agreed_where_every_key_is_public(name: str) -> None:
    (pure,) = [one for one in documents(name, Agreement) if one.mode == "pure"]
    assert pure.budget.delta == 0
    for view in pure.views:
        terms = terms_of(city(name).workspace.contracts[view.name])
        for field in view.fields:
            assert terms.columns[field].kind != "text" or terms.columns[field].keys, field


@pytest.mark.parametrize("name", CITIES)
def test_a_consent_is_for_fields_that_its_partner_was_granted(name: str) -> None:
    (consent,) = documents(name, Consent)
    granted = {
        field
        for one in documents(name, Agreement)
        if one.partner.id == consent.partner and consent.purpose in one.purposes
        for view in one.views
        for field in view.fields
    }
    assert set(consent.fields) <= granted
