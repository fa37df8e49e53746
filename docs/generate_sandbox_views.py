"""The page `docs/sandbox-views.md`: what the sandbox's views of the example cities register, and why.

It follows from the contracts; only the remarks on what is not a view are written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from catalog.contract import Contract, ContractField
from catalog.exports.dataset import text_in, texts_of
from pipelines.workspace import load_workspace

WORKSPACES = Path(__file__).resolve().parent.parent / "workspaces"
CITIES = ("tainan", "chicago")
FEW = 13  # more keys than these are counted and not listed

INTRODUCTION = """\
# Views of the sandbox

What partners may ask about in the two example cities. All of it stands in the contracts of
`workspaces/*/models/sandbox/`, is public to the partners of an agreement, and follows from what is
public, not from the data. [The sandbox](sandbox.md) explains how questions are asked and answered;
`workspaces/*/agreements/examples/` has synthetic letters, agreements and consents for these views.

Read a view like this: answers hide whether any one *unit* is in the data. Of one unit, at most so
many *rows* count in a group and at most so many *groups* count at all; what is more is left out,
and the smaller these numbers, the less noise. A number beyond its *bounds* counts as the nearer
bound. Of a field with *keys* every key is answered, even if no row has it; of a text without keys,
only groups of enough units."""

NOT_VIEWS = """\
## What is not a view

- **Tainan's `fusion.village_profile`**: a row is a village, and what it says are counts over
  persons, tickets and enterprises. Noise that hides one row would hide a village, which needs no
  hiding, and would not hide a patient or a caller, of whom a village has many. How many
  people live in the village and in its district stands beside each ticket in
  `sandbox.hotline_ticket`. What it counts of tickets does not: one ticket less would change the
  rows of all other tickets of the village, and more than one unit's worth would be told.
- **Tainan's `thematic.citizen_hotline`**: counts again. Questions over `sandbox.hotline_ticket`
  count the tickets themselves, as finely as a budget allows; `open.hotline_statistics` has the
  coarse counts for everybody.
- **Chicago's complaints and burglaries**: their rows are of persons, and name nobody by whom they
  could be bounded. No view with a unit of enterprises tells of them."""


def sandbox_views(notice: str) -> str:
    """The page."""
    blocks = [notice + "\n" + INTRODUCTION]
    for city in CITIES:
        read = load_workspace(WORKSPACES / city)
        views = [one for one in read.contracts.values() if one.privacy is not None]
        title = read.settings.title
        blocks += [f"## {title if isinstance(title, str) else title['en']}"]
        blocks += ["\n".join(_view(one)) for one in sorted(views, key=lambda one: one.name)]
    return "\n\n".join([*blocks, NOT_VIEWS]) + "\n"


def _view(contract: Contract) -> Iterator[str]:
    privacy = contract.privacy
    assert privacy is not None
    yield f"### `{contract.name}`"
    yield ""
    told = (contract.purpose, contract.limitations)
    yield " ".join(text_in(texts_of(one), "en") for one in told).strip()
    yield ""
    yield "| unit | told by | rows | groups | version |"
    yield "|---|---|---|---|---|"
    yield (
        f"| {privacy.unit} | `{privacy.column}` | {privacy.rows} | {privacy.groups} "
        f"| {privacy.version} |"
    )
    yield ""
    yield f"Why: {privacy.reason}"
    yield ""
    yield "| field | | values | why |"
    yield "|---|---|---|---|"
    for item in contract.fields:
        if item.answerable is not None:
            title = item.title.replace("|", "\\|")
            yield f"| `{item.name}` | {title} | {_values(item)} | {item.answerable.reason} |"


def _values(item: ContractField) -> str:
    registered = item.answerable
    assert registered is not None
    if registered.bounds is not None:
        low, high = registered.bounds
        digits = f", {registered.digits} decimal digits" if registered.digits else ""
        return f"{low:,} to {high:,}{digits}"
    if registered.keys is None:
        named = {"boolean": "true, false", "date": "a day", "string": "texts, not listed"}
        return named.get(item.logical_type, "numbers, without bounds")
    if len(registered.keys) > FEW:
        return f"{len(registered.keys)} keys, `{registered.keys[0]}` to `{registered.keys[-1]}`"
    return ", ".join(f"`{key}`" for key in registered.keys)
