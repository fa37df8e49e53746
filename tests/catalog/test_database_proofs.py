"""What the compiler proves is recorded, renewed and read again: levels, sources, justifications."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event

from catalog.contract import Justification, Release
from catalog.database import (
    CatalogStore,
    FieldLevel,
    FieldSourceRow,
    JustificationRow,
    ResourceProof,
    ResourceStatus,
    to_plain,
)
from catalog.lineage import ROW, Edge, MaskUse, ModelLineage

CLINICS = "raw.health__clinics"
OPEN = "open.clinic"
CHANGE = MaskUse("", argument="upper(owner)")
PSEUDONYM = MaskUse("mask_pseudonym", ("clinics", "public"), leads_to="L2", keyed=True)
LINEAGE = ModelLineage(
    columns={
        "id": (Edge(CLINICS, "id", True, "identity", line=3),),
        "owner": (
            Edge(CLINICS, "owner", True, "masking", (CHANGE, PSEUDONYM), 4),
            Edge(CLINICS, "ward", False, "case", line=4),
        ),
    },
    rows=(Edge(CLINICS, ROW, False, "rows", line=5), Edge(CLINICS, "ward", False, "filter")),
)
PROOF = ResourceProof({"id": "L1", "owner": "L2", ROW: "L1"}, LINEAGE)
MASKED = ("mask_pseudonym(x, 'clinics', 'public')",)
SOURCES = [
    FieldSourceRow("id", CLINICS, "id", True, "identity", ()),
    FieldSourceRow("owner", CLINICS, "owner", True, "masking", MASKED),
    FieldSourceRow("owner", CLINICS, "ward", False, "case", ()),
    FieldSourceRow(None, CLINICS, ROW, False, "rows", ()),
    FieldSourceRow(None, CLINICS, "ward", False, "filter", ()),
]
UNTIL = date(2026, 12, 31)


def _why(*sources: str, who: str = "Health bureau", until: date = UNTIL) -> Justification:
    why = "Only counts leave"
    return Justification(**{"from": sources, "level": "L3", "who": who, "why": why, "until": until})


def _open(samples: Any, **changes: Any) -> Any:
    contract = samples.contract(OPEN, release=Release())
    fields = tuple(replace(item, level=None) for item in contract.fields)
    return replace(contract, **{"fields": fields} | changes)


def _resource(store: CatalogStore, name: str = OPEN) -> ResourceStatus:
    return next(r for r in store.status("tainan").resources if r.name == name)


def _levels(store: CatalogStore, name: str = OPEN) -> list[str | None]:
    return [item.level for item in _resource(store, name).fields]


def _writes(store: CatalogStore, *arguments: Any) -> list[str]:
    """The statements that a synchronisation changes resources with."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        word, table = statement.split()[0], statement.split()[:3]
        if word in ("INSERT", "DELETE", "UPDATE") and "workspace" not in table:
            seen.append(f"{word} {table[1] if word == 'UPDATE' else table[2]}")

    event.listen(store._engine, "before_cursor_execute", note)
    store.sync_resources("tainan", *arguments)
    event.remove(store._engine, "before_cursor_execute", note)
    return seen


# Levels


def test_a_proof_gives_the_levels(store: CatalogStore, samples: Any) -> None:
    store.sync_resources("tainan", [_open(samples)], {OPEN: PROOF})
    resource = _resource(store)
    assert resource.fields == (
        FieldLevel("id", "BIGINT", "", "L1", None),
        FieldLevel("owner", "VARCHAR", "負責人", "L2", None),
    )
    assert resource.level == "L2"
    assert (resource.release_channel, resource.release_kind) == ("open", "records")


def test_without_a_proof_levels_are_the_declared_ones(store: CatalogStore, samples: Any) -> None:
    store.sync_resources("tainan", [samples.contract(), _open(samples)])
    clinics = _resource(store, CLINICS)
    assert [(f.level, f.declared_level, f.raised) for f in clinics.fields] == [
        ("L1", "L1", False),
        ("L3", "L3", False),
    ]
    assert (clinics.level, clinics.release_channel, clinics.release_kind) == ("L3", None, None)
    assert _levels(store) == [None, None] and _resource(store).level is None
    assert store.field_sources("tainan", OPEN) == []


def test_a_raised_field_keeps_its_declared_level(store: CatalogStore, samples: Any) -> None:
    proof = ResourceProof({"id": "L2", "owner": "L3"})
    store.sync_resources("tainan", [samples.contract()], {CLINICS: proof})
    first, second = _resource(store, CLINICS).fields
    assert (first.level, first.declared_level, first.raised) == ("L2", "L1", True)
    assert (second.level, second.declared_level, second.raised) == ("L3", "L3", False)


def test_sensitive_rows_make_a_sensitive_resource(store: CatalogStore, samples: Any) -> None:
    store.sync_resources("tainan", [samples.contract(row_level="L4")])
    assert _resource(store, CLINICS).level == "L4"
    store.sync_resources("tainan", [samples.contract(row_level="L2")])
    assert _resource(store, CLINICS).level == "L3"


# Sources


def test_every_edge_comes_back(store: CatalogStore, samples: Any) -> None:
    store.sync_resources("tainan", [samples.contract(), _open(samples)], {OPEN: PROOF})
    assert store.field_sources("tainan", OPEN) == SOURCES
    assert store.field_sources("tainan", CLINICS) == []
    assert store.field_sources("elsewhere", OPEN) == []


def test_an_edge_named_on_two_lines_is_one_source(store: CatalogStore, samples: Any) -> None:
    twice = (Edge(CLINICS, "id", True, "identity", line=3), *LINEAGE.columns["id"])
    twice += (Edge(CLINICS, "id", True, "identity", line=9),)
    lineage = replace(LINEAGE, columns={**LINEAGE.columns, "id": twice})
    store.sync_resources("tainan", [_open(samples)], {OPEN: replace(PROOF, lineage=lineage)})
    assert store.field_sources("tainan", OPEN) == SOURCES


# Renewing


def test_what_is_unchanged_is_not_written(store: CatalogStore, samples: Any) -> None:
    contracts, proofs = [samples.contract(), _open(samples)], {OPEN: PROOF}
    assert _writes(store, contracts, proofs) != []
    before = store.status("tainan")
    assert _writes(store, contracts, proofs) == []
    assert _writes(store, contracts, {**proofs, "raw.unknown": PROOF}) == []
    assert store.status("tainan") == before


def test_a_resource_retires_once_and_returns_with_its_proof(
    store: CatalogStore, samples: Any
) -> None:
    store.sync_resources("tainan", [samples.contract(), _open(samples)], {OPEN: PROOF})
    assert _writes(store, [samples.contract()]) == ["UPDATE resource"]
    assert _writes(store, [samples.contract()]) == []
    store.sync_resources("tainan", [samples.contract(), _open(samples)], {OPEN: PROOF})
    assert (_levels(store), store.field_sources("tainan", OPEN)) == (["L1", "L2"], SOURCES)


@pytest.mark.parametrize(
    "proof",
    [
        replace(PROOF, levels={"id": "L1", "owner": "L3"}),
        replace(PROOF, lineage=replace(LINEAGE, rows=LINEAGE.rows[:1])),
        replace(PROOF, lineage=None),
    ],
    ids=["level", "edge", "no lineage"],
)
def test_another_proof_of_the_same_contract_is_written(
    store: CatalogStore, samples: Any, proof: ResourceProof
) -> None:
    contracts = [samples.contract(), _open(samples)]
    store.sync_resources("tainan", contracts, {OPEN: PROOF})
    assert _writes(store, contracts, {OPEN: proof}) != []
    assert _levels(store) == [proof.levels["id"], proof.levels["owner"]]
    rows = proof.lineage.rows if proof.lineage else ()
    sources = store.field_sources("tainan", OPEN)
    assert [s.column for s in sources if s.field is None] == [edge.column for edge in rows]
    assert _writes(store, contracts, {OPEN: proof}) == []


def test_only_the_changed_resource_is_renewed(store: CatalogStore, samples: Any) -> None:
    contracts = [samples.contract(f"base.c{n}") for n in range(5)]
    proofs = {c.name: ResourceProof({"id": "L1", "owner": "L3"}, LINEAGE) for c in contracts}
    store.sync_resources("tainan", contracts, proofs)
    first = _updated(store)
    proofs["base.c3"] = ResourceProof({"id": "L1", "owner": "L4"}, LINEAGE)
    store.sync_resources("tainan", contracts, proofs)
    moved = {name for name, moment in _updated(store).items() if moment != first[name]}
    assert moved == {"base.c3"}
    assert _resource(store, "base.c3").level == "L4"


def _updated(store: CatalogStore) -> dict[str, datetime]:
    from catalog.database import tables as t

    with store._read() as session:
        return {r.name: r.updated for r in session.query(t.Resource)}


def test_a_proof_outlives_a_synchronisation_without(store: CatalogStore, samples: Any) -> None:
    """Maintenance does not compile; the catalogue must not show lower levels for it."""
    contract = _open(samples)
    store.sync_resources("tainan", [contract], {OPEN: PROOF})
    assert _writes(store, [contract]) == []
    assert (_levels(store), store.field_sources("tainan", OPEN)) == (["L1", "L2"], SOURCES)
    store.sync_resources("tainan", [replace(contract, title="Clinics of the city")])
    assert (_levels(store), store.field_sources("tainan", OPEN)) == ([None, None], [])


def test_a_resource_keeps_its_snapshot_when_it_is_renewed(
    ready: CatalogStore, samples: Any
) -> None:
    ready.record_step("run-1", samples.step())
    proof = ResourceProof({"id": "L1", "owner": "L4"})
    ready.sync_resources("tainan", [samples.contract()], {CLINICS: proof})
    resource = _resource(ready, CLINICS)
    assert (resource.snapshot_id, resource.published, resource.level) == (1, 90, "L4")


def test_threads_synchronise_proofs_at_once(store: CatalogStore, samples: Any) -> None:
    contracts = [samples.contract(f"base.c{n}") for n in range(10)]
    errors: list[BaseException] = []

    def sync(level: str) -> None:
        proof = ResourceProof({"id": level, "owner": level}, LINEAGE)
        try:
            for _ in range(3):
                store.sync_resources("tainan", contracts, {c.name: proof for c in contracts})
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=sync, args=(level,)) for level in ("L2", "L3", "L4")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    # One writer after the other: the last one's levels everywhere, and no edge twice.
    levels = {tuple(_levels(store, c.name)) for c in contracts}
    assert len(levels) == 1 and levels < {("L2", "L2"), ("L3", "L3"), ("L4", "L4")}
    assert all(len(store.field_sources("tainan", c.name)) == 5 for c in contracts)


# Justifications


def test_justifications_with_their_days(store: CatalogStore, samples: Any) -> None:
    soon = _why("raw.b.x", who="稅務局", until=date(2026, 7, 10))
    open_ = _open(samples, justifications=(_why(f"{CLINICS}.ward", f"{CLINICS}.*"), soon))
    shared = samples.contract("base.clinic", justifications=(_why("raw.a.x"),))
    store.sync_resources("tainan", [open_, shared])
    first, *rest = store.justifications("tainan", on=date(2026, 7, 9))
    assert first == JustificationRow(
        OPEN, "raw.b.x", "L3", "稅務局", "Only counts leave", date(2026, 7, 10), 1
    )
    assert [(j.resource, j.source) for j in rest] == [
        ("base.clinic", "raw.a.x"),
        (OPEN, f"{CLINICS}.ward"),
        (OPEN, f"{CLINICS}.*"),
    ]
    own = store.justifications("tainan", OPEN, date(2026, 7, 11))
    assert [j.days_left for j in own] == [-1, 173, 173]
    assert [j.days_left for j in store.justifications("tainan", OPEN, UNTIL)][1:] == [0, 0]
    assert store.justifications("elsewhere") == []


def test_days_are_counted_from_the_machines_day(store: CatalogStore, samples: Any) -> None:
    store.sync_resources("tainan", [_open(samples, justifications=(_why("raw.a.x"),))])
    today = datetime(2026, 7, 1, 12, tzinfo=UTC).astimezone().date()
    left = (UNTIL - today).days
    assert [j.days_left for j in store.justifications("tainan")] == [left]
    assert [j.days_left for j in _resource(store).justifications] == [left]


def test_a_withdrawn_justification_goes(store: CatalogStore, samples: Any) -> None:
    both = (_why("raw.a.x"), _why("raw.a.y"))
    store.sync_resources("tainan", [_open(samples, justifications=both)], {OPEN: PROOF})
    store.sync_resources("tainan", [_open(samples, justifications=both[1:])], {OPEN: PROOF})
    assert [j.source for j in store.justifications("tainan")] == ["raw.a.y"]
    store.sync_resources("tainan", [samples.contract()])
    assert store.justifications("tainan") == []


def test_the_proof_is_json(store: CatalogStore, samples: Any) -> None:
    contract = _open(samples, justifications=(_why("raw.a.x"),))
    store.sync_resources("tainan", [contract], {OPEN: PROOF})
    report = store.status("tainan", on=date(2026, 12, 30))
    plain = json.loads(json.dumps(to_plain(report)))["resources"][0]
    assert plain["release_channel"] == "open"
    assert plain["fields"][1]["level"] == "L2" and plain["fields"][1]["declared_level"] is None
    (reason,) = plain["justifications"]
    assert (reason["until"], reason["days_left"]) == ("2026-12-31", 1)
    sources = json.loads(json.dumps(to_plain(store.field_sources("tainan", OPEN))))
    assert sources[1]["masks"] == list(MASKED) and sources[3]["field"] is None
