"""A page: who visits it and in which language, whether he may, and how it is rendered."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, cast
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from markupsafe import Markup, escape
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import BaseRoute

from catalog.database.sessions import Sitting
from catalog.people import Person
from catalog.text import LANGUAGES, catalogue, text
from portal.errors import PortalError
from portal.pages import cookies
from portal.pages.faults import fault_of
from portal.pages.navigation import NAVIGATION
from portal.pages.site import Site, site_of
from portal.pages.unread import unread
from portal.permissions import may
from portal.problems import spoken
from portal.statics import version

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(slots=True)
class Visit:
    """Somebody's request for a page.

    Attributes:
        sitting: his session; None: he has not signed in.
        secret: of his session, or of a visitor who has none: his forms are sealed with it.
        told: what the page before has to say: the key of a text and its fields.
    """

    site: Site
    lang: str
    sitting: Sitting | None
    secret: str
    told: tuple[str, dict[str, Any]] | None
    new_visitor: bool = False

    @property
    def person(self) -> Person | None:
        """Who he is."""
        return None if self.sitting is None else self.sitting.account.person

    @property
    def csrf(self) -> str:
        """What every form of his carries, and nobody else can know."""
        if not self.secret:
            self.secret, self.new_visitor = secrets.token_urlsafe(32), True
        return self.site.seal("form", self.secret)


class Page(APIRoute):
    """A route for people. Before its function runs, the session, the permission and the form's seal are
    looked at; every answer, and every fault, is a page."""

    checks = "session"

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, behind all that."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                visit = await begin(request)
                response = await _refused(request, visit, self.name) or await inner(request)
            except Exception as error:
                response = fault_page(request, error)
            return finish(request, response)

        return handle


def page_router() -> APIRouter:
    """A router whose routes are pages."""
    return APIRouter(route_class=Page, include_in_schema=False)


async def the_visit(request: Request) -> Visit:
    """The visit of a page's request."""
    return cast(Visit, request.state.visit)


async def the_person(request: Request) -> Person:
    """Who has signed in, on pages for those who have."""
    person = cast(Visit, request.state.visit).person
    if person is None:
        raise PortalError("page_forbidden")
    return person


VisitDep = Annotated[Visit, Depends(the_visit)]
PersonDep = Annotated[Person, Depends(the_person)]


async def begin(request: Request) -> Visit:
    """Find out who visits; done once a request."""
    site = site_of(request)
    secret = cookies.read(request, "session")
    sitting = None
    if secret:
        find = site.service.opened.store.sessions.find
        sitting = await run_in_threadpool(find, site.service.name, secret, site.idle, site.longest)
    if sitting is None:
        secret = cookies.read(request, "visitor")
    told = site.unsealed("told", cookies.read(request, "told"))
    visit = Visit(site, chosen_language(request), sitting, secret, told and (told[0], told[1]))
    request.state.visit = visit
    return visit


def chosen_language(request: Request) -> str:
    """What the address asks for, else what was chosen before, else what the browser prefers."""
    for said in (request.query_params.get("lang", ""), cookies.read(request, "lang")):
        if said in LANGUAGES:
            return said
    return spoken(request)


async def _refused(request: Request, visit: Visit, name: str) -> Response | None:
    """Why the page is not given: a way to sign in, or an error."""
    if not may(visit.person, name):
        if visit.person is not None:
            raise PortalError("page_forbidden")
        return _to_sign_in(request)
    if request.method not in SAFE and not await _sealed(request, visit):
        raise PortalError("form_stale")
    return None


def _to_sign_in(request: Request) -> Response:
    """Sign in first, and come back; a form that was sent is not sent again."""
    shown = request.headers.get("hx-current-url", "") if is_fragment(request) else str(request.url)
    parts = urlsplit(shown)
    here = parts.path + (f"?{parts.query}" if parts.query else "")
    target = url_for(request, "sign_in")
    if request.method in SAFE or is_fragment(request):
        target += "?" + urlencode({"next": here})
    if is_fragment(request):
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)


async def _sealed(request: Request, visit: Visit) -> bool:
    """Whether a form is one of ours for this visitor: by its field, or htmx's header."""
    said = request.headers.get("x-csrf-token", "")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not said and kind in FORMS:
        field = (await request.form()).get("csrf", "")
        said = field if isinstance(field, str) else ""
    known = bool(visit.secret)
    return known and hmac.compare_digest(said.encode("utf-8", "replace"), visit.csrf.encode())


def finish(request: Request, response: Response) -> Response:
    """The cookies and headers of an answer."""
    visit: Visit | None = getattr(request.state, "visit", None)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if visit is None:
        return response
    response.headers["Content-Language"] = visit.lang
    if request.query_params.get("lang") in LANGUAGES:
        cookies.write(request, response, "lang", visit.lang)
    if visit.new_visitor:
        cookies.write(request, response, "visitor", visit.secret)
    if getattr(request.state, "shown", False):
        cookies.drop(request, response, "told")
    return response


def url_for(request: Request, name: str, /, **parts: Any) -> str:
    """The path of a route; never with a host, which a request could make up."""
    root: str = request.scope.get("root_path", "")
    return root + str(routes_by_name(request)[name].url_path_for(name, **parts))


def routes_by_name(request: Request) -> dict[str, BaseRoute]:
    """All routes of the application; made once: a page has many links, and there are many routes."""
    state = request.app.state
    if not hasattr(state, "routes_by_name"):
        named = {getattr(one, "name", ""): one for one in reversed(request.app.routes)}
        state.routes_by_name = named
    return cast(dict[str, BaseRoute], state.routes_by_name)


def is_fragment(request: Request) -> bool:
    """Whether htmx asks, for a part of a page."""
    return request.headers.get("hx-request") == "true"


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of a template.

    Besides `values` it has `t(key, field=value)`, `url_for(name, part=value)`, `asset(path)`,
    `may(route)`, `lang`, `person`, `csrf`, `city`, `typed` (a form that was refused, if there is one:
    `portal.pages.typed`), `unread()` (what the header says of notices), `who(actor)` (a person's name on
    pages that give it: `portal.pages.names`), and the filters `moment`, `day`, `number`, `percent`.
    """
    visit: Visit = request.state.visit
    told = None if visit.told is None else text(visit.told[0], visit.lang, **visit.told[1])
    request.state.shown = told is not None and not is_fragment(request)
    made = visit.site.templates.get_template(template).render(
        t=partial(_text, visit.lang),
        url_for=partial(url_for, request),
        asset=lambda path: url_for(request, "static", named=version(), path=path),
        may=partial(may, visit.person),
        navigation=_navigation(request, visit),
        languages=[(one, _in_language(request, one)) for one in LANGUAGES],
        lang=visit.lang,
        person=visit.person,
        visit=visit,
        city=visit.site.title(visit.lang),
        called=partial(visit.site.called, lang=visit.lang),
        told=told,
        **{
            "typed": None,
            "who": str,
            "unread": partial(unread, request, visit.person, visit.lang),
            **values,
        },
    )
    return HTMLResponse(made, status)


def redirect(
    request: Request,
    name: str,
    told: str = "",
    fields: dict[str, Any] | None = None,
    /,
    **parts: Any,
) -> Response:
    """Go on to another page, as one does after a form.

    Args:
        told: the key of a text that the next page shows once, with its `fields`.
        parts: of the page's path.
    """
    return to_path(request, url_for(request, name, **parts), told, fields)


def to_path(
    request: Request, path: str, told: str = "", fields: dict[str, Any] | None = None
) -> Response:
    """The same with a path of ours (`local_path`)."""
    response = RedirectResponse(path, 303)
    if told:
        site = site_of(request)
        cookies.write(request, response, "told", site.sealed("told", [told, fields or {}]))
    return response


def local_path(request: Request, said: str) -> str:
    """A path of this city, else its home: nobody is led elsewhere by an address of ours."""
    home = url_for(request, "home")
    root = request.scope.get("root_path", "") + "/"
    plain = re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", said)
    return said if plain and said.startswith(root) else home


def fault_page(request: Request, error: Exception) -> Response:
    """An error as a page, or as the part of a page that htmx shows."""
    visit: Visit | None = getattr(request.state, "visit", None)
    if visit is None:  # the database of sessions is the fault, or there is no such page
        visit = Visit(site_of(request), chosen_language(request), None, "", None)
        request.state.visit = visit
    problem, headers = fault_of(error, visit.lang)
    request.state.code = problem.code
    template = "errors/part.html" if is_fragment(request) else "errors/page.html"
    # The database may be what failed: a page that tells of it asks for nothing more.
    response = render(
        request, template, status=problem.status, problem=problem, unread=lambda: None
    )
    response.headers.update(headers)
    return response


def _text(lang: str, key: str, /, **fields: Any) -> str:
    """A text; what is markup in its fields (`portal.pages.names`) stays so."""
    if any(isinstance(one, Markup) for one in fields.values()):
        return Markup(escape(catalogue(lang)["ui"][key])).format_map(fields)
    return text(key, lang, **fields)


def _navigation(request: Request, visit: Visit) -> list[tuple[str, str, bool]]:
    """Key, path and whether it is here, of what the visitor may use."""
    known = routes_by_name(request)
    found = []
    for name, key in NAVIGATION:
        if name in known and may(visit.person, name):
            path = url_for(request, name)
            found.append((key, path, request.url.path == path))
    return found


def _in_language(request: Request, lang: str) -> str:
    url = request.url.include_query_params(lang=lang)
    return f"{url.path}?{url.query}"
