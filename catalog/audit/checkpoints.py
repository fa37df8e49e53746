"""Checkpoints: how far a log reaches, what it is, and a signature (Ed25519, RFC 8032) of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from catalog.audit.offline import fingerprint, statement

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed, and the signature; hashes, key and signature in hexadecimal digits.

    Attributes:
        log: the log's id.
        number: from 1.
        size: how many records it covers.
        root: of the Merkle tree over them.
        head: the chain's hash of the last of them.
        at: when it was signed, in UTC.
        previous: the hash of the checkpoint before it.
        key: the fingerprint of the public key.
    """

    log: str
    number: int
    size: int
    root: str
    head: str
    at: str
    previous: str
    key: str
    signature: str = ""

    def plain(self) -> dict[str, Any]:
        """As it is told to others, and as `catalog.audit.offline` takes it."""
        return asdict(self)


def signed(values: Mapping[str, Any], key: Ed25519PrivateKey) -> Checkpoint:
    """A checkpoint of these values, but `key` and `signature`, signed."""
    name = fingerprint(key.public_key().public_bytes_raw())
    unsigned = {**values, "key": name}
    return Checkpoint(**unsigned, signature=key.sign(statement(unsigned)).hex())
