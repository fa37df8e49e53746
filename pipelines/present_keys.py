"""What `citybrain keys` prints; fingerprints, and never a key."""

from __future__ import annotations

from typing import Any

from catalog.text import text
from pipelines.masking.inventory import Inventory, KeyVersion, Rotation
from pipelines.masking.settings import KeySource
from pipelines.present import make_table, print_line, print_table


def print_inventory(found: Inventory) -> None:
    """Where the keys are, their versions, and what they are used for."""
    print_line(_place(found.source))
    if found.versions:
        table = make_table(
            "keys_version", "keys_fingerprint", "keys_state", right=("keys_version",)
        )
        for item in found.versions:
            state = text("keys_current" if item.current else "keys_old")
            table.add_row(str(item.version), item.fingerprint, state)
        print_table(table)
    print_line("")
    if not found.uses:
        print_line(text("keys_unused"))
        return
    table = make_table(
        "keys_purpose", "keys_recipient", "keys_scheme", "keys_fingerprint", "keys_models"
    )
    for used in found.uses:
        use = used.use
        names = ", ".join(used.models)
        table.add_row(use.purpose, use.recipient, use.scheme, used.fingerprint or "-", names)
    print_table(table)


def print_rotation(done: Rotation) -> None:
    """The new version, and what the next run does about it."""
    new, path = done.current, done.source.path
    print_line(
        text(
            "keys_rotated",
            new=new.version,
            fingerprint=new.fingerprint,
            old=done.previous,
            path=path,
        )
    )
    names = ", ".join(done.models)
    print_line(text("keys_anew", count=len(done.models), names=names or "-"))


def inventory_json(found: Inventory) -> dict[str, Any]:
    """An inventory for machines."""
    return {
        **_source_json(found.source),
        "versions": [_version_json(item) for item in found.versions],
        "uses": [
            {
                "purpose": used.use.purpose,
                "recipient": used.use.recipient,
                "scheme": used.use.scheme,
                "fingerprint": used.fingerprint or None,
                "models": list(used.models),
            }
            for used in found.uses
        ],
    }


def rotation_json(done: Rotation) -> dict[str, Any]:
    """A rotation for machines."""
    return {
        **_source_json(done.source),
        "previous": done.previous,
        "current": _version_json(done.current),
        "models": list(done.models),
    }


def _source_json(source: KeySource) -> dict[str, Any]:
    return {"named_by": source.setting or None, "file": source.path, "hook": source.hook}


def _version_json(item: KeyVersion) -> dict[str, Any]:
    return {"version": item.version, "fingerprint": item.fingerprint, "current": item.current}


def _place(source: KeySource) -> str:
    if source.unmade:
        return text("keys_unmade", path=source.path)
    if source.hook:
        return text("keys_hook", hook=source.hook)
    if source.setting:
        return text("keys_named", path=source.path, setting=source.setting)
    return text("keys_file", path=source.path)
