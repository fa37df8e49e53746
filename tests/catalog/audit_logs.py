"""Audit logs in memory, as they should be, and everything that can be done to one."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog.audit.checkpoints import signed
from catalog.audit.entries import moment, plain
from catalog.audit.offline import (
    NO_CHECKPOINT,
    Fault,
    Tree,
    Verifier,
    canonical,
    checkpoint_hash,
    fingerprint,
    first_hash,
    leaf_hash,
    link,
)
from catalog.audit.record import AuditRecord

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
FALSE = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
KEYS = {fingerprint(KEY.public_key().public_bytes_raw()): KEY.public_key()}
LOG = "city/0123"
AT = datetime(2026, 9, 1, 12, tzinfo=UTC)


@dataclass
class Log:
    """Records with their hashes, and checkpoints."""

    records: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    checkpoints: list[dict[str, Any]] = field(default_factory=list)

    def faults(self, kept: list[dict[str, Any]] | None = None) -> list[Fault]:
        """What the verifier finds, without a word about where the log ends but its checkpoints'."""
        verifier = Verifier(LOG, self.checkpoints, KEYS, kept or [])
        for entry, stored in self.records:
            verifier.add(entry, stored)
        return verifier.end()

    def copy(self) -> Log:
        return copy.deepcopy(self)

    def chained(self, start: int = 0) -> None:
        """Make numbers and hashes anew from a place on, as a forger would."""
        head = bytes.fromhex(self.records[start - 1][1]) if start else first_hash(LOG)
        for place in range(start, len(self.records)):
            entry = {**self.records[place][0], "sequence": place + 1}
            head = link(head, canonical(entry))
            self.records[place] = (entry, head.hex())

    def anchored(self, sizes: list[int], key: Ed25519PrivateKey = KEY) -> None:
        """Make the checkpoints anew."""
        self.checkpoints.clear()
        tree = Tree()
        for size, (entry, head) in enumerate(self.records, 1):
            tree.add(leaf_hash(canonical(entry)))
            if size in sizes:
                last = self.checkpoints[-1] if self.checkpoints else None
                values = {
                    "log": LOG,
                    "number": len(self.checkpoints) + 1,
                    "size": size,
                    "root": tree.root().hex(),
                    "head": head,
                    "at": moment(AT + timedelta(minutes=size)),
                    "previous": checkpoint_hash(last) if last else NO_CHECKPOINT,
                }
                self.checkpoints.append(signed(values, key).plain())


def entry(number: int, **changes: Any) -> dict[str, Any]:
    told = plain(AuditRecord(AT, f"account:{number}", "publish", f"open.t{number}"))
    when = {"recorded_at": moment(AT + timedelta(seconds=number)), "batch": ""}
    return {**told, **when, "sequence": number, **changes}


def log_of(size: int, sizes: list[int]) -> Log:
    """A sound log with checkpoints of some sizes."""
    log = Log([(entry(number), "") for number in range(1, size + 1)])
    log.chained()
    log.anchored(sizes)
    return log
