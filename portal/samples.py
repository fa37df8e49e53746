"""Sample people, documents and requests for looking around in an example city. All of it is synthetic.

A workspace with a file `samples.toml` is an example; the file says who signs in, which documents are
signed, and what was asked for. Running it again gives the accounts new passwords and adds nothing twice.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalog.agreements import CENTRE, document_of, givers, read_signed, sign
from catalog.database import CatalogStore
from catalog.database.store import utc_now
from catalog.errors import Location
from catalog.people import Person, Role
from catalog.sharing.request import FieldDecision
from pipelines.home import Home
from pipelines.plan import Plan
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.wishes import Wish
from portal.accounts import add_account, reset_password
from portal.errors import PortalError
from sandbox.keyfiles import KEYS, private_key, public_keys, write_keys

if TYPE_CHECKING:
    from catalog.agreements import SignedDocument

FILE = "samples.toml"
DOCUMENTS = Path("agreements") / "examples"
TERM_DAYS = 365  # of sample documents, from today: an example should not end


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SampleAccount(_Strict):
    """Somebody who signs in."""

    name: str
    called: str
    role: Role
    department: str | None = None
    partner: str | None = None

    @property
    def person(self) -> Person:
        """Who that is once he has signed in."""
        return Person(self.name, self.called, self.role, self.department, self.partner)


class SampleAnswer(_Strict):
    """What the owner decided; a mask by field where the field is given masked."""

    by: str
    resource: str
    approve: tuple[str, ...] = ()
    masks: Mapping[str, str] = Field(default_factory=dict)
    refuse: Mapping[str, str] = Field(default_factory=dict)


class SampleRequest(_Strict):
    """What an officer asked for, and how far it got.

    Attributes:
        days: from today until when it is asked for.
        checked_by: the steward who let it through; None: it waits for the platform's check.
    """

    by: str
    basis: str
    scenario: str
    purpose: str
    manner: Literal["interface", "download", "subscription"]
    days: int = Field(ge=1)
    wants: Mapping[str, tuple[str, ...]]
    checked_by: str | None = None
    answers: tuple[SampleAnswer, ...] = ()


class Samples(_Strict):
    """What `samples.toml` says."""

    accounts: tuple[SampleAccount, ...]
    requests: tuple[SampleRequest, ...] = ()

    def person(self, name: str) -> Person:
        """An account by its name."""
        return next(one.person for one in self.accounts if one.name == name)


@dataclass(frozen=True, slots=True)
class SampleSignIn:
    """An account and the password that it has now."""

    person: Person
    password: str


def read_samples(root: Path) -> Samples:
    """The samples of a workspace's folder.

    Raises:
        PortalError: `samples_missing`, `samples_syntax`.
    """
    path = root / FILE
    try:
        read = Samples.model_validate(tomllib.loads(path.read_text("utf-8")))
        known = {one.name for one in read.accounts}
        for request in read.requests:
            named = {request.by, *(one.by for one in request.answers)}
            if request.checked_by is not None:
                named.add(request.checked_by)
            if named - known:
                raise ValueError(f"there is no account {', '.join(sorted(named - known))}")
    except OSError:
        raise PortalError("samples_missing", where=Location(path)) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        problem = f"{place}: {first['msg']}"
        raise PortalError("samples_syntax", where=Location(path), problem=problem) from None
    except ValueError as error:
        raise PortalError("samples_syntax", where=Location(path), problem=str(error)) from None
    return read


def make_samples(plan: Plan) -> list[SampleSignIn]:
    """Make what the workspace's `samples.toml` says, as far as it is not there; new passwords for all.

    Raises:
        PortalError: `samples_missing`, `samples_syntax`; what adding accounts, importing documents
            and requests raise.
    """
    samples = read_samples(plan.workspace.root)
    with CatalogStore.open(Home.of(plan.workspace.name).database_url) as store:
        made = [_account(plan, store, one.person) for one in samples.accounts]
        _documents(plan, store)
        _requests(plan, store, samples)
    return made


def _account(plan: Plan, store: CatalogStore, person: Person) -> SampleSignIn:
    known = {one.person.id for one in store.accounts.list(plan.workspace.name)}
    if person.id in known:
        return SampleSignIn(person, reset_password(plan.workspace, store, person.id, None)[1])
    return SampleSignIn(person, add_account(plan.workspace, store, person, None)[1])


def _documents(plan: Plan, store: CatalogStore) -> None:
    """Sign and import the example documents that the database does not have."""
    workspace = plan.workspace
    known = {one.document.id for one in store.instruments.versions(workspace.name)}
    drafts = [read_signed(path) for path in sorted((workspace.root / DOCUMENTS).glob("*.yaml"))]
    missing = [one for one in drafts if one.document.id not in known]
    if not missing:
        return
    signed = [_signed(plan, one) for one in missing]
    zone = ZoneInfo(workspace.settings.timezone)
    # Letters first: an agreement rests on them.
    for one in sorted(signed, key=lambda one: one.document.kind, reverse=True):
        store.instruments.import_(workspace.name, one, public_keys(workspace), zone)


def _signed(plan: Plan, draft: SignedDocument) -> SignedDocument:
    """The document, valid from today on, signed with a sample key of its giver."""
    today = _today(plan)
    plain: dict[str, Any] = draft.document.model_dump(mode="json", exclude_none=True)
    plain |= {"valid_from": today, "valid_to": today + timedelta(days=TERM_DAYS)}
    document = document_of(plain)
    giver = CENTRE if CENTRE in givers(document) else givers(document)[0]
    return sign(document, private_key(_sample_key(plan, giver)), giver)


def _sample_key(plan: Plan, signer: str) -> Path:
    """The sample key of a signer; its public half is where the workspace's trusted keys are."""
    folder = Home.of(plan.workspace.name).root / "keys" / "samples"
    private = folder / f"{signer}.key"
    if not private.exists():
        write_keys(folder, signer)
    trusted = plan.workspace.root / KEYS / f"{signer}.sample.pub"
    trusted.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / f"{signer}.pub", trusted)
    return private


def _requests(plan: Plan, store: CatalogStore, samples: Samples) -> None:
    """The requests that the departments have not made yet."""
    desk = SharingDesk(plan, store, utc_now)
    for request in samples.requests:
        officer = samples.person(request.by)
        if any(one.asked.scenario == request.scenario for one in desk.mine(officer)):
            continue
        first = _today(plan)
        wish = Wish(
            request.wants,
            request.basis,
            request.scenario,
            request.purpose,
            request.manner,
            first,
            first + timedelta(days=request.days),
        )
        made = desk.submit(officer, wish)
        if request.checked_by is not None:
            steward = samples.person(request.checked_by)
            desk.check(steward, made.id)
            made = desk.dispatch(steward, made.id)
        for answer in request.answers:
            for task in made.tasks:
                if task.open and task.item.resource == answer.resource:
                    decided = {name: _decision(answer, name) for name in task.item.fields}
                    made = desk.decide(samples.person(answer.by), made.id, task.number, decided)


def _decision(answer: SampleAnswer, name: str) -> FieldDecision:
    if name in answer.refuse:
        return FieldDecision("refused", reason=answer.refuse[name])
    return FieldDecision("approved", mask=answer.masks.get(name, ""))


def _today(plan: Plan) -> date:
    return plan.workspace.settings.day_of(utc_now())
