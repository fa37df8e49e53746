"""How entries of the resource catalogue are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from catalog.resources.entry import Entry
from catalog.text import text
from pipelines.entries import Live
from pipelines.listings import Import
from pipelines.present import make_table, print_line, print_table


def print_entries(entries: Sequence[Entry]) -> None:
    """One line a resource."""
    table = make_table(
        "entry_key", "entry_code", "entry_name", "entry_provider", "entry_update_cycle",
        "entry_share_type", "entry_open_type", "entry_level",
    )  # fmt: skip
    for item in entries:
        table.add_row(
            item.key,
            item.code or "-",
            item.name,
            item.provider or "-",
            _cycle(item) or "-",
            str(item.share_type or "-"),
            text(f"open_{item.open_type}") if item.open_type else "-",
            item.level or "-",
        )
    print_table(table)


def print_entry(entry: Entry, live: Live | None) -> None:
    """The core items, what is known now, and the fields."""
    for key, value in _items(entry):
        print_line(f"{text(f'entry_{key}')}: {value}")
    for key, value in _now(live) if live else ():
        print_line(f"{text(f'entry_{key}')}: {value}")
    table = make_table(
        "entry_field", "entry_title", "entry_type", "entry_level", "entry_share_type",
        "entry_open_type", "entry_sources",
    )  # fmt: skip
    for item in entry.fields:
        table.add_row(
            item.name,
            item.title,
            item.type,
            item.level or "-",
            str(item.share_type or "-"),
            text(f"open_{item.open_type}") if item.open_type else "-",
            ", ".join(item.sources),
        )
    print_table(table)


def _items(entry: Entry) -> list[tuple[str, str]]:
    shown = {
        "key": entry.key,
        "kind": text(f"kind_{entry.kind}") if entry.kind else None,
        "name": entry.name,
        "code": entry.code,
        "provider": entry.provider,
        "provider_code": entry.provider_code,
        "abstract": entry.abstract,
        "format": text(f"format_{entry.format}") if entry.format else None,
        "level": entry.level,
        "share_type": text(f"share_{entry.share_type}") if entry.share_type else None,
        "share_condition": entry.share_condition,
        "share_way": ", ".join(text(f"way_{way}") for way in entry.share_way),
        "open_type": text(f"open_{entry.open_type}") if entry.open_type else None,
        "open_condition": entry.open_condition,
        "update_cycle": _cycle(entry),
        "published": str(entry.published) if entry.published else None,
        "related": ", ".join(entry.related),
        "counts": ", ".join(f"{name} {count:,}" for name, count in entry.counts.items()),
    }
    found = []
    for key, value in shown.items():
        if key in entry.missing:
            found.append((key, text(f"why_{entry.missing[key]}")))
        elif value:
            found.append((key, value))
    return found


def _cycle(entry: Entry) -> str | None:
    cycle = entry.update_cycle
    return text(f"cycle_{cycle.replace('-', '_')}") if cycle else None


def _now(live: Live) -> list[tuple[str, str]]:
    found = []
    if live.rows is not None:
        found.append(("rows", f"{live.rows:,}"))
    if live.published_at is not None and live.age_days is not None:
        found.append(("fresh", f"{live.published_at:%Y-%m-%d %H:%M} UTC ({live.age_days:.1f} d)"))
    if live.score is not None:
        trend = " -> ".join(f"{100 * score:.1f}" for _, score in live.trend)
        found.append(("score", f"{100 * live.score:.1f} % ({trend})"))
    return [*found, ("calls", _calls(live))]


def _calls(live: Live) -> str:
    channels = ", ".join(
        f"{text(f'usage_{name}')} {use.calls:,}" for name, use in live.usage.channels.items()
    )
    return f"{live.calls:,}" + (f" ({channels})" if channels else "")


def entry_json(entry: Entry, live: Live | None) -> dict[str, Any]:
    """An entry for machines; `live` is null for what no run has recorded."""
    return {**entry.document(), "live": {**asdict(live), "calls": live.calls} if live else None}


def print_import(done: Import) -> None:
    """What came of a list, in one or two lines."""
    listing = done.listing
    state = text("import_new" if done.changed else "import_same")
    kept, out = f"{len(listing.entries):,}", f"{listing.left_out:,}"
    print_line(
        text(
            "import_done", name=done.name, rows=f"{listing.rows:,}", kept=kept, out=out, state=state
        )
    )
    if listing.findings:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in listing.reasons.items())
        print_line(text("import_findings", reasons=reasons, path=done.report))


def import_json(done: Import) -> dict[str, Any]:
    """An import for machines."""
    return {
        "list": done.name,
        "changed": done.changed,
        "rows": done.listing.rows,
        "entries": len(done.listing.entries),
        "left_out": done.listing.left_out,
        "findings": done.listing.reasons,
        "report": str(done.report),
    }
