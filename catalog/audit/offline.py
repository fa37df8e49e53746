"""Verify an exported audit log, far from the platform that wrote it.

    python offline.py export.jsonl --key audit.pub [--checkpoints kept.jsonl] [--timestamps folder]

This file can be copied away: it needs Python 3.11 and `cryptography`, and nothing else of CityBrain.
The platform itself verifies with the same code.

A log is a chain: each record's hash is the SHA-256 of the hash before it and of the record. Its
records are also the leaves of a Merkle tree (RFC 6962, section 2.1), whose root is signed from time
to time. It stands in one file, long as it is, so that one file can be given away.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Entry = Mapping[str, Any]
MOST_FAULTS = 1_000  # that are listed; more are counted
STATEMENT = b"citybrain audit checkpoint 1\n"
SIGNED = ("log", "number", "size", "root", "head", "at", "previous", "key")
TILE_LEVELS = 8  # of every so many levels of the tree, the platform keeps the hashes
NO_CHECKPOINT = "0" * 64  # what the first checkpoint has in the place of the one before it


def canonical(value: Any) -> bytes:
    """The value as JSON in UTF-8 with sorted keys and no white space."""
    told = json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return told.encode("utf-8")


# The chain


def first_hash(log: str) -> bytes:
    """What stands before the first record: so a record belongs to one log only."""
    return hashlib.sha256(b"citybrain audit log 1\n" + log.encode("utf-8")).digest()


def link(previous: bytes, entry: bytes) -> bytes:
    """The hash of a record whose canonical bytes are `entry`."""
    return hashlib.sha256(previous + entry).digest()


# The tree


def leaf_hash(entry: bytes) -> bytes:
    """RFC 6962: a leaf cannot pass for an inner node."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962: an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The root of a tree whose leaves come one by one; it holds one hash a level.

    Args:
        peaks: the complete subtrees that there are already: (level, hash), the largest first.
        told: is told the level and hash of each subtree of 256, 65,536, ... leaves when it is whole.
    """

    def __init__(
        self,
        peaks: Iterable[tuple[int, bytes]] = (),
        told: Callable[[int, bytes], None] = lambda _level, _hash: None,
    ) -> None:
        self._peaks = list(peaks)
        self._told = told

    def add(self, leaf: bytes) -> None:
        """Add a leaf's hash."""
        level, found = 0, leaf
        while self._peaks and self._peaks[-1][0] == level:
            found = node_hash(self._peaks.pop()[1], found)
            level += 1
            if level % TILE_LEVELS == 0:
                self._told(level, found)
        self._peaks.append((level, found))

    def root(self) -> bytes:
        """The root over all leaves so far; of none it is the hash of nothing (RFC 6962)."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        found = self._peaks[-1][1]
        for _, peak in reversed(self._peaks[:-1]):
            found = node_hash(peak, found)
        return found


def included(index: int, size: int, leaf: bytes, path: Iterable[bytes], root: bytes) -> bool:
    """Whether a path leads from the leaf at `index` (from 0) to the root of `size` leaves.

    RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    here, last, found = index, size - 1, leaf
    for one in path:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node_hash(one, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, one)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def consistent(
    size: int, root: bytes, later_size: int, later_root: bytes, proof: Iterable[bytes]
) -> bool:
    """Whether the tree of `later_size` leaves begins with the one of `size`.

    RFC 9162, section 2.1.4.2.
    """
    path = list(proof)
    if not 0 < size <= later_size:
        return False
    if size == later_size:
        return not path and root == later_root
    if not size & (size - 1):
        path = [root, *path]
    if not path:
        return False
    here, last = size - 1, later_size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            old, new = node_hash(one, old), node_hash(one, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, one)
        here, last = here >> 1, last >> 1
    return last == 0 and old == root and new == later_root


# Checkpoints


def statement(checkpoint: Entry) -> bytes:
    """What a checkpoint's signature signs."""
    return STATEMENT + canonical({name: checkpoint.get(name) for name in SIGNED})


def checkpoint_hash(checkpoint: Entry) -> str:
    """By what the next checkpoint names this one."""
    return hashlib.sha256(statement(checkpoint)).hexdigest()


def fingerprint(raw: bytes) -> str:
    """A public key's name: the SHA-256 of its 32 bytes."""
    return hashlib.sha256(raw).hexdigest()


def read_keys(paths: Iterable[Path]) -> dict[str, Any]:
    """Ed25519 public keys from PEM files, by fingerprint.

    Raises:
        OSError, ValueError: a file cannot be read or holds no such key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    found: dict[str, Any] = {}
    for path in paths:
        key = load_pem_public_key(path.read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError(f"{path} holds no Ed25519 public key")
        found[fingerprint(key.public_bytes_raw())] = key
    return found


def signed_by(checkpoint: Entry, keys: Mapping[str, Any]) -> bool:
    """Whether a checkpoint is signed with one of the keys."""
    from cryptography.exceptions import InvalidSignature

    key = keys.get(str(checkpoint.get("key")))
    if key is None:
        return False
    try:
        key.verify(bytes.fromhex(str(checkpoint.get("signature"))), statement(checkpoint))
    except (InvalidSignature, ValueError):
        return False
    return True


# Verification


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong.

    Attributes:
        kind: `changed`, `missing`, `inserted`, `reordered`: a record; `truncated`: all from a record on;
            `rewritten`: somewhere from a record to another, where the chain was made anew;
            `checkpoint_forged`, `checkpoint_order`, `checkpoint_differs`: a checkpoint;
            `timestamp_...`: the timestamp of a checkpoint, which only the platform looks at.
        sequence: the (first) record, from 1; 0 for a checkpoint.
        until: the last record, where there are several.
        checkpoint: its number, from 1; 0 for a record.
    """

    kind: str
    sequence: int = 0
    until: int = 0
    checkpoint: int = 0

    def __str__(self) -> str:
        if self.checkpoint and not self.sequence:
            return f"{self.kind}: checkpoint {self.checkpoint}"
        until = f" to {self.until}" if self.until > self.sequence else ""
        return f"{self.kind}: record {self.sequence}{until}"


class Verifier:
    """Follows a log from its first record to its last, in constant memory but for its checkpoints.

    Args:
        log: its id.
        checkpoints: as they stand in the log, the first first.
        keys: whose signatures count (`read_keys`).
        kept: checkpoints that were kept elsewhere: what the log must agree with.
    """

    def __init__(
        self,
        log: str,
        checkpoints: Iterable[Entry],
        keys: Mapping[str, Any],
        kept: Iterable[Entry] = (),
    ) -> None:
        self.faults: list[Fault] = []
        self.count = 0  # of faults, listed or not
        self.records = 0
        self._next = 1
        self._hash = self._before = first_hash(log)
        self._true: bytes | None = None  # what the last record's hash should be, if it is another
        self._suspect = 0  # the last record, if it was found changed
        self._shift = 0  # how many records too many were found, less those too few
        self._at = ""
        self._tree = Tree()
        self._good = 0  # how far the last checkpoint that agreed reaches
        self._doubt: tuple[int, int, int] | None = None  # where a checkpoint did not agree
        self._gaps: list[list[int]] = []
        self.checkpoints, self._due = self._ordered(log, list(checkpoints), list(kept), keys)

    def _found(self, kind: str, sequence: int = 0, until: int = 0, checkpoint: int = 0) -> None:
        self.count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(kind, sequence, until, checkpoint))

    def add_fault(self, fault: Fault) -> None:
        """Take in what somebody else has found wrong."""
        self._found(fault.kind, fault.sequence, fault.until, fault.checkpoint)

    def _ordered(
        self, log: str, own: list[Entry], kept: list[Entry], keys: Mapping[str, Any]
    ) -> tuple[int, deque[Entry]]:
        """How many checkpoints are sound, and those that the records are compared with, by size."""
        sound: list[Entry] = []
        previous, size, last_at = NO_CHECKPOINT, 0, ""
        for number, one in enumerate(own, 1):
            if one.get("log") != log or not _whole(one) or not signed_by(one, keys):
                self._found("checkpoint_forged", checkpoint=number)
            else:
                sound.append(one)
                follows = one["number"] == number and one["previous"] == previous
                if not follows or one["size"] <= size or one["at"] < last_at:
                    self._found("checkpoint_order", checkpoint=number)
            previous = checkpoint_hash(one)
            size, last_at = (one["size"], one["at"]) if _whole(one) else (size, last_at)
        known = {checkpoint_hash(one) for one in sound}
        for one in kept:
            number = one["number"] if _whole(one) else 0
            if not _whole(one) or not signed_by(one, keys):
                self._found("checkpoint_forged", checkpoint=number)
            elif checkpoint_hash(one) not in known:
                self._found("checkpoint_differs", checkpoint=number)
                sound += [one] if one["log"] == log else []
        return len(sound), deque(sorted(sound, key=lambda one: int(one["size"])))

    def add(self, entry: Entry, stored: str) -> None:
        """Take the next record, with the hash that is kept for it."""
        self.records += 1
        try:
            sequence, told = int(entry["sequence"]), bytes.fromhex(stored)
        except (KeyError, TypeError, ValueError):
            self._found("changed", self._next)
            sequence, told = self._next, b""
        if sequence < self._next:
            self._late(sequence)
            return
        doubt, gap = self._doubt, sequence > self._next
        if gap:
            self._gaps.append([self._next, sequence - 1])
            self._found("missing", self._next, sequence - 1)
            self._suspect = 0
        self._check(entry, sequence, told, gap)
        at = str(entry.get("recorded_at"))
        if at < self._at:
            self._found("reordered", sequence)
        if doubt is not None:
            self._rewritten()
        self._next, self._at = sequence + 1, at
        self._anchored(sequence, gap)

    def _late(self, sequence: int) -> None:
        """A record whose number has passed: it was missed before, or it is one too many."""
        for gap in self._gaps:
            if gap[0] <= sequence <= gap[1]:
                self._found("reordered", sequence)
                return
        self._found("inserted", sequence)

    def _check(self, entry: Entry, sequence: int, told: bytes, gap: bool) -> None:
        written = canonical(entry)
        true = link(self._hash, written)
        other = None if self._true is None else link(self._true, written)
        # `other`: the record before was given a false hash, and was reported.
        if gap or told in (true, other) or self._moved(entry, sequence, told):
            self._settle(told, None, 0)
        else:
            self._found("changed", sequence)
            self._settle(told, true, sequence)
        self._tree.add(leaf_hash(written))

    def _settle(self, told: bytes, true: bytes | None, suspect: int) -> None:
        self._before, self._hash, self._true, self._suspect = self._hash, told, true, suspect

    def _moved(self, entry: Entry, sequence: int, told: bytes) -> bool:
        """Whether a record has another number than it was written with: one before it is false."""
        for shift in (self._shift, self._shift + 1, self._shift - 1):
            if shift == 0:
                continue
            written = canonical({**entry, "sequence": sequence - shift})
            if shift == self._shift + 1 and link(self._before, written) == told:
                self._replace_last(Fault("inserted", sequence - 1))
            elif link(self._hash, written) != told:
                continue
            elif shift == self._shift - 1:
                # The one before follows something that is gone.
                self._replace_last(Fault("missing", sequence - 1))
            self._shift = shift
            return True
        return False

    def _replace_last(self, fault: Fault) -> None:
        """Call the fault of the record before by its right name."""
        last = Fault("changed", fault.sequence)
        if self._suspect == fault.sequence and self.faults and self.faults[-1] == last:
            self.faults[-1] = fault
        else:
            self._found(fault.kind, fault.sequence)

    def _rewritten(self) -> None:
        """Say that a checkpoint did not agree, unless a record's own fault explains it."""
        if self._doubt is not None and not self.count:
            self._found("rewritten", *self._doubt)
        self._doubt = None

    def _anchored(self, sequence: int, gap: bool) -> None:
        """Compare with the checkpoints that end here."""
        while self._due and self._due[0]["size"] <= sequence:
            one = self._due.popleft()
            if one["size"] < sequence:  # its last record is missing, and was reported
                continue
            agrees = one["root"] == self._tree.root().hex() and one["head"] == self._hash.hex()
            if not agrees and not self.count and self._doubt is None:
                self._doubt = (self._good + 1, sequence, one["number"])
            self._good = sequence if agrees else self._good

    def end(self, size: int | None = None, head: str | None = None) -> list[Fault]:
        """All that is wrong, after the last record.

        Args:
            size, head: how many records there are and the last one's hash, as it is kept apart.
        """
        self._rewritten()
        have = self._next - 1
        wanted = max([size or 0, *(int(one["size"]) for one in self._due)])
        if have < wanted:
            self._found("truncated", have + 1, wanted)
        elif size is not None and have > size:
            self._found("inserted", size + 1, have)
        elif head is not None and head != self._hash.hex() and not self.count:
            self._found("changed", have)
        return self.faults


def _whole(checkpoint: Entry) -> bool:
    """Whether a checkpoint has what it needs, each of its kind."""
    texts = all(isinstance(checkpoint.get(name), str) for name in SIGNED if name not in _NUMBERS)
    return texts and all(type(checkpoint.get(name)) is int for name in _NUMBERS)


_NUMBERS = ("number", "size")


def proof_faults(proof: Entry, keys: Mapping[str, Any]) -> list[str]:
    """Why a proof does not show that its record is in the log; nothing, if it does."""
    checkpoint, entry = proof.get("checkpoint"), proof.get("record")
    if not isinstance(checkpoint, dict) or not isinstance(entry, dict) or not _whole(checkpoint):
        return ["it is no proof"]
    faults = [] if signed_by(checkpoint, keys) else ["its checkpoint is not signed with the key"]
    try:
        path = [bytes.fromhex(one) for one in proof["path"]]
        leaf, index = leaf_hash(canonical(entry)), int(entry["sequence"]) - 1
        root = bytes.fromhex(checkpoint["root"])
    except (KeyError, TypeError, ValueError):
        return [*faults, "it is no proof"]
    if not included(index, checkpoint["size"], leaf, path, root):
        faults.append("its record is not among those that its checkpoint covers")
    return faults


# The program


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file, one a line; a line that is none is an empty one."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                found = json.loads(line)
            except ValueError:
                found = {}
            yield found if isinstance(found, dict) else {}


def verify_export(
    path: Path,
    keys: Mapping[str, Any],
    kept: Iterable[Entry] = (),
    told: Callable[[int], None] = lambda _records: None,
) -> Verifier:
    """Follow an export: a line of the log, a line for each checkpoint, a line for each record.

    A checkpoint's timestamp stands in its line and is not looked at.

    Raises:
        ValueError: it does not begin as an export does.
    """
    lines = lines_of(path)
    log = next(lines, {}).get("log")
    if not isinstance(log, dict) or not isinstance(log.get("id"), str):
        raise ValueError(f"{path} is no export of an audit log")
    checkpoints: list[Entry] = []
    line = next(lines, None)
    while line is not None and isinstance(line.get("checkpoint"), dict):
        checkpoints.append(line["checkpoint"])
        line = next(lines, None)
    verifier = Verifier(log["id"], checkpoints, keys, kept)
    while line is not None:
        entry = line.get("record")
        verifier.add(entry if isinstance(entry, dict) else {}, str(line.get("hash")))
        if verifier.records % 10_000 == 0:
            told(verifier.records)
        line = next(lines, None)
    size, head = log.get("size"), log.get("head")
    verifier.end(size if type(size) is int else None, head if isinstance(head, str) else None)
    return verifier


def timestamps_in(path: Path) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The checkpoints of an export that have a timestamp, each with its token (RFC 3161, DER).

    Nothing of them is checked.

    Raises:
        ValueError: what stands there is not Base64.
    """
    lines = lines_of(path)
    next(lines, None)
    for line in lines:
        checkpoint, token = line.get("checkpoint"), line.get("timestamp")
        if not isinstance(checkpoint, dict):
            return
        if isinstance(token, str) and _whole(checkpoint):
            yield checkpoint, base64.b64decode(token, validate=True)


def write_timestamps(path: Path, folder: Path) -> None:
    """Write what `openssl ts -verify` takes: the bytes that a checkpoint signs, and its token."""
    folder.mkdir(parents=True, exist_ok=True)
    for checkpoint, token in timestamps_in(path):
        name = f"checkpoint-{checkpoint['number']}"
        (folder / f"{name}.signed").write_bytes(statement(checkpoint))
        (folder / f"{name}.token").write_bytes(token)


def main() -> int:
    """Print what was found; 0 when the log, or the proof of one record, holds."""
    parser = argparse.ArgumentParser(description="Verify an export, or a proof, of an audit log.")
    parser.add_argument("export", type=Path, help="of a log (JSON Lines), or a proof (JSON)")
    parser.add_argument("--key", type=Path, action="append", required=True, help="audit.pub, PEM")
    parser.add_argument("--checkpoints", type=Path, help="checkpoints that were kept elsewhere")
    parser.add_argument("--timestamps", type=Path, help="a folder to write them to, for openssl")
    asked = parser.parse_args()
    try:
        keys = read_keys(asked.key)
        if "path" in (proof := next(lines_of(asked.export), {})):
            return _told(proof_faults(proof, keys), "the record is in the log")
        kept = [] if asked.checkpoints is None else list(lines_of(asked.checkpoints))
        verifier = verify_export(asked.export, keys, kept)
        stamps = sum(1 for _ in timestamps_in(asked.export))
        if asked.timestamps is not None:
            write_timestamps(asked.export, asked.timestamps)
    except (OSError, ValueError) as error:
        print(f"cannot verify: {error}", file=sys.stderr)
        return 2
    sums = (
        f"{verifier.records} records, {verifier.checkpoints} checkpoints, {verifier.count} faults"
    )
    if stamps:
        print(f"timestamps: {stamps}, not checked here, use openssl (--timestamps writes them)")
    return _told([str(fault) for fault in verifier.faults], sums, always=True)


def _told(faults: list[str], fine: str, *, always: bool = False) -> int:
    for line in [*faults, *([fine] if always or not faults else [])]:
        print(line)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
