"""Reading another catalogue's list into entries by a declared mapping.

No row is lost: one that gives no entry is reported with its line and why, and so is every value that
could not be read of a row that does. Texts lose what looks like an e-mail address or a telephone
number, because lists have contacts in them where one does not expect it.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from catalog.errors import CatalogError
from catalog.resources.entry import Entry, EntryField
from catalog.resources.mapping import Mapping, columns_of

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"\(0\d{1,2}\)[ -]?\d{3,4}[ -]?\d{3,4}"
    r"|(?<!\d)0\d{1,2}-\d{3,4}-?\d{3,4}(?!\d)"
    r"|(?<!\d)09\d{2}-?\d{3}-?\d{3}(?!\d)"
)
_QUOTES = " \t\r\n「」『』\"'"
_NUMBER = re.compile(r"-?\d{1,3}(,\d{3})+|-?\d+")
_NOT_SAID = "not_in_list"
_LONGEST = 80  # characters of a value in the report
CUT = "…"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one row.

    Attributes:
        line: where the row begins in the file, counted from 1.
        kept: whether the row gave an entry all the same.
        reason: `columns` (another number than the header), `no_name`, `no_city`, `repeated` (same
            number, or same name and provider, as an earlier row; `value` is that row's line),
            `undecodable`, `unknown_value`, `unreadable_date`, `unreadable_number`.
        item, value: which item of the entry, and what stood there.
    """

    line: int
    kept: bool
    reason: str
    item: str = ""
    value: str = ""


@dataclass(slots=True)
class Listing:
    """What a list gave.

    Attributes:
        rows: rows of the file without its header and without blank lines; each is an entry or has
            a finding that is not `kept`.
    """

    rows: int = 0
    entries: list[Entry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def reasons(self) -> dict[str, int]:
        """Findings by reason, the most frequent first."""
        return dict(Counter(item.reason for item in self.findings).most_common())

    @property
    def left_out(self) -> int:
        """Rows that gave no entry."""
        return self.rows - len(self.entries)


def read_listing(path: Path, mapping: Mapping) -> Listing:
    """Read a list.

    Raises:
        CatalogError: `listing_unreadable`, `listing_columns` (it lacks columns that the mapping names).
    """
    listing = Listing()
    try:
        with path.open(encoding=mapping.encoding, errors="replace", newline="") as file:
            rows = csv.reader(file, delimiter=mapping.delimiter)
            header = [name.strip() for name in next(rows, [])]
            absent = [name for name in mapping.named if name not in header]
            if absent:
                raise CatalogError("listing_columns", file=path, columns=", ".join(absent))
            reader = _Rows(mapping, header, listing)
            line = rows.line_num + 1
            for row in rows:
                if any(row):
                    reader.row(line, row)
                line = rows.line_num + 1
    except (OSError, csv.Error) as error:
        raise CatalogError("listing_unreadable", file=path, problem=str(error)) from error
    return listing


class _Rows:
    """Turns rows into entries; what many rows have in common is read once."""

    def __init__(self, mapping: Mapping, header: Sequence[str], listing: Listing) -> None:
        self._mapping, self._width, self._listing = mapping, len(header), listing
        place = {name: index for index, name in enumerate(header)}
        self._places = {
            item: [place[name] for name in columns_of(getattr(mapping.columns, item))]
            for item in type(mapping.columns).model_fields
        }
        self._counts = {item: place[name] for item, name in mapping.counts.items()}
        self._city = place[mapping.city_column] if mapping.city_column else None
        self._seen: dict[tuple[str, str], int] = {}
        self._keys: dict[str, int] = {}
        self._split = _splitter(mapping.separators)
        self._form = re.compile(mapping.provider_form) if mapping.provider_form else None
        self._date = lru_cache(maxsize=50_000)(self._parse_date)

    def row(self, line: int, row: list[str]) -> None:
        """Note the entry that a row gives, or why it gives none."""
        self._listing.rows += 1
        if len(row) != self._width:
            self._note(line, False, "columns", value=f"{len(row)} / {self._width}")
            return
        name = self._text(row, "name")
        city = row[self._city].strip() if self._city is not None else self._mapping.city
        if not name or not city:
            self._note(line, False, "no_city" if name else "no_name")
            return
        provider = self._provider(row)
        key = self._text(row, "key") or _key(name, provider)
        earlier = self._keys.get(key) or self._seen.get((name, provider or ""))
        if earlier is not None:
            self._note(line, False, "repeated", "name", str(earlier))
            return
        self._keys[key] = self._seen[name, provider or ""] = line
        if "\ufffd" in "".join(row):
            self._note(line, True, "undecodable")
        self._listing.entries.append(self._entry(line, row, key, city, name, provider))

    def _entry(
        self, line: int, row: list[str], key: str, city: str, name: str, provider: str | None
    ) -> Entry:
        values = self._mapping.values
        fields = tuple(
            EntryField(item) for item in dict.fromkeys(self._split(self._text(row, "fields")))
        )
        first_format = re.split(r"[,、;/ ]", self._text(row, "format").strip(_QUOTES))[0].upper()
        entry = Entry(
            key=key,
            city=city,
            name=name,
            provider=provider,
            abstract=self._text(row, "abstract"),
            format=self._value(line, "format", first_format, values.format),
            fields=fields,
            open_type=self._value(
                line, "open_type", self._text(row, "open_type"), values.open_type
            ),
            update_cycle=self._value(
                line, "update_cycle", self._text(row, "update_cycle"), values.update_cycle
            ),
            published=self._published(line, self._text(row, "published")),
            tags=tuple(dict.fromkeys(self._split(self._text(row, "tags")))),
            counts=self._numbers(line, row),
        )
        empty = [item for item in _ITEMS if getattr(entry, item) in (None, "", ())]
        return replace(entry, missing=dict.fromkeys(empty, _NOT_SAID))

    def _text(self, row: list[str], item: str) -> str:
        """The text of an item, without what looks like a contact."""
        for place in self._places[item]:
            text = " ".join(row[place].split())
            if text:
                return _PHONE.sub(CUT, _EMAIL.sub(CUT, text))
        return ""

    def _provider(self, row: list[str]) -> str | None:
        text = self._text(row, "provider")
        found = self._form.match(text) if self._form else None
        return (found["name"].strip() if found else text) or None

    def _value(self, line: int, item: str, text: str, known: dict[str, Any]) -> Any:
        if text and text not in known:
            self._note(line, True, "unknown_value", item, text)
        return known.get(text)

    def _published(self, line: int, text: str) -> date | None:
        found = self._date(text) if text else None
        if text and found is None:
            self._note(line, True, "unreadable_date", "published", text)
        return found

    def _parse_date(self, text: str) -> date | None:
        for form in self._mapping.dates:
            try:
                return datetime.strptime(text, form).date()
            except ValueError:
                continue
        return None

    def _numbers(self, line: int, row: list[str]) -> dict[str, int]:
        found = {}
        for item, place in self._counts.items():
            text = row[place].strip()
            if _NUMBER.fullmatch(text):
                found[item] = int(text.replace(",", ""))
            elif text:
                self._note(line, True, "unreadable_number", item, _PHONE.sub(CUT, text))
        return found

    def _note(self, line: int, kept: bool, reason: str, item: str = "", value: str = "") -> None:
        self._listing.findings.append(Finding(line, kept, reason, item, value[:_LONGEST]))


_ITEMS = (
    "kind", "code", "provider", "provider_code", "abstract", "format", "fields", "share_type",
    "open_type", "update_cycle", "published", "level",
)  # fmt: skip


def _key(name: str, provider: str | None) -> str:
    """A number for a row of a list that has none; it stays when rows before it come or go."""
    return hashlib.sha256(f"{provider or ''}\0{name}".encode()).hexdigest()[:16]


def _splitter(separators: Sequence[str]) -> Callable[[str], list[str]]:
    """Splits a list of names at separators that do not stand in brackets."""
    if not separators:
        return lambda text: [text] if text else []
    between = "|".join(map(re.escape, separators))
    pattern = re.compile(rf"(?:{between})(?![^(（]*[)）])")

    def split(text: str) -> list[str]:
        parts = (part.strip(_QUOTES) for part in pattern.split(text))
        return [part for part in parts if part]

    return split
