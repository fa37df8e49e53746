"""The resource catalogue: searching it, and all that is known of one resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import Request, Response
from markupsafe import Markup

from catalog.resources.entry import Entry
from catalog.search.highlight import excerpt, highlight
from catalog.search.query import SORTS
from pipelines.entries import Live, ResourceCatalogue
from pipelines.listings import listed_entry
from pipelines.looking import LOOK
from pipelines.neighbours import Neighbourhood, neighbourhood
from pipelines.samples import sample
from pipelines.usage import USAGE_DAYS, resource_usage
from portal.catalogues import (
    address,
    asked,
    audience_of,
    ceiling_of,
    facets_of,
    finder_of,
    label,
    lineage_option,
    quality_charts,
    usage_chart,
    visible,
)
from portal.errors import PortalError
from portal.pages.auditing import note
from portal.pages.open import told_to_searchers
from portal.pages.page import (
    Visit,
    VisitDep,
    is_fragment,
    page_router,
    render,
    routes_by_name,
    url_for,
)
from portal.sharing import desk_of
from quality.scores import recorded_score

router = page_router()


@router.get("/catalogue")
def catalogue(request: Request, visit: VisitDep) -> Response:
    """Search: a page whose address says all of it, or the part of it that htmx asks for."""
    plan = visit.site.service.workspace
    query = asked(request.query_params, audience_of(visit.person))
    answer = finder_of(request, plan).search(query)
    last = max(1, -(-answer.total // query.size))
    template = "catalogue/found.html" if is_fragment(request) else "catalogue/search.html"
    return render(
        request,
        template,
        query=query,
        answer=answer,
        facets=facets_of(answer, query, visit.lang, visit.site.title(visit.lang)),
        sorts=SORTS,
        last=last,
        address=partial(address, query),
        highlight=lambda text: highlight(text, answer.terms),
        excerpt=lambda text: excerpt(text, answer.terms),
        label=lambda facet, value: label(facet, str(value), visit.lang),
        link=lambda hit: _link(request, hit["list"], hit["key"]),
    )


@router.get("/catalogue/resource/{table}")
def catalogue_resource(request: Request, visit: VisitDep, table: str) -> Response:
    """One of the city's own resources."""
    seen = _seen(request, visit, table)
    plan = visit.site.service.workspace
    around = neighbourhood(plan, table)
    shown = [item.name for item in around.resources if seen.may_see(item.name)]
    titles = {name: visit.site.called(name, visit.lang) for name in shown}
    hidden = len(around.resources) - len(titles)
    store = visit.site.service.opened.store
    results = store.rule_results(visit.site.service.name, table)
    scores = recorded_score((row.dimension, row.assessed, row.failed) for row in results)
    used = resource_usage(store, plan.workspace, table, visit.site.service.clock())
    to = partial(url_for, request, "catalogue_resource")
    return render(
        request,
        "catalogue/resource.html",
        usage=used,
        usage_days=USAGE_DAYS,
        usage_chart=usage_chart(used, visit.lang) if used.total.calls else None,
        entry=seen.entry,
        live=seen.live,
        listing=None,
        contract=plan.steps[table].contract,
        charts=quality_charts(
            scores.dimensions, seen.live.trend if seen.live else (), visit.site.moment, visit.lang
        ),
        around=around,
        titles=titles,
        hidden=hidden,
        lineage=lineage_option(around, lambda other: to(table=other), titles),
        up=_side(around, titles, -1),
        down=_side(around, titles, 1),
        sources=seen.sources,
        related=seen.related(),
        basket=_basket(request, visit, seen.entry),
        samples=ceiling_of(visit.person) is not None,
        structured=_structured(request, visit, table),
        label=lambda facet, value: label(facet, str(value), visit.lang),
    )


def _structured(request: Request, visit: Visit, table: str) -> Markup | None:
    """For search engines, what everybody may know of a resource."""
    dataset = visit.site.service.open_data.dataset_if_open(table)
    return None if dataset is None else told_to_searchers(request, visit, dataset)


@router.get("/catalogue/resource/{table}/samples")
def catalogue_samples(request: Request, visit: VisitDep, table: str) -> Response:
    """Some of its rows, without what the visitor may not see."""
    seen = _seen(request, visit, table)
    ceiling = ceiling_of(visit.person)
    if ceiling is None:
        raise PortalError("page_forbidden")
    found = sample(visit.site.service.workspace, table, ceiling)
    if found.rows and found.snapshot is not None:
        shown = [name for name in found.columns if name not in found.hidden]
        note(
            request,
            "exchange",
            table,
            detail={"kind": LOOK},
            fields=tuple(shown),
            rows=len(found.rows),
            snapshot=found.snapshot,
        )
    template = "catalogue/sample_rows.html" if is_fragment(request) else "catalogue/samples.html"
    return render(request, template, entry=seen.entry, sample=found, ceiling=ceiling)


@router.get("/catalogue/lists/{listing}/{key:path}")
def catalogue_listed(request: Request, visit: VisitDep, listing: str, key: str) -> Response:
    """An entry of a list that was imported from another catalogue."""
    entry = listed_entry(visit.site.service.workspace.workspace, listing, key)
    return render(
        request,
        "catalogue/resource.html",
        entry=entry,
        live=None,
        usage=None,
        listing=listing,
        contract=None,
        charts=(),
        around=None,
        related=[(code, None) for code in entry.related],
        sources=lambda item: [(name, None) for name in item.sources],
        basket=None,
        samples=False,
        structured=None,
        label=lambda facet, value: label(facet, str(value), visit.lang),
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """A resource and the catalogue around it, as a visitor may see them.

    Attributes:
        to: the address of a resource's page.
    """

    entry: Entry
    live: Live | None
    entries: Mapping[str, Entry]
    to: Callable[[str], str]

    def may_see(self, name: str) -> bool:
        return name in self.entries

    def sources(self, item: Any) -> list[tuple[str, str | None]]:
        """The fields that a field comes from, and where they are described; only those he may see.

        A collected field's are the columns that its department publishes.
        """
        if self.entry.key.startswith("raw."):
            return [(name, None) for name in item.sources]
        found: list[tuple[str, str | None]] = []
        for name in item.sources:
            table = name.rpartition(".")[0]
            if self.may_see(table):
                found.append((name, f"{self.to(table)}#field-{name.rpartition('.')[2]}"))
        return found

    def related(self) -> list[tuple[str, str | None]]:
        """Related codes, and the pages of those that are resources of this city."""
        by_code = {entry.code or key: key for key, entry in self.entries.items()}
        return [
            (code, self.to(by_code[code]) if code in by_code else None)
            for code in self.entry.related
        ]


def _seen(request: Request, visit: Visit, name: str) -> _Seen:
    """A resource that the visitor may see.

    Raises:
        PortalError: `page_missing`, whether there is no such resource or he may not know of it.
    """
    found: ResourceCatalogue = finder_of(request, visit.site.service.workspace).catalogue()
    audience = audience_of(visit.person)
    entries = {entry.key: entry for entry in found.entries if visible(entry, audience)}
    if name not in entries:
        raise PortalError("page_missing")
    to = partial(url_for, request, "catalogue_resource")
    return _Seen(entries[name], found.live.get(name), entries, lambda other: to(table=other))


def _side(around: Neighbourhood, titles: Mapping[str, str], way: int) -> list[tuple[str, str, int]]:
    """Name, title and shared fields of the neighbours on one side."""
    centre = next(item.name for item in around.resources if item.distance == 0)
    found = []
    for one in around.relations:
        here, there = (one.target, one.source) if way < 0 else (one.source, one.target)
        if here == centre and there in titles:
            found.append((there, titles[there], one.fields))
    return found


@dataclass(frozen=True, slots=True)
class _Basket:
    """Where an officer puts fields that he wants to ask for.

    Attributes:
        action: the form's address.
        fields: those that can be asked for.
    """

    action: str
    fields: frozenset[str]


def _basket(request: Request, visit: Visit, entry: Entry) -> _Basket | None:
    """The basket of an officer, for a resource of another department; None for everybody else."""
    person = visit.person
    if person is None or person.role != "officer" or "basket_add" not in routes_by_name(request):
        return None
    rules = desk_of(request).rules
    if rules.is_private(entry.key):
        return None
    fields = frozenset(item.name for item in rules.fields(entry.key) if not item.why_not)
    if not fields or rules.owner(entry.key) == person.department:
        return None
    return _Basket(url_for(request, "basket_add"), fields)


def _link(request: Request, listing: str, key: str) -> str:
    if listing:
        return url_for(request, "catalogue_listed", listing=listing, key=key)
    return url_for(request, "catalogue_resource", table=key)
