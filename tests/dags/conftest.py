"""One migrated Airflow for all; each test has a copy, and a tiny city with its schedule written."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.dags.airflow import AirflowHome, scheduled, tiny_city
from tests.servers import postgres
from tests.support.city import City


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> AirflowHome:
    """A home that nothing ran in."""
    home = AirflowHome(tmp_path_factory.mktemp("airflow") / "home")
    home.root.mkdir()
    home.migrate()
    return home


@pytest.fixture
def airflow(migrated: AirflowHome, tmp_path: Path) -> AirflowHome:
    """A home of the test's own."""
    return migrated.copy(tmp_path / "airflow")


@pytest.fixture
def quick(airflow: AirflowHome, program: list[str]) -> AirflowHome:
    """The same, and tasks call the program that is warm."""
    airflow.settings["CITYBRAIN_PROGRAM"] = shlex.join(program)
    return airflow


@pytest.fixture
def planned(city: City) -> City:
    """A city of one department's file and one model, with its schedule."""
    return scheduled(tiny_city(city))


__all__ = ["postgres"]
