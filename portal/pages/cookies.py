"""The cookies of the pages: of session, form, language, message and provider.

All of them are closed to scripts and stay with the site. Behind TLS they are never sent without it;
where the city stands at the root of its host nobody else's host can set them (`__Host-`).
"""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

Name = Literal["session", "visitor", "lang", "told", "provider"]
YEAR = 365 * 24 * 3600


def read(request: Request, name: Name) -> str:
    """The value of a cookie; empty if there is none."""
    return request.cookies.get(_named(request, name), "")


def write(request: Request, response: Response, name: Name, value: str) -> None:
    """Set a cookie until the browser ends; that of the language for a year."""
    response.set_cookie(
        _named(request, name),
        value,
        max_age=YEAR if name == "lang" else None,
        path=_path(request),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def drop(request: Request, response: Response, name: Name) -> None:
    """Take a cookie back."""
    response.delete_cookie(
        _named(request, name),
        path=_path(request),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def _path(request: Request) -> str:
    return request.scope.get("root_path", "") or "/"


def _named(request: Request, name: Name) -> str:
    if request.url.scheme != "https":
        return f"citybrain-{name}"
    return f"__Host-{name}" if _path(request) == "/" else f"__Secure-citybrain-{name}"
