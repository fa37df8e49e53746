"""The catalogue's entries of a compiled workspace, and what is known of each resource now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches

from catalog.contract import META_COLUMNS, Contract, ContractField
from catalog.database import CatalogStore, ResourceStatus
from catalog.database.resource_facts import ResourceFacts
from catalog.lineage import ROW
from catalog.resources.entry import (
    CYCLES,
    Entry,
    EntryField,
    class_of,
    cycle_of,
    format_of,
)
from catalog.resources.terms import (
    field_open_type,
    open_type_of,
    share_condition_of,
    share_type_of,
)
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.plan import Plan
from pipelines.usage import UNUSED, Usage, usage_by_resource
from pipelines.workspace import Workspace

Column = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Live:
    """What is known of a resource at a moment; it changes with runs, its entry with contracts.

    Attributes:
        score: the quality score of what readers see, 0 to 1.
        trend: when and what the last scores were, the oldest first.
        age_days: since what readers see was published.
        usage: by every channel, in the last 90 days.
    """

    last_status: str | None
    rows: int | None
    published_at: datetime | None
    age_days: float | None
    score: float | None
    trend: tuple[tuple[datetime, float], ...]
    usage: Usage = UNUSED

    @property
    def calls(self) -> int:
        """How often its data was given in that time."""
        return self.usage.calls


def entries_of(plan: Plan, facts: Mapping[str, ResourceFacts]) -> tuple[Entry, ...]:
    """The entries of every resource, in the plan's order."""
    sources, cycles = _Sources(plan), _Cycles(plan)
    found = [_entry(plan, name, facts.get(name), sources, cycles) for name in plan.steps]
    codes = {entry.key: entry.code or entry.key for entry in found}
    return tuple(_related(entry, codes) for entry in found)


def _related(entry: Entry, codes: Mapping[str, str]) -> Entry:
    """The entry with codes for the tables that its contract names as related."""
    if not entry.related:
        return entry
    return replace(entry, related=tuple(codes.get(name, name) for name in entry.related))


@dataclass(frozen=True, slots=True)
class ResourceCatalogue:
    """The entries of a workspace, and what is known of each resource now."""

    entries: tuple[Entry, ...]
    live: Mapping[str, Live]

    def entry(self, name: str) -> Entry:
        """The entry of a resource.

        Raises:
            PipelineError: `unknown_table`.
        """
        found = {item.key: item for item in self.entries}
        if name not in found:
            hint = next(iter(get_close_matches(name, found, 1)), "-")
            raise PipelineError("unknown_table", name=name, hint=hint)
        return found[name]


def catalogue_of(plan: Plan) -> ResourceCatalogue:
    """The catalogue of a compiled workspace."""
    name = plan.workspace.name
    with CatalogStore.open(Home.of(name).database_url) as store:
        facts = store.resource_facts(name)
        return ResourceCatalogue(entries_of(plan, facts), live(store, plan.workspace, known=facts))


def workspace_entries(plan: Plan) -> tuple[Entry, ...]:
    """The entries of a compiled workspace, without what is known of each resource now."""
    name = plan.workspace.name
    with CatalogStore.open(Home.of(name).database_url) as store:
        return entries_of(plan, store.resource_facts(name))


def live(
    store: CatalogStore,
    workspace: Workspace,
    now: datetime | None = None,
    known: Mapping[str, ResourceFacts] | None = None,
) -> dict[str, Live]:
    """What is known of every active resource.

    Args:
        known: the resources' facts, if they have been read already.
    """
    moment, name = now or datetime.now(UTC), workspace.name
    facts = store.resource_facts(name) if known is None else known
    used = usage_by_resource(store, workspace, moment)
    return {
        item.name: _live(item, facts.get(item.name), used.get(item.name, UNUSED), moment)
        for item in store.status(name).resources
    }


def _live(item: ResourceStatus, facts: ResourceFacts | None, usage: Usage, now: datetime) -> Live:
    age = (now - item.published_at).total_seconds() / 86_400 if item.published_at else None
    trend = facts.scores if facts else ()
    return Live(item.last_status, item.rows, item.published_at, age, item.score, trend, usage)


def collected_sources(plan: Plan, column: Column) -> frozenset[Column]:
    """The collected fields whose values get into a column; of a collected field it itself."""
    return _Sources(plan).columns(column)


class _Sources:
    """Finds the collected fields whose values get into a column."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._known: dict[Column, frozenset[Column]] = {}

    def of(self, table: str, item: ContractField) -> tuple[str, ...]:
        if table in self._plan.workspace.collected:
            return item.source_names
        return tuple(sorted(f"{t}.{c}" for t, c in self.columns((table, item.name))))

    def columns(self, column: Column) -> frozenset[Column]:
        """The collected fields whose values get into a column."""
        if column not in self._known:
            lineage = self._plan.lineage.get(column[0])
            if lineage is None:
                self._known[column] = frozenset({column})
            else:
                edges = lineage.columns.get(column[1], ())
                self._known[column] = frozenset[Column]().union(
                    *(
                        self.columns((edge.table, edge.column))
                        for edge in edges
                        if edge.direct and edge.column not in (ROW, *META_COLUMNS)
                    )
                )
        return self._known[column]


class _Cycles:
    """Update cycles: declared, or of a model those of what it is made of."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._known: dict[str, str | None] = {}

    def of(self, name: str) -> str | None:
        """A model is built anew when any of its inputs has changed: as often as the most frequent.
        If the cycle of one of them is not known, neither is its own."""
        if name not in self._known:
            step = self._plan.steps[name]
            declared = cycle_of(step.contract.frequency)
            if declared is None and step.contract.frequency is None and step.inputs:
                cycles = [self.of(other) for other in step.inputs]
                known = [cycle for cycle in cycles if cycle is not None]
                declared = min(known, key=CYCLES.index) if len(known) == len(cycles) else None
            self._known[name] = declared
        return self._known[name]


def _entry(
    plan: Plan, name: str, facts: ResourceFacts | None, sources: _Sources, cycles: _Cycles
) -> Entry:
    contract = plan.steps[name].contract
    settings, said = plan.workspace.settings, contract.catalogue
    provider = plan.workspace.departments.get(contract.department or "")
    share, opened = said.share_type, open_type_of(contract)
    fields = tuple(
        EntryField(
            item.name,
            item.title,
            item.physical_type,
            plan.levels.of((name, item.name)),
            share_type_of(contract, item),
            field_open_type(contract, item),
            sources.of(name, item),
            item.source_of,
            share_condition_of(contract, item),
        )
        for item in contract.fields
    )
    subject = _subject(contract, settings.catalogue.subjects)
    day = settings.day_of(facts.first_published) if facts and facts.first_published else None
    items = {
        "kind": (class_of(contract), "no_rule"),
        "code": (_code(contract, subject, facts), _no_code(contract, subject)),
        "provider": (_named(provider.name) if provider else None, "not_declared"),
        "provider_code": (provider.code if provider else None, "not_declared"),
        "abstract": (contract.purpose or None, "not_declared"),
        "share_type": (share, "not_declared"),
        "share_way": (said.share_way or None, "not_declared"),
        "open_type": (opened, "not_declared"),
        "update_cycle": (cycles.of(name), "no_rule" if contract.frequency else "not_declared"),
        "published": (said.published or day, "not_published"),
    }
    items |= _conditions(contract, share, opened)
    values = {key: value for key, (value, _) in items.items() if value is not None}
    return Entry(
        key=name,
        city=settings.name,
        name=contract.title,
        format=format_of(contract),
        fields=fields,
        related=said.related,
        level=max([contract.row_level, *(item.level or "" for item in fields)]),
        missing={key: why for key, (value, why) in items.items() if value is None},
        **values,  # type: ignore[arg-type]
    )


def _conditions(
    contract: Contract, share: int | None, opened: str | None
) -> dict[str, tuple[str | None, str]]:
    """Conditions that the guide requires: of sharing types 2 and 3, and of conditional opening."""
    said = contract.catalogue
    found: dict[str, tuple[str | None, str]] = {}
    if share in (2, 3) or said.share_condition:
        found["share_condition"] = (said.share_condition, "not_declared")
    if opened == "conditional":
        found["open_condition"] = (said.open_condition, "not_declared")
    return found


def _named(name: Mapping[str, str] | str) -> str:
    """A department's name in every language that it has: it is searched in each of them."""
    return name if isinstance(name, str) else " / ".join(dict.fromkeys(name.values()))


def _subject(contract: Contract, subjects: Mapping[str, str]) -> str | None:
    keys = (contract.name, f"{contract.database}.{contract.department}", contract.database)
    return next((subjects[key] for key in keys if key in subjects), None)


def _code(contract: Contract, subject: str | None, facts: ResourceFacts | None) -> str | None:
    """The declared code, else class, subject and the number under which the resource was recorded."""
    kind = class_of(contract)
    if contract.catalogue.category or kind is None or subject is None or facts is None:
        return contract.catalogue.category
    return f"{kind}{subject}/{facts.number}"


def _no_code(contract: Contract, subject: str | None) -> str:
    if class_of(contract) is None:
        return "no_rule"
    return "not_declared" if subject is None else "not_registered"
