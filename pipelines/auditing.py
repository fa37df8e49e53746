"""The audit log for its readers: verified, exported, kept elsewhere."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from catalog.audit import offline
from catalog.audit.checkpoints import Checkpoint
from catalog.audit.entries import moment
from catalog.audit.record import AuditRecord
from catalog.audit.timestamps import Timestamp
from catalog.database import CatalogStore
from catalog.database.audited import actor_of
from catalog.errors import Location
from pipelines.anchoring import key_path, public_keys
from pipelines.errors import PipelineError
from pipelines.timestamping import Stamped, stamped
from pipelines.workspace import Workspace

Told = Callable[[int, int], None]  # how many records are done, of how many
OFFLINE = "offline.py"
TOLD_EVERY = 10_000


def verified(
    store: CatalogStore,
    workspace: Workspace,
    *,
    keys: Sequence[Path] = (),
    kept: Path | None = None,
    told: Told = lambda _done, _all: None,
) -> offline.Verifier:
    """Follow a workspace's log from its first record to its last; an empty one is sound.

    Args:
        keys: public keys instead of those beside the private one.
        kept: a file with checkpoints that were kept elsewhere, one a line.

    Raises:
        PipelineError: `audit_key`, `audit_kept`: a file cannot be read.
    """
    trusted = _keys(keys) if keys else public_keys(workspace)
    elsewhere = [] if kept is None else _checkpoints_in(kept)
    # The checkpoints first: what is anchored meanwhile is beyond the state that is followed.
    checkpoints = [one.plain() for one in store.checkpoints.all(workspace.name)]
    state = store.audit.state(workspace.name)
    verifier = offline.Verifier(
        state.id if state else workspace.name, checkpoints, trusted, elsewhere
    )
    if state is None:
        verifier.end(0)
        return verifier
    for entry, stored in store.audit.entries(workspace.name, 1, max(state.size, state.last)):
        verifier.add(entry, stored)
        if verifier.records % TOLD_EVERY == 0:
            told(verifier.records, state.size)
    verifier.end(state.size, state.head)
    told(verifier.records, state.size)
    return verifier


def checked(
    store: CatalogStore,
    workspace: Workspace,
    *,
    keys: Sequence[Path] = (),
    kept: Path | None = None,
    told: Told = lambda _done, _all: None,
) -> tuple[offline.Verifier, Stamped | None]:
    """The same with the timestamps (`pipelines.timestamping.stamped`), whose faults count as others do.

    Raises:
        PipelineError: as `verified`; `timestamp_certificates`.
    """
    stamps = stamped(store, workspace)
    found = verified(store, workspace, keys=keys, kept=kept, told=told)
    for fault in () if stamps is None else stamps.faults:
        found.add_fault(fault)
    return found, stamps


def _keys(paths: Sequence[Path]) -> dict[str, Any]:
    try:
        return offline.read_keys(paths)
    except (OSError, ValueError):
        raise PipelineError("audit_key", where=Location(paths[0])) from None


def _checkpoints_in(path: Path) -> list[dict[str, Any]]:
    try:
        found = list(offline.lines_of(path))
    except OSError:
        raise PipelineError("audit_kept", where=Location(path)) from None
    if not found:
        raise PipelineError("audit_kept", where=Location(path))
    return found


def export_lines(store: CatalogStore, workspace: Workspace) -> Iterator[str]:
    """An export, line by line: the log, its checkpoints, its records (`offline.verify_export`)."""
    checkpoints = store.checkpoints.all(workspace.name)
    state = store.audit.state(workspace.name)
    log: dict[str, Any] = {"id": state.id if state else workspace.name}
    log |= {"size": state.size if state else 0, "head": state.head if state else None}
    log |= {"exported_at": moment(datetime.now(UTC)), "keys": sorted(public_keys(workspace))}
    yield _line({"log": log})
    yield from _checkpoint_lines(checkpoints, store.timestamps.each(workspace.name))
    for entry, stored in store.audit.entries(workspace.name, 1, log["size"]):
        yield _line({"record": entry, "hash": stored})


def _checkpoint_lines(
    checkpoints: Iterable[Checkpoint], timestamps: Iterator[Timestamp]
) -> Iterator[str]:
    """Each checkpoint, with its timestamp's token in Base64 if it has one; both by number."""
    stamp = next(timestamps, None)
    for one in checkpoints:
        told: dict[str, Any] = {"checkpoint": one.plain()}
        while stamp is not None and stamp.checkpoint < one.number:
            stamp = next(timestamps, None)
        if stamp is not None and stamp.checkpoint == one.number:
            told["timestamp"] = base64.b64encode(stamp.token).decode("ascii")
        yield _line(told)


def export_log(
    store: CatalogStore, workspace: Workspace, path: Path, *, verifier: bool = True
) -> list[Path]:
    """Write an export, and beside it the public key and the program that verifies it.

    Returns: the files that were written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        file.writelines(export_lines(store, workspace))
    os.replace(part, path)
    if not verifier:
        return [path]
    written = [path]
    for name, content in companions(workspace).items():
        beside = path.with_name(name)
        beside.write_bytes(content)
        written.append(beside)
    return written


def companions(workspace: Workspace) -> dict[str, bytes]:
    """What goes with an export, by file name: the verifier and the public key, if there is one."""
    found = {OFFLINE: Path(offline.__file__).read_bytes()}
    public = key_path(workspace).with_suffix(".pub")
    if public.exists():
        found[public.name] = public.read_bytes()
    return found


def send_checkpoints(checkpoints: Iterable[Checkpoint], path: Path) -> int:
    """Append those that are not yet in a file which another institution keeps; how many.

    Raises:
        PipelineError: `audit_kept`: the file cannot be written.
    """
    try:
        known = set()
        if path.exists():
            known = {offline.checkpoint_hash(one) for one in offline.lines_of(path)}
        new = [one.plain() for one in checkpoints]
        new = [one for one in new if offline.checkpoint_hash(one) not in known]
        with path.open("a", encoding="utf-8") as file:
            file.writelines(_line(one) for one in new)
    except OSError:
        raise PipelineError("audit_kept", where=Location(path)) from None
    return len(new)


def looked(store: CatalogStore, workspace: Workspace, who: str, what: str, **said: str) -> None:
    """Record a look at the log, or at what partners asked and spent, in the log itself."""
    told = AuditRecord(datetime.now(UTC), actor_of(who), "audit", what, detail=said)
    store.audit.append(workspace.name, told)


def note_verified(
    store: CatalogStore, workspace: Workspace, who: str, found: offline.Verifier
) -> None:
    """Record who verified the log, and how many faults were found.

    A log with records past its end, which somebody put there, takes no more: that is told as a fault.
    """
    state = store.audit.state(workspace.name)
    if state is None or state.last <= state.size:
        looked(store, workspace, who, "verify", faults=str(found.count))


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
