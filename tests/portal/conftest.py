"""One served city for the tests that leave nothing behind which others would see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.portal.analysts import asking, console, untouched
from tests.portal.browser import chromium, city_url, page
from tests.portal.bureau import Bureau, Credentials, make_bureau
from tests.portal.everything import Everything, build, everything
from tests.portal.inside import Inside, inside
from tests.portal.twins import Attacker, Twins, served
from tests.servers import postgres
from tests.support.city import NAME
from tests.support.databases import copy_database

__all__ = ["asking", "chromium", "city_url", "console", "page", "postgres", "untouched"]

QUIET = "\n[sandbox]\nepsilon = 1000\n\n[service]\nrequests_per_minute = 100000\nfailures_per_minute = 100000\ntoken_seconds = 3600\n"


@pytest.fixture(scope="session")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """A running service that nobody is too fast for."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("bureau")
        patch.setenv("CITYBRAIN_HOME", str(root / "home"))
        patch.delenv("CITYBRAIN_DATABASE", raising=False)
        made = make_bureau(root, QUIET, budget=100)
        made.start()
    yield made
    assert made.stop() == 0, made.log()


@pytest.fixture
def portal(bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inside]:
    """The same city served inside the test's process, with a clock and a sleep of its own."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(bureau.home))
    with inside(bureau, tmp_path / "keys") as made:
        yield made


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A city that has one of everything; tests copy its database."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("everything")
        patch.setenv("CITYBRAIN_HOME", str(root / "home"))
        patch.delenv("CITYBRAIN_DATABASE", raising=False)
        return build(root)


@pytest.fixture(scope="module")
def full_city(built: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    """The same, served, for the tests of a module: people have signed in, requests of every state wait."""
    folder = tmp_path_factory.mktemp("served")
    copy = folder / "catalog.db"
    copy_database(built.home / NAME / "catalog.db", copy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(built.home))
        patch.setenv("CITYBRAIN_DATABASE", f"sqlite:///{copy}")
        patch.setenv("CITYBRAIN_LANG", "en")
        bureau = Bureau(built.city, built.home, {"CITYBRAIN_DATABASE": f"sqlite:///{copy}"})
        with everything(bureau, folder / "keys") as made:
            yield made


@pytest.fixture(scope="session")
def wang(bureau: Bureau) -> Credentials:
    """A program of bank-a that asks for its user wang."""
    return bureau.client()


@pytest.fixture(scope="session")
def other(bureau: Bureau) -> Credentials:
    """A program of another bank, which has no agreement."""
    return bureau.client("bank-b", "zhao")


@pytest.fixture(scope="session")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    """Two running services over data that differ in one enterprise."""
    root = tmp_path_factory.mktemp("twins")
    with served(root / "there", True) as there, served(root / "absent", False) as absent:
        yield Twins(*(Attacker(one, one.signed_in()) for one in (there, absent)))
