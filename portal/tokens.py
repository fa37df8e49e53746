"""The tokens by which a signed-in client is known: short-lived, signed with a key of this service."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from portal.errors import PortalError

ALGORITHM = "HS256"
KEY_BYTES = 32
KEY_FILE = "service.key"
MOST_KNOWN = 10_000  # tokens that were read and found to be ours


def service_key(folder: Path) -> bytes:
    """The key of the service, made at the first start; nobody but its owner may read it."""
    path = folder / KEY_FILE
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        partial = folder / f".{KEY_FILE}-{secrets.token_hex(8)}"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        # A link never replaces: of two that start at once, the second takes the first one's key.
        with suppress(FileExistsError):
            os.link(partial, path)
        partial.unlink()
    return path.read_bytes()


class Tokens:
    """Issues tokens and reads them again.

    Args:
        issuer: the workspace; a token holds for no other.
        seconds: how long a token holds.
    """

    def __init__(
        self, key: bytes, issuer: str, seconds: int, clock: Callable[[], datetime]
    ) -> None:
        self._key = OctKey.import_key(key)
        self._issuer = issuer
        self._clock = clock
        self._known: dict[str, tuple[str, int]] = {}
        self.seconds = seconds

    def issue(self, client_id: str) -> str:
        """A token for a client that has signed in."""
        now = int(self._clock().timestamp())
        claims = {
            "iss": self._issuer,
            "sub": client_id,
            "iat": now,
            "exp": now + self.seconds,
            "jti": secrets.token_urlsafe(12),
        }
        return jwt.encode({"alg": ALGORITHM}, claims, self._key)

    def client_of(self, token: str) -> str:
        """Whose token it is.

        Raises:
            PortalError: `token_invalid`: not ours, changed, or over.
        """
        now = int(self._clock().timestamp())
        # The same text has the same signature: only whether it is over is asked again.
        known = self._known.get(token)
        if known is None:
            known = self._read(token, now)
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[token] = known
        client, end = known
        # The last second of a token is the one before `exp` (RFC 7519, 4.1.4).
        if now >= end:
            raise PortalError("token_invalid")
        return client

    def _read(self, token: str, now: int) -> tuple[str, int]:
        """The client and the end of a token that is ours and holds."""
        rules = jwt.JWTClaimsRegistry(
            now=now,
            iss={"essential": True, "value": self._issuer},
            sub={"essential": True},
            exp={"essential": True},
        )
        try:
            read = jwt.decode(token, self._key, algorithms=[ALGORITHM])
            rules.validate(read.claims)
        except (JoseError, ValueError, TypeError):
            raise PortalError("token_invalid") from None
        return str(read.claims["sub"]), int(read.claims["exp"])
