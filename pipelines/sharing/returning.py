"""Returned data (回流): an upper level gives districts the rows that are theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from catalog.sharing.grant import MANNERS, Grant, RowFilter
from catalog.sharing.moves import Now
from catalog.sharing.request import FieldDecision
from pipelines.errors import PipelineError
from pipelines.sharing.rules import SharingRules
from pipelines.sharing.wishes import plain_text


@dataclass(frozen=True, slots=True)
class Return:
    """What a steward returns to a district.

    Attributes:
        department: the district.
        region_field, regions: the rows whose field has one of these values; a return without is
            refused, for a district gets its own rows and no others.
        first, last: the first and the last day on which it may be read, in the city.
        masks: by field the call of a masking function.
        legal_basis: lets fields that would need a mask be given without.
    """

    department: str
    resource: str
    fields: tuple[str, ...]
    region_field: str
    regions: tuple[str, ...]
    purpose: str
    basis: str
    first: date
    last: date
    manner: str = "interface"
    masks: tuple[tuple[str, str], ...] = ()
    legal_basis: str = ""


def grant_of_return(rules: SharingRules, given: Return, id: str, now: Now) -> Grant:
    """The grant that a return is.

    Raises:
        PipelineError: `unknown_table`, `share_field_unknown`, `share_not_shared`, `share_closed`,
            `share_mask`, `share_mask_needed`; `share_region`, when it names no rows or no field of the
            resource; `share_manner`, `share_term`, `share_text`, `share_nothing`.
    """
    _check_region(rules, given)
    if not given.fields:
        raise PipelineError("share_nothing")
    if given.manner not in MANNERS:
        raise PipelineError("share_manner", manner=given.manner, known=", ".join(MANNERS))
    masks = dict(given.masks)
    said = {
        name: FieldDecision("approved", masks.get(name, ""), legal_basis=given.legal_basis)
        for name in given.fields
    }
    legal = rules.check_decisions(given.resource, said)
    first, after = _term(rules, given, now)
    order = [item.name for item in rules.entry(given.resource).fields]
    return Grant(
        id=id,
        request="",
        department=given.department,
        resource=given.resource,
        fields=tuple(name for name in order if name in given.fields),
        purpose=plain_text("purpose", given.purpose),
        basis=plain_text("basis", given.basis),
        scenario="return",
        manner=given.manner,
        valid_from=max(first, now.at),
        valid_to=after,
        masks={name: mask for name, mask in masks.items() if mask and name in given.fields},
        rows=RowFilter(given.region_field, given.regions),
        owner=rules.owner(given.resource),
        legal=legal,
    )


def _check_region(rules: SharingRules, given: Return) -> None:
    known = [item.name for item in rules.entry(given.resource).fields]
    if given.region_field not in known or not any(one.strip() for one in given.regions):
        raise PipelineError("share_region", resource=given.resource, field=given.region_field)


def _term(rules: SharingRules, given: Return, now: Now) -> tuple[datetime, datetime]:
    zone, longest = now.terms.zone, now.terms.longest_days
    first = datetime.combine(given.first, time(), zone).astimezone(UTC)
    after = datetime.combine(given.last + timedelta(days=1), time(), zone).astimezone(UTC)
    if not first < after or after <= now.at or (given.last - given.first).days >= longest:
        today = rules.plan.workspace.settings.day_of(now.at)
        term = f"{given.first} - {given.last}"
        raise PipelineError("share_term", term=term, longest=longest, today=today)
    return first, after
