"""Whatever a contract becomes, and whatever dies meanwhile: tables are what making them anew gives."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from tests.support.city import City
from tests.support.evolving import Evolving, rebuilt, seen
from tests.support.killing import Death, Killer
from tests.support.seeds import seeds

pytestmark = pytest.mark.slow

DEATHS = [
    Death("pipelines.evolution.apply:evolve", "after"),
    Death("pipelines.lake:Lake.publish", "before", 1),
    Death("pipelines.lake:Lake.publish", "after", 1),
    Death("pipelines.lake:Lake.publish", "before", 2),
    Death("pipelines.lake:Lake.publish", "after", 2),
    Death("pyiceberg.catalog.sql:SqlCatalog.commit_table", "after", 2),
    Death("catalog.database:CatalogStore.record_step", "before", 1),
]


@pytest.mark.parametrize("seed", seeds(1, 3))
def test_evolved_is_what_made_anew_is(
    seed: int, city: City, killer: Killer, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    evolving = Evolving(city, chance)
    evolving.start()
    for round_ in range(7):
        if round_:
            evolving.next()
        if chance.random() < 0.4:
            assert killer.run(city.root, chance.choice(DEATHS)) in (0, -signal.SIGKILL)
        result = city.run()
        assert result.exit_code == 0, {n: str(o.error) for n, o in result.outcomes.items()}
        assert seen(city) == rebuilt(city, tmp_path / f"rebuild{round_}"), (seed, round_)
    assert {outcome.status for outcome in city.run().outcomes.values()} == {"unchanged"}
    assert evolving.ways["in_place"], evolving.ways
