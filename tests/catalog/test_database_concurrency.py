"""Several processes and threads at one database, and records that arrive more than once."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.database import CatalogStore, RuleResult, StepRecord

pytestmark = pytest.mark.slow
WRITER = """
import sys
from datetime import UTC, datetime
from catalog.database import CatalogStore, RuleResult, StepRecord
url, run_id, resource = sys.argv[1:]
now = datetime.now(UTC)
rule = RuleResult("r", "row", (), "accuracy", "warn", 1, 0, True)
with CatalogStore.open(url) as store:
    for n in range(20):
        step = StepRecord(resource, "collect", "failed", now, now, received=n, rules=(rule,) * 5)
        store.record_step(run_id, step)
"""

OPENER = """
import sys
from catalog.database import CatalogStore
store = CatalogStore.open(sys.argv[1])
assert store.runs("tainan") == []
store.close()
"""


def _together(commands: list[list[str]]) -> None:
    started = [subprocess.Popen([sys.executable, "-c", *command]) for command in commands]
    assert [process.wait(60) for process in started] == [0] * len(commands)


def test_two_processes_record_at_once(ready: CatalogStore, database_url: str) -> None:
    resources = ["raw.health__clinics", "base.clinic"]
    _together([[WRITER, database_url, "run-1", resource] for resource in resources])
    steps = ready.last_steps("tainan")
    assert {name: step.received for name, step in steps.items()} == dict.fromkeys(resources, 19)
    assert len(ready.rule_results("tainan", "base.clinic")) == 5


def test_processes_open_a_new_database_at_once(database_url: str) -> None:
    _together([[OPENER, database_url]] * 2)


def test_threads_synchronise_at_once(store: CatalogStore, samples: Any) -> None:
    contracts = [samples.contract(f"raw.health__r{n}") for n in range(20)]
    errors: list[BaseException] = []

    def sync() -> None:
        try:
            store.sync_resources("tainan", contracts)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=sync) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(store.status("tainan").resources) == 20


def test_a_reader_sees_one_state_while_others_write(ready: CatalogStore, samples: Any) -> None:
    from sqlalchemy import text

    count = text("SELECT count(*) FROM step")
    with ready._read() as session:
        assert session.scalar(count) == 0
        ready.record_step("run-1", samples.step())
        assert session.scalar(count) == 0
    with ready._read() as session:
        assert session.scalar(count) == 1


# Records that arrive more than once

COUNTS = st.one_of(st.none(), st.integers(0, 2**63 - 1))
NAMES = st.text("abc:_", min_size=1, max_size=6)
RULES = st.builds(
    RuleResult,
    rule=NAMES,
    kind=NAMES,
    fields=st.lists(NAMES, max_size=2).map(tuple),
    dimension=NAMES,
    severity=st.sampled_from(["reject", "warn", "block"]),
    assessed=COUNTS,
    failed=COUNTS,
    passed=st.sampled_from([True, False, None]),
    detail=st.text(max_size=8),
)
CHANGES = st.fixed_dictionaries(
    {
        "received": COUNTS,
        "published": COUNTS,
        "quarantined": COUNTS,
        "filtered": COUNTS,
        "filters": st.dictionaries(NAMES, st.integers(0, 9), max_size=3),
        "quarantine": st.dictionaries(NAMES, st.integers(0, 2**63 - 1), max_size=4),
        "score": st.one_of(st.none(), st.floats(0, 100)),
        "rules": st.lists(RULES, max_size=3).map(tuple),
        "watermark": st.one_of(st.none(), NAMES),
    }
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, samples: Any) -> Iterator[CatalogStore]:
    path: Path = tmp_path_factory.mktemp("shared") / "catalog.db"
    with CatalogStore.open(f"sqlite:///{path}") as store:
        store.sync_resources("tainan", [samples.contract()])
        samples.run(store, "run-1")
        yield store


@given(first=CHANGES, last=CHANGES)
@settings(max_examples=30, deadline=None)
def test_only_the_last_record_of_a_step_counts(
    shared: CatalogStore, samples: Any, first: dict[str, Any], last: dict[str, Any]
) -> None:
    for changes in (first, last, last):
        shared.record_step("run-1", samples.step(**changes))
    step: StepRecord = samples.step(**last)
    row = shared.last_steps("tainan")[step.resource]
    for name in ("received", "published", "quarantined", "filtered", "filters", "quarantine"):
        assert getattr(row, name) == getattr(step, name)
    assert row.score == step.score
    rules = shared.rule_results("tainan", step.resource)
    details = [rule.detail.replace("\x00", "\\x00") for rule in step.rules]
    assert [rule.detail for rule in rules] == details
    assert [(r.rule, r.fields, r.assessed, r.failed, r.passed) for r in rules] == [
        (r.rule, r.fields, r.assessed, r.failed, r.passed) for r in step.rules
    ]
    assert len(shared.snapshots("tainan", step.resource)) == 1
