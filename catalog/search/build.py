"""Making the index of many documents.

A term counts in a document as BM25F has it (Robertson, Zaragoza, Taylor 2004): its occurrences are
weighed by the part of the entry that they stand in, and by that part's length, before they saturate.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from catalog.resources.entry import Entry
from catalog.search.document import AUDIENCES, FACETS, WEIGHTS, Document
from catalog.search.fold import fold
from catalog.search.index import FORM, FacetColumn, Index
from catalog.search.tokens import tokens

_SATURATION = 1.2  # k1
_LENGTH = 0.6  # b


def fingerprint_of(own: Sequence[Entry], lists: Iterable[tuple[str, str]]) -> str:
    """What an index would be made from: the workspace's own entries, and the lists.

    Args:
        lists: name and fingerprint of each list, so that its entries need not be read.
    """
    digest = hashlib.sha256(str(FORM).encode())
    for said in (*(entry.document() for entry in own), *sorted(lists)):
        digest.update(json.dumps(said, ensure_ascii=False, sort_keys=True).encode())
    return digest.hexdigest()


def build(documents: Sequence[Document], fingerprint: str) -> Index:
    """The index of documents, whose ids must differ."""
    terms, starts, places, impacts = _postings(documents)
    shown = [json.dumps(item.shown(), ensure_ascii=False).encode() for item in documents]
    names = [fold(" ".join(item.entry.name.split())) for item in documents]
    ranks = np.empty(len(names), dtype=np.int32)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names), dtype=np.int32)
    popular = np.log1p([item.popularity for item in documents])
    days = [item.entry.published for item in documents]
    return Index(
        fingerprint=fingerprint,
        terms=terms,
        starts=starts,
        documents=places,
        impacts=impacts,
        facets={facet: _facet(facet, documents) for facet in FACETS},
        names=names,
        ids=[item.id for item in documents],
        name_ranks=ranks,
        published=np.array([day.toordinal() if day else 0 for day in days], dtype=np.int32),
        popularity=(popular / max(popular.max(initial=0), 1)).astype(np.float32),
        audiences=np.array([AUDIENCES.index(item.audience) for item in documents], dtype=np.int32),
        shown=b"".join(shown),
        shown_starts=np.cumsum([0, *map(len, shown)], dtype=np.int64),
    )


def _postings(
    documents: Sequence[Document],
) -> tuple[list[str], NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Terms in their order, where each one's postings begin, and the postings."""
    known: dict[str, int] = {}
    occurrences = {part: array("q") for part in WEIGHTS}
    count = len(documents)
    for place, document in enumerate(documents):
        for part, text in document.parts().items():
            found = occurrences[part]
            for token in tokens(text):
                found.append(known.setdefault(token, len(known)) * count + place)
    terms = sorted(known)
    order = np.empty(len(terms), dtype=np.int64)
    order[[known[term] for term in terms]] = np.arange(len(terms))
    keys, weights = [], []
    for part, found in occurrences.items():
        key, weight = _weighed(np.frombuffer(found, dtype=np.int64), count, order)
        keys.append(key)
        weights.append(weight * WEIGHTS[part])
    pairs, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    total = np.bincount(inverse, np.concatenate(weights), len(pairs))
    term, place_of = np.divmod(pairs, max(count, 1))
    starts = np.searchsorted(term, np.arange(len(terms) + 1)).astype(np.int64)
    frequency = np.diff(starts)
    rarity = np.log1p((count - frequency + 0.5) / (frequency + 0.5))
    impacts = rarity[term] * total * (_SATURATION + 1) / (total + _SATURATION)
    return terms, starts, place_of.astype(np.int32), impacts.astype(np.float32)


def _weighed(
    found: NDArray[np.int64], count: int, order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of term and document in one part, as one number, and their length-normed occurrences."""
    pairs, times = np.unique(found, return_counts=True)
    if len(pairs) == 0:
        return pairs, times.astype(np.float64)
    term, place = np.divmod(pairs, count)
    lengths = np.bincount(place, times, count)
    mean = lengths[lengths > 0].mean()
    norm = 1 - _LENGTH + _LENGTH * lengths[place] / mean
    return order[term] * count + place, times / norm


def _facet(facet: str, documents: Sequence[Document]) -> FacetColumn:
    places, codes = array("i"), array("i")
    known: dict[str, int] = {}
    for place, document in enumerate(documents):
        for value in document.values()[facet]:
            places.append(place)
            codes.append(known.setdefault(value, len(known)))
    return FacetColumn(
        tuple(known), np.array(places, dtype=np.int32), np.array(codes, dtype=np.int32)
    )
