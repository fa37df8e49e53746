"""Signing in through a provider of OpenID Connect: authorization code with PKCE (RFC 7636).

The provider is found by discovery; its signature, issuer, audience, term and nonce are checked (OpenID
Connect Core, 3.1.3.7). Who somebody is here follows from his claims by the declared mapping alone.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from catalog.people import Person, Role
from pipelines.settings import OidcSettings
from portal.errors import PortalError

SECRET_VARIABLE = "CITYBRAIN_OIDC_SECRET"
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]  # never one with a shared key, never none
SECONDS = 10.0
KEPT_SECONDS = 3_600
LEEWAY_SECONDS = 60  # between the clocks of two houses
MOST_BYTES = 1_000_000


class Provider:
    """A provider of identities.

    Args:
        secret: of this client at the provider; None for a public client, which PKCE alone protects.
        clock: the time by which tokens end.
        http: asks the provider; it follows no redirects.
    """

    def __init__(
        self,
        settings: OidcSettings,
        secret: str | None,
        clock: Callable[[], datetime],
        http: httpx.Client | None = None,
    ) -> None:
        self.settings = settings
        self._secret = secret
        self._clock = clock
        self._http = http or httpx.Client(timeout=SECONDS, follow_redirects=False)
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}

    def address(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in.

        Args:
            back: the address at which the provider hands the browser back.

        Raises:
            PortalError: `oidc_unreachable`.
        """
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": back,
            "scope": self.settings.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        start = str(self._metadata()["authorization_endpoint"])
        return f"{start}{'&' if '?' in start else '?'}{urlencode(asked)}"

    def claims(self, code: str, back: str, nonce: str, verifier: str) -> dict[str, Any]:
        """What the provider says of who has signed in there.

        Raises:
            PortalError: `oidc_unreachable`; `oidc_refused`: the code or what came for it is not right.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self.settings.client_id,
            "code_verifier": verifier,
        }
        auth = None if self._secret is None else (self.settings.client_id, self._secret)
        answer = self._ask("POST", str(self._metadata()["token_endpoint"]), form, auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise PortalError("oidc_refused", problem="id_token")
        return self._checked(token, nonce)

    def _checked(self, token: str, nonce: str) -> dict[str, Any]:
        now = int(self._clock().timestamp())
        rules = jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = self._signed(token)
            rules.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise PortalError("oidc_refused", problem=type(error).__name__) from None
        audience = claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if (several or "azp" in claims) and claims.get("azp") != self.settings.client_id:
            raise PortalError("oidc_refused", problem="azp")
        return claims

    def _signed(self, token: str) -> dict[str, Any]:
        """The claims of a token that the provider signed; its keys are read anew for a new one."""
        try:
            return dict(jwt.decode(token, self._keys(False), algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError):
            return dict(jwt.decode(token, self._keys(True), algorithms=ALGORITHMS).claims)

    def _keys(self, anew: bool) -> KeySet:
        found = self._kept(str(self._metadata()["jwks_uri"]), anew)
        return KeySet.import_key_set(found)  # type: ignore[arg-type]

    def _metadata(self) -> dict[str, Any]:
        issuer = self.settings.issuer
        found = self._kept(f"{issuer.rstrip('/')}/.well-known/openid-configuration", False)
        if found.get("issuer") != issuer:
            raise PortalError("oidc_unreachable", issuer=issuer, problem="issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not str(found.get(name, "")).startswith(("https://", "http://")):
                raise PortalError("oidc_unreachable", issuer=issuer, problem=name)
        return found

    def _kept(self, url: str, anew: bool) -> dict[str, Any]:
        now = self._clock().timestamp()
        with self._lock:
            known = self._known.get(url)
        if known is not None and not anew and now - known[0] < KEPT_SECONDS:
            return known[1]
        found = self._ask("GET", url)
        with self._lock:
            self._known[url] = now, found
        return found

    def _ask(
        self,
        method: str,
        url: str,
        form: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> dict[str, Any]:
        issuer = self.settings.issuer
        try:
            answer = self._http.request(method, url, data=form, auth=auth)
            body = answer.json() if len(answer.content) <= MOST_BYTES else None
        except (httpx.HTTPError, ValueError) as error:
            problem = type(error).__name__
            raise PortalError("oidc_unreachable", issuer=issuer, problem=problem) from None
        if method == "POST" and answer.status_code in (400, 401, 403):
            raise PortalError("oidc_refused", problem=str(answer.status_code))
        if answer.status_code != httpx.codes.OK or not isinstance(body, dict):
            raise PortalError("oidc_unreachable", issuer=issuer, problem=str(answer.status_code))
        return body


def person_of(settings: OidcSettings, claims: Mapping[str, Any]) -> Person:
    """Who somebody is here by his claims; the first declared role that he has counts.

    Raises:
        PortalError: `oidc_role`: none of his roles is declared.
    """
    said = claims.get(settings.role_claim)
    has = {str(one) for one in said} if isinstance(said, list) else {str(said)}
    role: Role | None = next((mine for name, mine in settings.roles.items() if name in has), None)
    if role is None:
        raise PortalError("oidc_role", claim=settings.role_claim)
    name = str(claims.get(settings.name_claim) or claims["sub"])
    department = _text(claims, settings.department_claim) if role == "officer" else None
    return Person(
        name,
        _text(claims, settings.title_claim) or name,
        role,
        settings.departments.get(department, department) if department else None,
        _text(claims, settings.partner_claim) if role == "partner" else None,
    )


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None
