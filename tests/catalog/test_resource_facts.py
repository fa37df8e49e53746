"""What the catalogue database tells of resources, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from catalog.database import CatalogStore
from catalog.database.resource_facts import TREND


def test_numbers_scores_and_the_first_publish(ready: CatalogStore, samples: Any) -> None:
    for number in range(TREND + 3):
        run = samples.run(ready, f"r{number}")
        ended = samples.noon + timedelta(hours=number)
        snapshot = samples.snapshot(number + 1, run)
        ready.record_step(
            run,
            samples.step(score=number / 100, snapshot=snapshot, started_at=ended, finished_at=ended),
        )  # fmt: skip
    found = ready.resource_facts("tainan")
    assert sorted(item.number for item in found.values()) == [1, 2]
    clinics, clinic = found["raw.health__clinics"], found["base.clinic"]
    assert clinics.first_published == samples.snapshot(1).committed_at
    assert [score for _, score in clinics.scores] == [n / 100 for n in range(3, TREND + 3)]
    assert (clinic.first_published, clinic.scores) == (None, ())


def test_nothing_is_known_of_an_unknown_workspace(ready: CatalogStore) -> None:
    assert ready.resource_facts("nowhere") == {}
