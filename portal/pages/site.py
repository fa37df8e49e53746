"""What all pages of a city work with: its templates, its cookies, its seals."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.requests import Request

from catalog.exports.dataset import text_in, texts_of
from pipelines.settings import PortalSettings
from portal.oidc import Provider
from portal.service import Service
from portal.tasks import Tasks

Value = TypeVar("Value")


class Site:
    """The pages of one city.

    Args:
        key: the service's key, from which those of forms and messages are made.

    Attributes:
        tasks: long work that pages have begun.
        provider: through which people sign in, once it was asked for.
        idle, longest: after how long a session is over.
        lockout: how long an account or address has to wait after too many failures.
    """

    def __init__(self, service: Service, key: bytes) -> None:
        read = service.workspace.workspace
        self.service = service
        self.settings: PortalSettings = read.settings.portal
        self.zone = ZoneInfo(read.settings.timezone)
        self.idle = timedelta(minutes=self.settings.idle_minutes)
        self.longest = timedelta(hours=self.settings.session_hours)
        self.lockout = timedelta(minutes=self.settings.lockout_minutes)
        self.tasks = Tasks(service.now)
        self.provider: Provider | None = None
        self._titles = read.settings.title
        self._key = key
        self.templates = Environment(
            loader=PackageLoader("portal"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.filters |= {
            "moment": self.moment,
            "day": self.day,
            "number": number,
            "percent": percent,
            "in_lang": in_lang,
        }
        self.templates.globals["zip"] = zip
        self._known: dict[str, tuple[float, Any]] = {}

    def title(self, lang: str) -> str:
        """The city's name."""
        return said(self._titles, lang) or self.service.name

    def called(self, table: str, lang: str) -> str:
        """A resource's title in a language; its name where it has none."""
        contract = self.service.workspace.workspace.contracts.get(table)
        return text_in(texts_of(contract.title), lang) or table if contract else table

    def moment(self, value: datetime | None) -> str:
        """A time in the city's zone."""
        return "" if value is None else value.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def day(self, value: datetime | date | None) -> str:
        """A day in the city's zone."""
        if isinstance(value, datetime):
            value = value.astimezone(self.zone).date()
        return "" if value is None else value.isoformat()

    def fresh(self, name: str, seconds: float, make: Callable[[], Value]) -> Value:
        """A value that takes long to make, made anew when it is older than some seconds."""
        now = self.service.now()
        known = self._known.get(name)
        if known is None or now - known[0] > seconds:
            known = self._known[name] = now, make()
        return cast(Value, known[1])

    def seal(self, what: str, content: str) -> str:
        """A text that only this service can have made of a content."""
        message = f"{what}\0{content}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    def sealed(self, what: str, value: Any) -> str:
        """A value as text that nobody else can make."""
        content = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
        return f"{content}.{self.seal(what, content)}"

    def unsealed(self, what: str, text: str) -> Any:
        """The value of such a text; None if it is not ours."""
        content, _, seal = text.partition(".")
        if not hmac.compare_digest(
            seal.encode("utf-8", "replace"), self.seal(what, content).encode()
        ):
            return None
        return json.loads(base64.urlsafe_b64decode(content))


def site_of(request: Request) -> Site:
    """The site that a request came to."""
    return cast(Site, request.app.state.site)


def said(text: Mapping[str, str] | str, lang: str) -> str:
    """A name in a language, else in the one that it has."""
    if isinstance(text, str):
        return text
    return text.get(lang) or next(iter(text.values()), "")


@pass_context
def in_lang(context: Context, value: str | None) -> str:
    """A contract's text (`中文 / English`) in the language of the page."""
    return text_in(texts_of(value or ""), context["visit"].lang)


def number(value: float | None, digits: int = 0) -> str:
    """A number with its thousands apart."""
    return "" if value is None else f"{value:,.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share from 0 to 1."""
    return "" if value is None else f"{100 * value:.{digits}f} %"
