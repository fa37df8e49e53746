"""The index: arrays in memory, and the file that they are kept in."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORM = 1  # raised when a file of before would be read otherwise, or gives other results
Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FacetColumn:
    """The values of one facet: document `documents[i]` has `values[codes[i]]`, each pair once."""

    values: tuple[str, ...]
    documents: Ints
    codes: Ints


@dataclass(frozen=True)
class Index:
    """An inverted index over N documents and T terms.

    Attributes:
        fingerprint: of what it was made from.
        terms: sorted, so that the words with a prefix stand together.
        starts: T + 1 places: the postings of term `t` are those from `starts[t]` to `starts[t + 1]`.
        documents, impacts: a posting: a document, and how much the term counts in it.
        names: folded; `name_ranks` their order.
        published: days as ordinals, 0 where there is none.
        popularity: 0 to 1.
        audiences: places in `AUDIENCES`.
        shown, shown_starts: JSON of what results show, one behind the other, and N + 1 places.
    """

    fingerprint: str
    terms: Sequence[str]
    starts: NDArray[np.int64]
    documents: Ints
    impacts: Floats
    facets: Mapping[str, FacetColumn]
    names: Sequence[str]
    ids: Sequence[str]
    name_ranks: Ints
    published: Ints
    popularity: Floats
    audiences: Ints
    shown: bytes
    shown_starts: NDArray[np.int64]

    @property
    def size(self) -> int:
        """How many documents there are."""
        return len(self.names)

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of a document by its id."""
        return {name: place for place, name in enumerate(self.ids)}

    def record(self, document: int) -> dict[str, Any]:
        """What a result shows of a document."""
        start, end = self.shown_starts[document], self.shown_starts[document + 1]
        found: dict[str, Any] = json.loads(self.shown[start:end])
        return found

    def postings(self, first: int, end: int) -> tuple[Ints, Floats]:
        """Documents and impacts of the terms from `first` to before `end`."""
        part = slice(self.starts[first], self.starts[end])
        return self.documents[part], self.impacts[part]

    def place_of(self, term: str) -> int | None:
        """The place of a term, if any document has it."""
        place = bisect_left(self.terms, term)
        return place if place < len(self.terms) and self.terms[place] == term else None

    def beginning_with(self, prefix: str) -> tuple[int, int]:
        """The first term with a prefix, and the one after the last."""
        return bisect_left(self.terms, prefix), bisect_left(self.terms, f"{prefix}\U0010ffff")

    def ending_with(self, suffix: str) -> list[int]:
        """The terms with a suffix; goes through all of them, 10 ms for a hundred thousand."""
        return [place for place, term in enumerate(self.terms) if term.endswith(suffix)]


_ARRAYS = (
    "starts", "documents", "impacts", "name_ranks", "published", "popularity", "audiences",
    "shown_starts",
)  # fmt: skip
_TEXTS = ("terms", "names", "ids")


def save(index: Index, path: Path) -> None:
    """Write an index to a file, which is there whole or not at all; one writer at a time."""
    arrays: dict[str, Any] = {name: getattr(index, name) for name in _ARRAYS}
    arrays |= {name: _bytes("\n".join(getattr(index, name)).encode()) for name in _TEXTS}
    arrays["shown"] = _bytes(index.shown)
    for name, facet in index.facets.items():
        arrays[f"facet_documents_{name}"], arrays[f"facet_codes_{name}"] = (
            facet.documents,
            facet.codes,
        )
    values = {name: facet.values for name, facet in index.facets.items()}
    head = {"form": FORM, "fingerprint": index.fingerprint, "facets": values}
    arrays["head"] = _bytes(json.dumps(head, ensure_ascii=False).encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{path.name}-"
    for left in path.parent.glob(f"{prefix}*"):  # by a writer that was killed
        left.unlink(missing_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=prefix)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def load(path: Path, fingerprint: str) -> Index | None:
    """The index that a file holds; None if there is none, or it is of other entries, or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            head = json.loads(file["head"].tobytes())
            if (head["form"], head["fingerprint"]) != (FORM, fingerprint):
                return None
            found: dict[str, Any] = {name: file[name] for name in _ARRAYS}
            found |= {name: file[name].tobytes().decode().split("\n") for name in _TEXTS}
            found["shown"] = file["shown"].tobytes()
            found["facets"] = {
                name: FacetColumn(
                    tuple(values), file[f"facet_documents_{name}"], file[f"facet_codes_{name}"]
                )
                for name, values in head["facets"].items()
            }
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error):
        return None
    index = Index(fingerprint=fingerprint, **found)
    if len(index.name_ranks) == 0:  # a text of no names splits into one empty one
        return Index(**{**index.__dict__, "names": [], "ids": [], "terms": []})
    return index


def _bytes(content: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(content, dtype=np.uint8)
