"""What a city tells of its resources to other catalogues, and which of them anyone may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from catalog.contract import Contract
from catalog.database import CatalogStore
from catalog.database.records import ResourceStatus, RuleResultRow, StepRow
from catalog.exports.dataset import (
    Addresses,
    Contact,
    Dataset,
    Party,
    Service,
    Terms,
    Texts,
    texts_of,
)
from catalog.resources.entry import Entry
from pipelines.departments import Department
from pipelines.entries import entries_of
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.plan import Plan
from pipelines.settings import Settings
from quality.scores import recorded_score

if TYPE_CHECKING:
    from catalog.exports.dcat import Form


@dataclass(frozen=True, slots=True)
class Export:
    """A catalogue as a document.

    Attributes:
        undeclared: what the profile wants and nothing says: pairs of a resource and a property.
    """

    document: bytes
    undeclared: tuple[tuple[str, str], ...]


def export_catalogue(plan: Plan, form: Form, url: str | None, everything: bool) -> Export:
    """The catalogue of a compiled workspace as DCAT-AP 3.

    Args:
        url: the portal's public address; the settings' by default.
        everything: what is not public, too.

    Raises:
        PipelineError: `open_url_missing`: neither says an address.
    """
    from catalog.exports import dcat

    address = url or plan.workspace.settings.open.url
    if address is None:
        raise PipelineError("open_url_missing")
    terms = terms_of_city(plan)
    with CatalogStore.open(Home.of(plan.workspace.name).database_url) as store:
        datasets = datasets_of(plan, store, everything=everything)
    made = dcat.graph(datasets, terms, Addresses(address.rstrip("/")))
    return Export(dcat.written(made, form), dcat.undeclared(datasets, terms))


def is_public(contract: Contract) -> bool:
    """Whether everybody may know of a resource: it is released to everybody, or declared open."""
    release, declared = contract.release, contract.catalogue.open
    released = release is not None and release.channel == "open"
    return declared is not False and (declared is True or released)


def is_download(contract: Contract, entry: Entry) -> bool:
    """Whether anyone may download a resource: a release to everybody, every field of it without a
    condition."""
    release = contract.release
    released = release is not None and release.channel == "open" and contract.database == "open"
    types = {entry.open_type, *(item.open_type for item in entry.fields)}
    return released and types == {"unconditional"}


def terms_of_city(plan: Plan) -> Terms:
    """On what terms the city opens data."""
    settings = plan.workspace.settings
    said = settings.open
    contact = None
    if said.contact_name or said.contact_email or said.contact_url:
        name = said.contact_name or said.contact_email or said.contact_url or ""
        contact = Contact(name, said.contact_email, said.contact_url)
    return Terms(
        settings.name,
        _texts(settings.title),
        _publisher(plan),
        said.license,
        said.license_id,
        said.license_title,
        _texts(said.attribution),
        contact,
        said.spatial,
    )


def datasets_of(
    plan: Plan, store: CatalogStore, *, everything: bool = False
) -> tuple[Dataset, ...]:
    """The datasets of a compiled workspace, in the plan's order, as they are published now.

    Args:
        everything: those that are not public, too; for the city's own people.
    """
    name = plan.workspace.name
    known = {item.name: item for item in store.status(name).resources}
    steps = {key: step.publishing for key, step in store.last_steps(name).items()}
    found = []
    for entry in entries_of(plan, store.resource_facts(name)):
        contract = plan.steps[entry.key].contract
        if everything or is_public(contract):
            key = entry.key
            rules = store.rule_results(name, key) if steps.get(key) is not None else []
            found.append(_dataset(plan, entry, contract, known.get(key), steps.get(key), rules))
    return tuple(found)


def _dataset(
    plan: Plan,
    entry: Entry,
    contract: Contract,
    now: ResourceStatus | None,
    publishing: StepRow | None,
    rules: list[RuleResultRow],
) -> Dataset:
    settings = plan.workspace.settings
    department = plan.workspace.departments.get(contract.department or "")
    # A later attempt that was refused says nothing of what readers see.
    mine = [one for one in rules if publishing is not None and one.run_id == publishing.run_id]
    measures, moment = _measures(mine)
    return Dataset(
        entry,
        texts_of(contract.title),
        texts_of(contract.purpose),
        texts_of(contract.limitations),
        _party(department) if department else None,
        contract.version,
        is_download(contract, entry) and now is not None and now.snapshot_id is not None,
        now.snapshot_id if now else None,
        now.published_at if now else None,
        now.rows if now else None,
        measures,
        moment,
        contract.release.kind if contract.release else None,
        publishing.risk if publishing else None,
        settings.open.themes.get(entry.key, ()),
        {item.name: item.description for item in contract.fields if item.description},
        _services(contract, entry),
    )


def _measures(rules: list[RuleResultRow]) -> tuple[Mapping[str, float], datetime | None]:
    """The share of what conforms, by dimension of the standard, and when it was assessed."""
    scores = recorded_score((rule.dimension, rule.assessed, rule.failed) for rule in rules)
    found = {one.dimension: one.value for one in scores.dimensions if one.value is not None}
    return found, max((rule.assessed_at for rule in rules), default=None)


def _services(contract: Contract, entry: Entry) -> tuple[Service, ...]:
    """By which interfaces a resource can be had: by request, or by questions."""
    found: list[Service] = []
    if contract.database != "sandbox" and entry.share_type in (1, 2):
        found.append("exchange")
    if contract.privacy is not None:
        found.append("sandbox")
    return tuple(found)


def _publisher(plan: Plan) -> Party:
    settings: Settings = plan.workspace.settings
    if settings.open.publisher is not None:
        return Party(settings.name, _texts(settings.open.publisher))
    departments = plan.workspace.departments.values()
    operator = next((one for one in departments if one.role == "operator"), None)
    if operator is not None:
        return _party(operator)
    return Party(settings.name, _texts(settings.title) or {"": settings.name})


def _party(department: Department) -> Party:
    return Party(department.id, _texts(department.name), department.code)


def _texts(value: Mapping[str, str] | str) -> Texts:
    if isinstance(value, str):
        return texts_of(value)
    return dict(value)
