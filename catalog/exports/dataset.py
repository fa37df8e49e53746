"""A dataset as other catalogues are told of it: its entry, and what is known of what readers see."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import quote

from catalog.resources.entry import Entry

Access = Literal["public", "restricted", "closed"]
Service = Literal["exchange", "sandbox"]
Texts = Mapping[str, str]
"""By language; under the empty name a text whose language is not known."""
_HAN = re.compile(r"[㐀-鿿]")
_ACCESS: dict[str | None, Access] = {"unconditional": "public", "conditional": "restricted"}


@dataclass(frozen=True, slots=True)
class Format:
    """A form in which a dataset can be downloaded.

    Attributes:
        suffix: of the address and of the file.
        media: its type with IANA.
        eu: its name in the EU's list of file types; None: not looked up there.
    """

    suffix: str
    media: str
    eu: str | None = None


FORMATS = (
    Format("csv", "text/csv", "CSV"),
    Format("json", "application/json", "JSON"),
    Format("parquet", "application/vnd.apache.parquet"),
    Format("arrow", "application/vnd.apache.arrow.stream"),
)


@dataclass(frozen=True, slots=True)
class Party:
    """Who publishes.

    Attributes:
        id: of the department, or the city's name.
        code: a department's unified social credit code.
    """

    id: str
    names: Texts
    code: str | None = None

    def name(self, lang: str) -> str:
        """The name in a language, else in another."""
        return text_in(self.names, lang)


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask about open data; what is not declared is None."""

    name: str
    email: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a city opens data, as `[open]` in its `workspace.toml` declares them.

    Attributes:
        publisher: of the catalogue.
        license: the licence's address; None: not declared.
        license_id: its short name with SPDX.
        attribution: where the data come from, and what else must be respected.
        spatial: the address of the place that the data are about.
    """

    city: str
    title: Texts
    publisher: Party
    license: str | None = None
    license_id: str | None = None
    license_title: str | None = None
    attribution: Texts = field(default_factory=dict)
    contact: Contact | None = None
    spatial: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """One resource.

    Attributes:
        downloads: whether anyone may download it.
        snapshot, modified, rows: of what readers see; None: nothing is published.
        measures: the quality scores of what readers see, by dimension of GB/T 36344, 0 to 1; a
            dimension that was not assessed is not there.
        release: how it was desensitised: `records` or `statistics`; None: it is no release.
        risk: the disclosure risk that was measured before it was published.
        themes: codes of the EU's data themes, such as `ENVI`.
        notes: by field, what the contract says about it.
        services: by which it can be read besides.
    """

    entry: Entry
    title: Texts
    description: Texts
    limitations: Texts = field(default_factory=dict)
    publisher: Party | None = None
    version: str = ""
    downloads: bool = False
    snapshot: int | None = None
    modified: datetime | None = None
    rows: int | None = None
    measures: Mapping[str, float] = field(default_factory=dict)
    measured_at: datetime | None = None
    release: str | None = None
    risk: Mapping[str, Any] | None = None
    themes: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    services: tuple[Service, ...] = ()

    @property
    def key(self) -> str:
        """The resource's name, `<database>.<table>`."""
        return self.entry.key

    @property
    def access(self) -> Access:
        """Who may have it: what is neither open nor open by condition is closed."""
        return _ACCESS.get(self.entry.open_type, "closed")

    @property
    def issued(self) -> date | None:
        """The day of publication."""
        return self.entry.published

    @property
    def id(self) -> str:
        """A UUID that follows from the city and the name."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:citybrain:{self.entry.city}:{self.key}"))


def texts_of(text: str) -> Texts:
    """A contract's text by language.

    Contracts write both languages into one text, `中文 / English`. It is taken apart only where
    exactly one of two parts is written in Han characters; otherwise its language is not known.
    """
    parts = [part.strip() for part in text.split(" / ")]
    if len(parts) == 2:
        han = [bool(_HAN.search(part)) for part in parts]
        if han == [True, False]:
            return {"zh": parts[0], "en": parts[1]}
        if han == [False, True]:
            return {"en": parts[0], "zh": parts[1]}
    return {"": text} if text.strip() else {}


def text_in(texts: Texts, lang: str) -> str:
    """A text in a language, else in another; empty if there is none."""
    return texts.get(lang) or texts.get("") or next(iter(texts.values()), "")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where things stand on the web.

    Attributes:
        base: the portal's address, without a slash at the end.
    """

    base: str

    def catalogue(self) -> str:
        """The catalogue itself."""
        return f"{self.base}/catalog"

    def dataset(self, key: str) -> str:
        """A dataset: its page for people, its metadata for machines."""
        return f"{self.base}/datasets/{quote(key, safe='')}"

    def page(self, key: str) -> str:
        """A dataset's page."""
        return f"{self.base}/opendata/{quote(key, safe='')}"

    def download(self, key: str, suffix: str) -> str:
        """A dataset's rows."""
        return f"{self.base}/open/{quote(key, safe='')}.{suffix}"

    def service(self, name: str) -> str:
        """A data service's name (not where it is asked)."""
        return f"{self.catalogue()}#{name}"
