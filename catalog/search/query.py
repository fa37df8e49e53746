"""Asking the index: matching, ranking, filtering, counting.

All terms of a query are required. If no entry has all of them, entries with some are given, and the
answer says so; the more terms they have the better they rank.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from catalog.errors import CatalogError
from catalog.search.document import AUDIENCES, FACETS, Audience
from catalog.search.fold import fold
from catalog.search.index import FacetColumn, Index
from catalog.search.tokens import Term, query_terms

Sort = Literal["relevance", "name", "newest", "quality"]
SORTS: tuple[Sort, ...] = get_args(Sort)
LONGEST = 200  # characters of a query
MOST = 100  # results on a page
_EXACT, _BEGINS, _HOLDS = 4.0, 2.0, 1.4  # what a name counts that is, begins with or has the query
_OTHER_WORDS = 0.6  # what a word counts that only begins with a term
_POPULAR = 0.05
_NAMES_READ = 5_000  # the best entries by terms alone, whose names are compared with the query

Mask = NDArray[np.bool_]
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked.

    Attributes:
        filters: by facet, values of which an entry must have one.
        page: counted from 1.
        facet_size: how many values of a facet are counted, the most frequent first.
    """

    text: str = ""
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sort: Sort = "relevance"
    page: int = 1
    size: int = 20
    facet_size: int = 12
    audience: Audience = "staff"

    def checked(self) -> Query:
        """The query itself.

        Raises:
            CatalogError: `search_query`, which names what does not fit.
        """
        if len(self.text) > LONGEST:
            raise CatalogError("search_query", problem=f"> {LONGEST}")
        if self.sort not in SORTS:
            raise CatalogError("search_query", problem=f"sort: {', '.join(SORTS)}")
        for facet in self.filters:
            if facet not in FACETS:
                raise CatalogError("search_query", problem=f"{facet}: {', '.join(FACETS)}")
        if self.page < 1 or not 1 <= self.size <= MOST:
            raise CatalogError("search_query", problem=f"page >= 1, size 1-{MOST}")
        return self


def query_of(
    text: str, filters: Mapping[str, frozenset[str]], sort: str, page: int, size: int
) -> Query:
    """A query of what somebody typed.

    Raises:
        CatalogError: `search_query`.
    """
    return Query(text, filters, cast(Sort, sort), page, size).checked()


def parse_filters(said: Iterable[str]) -> dict[str, frozenset[str]]:
    """Filters written as `<facet>=<value>`; several values of one facet are alternatives.

    Raises:
        CatalogError: `search_query`.
    """
    found: dict[str, frozenset[str]] = {}
    for item in said:
        facet, equals, value = item.partition("=")
        if not equals:
            raise CatalogError("search_query", problem=f"{item}: FACET=VALUE")
        found[facet.strip()] = found.get(facet.strip(), frozenset()) | {value.strip()}
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found.

    Attributes:
        total: entries on all pages.
        relaxed: whether no entry had all terms, and these have some.
        hits: what is shown of each, with `score` its rank and `quality`, 0 to 1 or None.
        facets: by facet its values and how many entries would be found with that value and the other
            facets' filters; values that are filtered by are always among them.
        terms: what the query was read as.
    """

    total: int
    relaxed: bool
    hits: tuple[dict[str, Any], ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known now of the workspace's own entries, by id: it changes with every run.

    Attributes:
        quality: scores, 0 to 1.
        used: how often they were asked for.
    """

    quality: Mapping[str, float] = field(default_factory=dict)
    used: Mapping[str, int] = field(default_factory=dict)


def search(index: Index, query: Query, known: Known | None = None) -> Answer:
    """Answer a query.

    Raises:
        CatalogError: `search_query`.
    """
    query.checked()
    facts = known or Known()
    terms = query_terms(query.text)
    matched, scores, relaxed = _match(index, terms)
    matched &= index.audiences <= AUDIENCES.index(query.audience)
    chosen = {name: _with(index, name, values) for name, values in query.filters.items() if values}
    found = _all([matched, *chosen.values()])
    order = _order(index, query, found, scores, facts)
    start = (query.page - 1) * query.size
    hits = tuple(
        {
            **index.record(int(place)),
            "score": round(float(scores[place]), 4),
            "quality": facts.quality.get(index.ids[place]),
        }
        for place in order[start : start + query.size]
    )
    facets = {
        name: _counts(
            index.facets[name],
            _all([matched, *(mask for other, mask in chosen.items() if other != name)]),
            query.filters.get(name, frozenset()),
            query.facet_size,
        )
        for name in FACETS
    }
    return Answer(len(order), relaxed, hits, facets, tuple(terms))


def _match(index: Index, terms: list[Term]) -> tuple[Mask, Scores, bool]:
    """Which documents match, how well, and whether only some of the terms were required."""
    scores = np.zeros(index.size)
    if not terms:
        return np.ones(index.size, dtype=bool), scores, False
    having = np.zeros(index.size, dtype=np.int32)
    for term in terms:
        impact = _impact(index, term)
        scores += impact
        having += impact > 0
    matched = having == len(terms)
    if matched.any():
        return matched, scores, False
    return having > 0, scores * (having / len(terms)) ** 2, len(terms) > 1


def _impact(index: Index, term: Term) -> Scores:
    """How much a term counts in every document; 0 where it is not."""
    found: Scores = np.zeros(index.size)
    if term.match == "prefix":
        documents, impacts = index.postings(*index.beginning_with(term.text))
        found += np.bincount(documents, impacts, index.size) * _OTHER_WORDS
    elif term.match == "suffix":
        for place in index.ending_with(term.text):
            documents, impacts = index.postings(place, place + 1)
            found[documents] += impacts * _OTHER_WORDS
    exact = index.place_of(term.text)
    if exact is not None:
        documents, impacts = index.postings(exact, exact + 1)
        found[documents] = np.maximum(found[documents], impacts)
    return found


def _with(index: Index, facet: str, values: frozenset[str]) -> Mask:
    """The documents that have one of the values."""
    column = index.facets[facet]
    codes = [code for code, value in enumerate(column.values) if value in values]
    mask = np.zeros(index.size, dtype=bool)
    mask[column.documents[np.isin(column.codes, codes)]] = True
    return mask


def _all(masks: list[Mask]) -> Mask:
    found = masks[0]
    for mask in masks[1:]:
        found = found & mask
    return found


def _counts(
    column: FacetColumn, mask: Mask, chosen: frozenset[str], size: int
) -> tuple[tuple[str, int], ...]:
    counts = np.bincount(column.codes[mask[column.documents]], minlength=len(column.values))
    best = np.argsort(-counts, kind="stable")[:size]
    found = {column.values[code]: int(counts[code]) for code in best if counts[code]}
    if chosen - found.keys():
        codes = {value: code for code, value in enumerate(column.values)}
        found |= {value: int(counts[codes[value]]) for value in sorted(chosen) if value in codes}
    return tuple(found.items())


def _order(
    index: Index, query: Query, found: Mask, scores: Scores, known: Known
) -> NDArray[np.int64]:
    """The found documents in the order asked for; those that are equal in it by name."""
    places = np.flatnonzero(found)
    ranks = index.name_ranks[places]
    if query.sort == "name":
        return places[np.argsort(ranks)]
    if query.sort == "newest":
        return places[np.lexsort((ranks, -index.published[places]))]
    if query.sort == "quality":
        quality = np.full(index.size, -1.0)
        _put(index, quality, known.quality)
        return places[np.lexsort((ranks, -quality[places]))]
    popularity = index.popularity.astype(np.float64)
    _put(index, popularity, {name: min(1, np.log1p(n) / 10) for name, n in known.used.items()})
    if query.text.strip():
        _prefer_names(index, fold(" ".join(query.text.split())), places, scores)
        scores *= 1 + _POPULAR * popularity
    else:
        scores += popularity
    return places[np.lexsort((ranks, -scores[places]))]


def _put(index: Index, values: Scores, known: Mapping[str, float]) -> None:
    for name, value in known.items():
        place = index.places.get(name)
        if place is not None:
            values[place] = value


def _prefer_names(index: Index, text: str, places: NDArray[np.int64], scores: Scores) -> None:
    """Raise the entries whose name, or key, is, begins with or holds what was asked for."""
    if len(places) > _NAMES_READ:
        best = np.argpartition(-scores[places], _NAMES_READ)[:_NAMES_READ]
        places = places[best]
    for place in places:
        name = index.names[place]
        if text not in name:
            if index.ids[place].casefold() == text:
                scores[place] *= _EXACT
        elif name == text:
            scores[place] *= _EXACT
        else:
            scores[place] *= _BEGINS if name.startswith(text) else _HOLDS
