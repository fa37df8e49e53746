"""Signing in: OAuth 2 client credentials (RFC 6749, 4.4)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from portal.errors import PortalError
from portal.problems import problems
from portal.service import Service, ServiceDep

router = APIRouter(tags=["sign-in"])
FORM = "application/x-www-form-urlencoded"
PARAMETERS = ("grant_type", "client_id", "client_secret")
MOST_FIELDS = 1_000

Fault = Literal["invalid_request", "invalid_client", "unsupported_grant_type"]


class Token(BaseModel):
    """A token."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="Seconds.")


class TokenFault(BaseModel):
    """Why there is no token (RFC 6749, 5.2)."""

    error: Fault


@dataclass(frozen=True, slots=True)
class _Credentials:
    id: str
    secret: str


class _Refused(Exception):
    def __init__(self, error: Fault) -> None:
        super().__init__(error)
        self.error: Fault = error


_BODY = {
    "required": True,
    "content": {
        FORM: {
            "schema": {
                "type": "object",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"type": "string", "enum": ["client_credentials"]},
                    "client_id": {"type": "string"},
                    "client_secret": {"type": "string", "format": "password"},
                },
            }
        }
    },
}


@router.post(
    "/token",
    response_model=Token,
    responses={
        400: {"model": TokenFault, "description": "The request is not understood."},
        401: {"model": TokenFault, "description": "Unknown client, or not its secret."},
        **problems(413, 429, 500, 503),
    },
    openapi_extra={"requestBody": _BODY},
)
async def token(request: Request, service: ServiceDep) -> JSONResponse:
    """Sign in with id and secret, by HTTP Basic or in the form."""
    try:
        credentials = _credentials(request, await _form(request))
    except _Refused as refused:
        return _refusal(request, refused.error)
    address = request.client.host if request.client is not None else "-"
    found = await run_in_threadpool(_signed_in, service, credentials, address)
    if found is None:
        return _refusal(request, "invalid_client")
    body = Token(access_token=found, expires_in=service.tokens.seconds)
    return JSONResponse(body.model_dump())


def _signed_in(service: Service, credentials: _Credentials, address: str) -> str | None:
    """A token; None, after the same work, for an unknown client and for a wrong secret."""
    names = (f"address {address}", f"client {credentials.id}")
    for name in names:
        service.failures.check(name)
    clients = service.opened.store.clients
    client = clients.signed_in(service.name, credentials.id, credentials.secret)
    if client is not None:
        return service.tokens.issue(client.id)
    for name in names:
        try:
            service.failures.take(name)
        except PortalError:  # others failed meanwhile
            continue
    return None


async def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise _Refused("invalid_request")
    try:
        body = (await request.body()).decode("ascii")
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise _Refused("invalid_request") from None
    # What else there is, is ignored (RFC 6749, 3.2).
    own = [(name, value) for name, value in pairs if name in PARAMETERS]
    found = dict(own)
    if len(found) < len(own) or "grant_type" not in found:
        raise _Refused("invalid_request")
    if found["grant_type"] != "client_credentials":
        raise _Refused("unsupported_grant_type")
    return found


def _credentials(request: Request, form: dict[str, str]) -> _Credentials:
    """One way of the two, never both (RFC 6749, 2.3); other schemes are not of this address."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        if "client_id" not in form or "client_secret" not in form:
            raise _Refused("invalid_client")
        return _Credentials(form["client_id"], form["client_secret"])
    if "client_secret" in form:
        raise _Refused("invalid_request")
    try:
        pair = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise _Refused("invalid_client") from None
    id, secret = unquote_plus(pair[0]), unquote_plus(pair[2])
    if form.get("client_id", id) != id:
        raise _Refused("invalid_client")
    return _Credentials(id, secret)


def _refusal(request: Request, error: Fault) -> JSONResponse:
    headers: dict[str, Any] = {}
    if error == "invalid_client":
        headers["WWW-Authenticate"] = 'Basic realm="citybrain"'
    status = 401 if error == "invalid_client" else 400
    return JSONResponse(TokenFault(error=error).model_dump(), status, headers)
