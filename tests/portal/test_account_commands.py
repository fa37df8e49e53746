"""`citybrain account`: passwords come from standard input or are shown once."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from catalog.database import CatalogStore
from catalog.errors import CityBrainError
from citybrain import app
from pipelines.home import Home
from tests.support.city import NAME, City

runner = CliRunner()


def run(*words: str, typed: str | None = None) -> str:
    result = runner.invoke(app, ["account", *words], input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def signs_in(name: str, password: str) -> bool:
    with CatalogStore.open(Home.of(NAME).database_url) as store:
        return store.accounts.signed_in(NAME, name, password) is not None


def test_the_life_of_an_account(city: City) -> None:
    root = str(city.root)
    made = json.loads(run("add", root, "chen", "--role", "engineer", "--name", "Chen", "--json"))
    assert signs_in("chen", made["password"])
    run("add", root, "wu", "--role", "officer", "--department", "trade", "--password-stdin",
        typed="correct horse battery\n")  # fmt: skip
    assert signs_in("wu", "correct horse battery")
    listed = json.loads(run("list", root, "--json"))
    assert [(one["name"], one["role"], one["department"]) for one in listed] == [
        ("chen", "engineer", None),
        ("wu", "officer", "trade"),
    ]
    assert "password" not in json.dumps(listed) and "chen" in run("list", root)
    again = run("password", root, "chen")
    assert made["password"] not in again and not signs_in("chen", made["password"])
    assert run("close", root, "chen") == "chen\n"
    assert not signs_in("chen", again.split("password: ")[1].split()[0])


def test_a_new_password_ends_the_lockout(city: City) -> None:
    from datetime import timedelta

    run("add", str(city.root), "chen", "--role", "engineer")
    most, wait = {"account chen": 1}, timedelta(hours=1)
    with CatalogStore.open(Home.of(NAME).database_url) as store:
        assert store.lockouts.attempt(NAME, most, wait) is None
        assert store.lockouts.attempt(NAME, most, wait) is not None
        run("password", str(city.root), "chen")
        assert store.lockouts.attempt(NAME, most, wait) is None


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--role", "officer"], "account_department"),
        (["--role", "officer", "--department", "nowhere"], "account_department"),
        (["--role", "auditor", "--department", "trade"], "account_department"),
        (["--role", "partner"], "account_partner"),
        (["--role", "auditor", "--partner", "bank-a"], "account_partner"),
        (["--role", "auditor", "--password-stdin"], "password_length"),
    ],
)
def test_what_is_refused(city: City, words: list[str], code: str) -> None:
    with pytest.raises(CityBrainError) as caught:
        run("add", str(city.root), "chen", *words, typed="short\n")
    assert caught.value.code == code
