"""Whether documents allow what is asked, in one order: term, user, purpose, fields, then letters.

An error names the first of these that does not hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.agreements import Agreement, Consent, Letter
from catalog.database.instrument_records import Fields, Instrument, Permission, Sources
from catalog.errors import CatalogError

# How near an agreement came to allowing: the farthest one's error is told.
_STEPS = (
    "agreement_missing",
    "agreement_expired",
    "agreement_revoked",
    "agreement_not_countersigned",
    "user_not_named",
    "purpose_not_agreed",
    "field_not_agreed",
    "letter_missing",
    "letter_expired",
    "letter_revoked",
)
_CONSENT_STEPS = ("consent_missing", "consent_expired", "consent_revoked", "consent_used")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user asks for.

    Attributes:
        views: by view, the fields.
        sources: by view and department, the resources and fields it is made of.
    """

    partner: str
    user: str
    purpose: str
    views: Fields
    sources: Sources
    at: datetime


def permission(
    asked: Asked, agreements: Sequence[Instrument], letters: Sequence[Instrument]
) -> Permission:
    """What the first agreement that allows it permits.

    Args:
        agreements: of the partner, in their newest versions.
        letters: which they name, in their newest versions.

    Raises:
        CatalogError: of the agreement that came nearest to allowing it.
    """
    refused = [CatalogError("agreement_missing", partner=asked.partner)]
    for one in agreements:
        try:
            return _by(asked, one, letters)
        except CatalogError as error:
            refused.append(error)
    raise max(refused, key=lambda error: _STEPS.index(error.code))


def _by(asked: Asked, one: Instrument, letters: Sequence[Instrument]) -> Permission:
    terms = one.document
    assert isinstance(terms, Agreement)
    _check_term(asked, one)
    if asked.user not in terms.users:
        raise CatalogError("user_not_named", agreement=one.id, user=asked.user)
    if asked.purpose not in terms.purposes:
        raise CatalogError("purpose_not_agreed", agreement=one.id, purpose=asked.purpose)
    agreed = {view.name: view.fields for view in terms.views}
    for view, fields in asked.views.items():
        for name in fields or ("*",):
            if view not in agreed or (name not in agreed[view] and fields):
                raise CatalogError("field_not_agreed", agreement=one.id, view=view, field=name)
    named = [letter for letter in letters if letter.id in terms.letters]
    used = {letter.name: letter for letter in _letters(asked, one, named)}
    granted = {view: tuple(sorted(set(fields))) for view, fields in asked.views.items()}
    return Permission(one, terms, tuple(used[name] for name in sorted(used)), granted)


def _check_term(asked: Asked, one: Instrument) -> None:
    state = one.state(asked.at)
    if state == "early":
        raise CatalogError("agreement_missing", partner=asked.partner)
    if state == "expired":
        raise CatalogError("agreement_expired", agreement=one.id, until=one.valid_until)
    if one.revocation is not None and state == "revoked":
        raise CatalogError("agreement_revoked", agreement=one.id, since=one.revocation.at)
    if state == "unsigned":
        raise CatalogError(
            "agreement_not_countersigned",
            agreement=one.id,
            version=one.version,
            partner=asked.partner,
        )


def _letters(
    asked: Asked, agreement: Instrument, letters: Sequence[Instrument]
) -> Iterator[Instrument]:
    """The letters that cover every resource of every view."""
    for view in asked.views:
        sources = asked.sources.get(view)
        if not sources:  # a view of nobody knows whose data: nobody can have allowed it
            raise CatalogError("letter_missing", department="?", agreement=agreement.id, what=view)
        for department, resources in sources.items():
            for resource, fields in resources.items():
                covering = [
                    letter
                    for letter in letters
                    if _covers(letter, department, asked.purpose, resource, fields)
                ]
                yield _holding(asked, agreement, covering, department, resource)


def _covers(
    letter: Instrument, department: str, purpose: str, resource: str, fields: Collection[str]
) -> bool:
    said = letter.document
    assert isinstance(said, Letter)
    return (
        said.department == department
        and purpose in said.purposes
        and any(one.name == resource and set(fields) <= set(one.fields) for one in said.resources)
    )


def _holding(
    asked: Asked,
    agreement: Instrument,
    covering: Sequence[Instrument],
    department: str,
    resource: str,
) -> Instrument:
    refused = [
        CatalogError("letter_missing", department=department, agreement=agreement.id, what=resource)
    ]
    for letter in covering:
        state = letter.state(asked.at)
        if state == "in_force":
            return letter
        named: dict[str, Any] = {"department": department, "letter": letter.id}
        if state == "expired":
            refused.append(CatalogError("letter_expired", until=letter.valid_until, **named))
        if letter.revocation is not None and state == "revoked":
            refused.append(CatalogError("letter_revoked", since=letter.revocation.at, **named))
    raise max(refused, key=lambda error: _STEPS.index(error.code))


# Consents


def consenting(
    consents: Sequence[Instrument],
    used: Collection[str],
    enterprise: str,
    purpose: str,
    fields: Collection[str],
    at: datetime,
) -> Instrument:
    """The consent for a purpose that can be used and covers the most of some fields.

    Args:
        consents: of the enterprise for the partner, in their newest versions.
        used: names of those that were used.

    Raises:
        CatalogError: of the consent that came nearest.
    """
    refused = [CatalogError("consent_missing", enterprise=enterprise, purpose=purpose)]
    usable: list[tuple[int, Instrument]] = []
    for one in consents:
        said = one.document
        assert isinstance(said, Consent)
        covered = len(set(fields) & set(said.fields))
        if said.purpose != purpose or not covered:
            continue
        try:
            check_consent(one, at, used=one.name in used)
        except CatalogError as error:
            refused.append(error)
        else:
            usable.append((covered, one))
    if usable:
        return max(usable, key=lambda found: found[0])[1]
    raise max(refused, key=lambda error: _CONSENT_STEPS.index(error.code))


def check_consent(one: Instrument, at: datetime, *, used: bool) -> None:
    """Check that a consent can be used.

    Raises:
        CatalogError: `consent_missing` (before its first day), `consent_expired`,
            `consent_revoked`, `consent_used`.
    """
    said, state = one.document, one.state(at)
    assert isinstance(said, Consent)
    if state == "early":
        raise CatalogError("consent_missing", enterprise=said.enterprise, purpose=said.purpose)
    if state == "expired":
        raise CatalogError("consent_expired", consent=one.id, until=one.valid_until)
    if one.revocation is not None and state == "revoked":
        raise CatalogError("consent_revoked", consent=one.id, since=one.revocation.at)
    if said.use == "once" and used:
        raise CatalogError("consent_used", consent=one.id)
