"""Fixtures that every folder of tests shares: a tiny city with its state in a temporary folder."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.database import connect
from tests.servers import postgres
from tests.support.city import City, small_city
from tests.support.killing import Killer
from tests.support.on_postgres import sitecustomize
from tests.support.ready import ready_tables, real_migrations
from tests.support.slow_files import slow_files

__all__ = ["postgres"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what the code gives now as the expected half of tests/golden",
    )
    parser.addoption(
        "--postgres",
        action="store_true",
        help="keep every catalogue database on a PostgreSQL server that is started for the tests",
    )
    parser.addoption(
        "--thorough",
        action="store_true",
        help="also play the random cases that come again in other seeds",
    )
    parser.addoption(
        "--fast",
        action="store_true",
        help="leave out, unread, the files with the longest tests (tests/slow_files.txt)",
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `--fast`, files that take long are not even imported; None: others decide."""
    return True if config.getoption("--fast") and collection_path in slow_files() else None


@pytest.fixture(scope="session", autouse=True)
def _databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """New catalogue databases have their tables (`tests/support/ready.py`). With `--postgres`, none is
    on SQLite: see `tests/support/on_postgres`."""
    folder = tmp_path_factory.mktemp("ready")
    if not request.config.getoption("--postgres"):
        with ready_tables(folder, None):
            yield
        return
    server = request.getfixturevalue("postgres")
    folder = Path(__file__).parent / "support" / "on_postgres"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(sitecustomize.SERVER, f"postgresql://postgres@127.0.0.1:{server.port}")
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
        sitecustomize.redirect(connect)
        with ready_tables(folder, server):
            yield


@pytest.fixture
def migrations() -> Iterator[None]:
    """For tests of migrations: new databases have no tables."""
    with real_migrations():
        yield


SERVERS = {"postgres", "postgresql", "mariadb", "spark", "chromium"}
# Fixtures that run a city, or serve one that has been run: seconds before the first line of a test.
CITIES_RUN = {"small", "bureau", "portal", "built", "full_city", "twins", "killer", "program"}
# Few tests, and minutes: what starts last should be short, or one worker waits for the other.
LONG = (
    "dags/",
    "pipelines/spark/",
    "pipelines/test_kill.py",
    "docs/test_add_a_department.py",
    "docs/test_walkthrough.py",
    "pipelines/classify/",
    "portal/test_accessible.py",
    "portal/test_hostile_forms.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test that needs a server or a city's run is slow, whether it asks for it by fixture or by
    parameter; tests of what is not done yet are known to fail (`known_gaps.toml`)."""
    if not config.getoption("--thorough"):
        left = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker("thorough")]
    gaps = tomllib.loads((Path(__file__).parent / "known_gaps.toml").read_text("utf-8"))["gaps"]
    for item in items:
        if config.getoption("--postgres") and item.get_closest_marker("sqlite_files"):
            item.add_marker(pytest.mark.skip(reason="looks into the files of SQLite"))
        reason = gaps.get(f"{item.path.name}::{item.nodeid.split('::', 1)[1]}")
        if reason is not None:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
        asked = set(getattr(item, "fixturenames", ()))
        call = getattr(item, "callspec", None)
        if call is not None:
            asked |= {value for value in call.params.values() if isinstance(value, str)}
        if asked & (SERVERS | CITIES_RUN):
            item.add_marker(pytest.mark.slow)
    items.sort(key=_long_first)


def _long_first(item: pytest.Item) -> int:
    name = item.path.relative_to(Path(__file__).parent).as_posix()
    return next((place for place, start in enumerate(LONG) if name.startswith(start)), len(LONG))


class FailuresAtOnce:
    """Says which test failed, and why, as soon as it has: a run that is cut short prints no summary."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what the terminal takes."""
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            self._terminal.write_line(
                f"\nFAILED {report.nodeid} ({report.when}, {report.duration:.0f} s): "
                f"{str(getattr(crash, 'message', report.longrepr))[:1000]}"
            )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FailuresAtOnce(terminal))


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts in English, and none of a developer's own settings within reach."""
    monkeypatch.setenv("CITYBRAIN_LANG", "en")
    for name in ("CITYBRAIN_DATABASE", "CITYBRAIN_LAKE_CATALOG", "CITYBRAIN_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """The Spark session of this process; starting one takes several seconds, so there is one."""
    from tests.support.engines import spark_for_tests

    pytest.importorskip("pyspark")
    session = spark_for_tests()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def program() -> Iterator[list[str]]:
    """The command that runs our program as a process whose imports are done (`tests.support.warm`)."""
    from tests.support.warm import Warm

    made = Warm()
    yield made.command
    made.close()


@pytest.fixture(scope="session")
def killer(program: list[str]) -> Killer:
    """Runs workspaces and lets them die."""
    return Killer(program)


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> City:
    """An empty workspace of two departments, `trade` and `civil`."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    empty = City(tmp_path / "city")
    empty.settings()
    empty.departments("trade", "civil")
    (empty.root / "source").mkdir()
    return empty


@pytest.fixture
def small(city: City) -> City:
    """The city of `tests.support.city.small_city`: two files, three models."""
    return small_city(city)
