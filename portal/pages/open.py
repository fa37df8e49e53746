"""Open data for people: what there is, how good it is, and how it is had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from markupsafe import Markup

from catalog.exports.dataset import FORMATS, Addresses, Dataset, text_in, texts_of
from catalog.exports.schema_org import script_text, structured
from catalog.search.fold import fold
from portal.opencatalogue import OpenCatalogue, addresses
from portal.pages.page import Visit, VisitDep, page_router, render

LONGEST = 200  # characters of a search
router = page_router()


@dataclass(frozen=True, slots=True)
class _Shown:
    """A dataset in the reader's language."""

    key: str
    title: str
    description: str
    publisher: str
    dataset: Dataset


@router.get("/opendata")
def open_list(request: Request, visit: VisitDep, q: str = "") -> Response:
    """All open datasets, or those that have all words of a search."""
    catalogue = visit.site.service.open_data
    words = fold(q[:LONGEST]).split()
    shown = [_shown(one, visit.lang) for one in catalogue.datasets()]
    found = [one for one in shown if all(word in _text(one) for word in words)]
    return render(
        request,
        "open/list.html",
        found=sorted(found, key=lambda one: one.title.casefold()),
        q=q[:LONGEST],
        all=len(shown),
        terms=_terms(catalogue, visit.lang),
    )


@router.get("/opendata/{resource}")
def open_dataset(request: Request, visit: VisitDep, resource: str) -> Response:
    """A dataset: what it is, its fields, terms, quality, downloads, and how it was desensitised."""
    catalogue = visit.site.service.open_data
    dataset = catalogue.dataset(resource)
    catalogue.lookups.count(dataset.key)
    at = addresses(request, catalogue)
    return render(
        request,
        "open/dataset.html",
        one=_shown(dataset, visit.lang),
        dataset=dataset,
        limitations=text_in(dataset.limitations, visit.lang),
        fields=[
            (
                item.name,
                text_in(texts_of(item.title), visit.lang),
                item.type,
                text_in(texts_of(dataset.notes.get(item.name, "")), visit.lang),
            )
            for item in dataset.entry.fields
        ],
        suffixes=[form.suffix for form in FORMATS],
        examples=_examples(dataset, at),
        risk=_risk(dataset.risk),
        terms=_terms(catalogue, visit.lang),
        structured=told_to_searchers(request, visit, dataset),
    )


def told_to_searchers(request: Request, visit: Visit, dataset: Dataset) -> Markup:
    """The dataset as search engines read it (schema.org), for an element of a page's head."""
    catalogue = visit.site.service.open_data
    found = structured(dataset, catalogue.terms, addresses(request, catalogue), visit.lang)
    return Markup(script_text(found))  # `script_text` lets nothing end the element


def _shown(dataset: Dataset, lang: str) -> _Shown:
    return _Shown(
        dataset.key,
        text_in(dataset.title, lang) or dataset.key,
        text_in(dataset.description, lang),
        dataset.publisher.name(lang) if dataset.publisher else "",
        dataset,
    )


def _text(one: _Shown) -> str:
    """What is searched: both languages."""
    texts = [*one.dataset.title.values(), *one.dataset.description.values()]
    names = [*(one.dataset.publisher.names.values() if one.dataset.publisher else ())]
    fields = [f"{item.name} {item.title}" for item in one.dataset.entry.fields]
    return fold(" ".join([one.key, *texts, *names, *fields, *one.dataset.entry.tags]))


def _terms(catalogue: OpenCatalogue, lang: str) -> dict[str, Any]:
    terms = catalogue.terms
    return {
        "license": terms.license,
        "license_title": terms.license_title or terms.license_id or terms.license,
        "attribution": text_in(terms.attribution, lang),
        "contact": terms.contact,
    }


def _examples(dataset: Dataset, at: Addresses) -> list[tuple[str, str]]:
    """How programs get it, as commands that work."""
    name = dataset.key.replace(".", "-", 1)
    return [
        ("open_example_rows", f"curl -fsSL -O {at.download(dataset.key, 'csv')}"),
        ("open_example_dcat", f"curl -fsSL -H 'Accept: text/turtle' {at.dataset(dataset.key)}"),
        ("open_example_ckan", f"curl -fsSL '{at.base}/api/3/action/package_show?id={name}'"),
    ]


def _risk(found: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """What was measured before it was published: keys of texts with their numbers."""
    if found is None:
        return []
    names: tuple[str, ...]
    if found.get("kind") == "statistics":
        names = ("groups", "minimum", "smallest", "suppressed")
    else:
        names = ("rows", "classes", "k", "theta_max", "theta_mean")
    known = [(f"open_risk_{name}", found[name]) for name in names if found.get(name) is not None]
    rated = found.get("gbt42460")
    if isinstance(rated, Mapping):
        known += [("open_risk_risk", rated["risk"]), ("open_risk_threshold", rated["threshold"])]
    return known
