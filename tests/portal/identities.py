"""A small provider of OpenID Connect: a real HTTP server that signs tokens, and can be made to lie."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT, SECRET = "citybrain", "a secret of the client"


class Identities:
    """What the provider knows.

    Attributes:
        person: the claims of whoever signs in next.
        lie: changes of the next tokens' claims.
        algorithm, key: with which it signs; `keys` are those that it publishes.
        tokens: how often a code was redeemed.
    """

    def __init__(self) -> None:
        self.url = ""
        self.person: dict[str, Any] = {"sub": "1", "preferred_username": "sun", "name": "Sun"}
        self.lie: dict[str, Any] = {}
        self.key: Any = RSAKey.generate_key(2048, parameters={"kid": "first"}, private=True)
        self.keys = [self.key]
        self.algorithm = "RS256"
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens = 0

    def code(self, address: str) -> str:
        """Sign in at the address that the portal leads to; the code for the way back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return code

    def get(self, path: str) -> dict[str, Any] | None:
        """Discovery and keys."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        return KeySet(self.keys).as_dict(private=False) if path == "/keys" else None

    def redeem(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """A token for a code that is right, once."""
        asked = self.codes.pop(form.get("code", ""), None)
        pair = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked is None or authorization != f"Basic {pair}":
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        self.tokens += 1
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims |= {"nonce": asked["nonce"], **self.person, **self.lie}
        header = {"alg": self.algorithm, "kid": "first"}
        return {"id_token": jwt.encode(header, claims, self.key, algorithms=[self.algorithm])}


@contextmanager
def provider() -> Iterator[Identities]:
    """Run one on a free port."""
    known = Identities()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(known.get(self.path), 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(known.redeem(form, self.headers.get("Authorization", "")), 400)

        def _answer(self, found: dict[str, Any] | None, other: int) -> None:
            body = json.dumps(found or {}).encode()
            self.send_response(200 if found is not None else other)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield known
    server.shutdown()
    server.server_close()


def shared_key() -> OctKey:
    """A key with which whoever knows a public one could sign, if that were taken."""
    return OctKey.import_key("k" * 32, {"kid": "first"})
