"""What may be asked for and what may be granted, by the contracts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from catalog.resources.entry import Entry, EntryField
from catalog.sharing.request import FieldDecision, Item, ShareType
from pipelines.entries import entries_of
from pipelines.errors import PipelineError
from pipelines.plan import Plan
from pipelines.sharing.masks import masked_levels, offered_masks
from pipelines.sharing.settings import bureau_of

CLOSED = "L4"
CONDITIONAL: ShareType = 2
UNCONDITIONAL: ShareType = 1


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Whether a field can be asked for.

    Attributes:
        share_type: 1, 2 or 3; None: nobody said, so its owner has to decide.
        condition: the contract's condition of sharing, of type 3 the legal basis.
        mask_needed: it is given through a mask, or on a stated legal basis.
        why_not: empty: it can be asked for; else the code of the error.
    """

    name: str
    title: str
    level: str
    share_type: int | None
    condition: str
    mask_needed: bool
    why_not: str


class SharingRules:
    """The sharing rules of a compiled workspace; what is slow to find is found once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.bureau = bureau_of(plan.workspace)
        self._offered: dict[tuple[str, str, str], tuple[str, ...]] = {}

    @cached_property
    def _entries(self) -> Mapping[str, Entry]:
        return {entry.key: entry for entry in entries_of(self.plan, {})}

    def entry(self, resource: str) -> Entry:
        """The entry of a resource.

        Raises:
            PipelineError: `unknown_table`.
        """
        found = self._entries.get(resource)
        if found is None:
            hint = next(iter(get_close_matches(resource, self._entries, 1)), "-")
            raise PipelineError("unknown_table", name=resource, hint=hint)
        return found

    def is_private(self, resource: str) -> bool:
        """Whether its rows never leave: a view of the sandbox, about which questions are answered."""
        release = self.plan.steps[self.entry(resource).key].contract.release
        return release is not None and release.kind == "private"

    def owner(self, resource: str) -> str:
        """The department that decides about a resource: its contract's, else the operator."""
        department = self.plan.steps[self.entry(resource).key].contract.department
        known = self.plan.workspace.departments
        return department if department in known and department else self.bureau

    def fields(self, resource: str) -> tuple[FieldRule, ...]:
        """The fields of a resource, and whether each can be asked for."""
        return tuple(self._rule(item) for item in self.entry(resource).fields)

    def ceiling(self) -> str:
        """The highest level that is ever shared: below the closed one, whatever the settings say."""
        return min(self.plan.workspace.settings.channels.share, "L3")

    def items(self, department: str, wants: Mapping[str, Sequence[str]]) -> tuple[Item, ...]:
        """What is asked for, by resource and by who has to answer.

        Raises:
            PipelineError: `share_nothing`, `unknown_table`, `share_own`, `share_field_unknown`;
                `share_not_shared` with the legal basis; `share_closed`, above the ceiling;
                `share_private`, of a view of the sandbox.
        """
        if not any(wants.values()):
            raise PipelineError("share_nothing")
        found: list[Item] = []
        for resource, names in wants.items():
            owner = self.owner(resource)
            if owner == department:
                raise PipelineError("share_own", resource=resource)
            by_type: dict[ShareType, list[str]] = defaultdict(list)
            for rule in self._chosen(resource, names):
                simple = rule.share_type == UNCONDITIONAL and not rule.mask_needed
                by_type[UNCONDITIONAL if simple else CONDITIONAL].append(rule.name)
            found += [Item(resource, owner, tuple(by_type[one]), one) for one in sorted(by_type)]
        return tuple(found)

    def recheck(self, department: str, items: Sequence[Item]) -> None:
        """Contracts change: what was asked for must still be shared; raises what `items` does."""
        wants: dict[str, list[str]] = defaultdict(list)
        for item in items:
            wants[item.resource] += item.fields
        self.items(department, wants)

    def _chosen(self, resource: str, names: Sequence[str]) -> list[FieldRule]:
        """Fields by their names, in the resource's order.

        Raises:
            PipelineError: as `items`.
        """
        if self.is_private(resource):
            raise PipelineError("share_private", resource=resource)
        known = self.fields(resource)
        if strange := [name for name in names if name not in {rule.name for rule in known}]:
            fields = ", ".join(strange)
            raise PipelineError("share_field_unknown", resource=resource, fields=fields)
        chosen = [rule for rule in known if rule.name in names]
        for rule in chosen:
            if rule.why_not == "share_not_shared":
                basis = rule.condition or self.entry(resource).share_condition or "-"
                raise PipelineError(
                    "share_not_shared", resource=resource, field=rule.name, basis=basis
                )
            if rule.why_not:
                raise PipelineError(
                    "share_closed",
                    resource=resource,
                    field=rule.name,
                    level=rule.level,
                    ceiling=self.ceiling(),
                )
        return chosen

    def check_decisions(
        self, resource: str, decisions: Mapping[str, FieldDecision]
    ) -> Mapping[str, str]:
        """Whether fields may be given as it was decided.

        Returns by field the law on which it rests, of those whose level asks for a mask.

        Raises:
            PipelineError: what `items` raises for approved fields, for contracts change; `share_mask`;
                `share_mask_needed`, for a field that is still too sensitive and has no legal basis.
        """
        given = {name: one for name, one in decisions.items() if one.outcome == "approved"}
        if not given:
            return {}
        self._chosen(resource, list(given))
        masks = {name: one.mask for name, one in given.items()}
        levels = masked_levels(self.plan, resource, masks)
        needed = self.plan.workspace.settings.sharing.mask_from
        legal: dict[str, str] = {}
        for name, level in levels.items():
            if level < needed:
                continue
            legal[name] = given[name].legal_basis.strip()
            if not legal[name]:
                raise PipelineError("share_mask_needed", resource=resource, field=name, level=level)
        return legal

    def offered(self, resource: str, name: str, department: str) -> tuple[str, ...]:
        """Masks for a field that a department asks for (`pipelines.sharing.masks`)."""
        key = (resource, name, department)
        if key not in self._offered:
            self._offered[key] = offered_masks(self.plan, resource, name, department)
        return self._offered[key]

    def _rule(self, item: EntryField) -> FieldRule:
        level = item.level or CLOSED
        why = ""
        if item.share_type == 3:
            why = "share_not_shared"
        elif level > self.ceiling():
            why = "share_closed"
        needed = level >= self.plan.workspace.settings.sharing.mask_from
        condition = item.share_condition or ""
        return FieldRule(item.name, item.title, level, item.share_type, condition, needed, why)
