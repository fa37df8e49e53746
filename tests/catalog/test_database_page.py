"""The status page of one resource: levels, release and why it may depend on more than it shows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from catalog.contract import Justification, Release
from catalog.database import CatalogStore, ResourceProof
from pipelines.present_rows import print_resource

UNTIL = date(2026, 12, 31)
WHY = Justification(
    **{
        "from": "raw.tax.debt",
        "level": "L3",
        "who": "Tax bureau",
        "why": "[Only] counts",
        "until": UNTIL,
    }
)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_LANG", "en")


def _page(store: CatalogStore, capsys: pytest.CaptureFixture[str], on: date) -> list[list[str]]:
    (resource,) = store.status("tainan", on=on).resources
    print_resource(resource, [])
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_levels_release_and_reasons_are_shown(
    store: CatalogStore, samples: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = samples.contract("open.clinic", release=Release(), justifications=(WHY,))
    proof = ResourceProof({"id": "L2", "owner": "L3"})
    store.sync_resources("tainan", [contract], {contract.name: proof})
    lines = _page(store, capsys, UNTIL - timedelta(days=20))
    assert ["id", "BIGINT", "L2", "L1"] in lines
    assert ["owner", "VARCHAR", "L3", "負責人"] in lines
    assert any("'open'" in line and "records." in line for line in lines)
    reason = ["raw.tax.debt", "L3", "Tax", "bureau", "[Only]", "counts", "2026-12-31"]
    assert [*reason, "20"] in lines
    assert [*reason, "expired"] in _page(store, capsys, UNTIL + timedelta(days=1))
    assert [*reason, "0"] in _page(store, capsys, UNTIL)


def test_a_resource_that_stays_has_no_reasons(
    store: CatalogStore, samples: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    store.sync_resources("tainan", [samples.contract("base.clinic")])
    lines = _page(store, capsys, UNTIL)
    assert any(line[:2] == ["Level", "L3;"] and "release." in line for line in lines)
    assert not any("'open'" in line or "2026-12-31" in line for line in lines)
