"""A run that is killed anywhere leaves readers a whole state, and the next run completes it."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from catalog.database import CatalogStore
from pipelines.errors import PipelineError
from tests.support.city import ALL_TABLES, NAME, City, csv, small_city
from tests.support.killing import Death, Killer
from tests.support.seeds import seeds

pytestmark = pytest.mark.slow
TABLES = (*ALL_TABLES, "quarantine.raw__trade__shop")


@dataclass
class Generations:
    """One city whose files change from generation to generation, so that states can be told apart."""

    city: City
    killer: Killer
    number: int = 0
    known: dict[str, list[Any]] = field(default_factory=dict)

    def deliver(self) -> None:
        """The files of the next generation; two rows of the shops are bad."""
        self.number += 1
        n = self.number
        shops = [
            f"1,Tea{n},north,2020-01-01",
            f"2,Ink{n},south,2021-02-03",
            f"3,Rice{n},north,bad{n}",
        ]
        shops += [f"1,Again{n},north,2020-01-01", f"4,Oil{n},north,2020-01-01"]
        self.city.source("shop.csv", csv("id,name,district,opened", *shops))
        self.city.source("district.csv", csv("code,people", f"north,{n}", f"south,{2 * n}"))

    def expected(self, n: int) -> dict[str, Any]:
        """Every table's rows of generation `n`."""
        import datetime as dt

        day = dt.date(2020, 1, 1)
        if n == 0:
            return {name: [] for name in TABLES}
        return {
            "raw.civil__district": [("north", n), ("south", 2 * n)],
            "raw.trade__shop": [
                (1, f"Tea{n}", "north", day),
                (2, f"Ink{n}", "south", dt.date(2021, 2, 3)),
                (4, f"Oil{n}", "north", day),
            ],
            "base.shop": [
                (1, f"TEA{n}", "north"),
                (2, f"INK{n}", "south"),
                (4, f"OIL{n}", "north"),
            ],
            "thematic.shops_per_district": [("north", 2), ("south", 1)],
            "fusion.district_profile": [("north", n, 2), ("south", 2 * n, 1)],
            "quarantine.raw__trade__shop": [
                (
                    4,
                    ["unreadable:opened"],
                    f'{{"id":"3","name":"Rice{n}","district":"north","opened":"bad{n}"}}',
                ),
                (
                    5,
                    ["unique:id"],
                    f'{{"id":"1","name":"Again{n}","district":"north","opened":"2020-01-01"}}',
                ),
            ],
        }

    def seen(self, table: str) -> list[Any]:
        """What readers see of a table."""
        if table.startswith("quarantine."):
            return self.city.rows(table, "_source_line, _reasons, _original")
        return self.city.rows(table)

    def now(self) -> dict[str, Any]:
        """What readers see of all tables."""
        return {table: self.seen(table) for table in TABLES}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Readers look all the time; each must see a table of the last or of this generation."""
        allowed = {
            table: (self.expected(self.number - 1)[table], self.expected(self.number)[table])
            for table in TABLES
        }
        torn: list[Any] = []
        done = threading.Event()

        def read() -> None:
            while not done.wait(0.02):
                for table in TABLES:
                    try:
                        rows = self.seen(table)
                    except Exception as error:
                        rows = [repr(error)]
                    if rows not in allowed[table]:
                        torn.append((table, rows))

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield
        finally:
            done.set()
            reader.join()
        assert torn == []

    def completed(self) -> None:
        """A normal run; then everything is as if nothing had happened."""
        assert self.city.run().exit_code == 0
        assert self.now() == self.expected(self.number)
        for name, item in self.city.status().items():
            assert (name, item.rows, item.reconciles) == (name, len(self.seen(name)), True)
            assert item.last_status in ("published", "unchanged")
        shops = self.city.status()["raw.trade__shop"]
        assert (shops.received, shops.published, shops.quarantined) == (5, 3, 2)
        assert not self.city.home.scratch.exists()
        assert not list(self.city.home.root.rglob(".incoming-*"))
        with self.city.home.lock(NAME), CatalogStore.open(self.city.home.database_url) as store:
            assert "running" not in {run.status for run in store.runs(NAME)}


@pytest.fixture(scope="module")
def generations(tmp_path_factory: pytest.TempPathFactory, killer: Killer) -> Iterator[Generations]:
    """A city of one published generation, and the process that kills its runs."""
    folder = tmp_path_factory.mktemp("kill")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(folder / "home"))
        patch.setenv("CITYBRAIN_LANG", "en")
        city = City(folder / "city")
        city.settings("[gate]\nmax_quarantined_percent = 60\n")
        city.departments("trade", "civil")
        made = Generations(small_city(city), killer)
        made.deliver()
        made.completed()
        yield made


PLACES = [
    Death("pipelines.collect.landing:Landing.keep"),
    Death("pipelines.collect.landing:Landing.keep", "after", 2),
    Death("pipelines.stage:Stage.fill_collected", "after"),
    Death("pipelines.stage:Stage.write_good", "after", 2),
    Death("pipelines.stage:Stage.write_quarantine", "after"),
    Death("pipelines.publish:judge", "after"),
    Death("pipelines.publish:_publish_quarantine", "after", 2),
    Death("pipelines.lake:Lake.publish", "before", 2),
    Death("pipelines.lake:Lake.publish", "after", 5),
    Death("pyiceberg.catalog.sql:SqlCatalog.commit_table", "before", 2),
    Death("pyiceberg.catalog.sql:SqlCatalog.commit_table", "after", 4),
    Death("catalog.database:CatalogStore.start_run", "after"),
    Death("catalog.database:CatalogStore.record_step", "before", 1),
    Death("catalog.database:CatalogStore.record_step", "after", 3),
    Death("catalog.database:CatalogStore.finish_run"),
    Death("quality.certify:Certifier.build_docs"),
]


@pytest.mark.parametrize("death", PLACES, ids=str)
def test_killed_at_a_boundary(death: Death, generations: Generations) -> None:
    generations.deliver()
    with generations.watched():
        assert generations.killer.run(generations.city.root, death) == -signal.SIGKILL
    generations.completed()


@pytest.mark.parametrize("seed", seeds(2, 5))
def test_killed_at_any_moment(seed: int, generations: Generations) -> None:
    generations.deliver()
    with generations.watched():
        ended = generations.killer.run(
            generations.city.root, seconds=random.Random(seed).uniform(0.05, 1.5)
        )
    assert ended in (0, -signal.SIGKILL)
    generations.completed()


def test_killed_again_and_again_before_anything_is_recorded(generations: Generations) -> None:
    generations.deliver()
    for nth in (1, 2, 3):
        death = Death("catalog.database:CatalogStore.record_step", "before", nth)
        assert generations.killer.run(generations.city.root, death) == -signal.SIGKILL
    generations.completed()


def test_a_killed_first_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, generations: Generations
) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    city = City(tmp_path / "city")
    city.settings("[gate]\nmax_quarantined_percent = 60\n")
    city.departments("trade", "civil")
    made = Generations(small_city(city), generations.killer)
    made.deliver()
    for death in PLACES[::5]:
        assert made.killer.run(city.root, death) == -signal.SIGKILL
    made.completed()


def test_the_debris_of_killed_runs_is_cleaned(generations: Generations) -> None:
    from pipelines.maintain import clean

    generations.deliver()
    generations.killer.run(generations.city.root, Death("pipelines.publish:judge", "after"))
    clean(generations.city.root)
    lake = generations.city.lake()
    assert [path for table in TABLES for path in lake.orphans(table)] == []
    lake.close()
    generations.completed()


def test_of_two_runs_at_once_the_second_is_refused(generations: Generations) -> None:
    generations.deliver()
    caught: list[PipelineError] = []
    first: list[int] = []
    runner = threading.Thread(
        target=lambda: first.append(generations.killer.run(generations.city.root))
    )
    runner.start()
    while runner.is_alive() and not caught:
        if (generations.city.home.root / "run.owner.json").exists():
            try:
                generations.city.run()
            except PipelineError as error:
                caught.append(error)
    runner.join()
    assert first == [0]
    assert [error.code for error in caught] == ["locked"]
    assert int(caught[0].fields["pid"]) > 1
    assert caught[0].fields["host"] not in ("", "?")
    generations.completed()
