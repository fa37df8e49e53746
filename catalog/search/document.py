"""What of a catalogue entry is searched, shown and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from catalog.resources.entry import Entry

FACETS = (
    "list", "city", "provider", "class", "share_type", "open_type", "level", "format",
    "update_cycle", "tag",
)  # fmt: skip
NOT_SAID = ""  # the value of a facet for an entry that does not say it
WEIGHTS: Mapping[str, float] = {
    "name": 6.0, "key": 4.0, "fields": 2.5, "tags": 2.5, "provider": 2.0, "abstract": 1.0,
}  # fmt: skip
Audience = Literal["public", "partner", "staff"]
AUDIENCES: tuple[Audience, ...] = ("public", "partner", "staff")
_SHOWN = 400  # characters of a text that a result shows


@dataclass(frozen=True, slots=True)
class Document:
    """An entry of the workspace, or of a list that was imported into it.

    Attributes:
        listing: the list's name; empty for the workspace's own.
    """

    entry: Entry
    listing: str = ""

    @property
    def id(self) -> str:
        """`<table>`, or `<list>/<key>` as `citybrain catalogue show` takes it."""
        return f"{self.listing}/{self.entry.key}" if self.listing else self.entry.key

    @property
    def audience(self) -> Audience:
        """Who may find it at the least: entries of other catalogues and of open data are public."""
        if self.listing or self.entry.key.startswith("open."):
            return "public"
        return "partner" if self.entry.key.startswith("sandbox.") else "staff"

    def parts(self) -> dict[str, str]:
        """The texts that are searched, by the keys of `WEIGHTS`."""
        entry = self.entry
        return {
            "name": entry.name,
            "key": f"{entry.key} {entry.code or ''}",
            "fields": " ".join(f"{item.name} {item.title}" for item in entry.fields),
            "tags": " ".join(entry.tags),
            "provider": f"{entry.provider or ''} {entry.provider_code or ''}",
            "abstract": entry.abstract,
        }

    def values(self) -> dict[str, tuple[str, ...]]:
        """Its values in every facet, each once; an entry with mixed sharing types has several."""
        entry = self.entry
        kinds = {item.share_type for item in entry.fields} | {entry.share_type}
        opened = {item.open_type for item in entry.fields} | {entry.open_type}
        found: dict[str, tuple[str, ...]] = {
            "list": (self.listing,),
            "city": (entry.city,),
            "provider": (entry.provider or NOT_SAID,),
            "class": (str(entry.kind or NOT_SAID),),
            "share_type": tuple(sorted(str(kind) for kind in kinds if kind)),
            "open_type": tuple(sorted(kind for kind in opened if kind)),
            "level": (entry.level or NOT_SAID,),
            "format": (str(entry.format or NOT_SAID),),
            "update_cycle": (entry.update_cycle or NOT_SAID,),
            "tag": tuple(dict.fromkeys(entry.tags)),
        }
        return {facet: found[facet] or (NOT_SAID,) for facet in FACETS}

    def shown(self) -> dict[str, Any]:
        """What a result tells of it, as JSON has it."""
        entry = self.entry
        fields = "、".join(item.title or item.name for item in entry.fields)
        return {
            "id": self.id,
            "list": self.listing,
            "key": entry.key,
            "name": entry.name,
            "code": entry.code,
            "city": entry.city,
            "provider": entry.provider,
            "abstract": entry.abstract[:_SHOWN],
            "fields": fields[:_SHOWN],
            "field_count": len(entry.fields),
            "level": entry.level,
            "share_type": entry.share_type,
            "open_type": entry.open_type,
            "format": entry.format,
            "update_cycle": entry.update_cycle,
            "published": entry.published.isoformat() if entry.published else None,
        }

    @property
    def popularity(self) -> int:
        """How often it is known to have been looked at or fetched."""
        return sum(max(0, count) for count in self.entry.counts.values())
