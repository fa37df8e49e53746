"""What there is of masking keys, and which models use them; and a new version of the key.

Nothing here holds or shows a key: versions and uses have fingerprints, from which no key follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.database.audited import actor_of
from pipelines.errors import PipelineError
from pipelines.masking.keys import KeyRing, KeyUse
from pipelines.masking.settings import KeySource, key_source, ring_of

if TYPE_CHECKING:
    from pipelines.home import Home
    from pipelines.plan import Plan


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """One version of the master key; `current` is the one that masks now."""

    version: int
    fingerprint: str
    current: bool


@dataclass(frozen=True, slots=True)
class UsedKey:
    """One derived key: what it is for and the models that mask with it.

    Attributes:
        fingerprint: of the key of the current version; empty when there is no key yet.
    """

    use: KeyUse
    fingerprint: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The masking keys of a workspace. No `versions`: the first run that masks makes the key."""

    source: KeySource
    versions: tuple[KeyVersion, ...]
    uses: tuple[UsedKey, ...]


@dataclass(frozen=True, slots=True)
class Rotation:
    """A new version of the key.

    Attributes:
        models: models that the next run makes anew, apart from what is made of them.
    """

    source: KeySource
    previous: int
    current: KeyVersion
    models: tuple[str, ...]


def inventory(plan: Plan, home: Home) -> Inventory:
    """The keys and their uses; makes no key.

    Raises:
        PipelineError: `mask_key_...`, when the keys that there should be cannot be had.
    """
    source = _source(plan, home)
    ring = None if source.unmade else ring_of(source)
    versions = tuple(_version(ring, number) for number in ring.versions) if ring else ()
    uses = sorted({use for step in plan.steps.values() for use in step.keys})
    return Inventory(source, versions, tuple(_used(plan, ring, use) for use in uses))


def rotate(plan: Plan, home: Home, who: str = "system") -> Rotation:
    """Add a version to the key file and mask with it from now on.

    Holds the workspace's lock: within one run all tables are masked with one version.

    Args:
        who: who does it, for the audit log.

    Raises:
        PipelineError: `mask_key_rotate` (the keys come from a hook), `mask_key_none` (there is none
            yet), `mask_key_...`, `locked`.
    """
    source = _source(plan, home)
    with home.lock(plan.workspace.name):
        if source.unmade:
            raise PipelineError("mask_key_none", path=source.path)
        old = ring_of(source)
        new = old.rotate()
        said = {"change": "rotated", "version": str(new.current)}
        with CatalogStore.open(home.database_url) as store:
            at = datetime.now(UTC)
            told = AuditRecord(at, actor_of(who), "account", "masking keys", detail=said)
            store.audit.append(plan.workspace.name, told)
    models = tuple(step.name for step in plan.steps.values() if step.keys)
    return Rotation(source, old.current, _version(new, new.current), models)


def _source(plan: Plan, home: Home) -> KeySource:
    workspace = plan.workspace
    return key_source(workspace.settings.masking, home.root, workspace.root)


def _version(ring: KeyRing, version: int) -> KeyVersion:
    return KeyVersion(version, ring.fingerprint_of(version), version == ring.current)


def _used(plan: Plan, ring: KeyRing | None, use: KeyUse) -> UsedKey:
    models = tuple(step.name for step in plan.steps.values() if use in step.keys)
    return UsedKey(use, ring.fingerprint([use]) if ring else "", models)
