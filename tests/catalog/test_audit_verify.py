"""Any one change of a log is found, and where it is."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import canonical as catalog_canonical
from catalog.audit import merkle, offline
from catalog.audit.offline import Fault
from tests.catalog.audit_logs import FALSE, Log, entry, log_of

SIZE, SIZES = 12, [4, 9, 12]
SOUND = log_of(SIZE, SIZES)
places = st.integers(0, SIZE - 1)


def kinds(log: Log, kept: list[dict[str, Any]] | None = None) -> set[str]:
    return {fault.kind for fault in log.faults(kept)}


def test_a_sound_log_has_no_faults() -> None:
    assert SOUND.faults() == [] and SOUND.faults(SOUND.checkpoints) == []
    assert log_of(0, []).faults() == []


changes = st.sampled_from(
    [
        {"actor": "account:x"}, {"subject": "y"}, {"outcome": "refused"}, {"rows": 7},
        {"fields": ["a"]}, {"detail": {"a": "b"}}, {"at": "2026-09-01T12:00:01.000000+00:00"},
        {"recorded_at": "2027-01-01T00:00:00.000000+00:00"}, {"more": 1}, {"batch": "b"},
    ]
)  # fmt: skip


@given(places, changes)
def test_a_changed_record_is_named(place: int, change: dict[str, Any]) -> None:
    log = SOUND.copy()
    told, stored = log.records[place]
    log.records[place] = ({**told, **change}, stored)
    assert Fault("changed", place + 1) in log.faults()
    assert {fault.sequence for fault in log.faults() if fault.kind == "changed"} == {place + 1}


@given(places, st.text(alphabet="0123456789abcdef", min_size=64, max_size=64))
def test_a_changed_hash_is_named(place: int, stored: str) -> None:
    log = SOUND.copy()
    log.records[place] = (log.records[place][0], stored)
    assert log.faults()[0] == Fault("changed", place + 1)
    assert len([fault for fault in log.faults() if fault.kind == "changed"]) == 1


@given(places)
def test_a_record_that_was_changed_with_its_hash_is_found_by_its_place(place: int) -> None:
    log = SOUND.copy()
    told, _ = log.records[place]
    before = log.records[place - 1][1] if place else offline.first_hash("city/0123").hex()
    told = {**told, "subject": "other"}
    written = offline.canonical(told)
    log.records[place] = (told, offline.link(bytes.fromhex(before), written).hex())
    first = log.faults()[0]
    # The one after it does not follow, or the checkpoint that ends with it does not agree.
    assert first.sequence in range(place, place + 3) or place + 1 in range(
        first.sequence, first.until + 1
    )


@given(places)
def test_a_removed_record_is_named(place: int) -> None:
    log = SOUND.copy()
    del log.records[place]
    kind = "truncated" if place == SIZE - 1 else "missing"
    assert log.faults()[0] == Fault(kind, place + 1, place + 1)


@given(places.filter(lambda place: place < SIZE - 1))
def test_a_removed_record_is_found_when_the_others_are_renumbered(place: int) -> None:
    log = SOUND.copy()
    del log.records[place]
    for later in range(place, SIZE - 1):
        told, stored = log.records[later]
        log.records[later] = ({**told, "sequence": later + 1}, stored)
    assert log.faults()[0] in (Fault("missing", place + 1), Fault("changed", place + 1))


@given(st.integers(1, SIZE))
def test_a_cut_tail_is_named(cut: int) -> None:
    log = SOUND.copy()
    del log.records[SIZE - cut :]
    assert Fault("truncated", SIZE - cut + 1, SIZE) in log.faults()


@given(places, st.booleans())
def test_an_inserted_record_is_named(place: int, hashed: bool) -> None:
    log = SOUND.copy()
    before = log.records[place - 1][1] if place else offline.first_hash("city/0123").hex()
    new = entry(place + 1, actor="account:forger", recorded_at=log.records[place][0]["recorded_at"])
    stored = "0" * 64
    if hashed:
        stored = offline.link(bytes.fromhex(before), offline.canonical(new)).hex()
    log.records.insert(place, (new, stored))
    for later in range(place + 1, SIZE + 1):
        told, kept = log.records[later]
        log.records[later] = ({**told, "sequence": later + 1}, kept)
    assert log.faults()[0] == Fault("inserted", place + 1)


@given(places, places.filter(bool))
def test_a_record_that_stands_twice_is_named(place: int, later: int) -> None:
    log = SOUND.copy()
    log.records.insert(min(place + later, SIZE), log.records[place])
    assert Fault("inserted", place + 1) in log.faults()


@given(places, places)
def test_records_that_changed_places_are_named(one: int, other: int) -> None:
    one, other = min(one, other), max(one, other)
    log = SOUND.copy()
    log.records[one], log.records[other] = log.records[other], log.records[one]
    found = log.faults()
    assert (found == []) == (one == other)
    if one != other:
        assert "reordered" in {fault.kind for fault in found}
        assert {fault.sequence for fault in found} & {one + 1, other + 1}


@given(places, places)
def test_contents_that_changed_places_are_named(one: int, other: int) -> None:
    log = SOUND.copy()
    first, second = log.records[one], log.records[other]
    log.records[one] = ({**second[0], "sequence": one + 1}, second[1])
    log.records[other] = ({**first[0], "sequence": other + 1}, first[1])
    named = {fault.sequence for fault in log.faults()}
    assert named == set() if one == other else {one + 1, other + 1} <= named


@given(places)
def test_a_chain_that_was_made_anew_is_found_by_the_checkpoints(place: int) -> None:
    """Between which of them it was: more nobody can know."""
    log = SOUND.copy()
    log.records[place] = ({**log.records[place][0], "actor": "account:forger"}, "")
    log.chained(place)
    first = log.faults()[0]
    assert first.kind == "rewritten" and place + 1 in range(first.sequence, first.until + 1)


@given(places)
def test_with_new_checkpoints_of_a_false_key_too(place: int) -> None:
    log = SOUND.copy()
    log.records[place] = ({**log.records[place][0], "actor": "account:forger"}, "")
    log.chained(place)
    log.anchored(SIZES, FALSE)
    assert Fault("checkpoint_forged", checkpoint=1) in log.faults()


def test_with_new_checkpoints_of_the_stolen_key_those_kept_elsewhere_tell() -> None:
    log = SOUND.copy()
    log.records[5] = ({**log.records[5][0], "actor": "account:thief"}, "")
    log.chained(5)
    log.anchored(SIZES)
    assert log.faults() == []
    found = log.faults(SOUND.checkpoints)
    assert {fault.checkpoint for fault in found if fault.kind == "checkpoint_differs"} == {2, 3}
    assert "rewritten" not in kinds(SOUND, SOUND.checkpoints[:1])


def test_a_log_cut_behind_checkpoints_that_were_removed_too() -> None:
    log = SOUND.copy()
    del log.records[9:], log.checkpoints[2:]
    assert log.faults() == []
    assert Fault("truncated", 10, 12) in log.faults(SOUND.checkpoints)


@given(
    st.integers(0, len(SIZES) - 1),
    st.sampled_from(
        ["log", "number", "size", "root", "head", "at", "previous", "key", "signature"]
    ),
    st.sampled_from(["", "00" * 32, 10, None]),
)
def test_any_change_of_a_checkpoint_is_found(place: int, name: str, value: Any) -> None:
    log = SOUND.copy()
    log.checkpoints[place][name] = value
    changed = value != SOUND.checkpoints[place][name]
    assert (Fault("checkpoint_forged", checkpoint=place + 1) in log.faults()) == changed


@pytest.mark.parametrize("change", ["removed", "swapped", "twice"])
def test_checkpoints_are_a_chain_of_their_own(change: str) -> None:
    log = SOUND.copy()
    if change == "removed":
        del log.checkpoints[1]
    elif change == "swapped":
        log.checkpoints[:2] = log.checkpoints[1::-1]
    else:
        log.checkpoints.insert(1, log.checkpoints[0])
    assert "checkpoint_order" in kinds(log)


def test_a_log_passes_for_no_other() -> None:
    verifier = offline.Verifier("city/4567", SOUND.checkpoints, {})
    for told, stored in SOUND.records:
        verifier.add(told, stored)
    found = {fault.kind for fault in verifier.end()}
    assert found == {"checkpoint_forged", "changed"}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text("aé字\n\"", max_size=5),
                    lambda one: st.lists(one) | st.dictionaries(st.text("ab字"), one)))  # fmt: skip
def test_both_write_json_in_one_way(value: Any) -> None:
    assert offline.canonical(value) == catalog_canonical.canonical_json(value)


# The tree


def leaves(size: int) -> list[bytes]:
    return [offline.leaf_hash(str(number).encode()) for number in range(size)]


def slow_root(found: list[bytes]) -> bytes:
    """As RFC 6962, section 2.1, defines it."""
    if not found:
        return hashlib.sha256(b"").digest()
    if len(found) == 1:
        return found[0]
    split = 1
    while split * 2 < len(found):
        split *= 2
    return offline.node_hash(slow_root(found[:split]), slow_root(found[split:]))


def tree_root(found: list[bytes]) -> bytes:
    tree = offline.Tree()
    for one in found:
        tree.add(one)
    return tree.root()


def subtree_of(found: list[bytes]) -> merkle.Subtree:
    return lambda level, place: slow_root(found[place << level : (place + 1) << level])


@given(st.integers(0, 70))
def test_the_root_is_that_of_the_rfc(size: int) -> None:
    assert tree_root(leaves(size)) == slow_root(leaves(size))


def test_the_known_roots_of_certificate_transparency() -> None:
    """The test vectors of RFC 6962's reference implementation."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
              "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
    found = [offline.leaf_hash(bytes.fromhex(one)) for one in inputs]
    assert tree_root(found[:1]).hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert tree_root(found).hex() == (
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    )


@given(st.integers(1, 70), st.data())
def test_a_record_is_proved_to_be_in_the_log(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    found = leaves(size)
    root, path = slow_root(found), merkle.inclusion(subtree_of(found), index, size)
    assert offline.included(index, size, found[index], path, root)
    other = data.draw(st.integers(-1, size).filter(lambda one: one != index))
    assert not offline.included(other, size, found[index], path, root)
    assert not offline.included(index, size, b"x" * 32, path, root)
    assert not offline.included(index, size, found[index], [*path, b"x" * 32], root)
    if path:
        assert not offline.included(index, size, found[index], path[1:], root)
        place = data.draw(st.integers(0, len(path) - 1))
        assert not offline.included(
            index, size, found[index], [*path[:place], b"x" * 32, *path[place + 1 :]], root
        )


@given(st.integers(1, 70), st.integers(0, 30))
def test_a_log_is_proved_to_begin_with_an_earlier_one(size: int, more: int) -> None:
    found = leaves(size + more)
    old, new = slow_root(found[:size]), slow_root(found)
    proof = merkle.consistency(subtree_of(found), size, size + more)
    assert offline.consistent(size, old, size + more, new, proof)
    assert not offline.consistent(size, b"x" * 32, size + more, new, proof)
    assert not offline.consistent(size, old, size + more, b"x" * 32, proof)
    assert not offline.consistent(size, old, size + more, new, [*proof, b"x" * 32])
