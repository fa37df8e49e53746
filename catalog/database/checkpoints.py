"""Checkpoints of audit logs and proofs from them; see `catalog.audit.offline` for what they mean.

Of the Merkle tree the hashes of complete subtrees of 256, 65,536, ... records are kept, so that
neither a checkpoint nor a proof reads the log from its start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from catalog.audit.checkpoints import Checkpoint, signed
from catalog.audit.entries import moment
from catalog.audit.merkle import Subtree, consistency, inclusion, peaks
from catalog.audit.offline import (
    NO_CHECKPOINT,
    TILE_LEVELS,
    Tree,
    canonical,
    checkpoint_hash,
    fingerprint,
    first_hash,
    leaf_hash,
    link,
    node_hash,
    signed_by,
)
from catalog.database import audit_rows as rows
from catalog.database import tables as t
from catalog.database.audit import Audit, LogState
from catalog.database.audit_rows import LOG, RECORD
from catalog.database.audit_tables import AuditCheckpointRow, AuditNodeRow
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Reading = Callable[[], AbstractContextManager[Connection]]
CHECKPOINT = t.table_of(AuditCheckpointRow)
NODE = t.table_of(AuditNodeRow)
TILE = 1 << TILE_LEVELS
Node = tuple[int, int, str]


class Checkpoints:
    """The checkpoints of every workspace's audit log."""

    def __init__(
        self, audit: Audit, reading: Reading, writing: Reading, clock: Callable[[], datetime]
    ) -> None:
        self._audit = audit
        self._reading = reading
        self._writing = writing
        self._clock = clock

    def make(self, workspace: str, key: Ed25519PrivateKey) -> Checkpoint | None:
        """Anchor what no checkpoint covers yet; the last checkpoint, or None for an empty log.

        Only what still fits to the last checkpoint and to its own hashes is signed. Of two that do
        this at once, one makes it and the other one gets it.

        Raises:
            CatalogError: `audit_broken`: a record, or the hash of a subtree, is not what it was, or the
                log ends before its last checkpoint does.
        """
        # The checkpoint first: a log that was read before it may end before it does, when somebody
        # else adds records and anchors them in between.
        last = self.last(workspace)
        state = self._audit.state(workspace)
        if state is None or state.size == (last.size if last else 0):
            return last
        if last is not None and state.size < last.size:
            raise CatalogError("audit_broken", workspace=workspace, sequence=last.size)
        root, nodes = self._followed(workspace, state, last, key)
        with self._writing() as con:
            log = rows.locked(con, workspace)
            if log["anchored"] != (last.size if last else 0):
                return self._last(con, log["id"], log["log"])
            now = moment(self._clock())
            made = signed(
                {
                    "log": state.id,
                    "number": last.number + 1 if last else 1,
                    "size": state.size,
                    "root": root.hex(),
                    "head": state.head,
                    "at": max(now, last.at) if last else now,  # a clock may be set back
                    "previous": checkpoint_hash(last.plain()) if last else NO_CHECKPOINT,
                },
                key,
            )
            self._keep(con, log["id"], made, nodes)
            return made

    def _followed(
        self, workspace: str, state: LogState, last: Checkpoint | None, key: Ed25519PrivateKey
    ) -> tuple[bytes, list[Node]]:
        """The root over a log and the new subtrees, after the last checkpoint was checked again."""
        anchored = last.size if last else 0
        start = anchored - anchored % TILE
        nodes: list[Node] = []
        done = start
        subtree = self._subtree(workspace)
        tree = Tree(peaks(subtree, start), lambda a, b: nodes.append((a, (done >> a) - 1, b.hex())))
        head = self._head(workspace, state, start)
        _agrees(last, start, tree, head, key)
        for done, (entry, stored) in enumerate(  # the tree's listener reads it
            self._audit.entries(workspace, start + 1, state.size), start + 1
        ):
            written = canonical(entry)
            head = link(head, written)
            if entry["sequence"] != done or head.hex() != stored:
                raise CatalogError("audit_broken", workspace=workspace, sequence=done)
            tree.add(leaf_hash(written))
            _agrees(last, done, tree, head, key)
        if done != state.size or head.hex() != state.head:
            raise CatalogError("audit_broken", workspace=workspace, sequence=done)
        return tree.root(), nodes

    def _keep(self, con: Connection, log_id: int, made: Checkpoint, nodes: list[Node]) -> None:
        values = {name: value for name, value in made.plain().items() if name != "log"}
        con.execute(insert(CHECKPOINT), {"log_id": log_id, **values})
        if nodes:
            names = ("level", "place", "hash")
            con.execute(
                insert(NODE),
                [{"log_id": log_id, **dict(zip(names, node, strict=True))} for node in nodes],
            )
        query = select(RECORD.c.recorded_at).where(RECORD.c.log_id == log_id)
        oldest = con.scalar(query.where(RECORD.c.sequence == made.size + 1))
        change = update(LOG).where(LOG.c.id == log_id)
        con.execute(change.values(anchored=made.size, open_since=oldest))

    def last(self, workspace: str) -> Checkpoint | None:
        """The newest checkpoint."""
        with self._reading() as con:
            query = select(LOG.c.id, LOG.c.log).where(LOG.c.workspace == workspace)
            found = con.execute(query).first()
            return None if found is None else self._last(con, *found)

    def _last(self, con: Connection, log_id: int, log: str) -> Checkpoint | None:
        query = select(CHECKPOINT).where(CHECKPOINT.c.log_id == log_id)
        row = con.execute(query.order_by(CHECKPOINT.c.number.desc()).limit(1)).mappings().first()
        return None if row is None else _checkpoint(log, dict(row))

    def all(self, workspace: str) -> list[Checkpoint]:
        """Every checkpoint, the first first."""
        query = (
            select(LOG.c.log, *CHECKPOINT.c)
            .join(LOG, LOG.c.id == CHECKPOINT.c.log_id)
            .where(LOG.c.workspace == workspace)
            .order_by(CHECKPOINT.c.number)
        )
        with self._reading() as con:
            return [_checkpoint(row["log"], dict(row)) for row in con.execute(query).mappings()]

    # Proofs

    def proof(self, workspace: str, sequence: int) -> dict[str, Any]:
        """That a record is in the log, as `catalog.audit.offline.proof_faults` takes it.

        Raises:
            CatalogError: `audit_no_record`; `audit_not_anchored`: no checkpoint covers it yet.
        """
        found = list(self._audit.entries(workspace, sequence, sequence)) if sequence > 0 else []
        if not found:
            raise CatalogError("audit_no_record", workspace=workspace, sequence=sequence)
        last = self.last(workspace)
        if last is None or last.size < sequence:
            raise CatalogError("audit_not_anchored", workspace=workspace, sequence=sequence)
        path = inclusion(self._subtree(workspace), sequence - 1, last.size)
        entry, stored = found[0]
        told = {"record": entry, "hash": stored, "checkpoint": last.plain()}
        return {**told, "path": [one.hex() for one in path]}

    def consistency(self, workspace: str, earlier: Checkpoint, later: Checkpoint) -> list[bytes]:
        """That the log of a later checkpoint begins with all that an earlier one covered.

        It is for `catalog.audit.offline.consistent`.
        """
        return consistency(self._subtree(workspace), earlier.size, later.size)

    def _subtree(self, workspace: str) -> Subtree:
        """Hashes of complete subtrees, from those that are kept or else from the records."""

        def subtree(level: int, place: int) -> bytes:
            kept = level - level % TILE_LEVELS
            count = 1 << level - kept
            if kept:
                found = self._nodes(workspace, kept, place * count, count)
            else:
                some = self._audit.entries(workspace, place * count + 1, (place + 1) * count)
                found = [leaf_hash(canonical(entry)) for entry, _ in some]
            if len(found) != count:
                raise CatalogError("audit_broken", workspace=workspace, sequence=place << level)
            while len(found) > 1:
                found = [node_hash(*found[i : i + 2]) for i in range(0, len(found), 2)]
            return found[0]

        return subtree

    def _nodes(self, workspace: str, level: int, first: int, count: int) -> list[bytes]:
        owner = select(LOG.c.id).where(LOG.c.workspace == workspace).scalar_subquery()
        here = (NODE.c.log_id == owner, NODE.c.level == level)
        query = select(NODE.c.hash).where(*here, NODE.c.place.between(first, first + count - 1))
        with self._reading() as con:
            return [bytes.fromhex(one) for one in con.scalars(query.order_by(NODE.c.place))]

    def _head(self, workspace: str, state: LogState, size: int) -> bytes:
        """The chain's hash after so many records."""
        if size == 0:
            return first_hash(state.id)
        found = list(self._audit.entries(workspace, size, size))
        if not found:
            raise CatalogError("audit_broken", workspace=workspace, sequence=size)
        return bytes.fromhex(found[0][1])


def _agrees(
    last: Checkpoint | None, size: int, tree: Tree, head: bytes, key: Ed25519PrivateKey
) -> None:
    """That the log still is what the last checkpoint says, where it ends."""
    if last is None or last.size != size:
        return
    plain = last.plain()
    own = fingerprint(key.public_key().public_bytes_raw())
    # One that an earlier key has signed is left to `verify`, which is given both.
    forged = own == last.key and not signed_by(plain, {own: key.public_key()})
    if forged or tree.root().hex() != last.root or head.hex() != last.head:
        raise CatalogError("audit_broken", workspace=last.log.partition("/")[0], sequence=size)


def _checkpoint(log: str, row: Mapping[str, Any]) -> Checkpoint:
    names = ("number", "size", "root", "head", "at", "previous", "key", "signature")
    return Checkpoint(log, **{name: row[name] for name in names})
