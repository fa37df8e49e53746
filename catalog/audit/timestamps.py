"""Timestamps of checkpoints by somebody else (RFC 3161): asked for, and what a token is worth.

A token says that its authority has seen a hash at a time. The hash is a checkpoint's own
(`catalog.audit.offline.checkpoint_hash`: SHA-256 over the bytes that its signature signs), so that the
token shows that all records which the checkpoint covers were there by then, as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.audit import der
from catalog.audit.offline import checkpoint_hash, statement
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampRequest

    from catalog.audit.checkpoints import Checkpoint

#: How much later than the authority's this machine's clock may be.
TOLERANCE = timedelta(seconds=60)
_SHA256 = "2.16.840.1.101.3.4.2.1"
_GRANTED = bytes.fromhex("3003020100")  # PKIStatusInfo: a token by itself has none


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A token, as it is kept.

    Attributes:
        checkpoint: the number of the checkpoint that it is about.
        at: the time that it tells, in UTC.
        token: the TimeStampToken in DER, as its authority has made it.
    """

    checkpoint: int
    at: datetime
    token: bytes


def roots_in(path: Path) -> list[Certificate]:
    """The certificates of a PEM file.

    Raises:
        OSError, ValueError: it cannot be read, or holds none.
    """
    from cryptography.x509 import load_pem_x509_certificates

    return load_pem_x509_certificates(path.read_bytes())


def request_for(checkpoint: Checkpoint) -> TimeStampRequest:
    """What an authority is asked: the checkpoint's hash, with a nonce, and for its certificate."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    asked = TimestampRequestBuilder().data(statement(checkpoint.plain()))
    return (
        asked.hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )


def token_of(answer: bytes) -> bytes:
    """The token in an authority's answer (TimeStampResp).

    Raises:
        CatalogError: `timestamp_answer`: it is none, or the authority refuses.
    """
    try:
        _, (_, token) = der.parts(answer)
    except ValueError:
        raise CatalogError("timestamp_answer") from None
    return token


def time_of(
    token: bytes, checkpoint: Checkpoint, roots: Sequence[Certificate], nonce: int | None = None
) -> datetime:
    """The time that a token tells of a checkpoint, in UTC, if it is worth anything.

    Certificates count as they were at that time. Whether one was revoked is not looked up.

    Args:
        roots: who is trusted.
        nonce: of the request, where the token is its answer.

    Raises:
        CatalogError: `timestamp_answer`: it cannot be read; `timestamp_imprint`: it is about something
            else, or answers something else; `timestamp_untrusted`: nobody trusted has signed it, or not
            with a certificate for this; `timestamp_early`: it is older than the checkpoint.
    """
    read = _read(token)
    info = read.tst_info
    imprint = info.message_imprint
    same = imprint.hash_algorithm.dotted_string == _SHA256
    same = same and imprint.message.hex() == checkpoint_hash(checkpoint.plain())
    if not same or (nonce is not None and info.nonce != nonce):
        raise CatalogError("timestamp_imprint")
    _trusted(read, imprint.message, roots)
    at: datetime = info.gen_time
    if at < datetime.fromisoformat(checkpoint.at) - TOLERANCE:
        raise CatalogError("timestamp_early", at=at.isoformat(), checkpoint=checkpoint.at)
    return at


def _read(token: bytes) -> Any:
    from rfc3161_client import decode_timestamp_response

    try:
        ordered = der.with_sorted_certificates(token)
        read = decode_timestamp_response(der.wrapped(der.SEQUENCE, _GRANTED + ordered))
        _ = read.tst_info.gen_time, read.tst_info.message_imprint, read.tst_info.nonce
    except ValueError:
        raise CatalogError("timestamp_answer") from None
    return read


def _trusted(read: Any, imprint: bytes, roots: Sequence[Certificate]) -> None:
    from cryptography.x509 import InvalidVersion
    from rfc3161_client import VerificationError, VerifierBuilder

    if not roots:
        raise CatalogError("timestamp_untrusted")
    try:
        VerifierBuilder(roots=list(roots)).build().verify(read, imprint)
    except (VerificationError, ValueError, InvalidVersion):
        raise CatalogError("timestamp_untrusted") from None
