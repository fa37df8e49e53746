"""Letters, agreements and consents as people read them, without HTTP: who may see which, what they say
in plain words, what changed from version to version, who still has to sign."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from catalog.agreements import (
    KINDS,
    Agreement,
    Consent,
    Document,
    Kind,
    Letter,
    Signature,
    SignedDocument,
    document_plain,
    read_signed,
    signed_plain,
)
from catalog.database import CatalogStore
from catalog.database.countersignatures import expected
from catalog.database.instrument_records import Instrument
from catalog.people import Person
from catalog.text import text
from pipelines.workspace import Workspace
from portal.errors import PortalError
from portal.permissions import READERS, own_department, own_partner
from sandbox.keyfiles import public_keys

MOST_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature as it is shown; `later`: when it came after the import."""

    signature: Signature
    later: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A version of a document.

    Attributes:
        state: `in_force`, `early`, `expired`, `revoked`, `unsigned` (by its partner, who has to), or
            `replaced` by a later version.
        missing: who still has to sign it.
    """

    one: Instrument
    state: str
    signed: tuple[Signed, ...]
    missing: tuple[str, ...]

    @property
    def whole(self) -> Instrument:
        """The version with every signature that it bears."""
        return replace(self.one, signatures=tuple(each.signature for each in self.signed))


def may_see(person: Person, document: Document) -> bool:
    """Whether somebody may read a document: the bureau all, others those that they are a side of."""
    if person.role in READERS:
        return True
    if isinstance(document, Letter):
        return own_department(person, document.department)
    partner = document.partner.id if isinstance(document, Agreement) else document.partner
    return own_partner(person, partner)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a document stands.

    Attributes:
        now: the version in force, else the newest one.
        waiting: a newer one that is not in force yet: its partner has not signed, or its day has not
            come.
    """

    now: Shown
    waiting: Shown | None = None


def standing(versions: Sequence[Shown]) -> Standing:
    """How a document stands.

    Args:
        versions: at least one, the newest first.
    """
    newest = versions[0]
    holds = next((one for one in versions if one.state == "in_force"), newest)
    return Standing(holds, None if holds is newest else newest)


def listed(store: CatalogStore, workspace: str, person: Person, now: datetime) -> list[Standing]:
    """How every document stands that somebody may see, by kind and id."""
    found: dict[tuple[str, str], list[tuple[Instrument, str]]] = {}
    for one, state in store.instruments.told(workspace, now):
        found.setdefault((one.kind, one.id), []).append((one, state))
    seen = [known for known in found.values() if may_see(person, known[-1][0].document)]
    return [
        standing([
            _shown(store, workspace, one, state)
            for one, state in reversed(known)
            if may_see(person, one.document)
            # The others' signatures are not read: they are not shown.
            and (state == "in_force" or one is known[-1][0])
        ])
        for known in seen
    ]  # fmt: skip


def due(
    store: CatalogStore, workspace: str, person: Person, now: datetime, zone: tzinfo, days: int
) -> list[Shown]:
    """Letters and agreements that somebody may see and somebody has still to sign, or that end soon.

    Args:
        zone: of the city, in which their days are meant.
        days: how long before its last day a document ends soon.
    """
    last = now.astimezone(zone).date() + timedelta(days=days)
    kinds: tuple[Kind, ...] = ("letter", "agreement")  # of consents there may be millions
    newest = {
        (kind, one.id): (one, state)
        for kind in kinds
        for one, state in store.instruments.told(workspace, now, kind)
    }
    found = [
        _shown(store, workspace, one, state)
        for one, state in newest.values()
        if state in ("in_force", "early", "unsigned") and may_see(person, one.document)
    ]
    return [one for one in found if one.missing or one.one.document.valid_to <= last]


def versions(
    store: CatalogStore, workspace: str, person: Person, kind: str, id: str, now: datetime
) -> list[Shown]:
    """Every version of a document, the newest first.

    Raises:
        PortalError: `document_unknown`; the same for one that is not his.
    """
    known = store.instruments.told(workspace, now, kind_of(kind), id)
    found = [(one, state) for one, state in known if may_see(person, one.document)]
    # Whoever is a side of the newest version alone does not see what others agreed on before.
    if not found or not may_see(person, known[-1][0].document):
        raise PortalError("document_unknown")
    return [_shown(store, workspace, one, state) for one, state in reversed(found)]


def _shown(store: CatalogStore, workspace: str, one: Instrument, state: str) -> Shown:
    later = store.countersignatures.of(workspace, one)
    signed = (
        *(Signed(each) for each in one.signatures),
        *(Signed(each.signature, each.added_at) for each in later),
    )
    return Shown(one, state, signed, missing(one.document, [s.signature.signer for s in signed]))


def missing(document: Document, signers: Sequence[str]) -> tuple[str, ...]:
    """Who still has to sign; of a consent either side of the two is enough."""
    wanted = expected(document)
    if isinstance(document, Consent) and set(wanted) & set(signers):
        return ()
    return tuple(one for one in wanted if one not in signers)


# What it says


def in_words(document: Document, lang: str) -> list[str]:
    """What a document allows, as sentences."""
    said = {"first": document.valid_from.isoformat(), "last": document.valid_to.isoformat()}
    term = text("document_term", lang, **said)
    if isinstance(document, Letter):
        purposes = _listed(document.purposes, lang)
        found = [text("document_letter", lang, who=document.department, purposes=purposes)]
        found += [_fields(part.name, part.fields, lang) for part in document.resources]
        return [*found, term]
    if isinstance(document, Consent):
        use = text("document_once" if document.use == "once" else "document_periodic", lang)
        names = {"who": document.enterprise, "partner": document.partner}
        consent = text("document_consent", lang, purpose=document.purpose, **names)
        fields = text("document_consent_fields", lang, fields=_listed(document.fields, lang))
        return [consent, fields, use, term]
    return [*_agreed(document, lang), term]


def _agreed(document: Agreement, lang: str) -> Iterator[str]:
    partner = document.partner.name.zh if lang == "zh" else document.partner.name.en
    purposes, users = _listed(document.purposes, lang), _listed(document.users, lang)
    yield text("document_agreement", lang, partner=partner, purposes=purposes, users=users)
    for view in document.views:
        yield _fields(view.name, view.fields, lang)
        for name, call in (view.masks or {}).items():
            yield text("document_mask", lang, field=name, mask=call)
    budget = document.budget
    amounts = {"epsilon": budget.epsilon, "delta": budget.delta}
    renewal = text(f"document_renewal_{budget.renewal}", lang)
    yield text("document_budget", lang, renewal=renewal, **amounts)
    if budget.most_per_question is not None:
        yield text("document_most", lang, epsilon=budget.most_per_question)
    yield text("document_records", lang)


def _fields(name: str, fields: Sequence[str], lang: str) -> str:
    return text("document_fields", lang, name=name, fields=_listed(fields, lang))


def _listed(names: Sequence[str], lang: str) -> str:
    return ("、" if lang == "zh" else ", ").join(names)


# What changed


def differences(before: Document, after: Document) -> list[tuple[str, str, str]]:
    """What two versions say differently: where, what was said, what is said; empty: nothing."""
    old, new = _flat(document_plain(before)), _flat(document_plain(after))
    places = [*old, *(place for place in new if place not in old)]
    return [
        (place, old.get(place, ""), new.get(place, ""))
        for place in places
        if old.get(place) != new.get(place)
    ]


def _flat(value: Any, place: str = "") -> dict[str, str]:
    """Values by their place; a list of texts is one value, and named parts go by their name."""
    if isinstance(value, Mapping):
        parts = [(f"{place}.{key}" if place else str(key), one) for key, one in value.items()]
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        parts = [(f"{place}[{one.get('name', number)}]", one) for number, one in enumerate(value)]
    else:
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        return {place: shown if isinstance(shown, str) else json.dumps(shown)}
    found: dict[str, str] = {}
    for where, one in parts:
        found |= _flat(one, where)
    return found


# Files


def as_file(shown: Shown) -> str:
    """The signed document as a YAML file, as `citybrain agreement sign` takes it."""
    whole = SignedDocument(shown.one.document, shown.whole.signatures)
    return _yaml(signed_plain(whole))


def next_draft(document: Document, today: date) -> str:
    """The next version of a document as a draft without signatures, for as long a term as before."""
    length = document.valid_to - document.valid_from
    first = max(today, document.valid_to + timedelta(days=1))
    changed = {"version": document.version + 1, "valid_from": first, "valid_to": first + length}
    return _yaml(document_plain(document.model_copy(update=changed)))


def _yaml(value: Any) -> str:
    return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False))


def read_upload(content: bytes) -> SignedDocument:
    """A signed file that somebody brings.

    Raises:
        PortalError: `document_large`.
        CatalogError: `instrument_syntax` and those of `catalog.yamlsource.load_yaml`.
    """
    if len(content) > MOST_BYTES:
        raise PortalError("document_large", most=MOST_BYTES)
    with tempfile.TemporaryDirectory(prefix="document-") as folder:
        path = Path(folder) / "document.yaml"
        path.write_bytes(content)
        return read_signed(path)


def take(
    store: CatalogStore, workspace: Workspace, person: Person, signed: SignedDocument
) -> tuple[Instrument, bool]:
    """Take over what somebody brings, and whether it is a new version (else a countersignature).

    A steward brings any document, an officer letters of his department; a partner countersigns his
    agreements and brings nothing new.

    Raises:
        PortalError: `document_unknown`, `page_forbidden`.
        CatalogError: what `Instruments.import_` and `Countersignatures.add` raise.
    """
    document, keys = signed.document, public_keys(workspace)
    if not may_see(person, document):
        raise PortalError("document_unknown")
    name = workspace.name
    kept = store.instruments.versions(name, document.kind, document.id)
    if any(one.version == document.version for one in kept):
        mine = _signs_for(person, document)
        return store.countersignatures.add(name, signed, keys, mine, person.actor), False
    if person.role == "steward" or (person.role == "officer" and isinstance(document, Letter)):
        if kept and not may_see(person, kept[-1].document):
            raise PortalError("document_unknown")
        zone = ZoneInfo(workspace.settings.timezone)
        return store.instruments.import_(name, signed, keys, zone, person.actor), True
    raise PortalError("document_unknown" if person.role == "partner" else "page_forbidden")


def _signs_for(person: Person, document: Document) -> tuple[str, ...]:
    if person.role == "steward":
        return expected(document)
    own = person.department or person.partner
    return (own,) if own is not None else ()


def kind_of(said: str) -> Kind:
    """A kind of document.

    Raises:
        PortalError: `document_unknown`.
    """
    found = next((one for one in KINDS if one == said), None)
    if found is None:
        raise PortalError("document_unknown")
    return found
