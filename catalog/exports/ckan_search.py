"""`package_search` over a list of packages: words and conditions, sorting, facets.

Of Solr's language it knows words, "phrases", `field:value`, `field:(a OR b)`, `field:[a TO b]`, `*:*`,
`AND`, and `+`, `-`, `NOT` before a condition. Everything else is refused, so that nobody takes an
answer for something that he did not ask.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.search.fold import fold

Record = dict[str, Any]
MOST_ROWS = 1_000
ALL = "*:*"
_TOKEN = re.compile(
    r"""\s*(?P<sign>[+\-]|NOT\s+)?(?:(?P<field>[a-z_]+):)?
    (?:"(?P<phrase>[^"]*)"|\((?P<group>[^()]*)\)|\[(?P<low>\S+)\s+TO\s+(?P<high>\S+)\]
    |(?P<word>[^\s"()\[\]]+))\s*""",
    re.VERBOSE,
)
_OPERATORS = re.compile(r"[\\^~{}*?]|\|\||&&")  # of Solr, that we do not have


class SearchFault(Exception):
    """What is not understood; the text tells the asker."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked.

    Attributes:
        start, rows: which part of what is found.
        facets: fields whose values are counted; `limit`: how many of each, -1: all.
    """

    q: str = ALL
    fq: tuple[str, ...] = ()
    sort: str = ""
    start: int = 0
    rows: int = 10
    facets: tuple[str, ...] = ()
    limit: int = 50
    mincount: int = 1


def search(packages: Sequence[Record], asked: Search) -> Record:
    """The result of `package_search`.

    Raises:
        SearchFault: it is not understood.
    """
    tests = [test for text in (asked.q, *asked.fq) for test in _tests(text)]
    found = [one for one in packages if all(test(one) for test in tests)]
    for name, down in reversed(_orders(asked.sort)):
        found.sort(key=lambda one: _sortable(one, name), reverse=down)
    counted = {name: _counted(found, name, asked) for name in asked.facets}
    return {
        "count": len(found),
        "sort": asked.sort or "score desc, metadata_modified desc",
        "results": found[asked.start : asked.start + asked.rows],
        "facets": {n: {i["name"]: i["count"] for i in items} for n, items in counted.items()},
        "search_facets": {n: {"title": n, "items": items} for n, items in counted.items()},
    }


Test = Callable[[Record], bool]


def _tests(text: str) -> list[Test]:
    text = text.strip()
    if text in ("", ALL):
        return []
    found: list[Test] = []
    place = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise SearchFault(f"not understood from here: {text[place : place + 40]}")
        place = token.end()
        word = token["word"]
        if word == "AND" and token["field"] is None and token["sign"] is None:
            continue
        if word == "OR" or (word not in (None, "*", ALL) and _OPERATORS.search(word)):
            raise SearchFault(f"not understood: {word}")
        if word == ALL:
            continue
        if token["field"] is None and word is None and token["phrase"] is None:
            raise SearchFault("a group needs a field: field:(a OR b)")
        found.append(_signed(token["sign"], _test(token)))
    return found


def _signed(sign: str | None, test: Test) -> Test:
    if sign is None or sign == "+":
        return test
    return lambda one: not test(one)


def _test(token: re.Match[str]) -> Test:
    name = token["field"]
    if token["low"] is not None:
        if name not in _FIELDS:
            raise SearchFault(f"unknown field: {name}")
        return _between(_FIELDS[name], token["low"], token["high"])
    if token["group"] is not None:
        wanted = [part.strip(' "') for part in re.split(r"\s+OR\s+|\s+", token["group"].strip())]
    else:
        wanted = [token["phrase"] if token["phrase"] is not None else token["word"]]
    wanted = [_folded(one) for one in wanted if one]
    if name is None:
        return lambda one: all(word in _folded(_haystack(one)) for word in wanted)
    if name not in _FIELDS:
        raise SearchFault(f"unknown field: {name}")
    values = _FIELDS[name]
    if name in _PARTIAL:
        return lambda one: any(word in _folded(v) for v in values(one) for word in wanted)
    return lambda one: wanted == ["*"] or any(_folded(v) in wanted for v in values(one))


def _between(values: Callable[[Record], list[str]], low: str, high: str) -> Test:
    """Texts in their order: moments are written so that it is theirs."""

    def test(one: Record) -> bool:
        return any((low in ("*",) or low <= v) and (high == "*" or v <= high) for v in values(one))

    return test


def _folded(text: str) -> str:
    """Capitals, widths, traditional and simplified alike, as the catalogue's search has it."""
    return fold(text)


def _haystack(one: Record) -> str:
    extras = [item["value"] for item in one["extras"]]
    tags = [item["display_name"] for item in one["tags"]]
    words = [one["name"], one["title"], one["notes"], one["organization"]["title"], *tags, *extras]
    return " ".join(word for word in words if word)


def _one(name: str) -> Callable[[Record], list[str]]:
    return lambda one: [str(one[name])] if one[name] is not None else []


_FIELDS: Mapping[str, Callable[[Record], list[str]]] = {
    "id": _one("id"),
    "name": _one("name"),
    "title": _one("title"),
    "notes": _one("notes"),
    "text": lambda one: [_haystack(one)],
    "license_id": _one("license_id"),
    "owner_org": _one("owner_org"),
    "metadata_modified": _one("metadata_modified"),
    "metadata_created": _one("metadata_created"),
    "state": _one("state"),
    "type": _one("type"),
    "dataset_type": _one("type"),
    "organization": lambda one: [one["organization"]["name"]],
    "groups": lambda one: [item["name"] for item in one["groups"]],
    "tags": lambda one: [item["name"] for item in one["tags"]],
    "res_format": lambda one: [item["format"] for item in one["resources"]],
}
_PARTIAL = ("title", "notes", "text")
_TITLES: Mapping[str, Callable[[Record], dict[str, str]]] = {
    "organization": lambda one: {one["organization"]["name"]: one["organization"]["title"]},
    "groups": lambda one: {item["name"]: item["display_name"] for item in one["groups"]},
    "license_id": lambda one: {str(one["license_id"]): one["license_title"] or ""},
}
_SORTS = {
    "name": "name", "title": "title", "title_string": "title", "id": "id",
    "metadata_modified": "metadata_modified", "metadata_created": "metadata_created",
}  # fmt: skip


def _orders(sort: str) -> list[tuple[str, bool]]:
    """Fields, and whether downwards; relevance is not told apart, so it orders nothing."""
    found = []
    for part in filter(
        None, (part.strip() for part in (sort or "metadata_modified desc").split(","))
    ):
        name, _, way = part.partition(" ")
        if way.strip() not in ("", "asc", "desc") or name not in (*_SORTS, "score", "relevance"):
            raise SearchFault(f"cannot sort by: {part}")
        if name in _SORTS:
            found.append((_SORTS[name], way.strip() == "desc"))
    return found


def _sortable(one: Record, name: str) -> str:
    return str(one[name] or "").casefold()


def _counted(found: Sequence[Record], name: str, asked: Search) -> list[Record]:
    if name not in _FIELDS:
        raise SearchFault(f"unknown field: {name}")
    counts = Counter(value for one in found for value in set(_FIELDS[name](one)))
    titles: dict[str, str] = {}
    for one in found if name in _TITLES else ():
        titles |= _TITLES[name](one)
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [item for item in most if item[1] >= asked.mincount]
    return [
        {"name": value, "display_name": titles.get(value) or value, "count": count}
        for value, count in (shown if asked.limit < 0 else shown[: asked.limit])
    ]
