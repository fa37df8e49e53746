"""Anchoring the audit log: the key that signs its checkpoints, and who signs when.

The service anchors from time to time, whenever there is much to anchor, and when it ends; a run does
at its end, and `citybrain audit checkpoint` at once.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.audit.checkpoints import Checkpoint
from catalog.audit.offline import read_keys
from catalog.database import CatalogStore
from catalog.errors import CityBrainError, Location
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.periodic import Periodic, telling
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_FILE = Path("keys") / "audit.key"


def key_path(workspace: Workspace) -> Path:
    """Where the private key is; the public one stands beside it with the ending `.pub`."""
    home = Home.of(workspace.name).root
    return home / (workspace.settings.audit.key_file or KEY_FILE)


def signing_key(workspace: Workspace) -> Ed25519PrivateKey:
    """The key that signs checkpoints, made at its first use; only its owner may read it.

    Raises:
        PipelineError: `audit_key`: the file holds no such key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = key_path(workspace)
    try:
        if not path.exists():
            _make_key(path)
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        raise PipelineError("audit_key", where=Location(path)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise PipelineError("audit_key", where=Location(path))
    _publish(path, key)
    return key


def _make_key(path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    partial = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    # A link never replaces: of two that start at once, the second takes the first one's key.
    with suppress(FileExistsError):
        os.link(partial, path)
    partial.unlink()


def _publish(path: Path, key: Ed25519PrivateKey) -> None:
    """Write the public key beside the private one, if it is not there."""
    from cryptography.hazmat.primitives import serialization as form

    pem = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    public = path.with_suffix(".pub")
    if not public.exists() or public.read_bytes() != pem:
        partial = public.with_name(f".{public.name}-{secrets.token_hex(8)}")
        partial.write_bytes(pem)
        os.replace(partial, public)


def public_keys(workspace: Workspace) -> dict[str, Any]:
    """The keys whose checkpoints count, by fingerprint: `audit.pub` and, beside it, earlier ones
    (`audit-<anything>.pub`).

    Raises:
        PipelineError: `audit_key`.
    """
    path = key_path(workspace)
    found = sorted(path.parent.glob(f"{path.stem}*.pub"))
    try:
        return read_keys(found)
    except (OSError, ValueError):
        raise PipelineError("audit_key", where=Location(path.with_suffix(".pub"))) from None


def keep_anchored(store: CatalogStore, workspace: Workspace) -> None:
    """Take over what `[audit]` says of overdue records: from now on they are refused."""
    settings = workspace.settings.audit
    wanted = (settings.overdue_seconds, settings.timestamp_overdue_seconds)
    state = store.audit.state(workspace.name)
    if state is None or (state.overdue_seconds, state.stamp_overdue_seconds) != wanted:
        store.audit.keep_anchored(workspace.name, *wanted)


def anchor(store: CatalogStore, workspace: Workspace) -> Checkpoint | None:
    """Sign what no checkpoint covers yet; see `Checkpoints.make`.

    Raises:
        CatalogError: `audit_broken`.
        PipelineError: `audit_key`.
    """
    return store.checkpoints.make(workspace.name, signing_key(workspace))


def try_anchor(store: CatalogStore, workspace: Workspace) -> CityBrainError | None:
    """The same for those whose own work must not fail with it; why it could not be done."""
    try:
        anchor(store, workspace)
    except CityBrainError as error:
        return error
    return None


class Anchoring:
    """Anchors at once, then from time to time and whenever so many records are open as the settings
    say, and once more when it is closed.

    Args:
        told: is told why a checkpoint could not be made; it is tried again at the next time.
    """

    def __init__(
        self,
        store: CatalogStore,
        workspace: Workspace,
        told: Callable[[CityBrainError], None] = lambda _error: None,
    ) -> None:
        self._store = store
        self._workspace = workspace
        self.loop = Periodic(
            "anchoring",
            workspace.settings.audit.checkpoint_seconds,
            lambda: anchor(store, workspace),
            told=telling(told),
            at_once=True,
            last=True,
        )

    def start(self) -> None:
        """Begin."""
        keep_anchored(self._store, self._workspace)
        most = self._workspace.settings.audit.checkpoint_records
        self._store.audit.when_full(self._workspace.name, most, self.loop.wake)
        self.loop.start()

    def close(self) -> None:
        """Anchor once more, and end."""
        self.loop.close()
