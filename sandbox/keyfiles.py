"""Signed files: keys in PEM, documents that are signed and taken over into the catalogue database."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import yaml

from catalog.agreements import Kind, read_signed, sign, signed_plain
from catalog.database import CatalogStore
from catalog.database.countersignatures import expected
from catalog.database.instrument_records import Instrument
from catalog.errors import Location
from pipelines.home import Home
from pipelines.workspace import Workspace
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

KEYS = Path("agreements") / "keys"


def write_keys(folder: Path, name: str) -> tuple[Path, Path]:
    """A new pair of keys; the private one can be read by its owner alone.

    Raises:
        SandboxError: `key_exists`.
    """
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    folder.mkdir(parents=True, exist_ok=True)
    private, public = folder / f"{name}.key", folder / f"{name}.pub"
    key = Ed25519PrivateKey.generate()
    try:
        handle = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SandboxError("key_exists", where=Location(private)) from None
    with os.fdopen(handle, "wb") as file:
        file.write(
            key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
        )
    public.write_bytes(
        key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


def sign_file(file: Path, key: Path, signer: str, output: Path) -> Path:
    """Add a signature to a document; what stood in `output` is replaced at once.

    Raises:
        CatalogError: what reading the document raises.
        SandboxError: `key_unreadable`.
    """
    signed = sign(read_signed(file), private_key(key), signer)
    part = output.with_name(f".{output.name}.part")
    part.write_text(
        yaml.safe_dump(signed_plain(signed), allow_unicode=True, sort_keys=False), "utf-8"
    )
    os.replace(part, output)
    return output


def private_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a file.

    Raises:
        SandboxError: `key_unreadable`.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        raise SandboxError("key_unreadable", where=Location(path)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SandboxError("key_unreadable", where=Location(path))
    return key


def public_keys(workspace: Workspace) -> dict[str, list[Ed25519PublicKey]]:
    """The public keys that a workspace trusts, by signer: `agreements/keys/<signer>[.<n>].pub`.

    Raises:
        SandboxError: `key_unreadable`.
    """
    found: dict[str, list[Ed25519PublicKey]] = {}
    for path in sorted((workspace.root / KEYS).glob("*.pub")):
        found.setdefault(_signer(path), []).append(_public_key(path))
    return found


def _signer(path: Path) -> str:
    return path.name.split(".")[0]


def _public_key(path: Path) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError):
        raise SandboxError("key_unreadable", where=Location(path)) from None
    if not isinstance(key, Ed25519PublicKey):
        raise SandboxError("key_unreadable", where=Location(path))
    return key


class KeyFolder:
    """The public keys of a workspace as they are now, read again when a file of theirs has changed.

    A file that holds no key counts for nothing: nobody's signature is right by it.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._folder = workspace.root / KEYS
        self._lock = threading.Lock()
        self._seen: tuple[object, ...] | None = None
        self._keys: Mapping[str, Sequence[Ed25519PublicKey]] = {}

    def __call__(self) -> Mapping[str, Sequence[Ed25519PublicKey]]:
        """The keys by signer; the same object as long as they are the same."""
        with self._lock:
            seen = tuple(self._files())
            if seen != self._seen:
                self._keys, self._seen = self._read(), seen
            return self._keys

    def _files(self) -> Iterable[object]:
        for path in sorted(self._folder.glob("*.pub")):
            with suppress(OSError):
                found = path.stat()
                yield path.name, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def _read(self) -> dict[str, list[Ed25519PublicKey]]:
        found: dict[str, list[Ed25519PublicKey]] = {}
        for path in sorted(self._folder.glob("*.pub")):
            with suppress(SandboxError):
                found.setdefault(_signer(path), []).append(_public_key(path))
        return found


def require_countersigned(store: CatalogStore, workspace: Workspace) -> None:
    """Let agreements hold only with their partners' signatures, if `[agreements]` says so."""
    if workspace.settings.agreements.countersigned:
        store.instruments.standing.require_countersigned(workspace.name, KeyFolder(workspace))


def import_files(
    workspace: Workspace, files: Iterable[Path], who: str = "system"
) -> list[Instrument]:
    """Take over signed files, all of them read before the first is.

    Of a version that is known already, the signatures are taken that it lacks.

    Raises:
        CatalogError: what `Instruments.import_` raises.
    """
    signed, keys = [read_signed(file) for file in files], public_keys(workspace)
    zone, name = ZoneInfo(workspace.settings.timezone), workspace.name
    found = []
    with CatalogStore.open(Home.of(name).database_url) as store:
        for one in signed:
            found.append(store.instruments.import_(name, one, keys, zone, who))
            lacking = {each.signer for each in one.signatures}
            lacking -= {each.signer for each in found[-1].signatures}
            lacking -= {
                each.signature.signer for each in store.countersignatures.of(name, found[-1])
            }
            if lacking & set(expected(one.document)):
                store.countersignatures.add(name, one, keys, lacking, who)
    return found


def all_instruments(workspace: Workspace) -> list[tuple[Instrument, str]]:
    """Every version of every document, and whether it holds now."""
    with CatalogStore.open(Home.of(workspace.name).database_url) as store:
        require_countersigned(store, workspace)
        return list(store.instruments.told(workspace.name, datetime.now(UTC)))


def revoke(
    workspace: Workspace, kind: Kind, id: str, who: str, why: str, at: datetime | None
) -> Instrument:
    """End a document, now unless another moment is given."""
    with CatalogStore.open(Home.of(workspace.name).database_url) as store:
        since = at or datetime.now(UTC)
        return store.instruments.revoke(workspace.name, kind, id, at=since, by=who, reason=why)
