"""Keyed masks of what is known beside those of a secret: a dictionary, wherever the two stand.

What may be done in one release is in the corpus (`tests/golden/leaks`); here are the messages, what
somebody answers for, and what a compile with a cache sees of another release.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.plan import compile_workspace
from pipelines.workspace import load_workspace
from tests.support.city import City
from tests.support.releases import (
    TEXT,
    TODAY,
    fields,
    justified,
    only,
    problems,
    release,
)

EXTRACT = release(channel="extract", quasi_identifiers="[]")


def masked(column: str, purpose: str = "p") -> str:
    return f"mask_pseudonym({column}, '{purpose}', 'x')"


def released(people: City, table: str, sql: str, custom: str = EXTRACT, **columns: str) -> None:
    people.model(f"fusion.{table}", sql + "\n", fields(**columns), custom=custom)


def test_the_message_says_what_is_known_and_under_which_purpose(people: City) -> None:
    sql = f"SELECT {masked('name')} AS person, {masked('district')} AS place FROM raw.civil__person"
    released(people, "pair", sql, person=TEXT, place=TEXT)
    found = only(people, "release_lookup")
    assert found.fields["columns"] == "person, place"
    assert found.fields["origin"] == "raw.civil__person.name"
    assert found.fields["known"] == "raw.civil__person.district"
    assert found.fields["mask"] == "mask_pseudonym(x, 'p', 'x')"
    apart = sql.replace(masked("district"), masked("district", "places"))
    released(people, "pair", apart, person=TEXT, place=TEXT)
    assert problems(people) == []


def compared(people: City, custom: str) -> None:
    people.model(
        "base.one",
        f"SELECT id, {masked('name')} AS d FROM raw.civil__person\n",
        fields(id="integer", d=TEXT),
    )
    people.model(
        "base.two",
        f"SELECT district, {masked('district')} AS d FROM raw.civil__person\n",
        fields(district=TEXT, d=TEXT),
    )
    sql = "SELECT two.district FROM base.one AS one JOIN base.two AS two ON one.d = two.d"
    released(people, "pair", sql, custom, district=TEXT)


def test_a_comparison_with_what_is_known_can_be_answered_for(people: City) -> None:
    compared(people, EXTRACT)
    assert only(people, "release_indirect").fields["origin"] == "raw.civil__person.name"
    compared(people, EXTRACT + justified("raw.civil__person.name", level="L3"))
    assert problems(people) == []


def codes(root: Path) -> set[str]:
    """What a compile with a cache says."""
    from catalog.errors import Problems

    try:
        compile_workspace(load_workspace(root, cached=True), TODAY)
    except Problems as error:
        return {problem.code for problem in error.problems}
    return set()


def test_a_cached_release_is_judged_again_when_another_becomes_a_dictionary(
    people: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "cache"))
    secret = f"SELECT {masked('name')} AS person FROM raw.civil__person"
    released(people, "secret", secret, person=TEXT)
    for purpose, expected in (("q", set()), ("p", {"release_lookup_elsewhere"}), ("q", set())):
        public = f"SELECT district, {masked('district', purpose)} AS place FROM raw.civil__person"
        released(people, "public", public, district=TEXT, place=TEXT)
        assert codes(people.root) == expected
        assert codes(people.root) == expected


def test_a_share_that_shows_what_an_extract_hides_is_a_dictionary(people: City) -> None:
    sql = f"SELECT {masked('name')} AS person FROM raw.civil__person"
    released(people, "hidden", sql, person=TEXT)
    share = release(channel="share", quasi_identifiers="[]")
    released(people, "granted", sql, share, person=TEXT)
    assert problems(people) == []  # the names themselves are in neither
    both = sql.replace("SELECT", "SELECT name,")
    released(people, "granted", both, share, name=TEXT, person=TEXT)
    found = only(people, "release_lookup_elsewhere")
    assert found.fields["other"] == "fusion.granted"
