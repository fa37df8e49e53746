"""The sharing desk: what pages and commands do with requests, for somebody who has signed in.

Every change is one transaction with its events and audit records; what is refused is recorded too. A
person acts for his department only, and learns nothing of requests that do not concern it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from catalog.audit.record import Action, AuditRecord
from catalog.database import CatalogStore
from catalog.database.grants import GrantsWanted
from catalog.database.paging import Listed, Place
from catalog.database.requests import RequestsWanted
from catalog.errors import CatalogError, CityBrainError
from catalog.people import Person
from catalog.sharing import moves
from catalog.sharing.grant import Grant
from catalog.sharing.moves import Now
from catalog.sharing.request import By, Change, FieldDecision, Request, Task
from pipelines.errors import PipelineError
from pipelines.plan import Plan
from pipelines.sharing import people
from pipelines.sharing.returning import Return, grant_of_return
from pipelines.sharing.rules import SharingRules
from pipelines.sharing.settings import terms_of
from pipelines.sharing.settling import rules_digest, settle
from pipelines.sharing.wishes import Wish, asked_of, plain_text

Clock = Callable[[], datetime]
ID_BYTES = 6


class SharingDesk:
    """Requests, decisions and grants of one workspace.

    Attributes:
        rules: what may be asked for and granted.
        terms: the deadlines.
    """

    def __init__(self, plan: Plan, store: CatalogStore, clock: Clock) -> None:
        self.plan = plan
        self.store = store
        self.clock = clock
        self.rules = SharingRules(plan)
        self.terms = terms_of(plan.workspace)
        self.workspace = plan.workspace.name

    # -- the basket -----------------------------------------------------------------------------

    def basket(self, person: Person) -> Mapping[str, tuple[str, ...]]:
        """What somebody is about to ask for, by resource."""
        return self.store.baskets.of(self.workspace, person.actor)

    def put(self, person: Person, resource: str, fields: Sequence[str]) -> None:
        """Put fields of a resource into the basket; none takes it out.

        Raises:
            PipelineError: `share_role`; what `SharingRules.items` raises.
        """
        with self.guarded(person, "request", resource):
            department = self._department(person)
            if not fields:
                self.store.baskets.take_out(self.workspace, person.actor, [resource])
                return
            self.rules.items(department, {resource: fields})
            self.store.baskets.put(self.workspace, person.actor, resource, fields)

    def empty_basket(self, person: Person) -> None:
        """Take everything out of the basket."""
        self.store.baskets.take_out(self.workspace, person.actor)

    # -- the asking department ------------------------------------------------------------------

    def submit(self, person: Person, wish: Wish) -> Request:
        """Ask; what is asked for leaves the basket.

        Raises:
            PipelineError: `share_role`; what `asked_of` raises.
        """
        with self.guarded(person, "request", ", ".join(wish.wants)):
            department = self._department(person)
            today = self.plan.workspace.settings.day_of(self.clock())
            asked = asked_of(self.rules, department, wish, today)
            by = By(person.actor, "requester")
            id = f"request-{secrets.token_hex(ID_BYTES)}"
            made = self.store.requests.add(
                self.workspace, lambda at: moves.submit(id, department, by, asked, self._now(at))
            )
        self.store.baskets.take_out(self.workspace, person.actor, list(wish.wants))
        return made

    def withdraw(self, person: Person, id: str, reason: str = "") -> Request:
        """Take a request back, while nobody has looked at it."""
        return self._change(
            person,
            id,
            self._requester(person),
            lambda r, by, now: moves.withdraw(r, by, now, reason),
        )

    def resubmit(self, person: Person, id: str, wish: Wish) -> Request:
        """Hand a returned request in again."""

        def make(request: Request, by: By, now: Now) -> Change:
            today = self.plan.workspace.settings.day_of(now.at)
            asked = asked_of(self.rules, request.department, wish, today)
            return moves.resubmit(request, by, now, asked)

        return self._change(person, id, self._requester(person), make)

    def correct(self, person: Person, id: str, number: int, answer: str) -> Request:
        """Answer the owner's question."""
        return self._change(
            person,
            id,
            self._requester(person),
            lambda r, by, now: moves.correct(r, number, by, now, plain_text("answer", answer)),
        )

    def dispute(self, person: Person, id: str, number: int, reason: str) -> Request:
        """Take a refusal to the data bureau."""
        return self._change(
            person,
            id,
            self._requester(person),
            lambda r, by, now: moves.dispute(r, number, by, now, plain_text("reason", reason)),
        )

    # -- the data bureau ------------------------------------------------------------------------

    def check(self, person: Person, id: str) -> Request:
        """Begin the platform's check."""
        return self._change(person, id, self._steward(person), moves.check)

    def give_back(self, person: Person, id: str, reason: str) -> Request:
        """Return a request that cannot be dispatched as it is."""
        return self._change(
            person,
            id,
            self._steward(person),
            lambda r, by, now: moves.give_back(r, by, now, plain_text("reason", reason)),
        )

    def dispatch(self, person: Person, id: str) -> Request:
        """Send a checked request to the owners; unconditional fields are supplied."""
        at_once = self.plan.workspace.settings.sharing.unconditional_at_once

        def make(request: Request, by: By, now: Now) -> Change:
            self.rules.recheck(request.department, request.asked.items)
            return moves.dispatch(request, by, now, at_once)

        return self._supplied(self._change(person, id, self._steward(person), make))

    def redispatch(self, person: Person, id: str, number: int, owner: str, reason: str) -> Request:
        """Send a task that was given back to another department, or to the same again.

        Raises:
            PipelineError: `share_department`.
        """

        def make(request: Request, by: By, now: Now) -> Change:
            self._known_department(owner)
            return moves.redispatch(request, number, by, now, owner, plain_text("reason", reason))

        return self._change(person, id, self._steward(person), make)

    def refuse_returned(self, person: Person, id: str, number: int, reason: str) -> Request:
        """Refuse a task that was given back."""
        return self._change(
            person,
            id,
            self._steward(person),
            lambda r, by, now: moves.refuse_returned(
                r, number, by, now, plain_text("reason", reason)
            ),
        )

    def rule(self, person: Person, id: str, number: int, lift: bool, ruling: str) -> Request:
        """Rule on a dispute."""
        return self._change(
            person,
            id,
            self._steward(person),
            lambda r, by, now: moves.rule(r, number, by, now, lift, plain_text("ruling", ruling)),
        )

    def give_return(self, person: Person, given: Return) -> Grant:
        """Return data (回流) to a district: a grant that nobody has asked for.

        Raises:
            PipelineError: `share_role`, `share_department`, `share_outdated`; what
                `grant_of_return` raises.
        """
        with self.guarded(person, "grant", given.resource):
            grant = self.planned_return(person, given)
            self._up_to_date()
            return self.store.grants.provision(self.workspace, grant, person.actor)

    def planned_return(self, person: Person, given: Return) -> Grant:
        """The grant that a return would be; nothing is written.

        Raises:
            PipelineError: what `give_return` raises, but `share_outdated`.
        """
        people.as_bureau(person)
        self._known_department(given.department)
        id = f"grant-{secrets.token_hex(ID_BYTES)}"
        return grant_of_return(self.rules, given, id, self._now(self.clock()))

    # -- the owner ------------------------------------------------------------------------------

    def decide(
        self, person: Person, id: str, number: int, decisions: Mapping[str, FieldDecision]
    ) -> Request:
        """Decide about every field of a task; what is approved is supplied at once.

        Raises:
            PipelineError: what `SharingRules.check_decisions` raises; `share_not_owner`.
            CatalogError: `decision_fields`, `share_reason`, `share_illegal`, `share_party`.
        """

        def make(request: Request, by: By, now: Now) -> Change:
            self.rules.check_decisions(moves.known_task(request, number).item.resource, decisions)
            return moves.decide(request, number, by, now, decisions)

        return self._supplied(self._change(person, id, self._owner(person, number), make))

    def ask(self, person: Person, id: str, number: int, question: str) -> Request:
        """Ask the requester to put something right; the clock stands still meanwhile."""
        return self._change(
            person,
            id,
            self._owner(person, number),
            lambda r, by, now: moves.ask(r, number, by, now, plain_text("question", question)),
        )

    def return_task(self, person: Person, id: str, number: int, reason: str) -> Request:
        """Give a task back to the data bureau."""
        return self._change(
            person,
            id,
            self._owner(person, number),
            lambda r, by, now: moves.return_task(r, number, by, now, plain_text("reason", reason)),
        )

    def masks_for(self, person: Person, request: Request, task: Task) -> dict[str, tuple[str, ...]]:
        """The masks that the owner is offered, by field of a task."""
        people.as_owner(person, request, task, self.rules.bureau)
        resource, reader = task.item.resource, request.department
        return {name: self.rules.offered(resource, name, reader) for name in task.item.fields}

    def revoke(self, person: Person, id: str, reason: str) -> Grant:
        """Let a grant hold no more: its owner, or the data bureau.

        Raises:
            PipelineError: `share_role`, `share_text`.
            CatalogError: `grant_unknown`, also for whom it does not concern; `grant_ended`.
        """
        with self.guarded(person, "grant", id):
            grant = self.grant(person, id)
            if person.role != "steward" and self._department(person) != grant.owner:
                raise PipelineError("share_not_owner", request=id, owner=grant.owner)
            said = plain_text("reason", reason)
            return self.store.grants.revoke(self.workspace, id, by=person.actor, reason=said)

    # -- looking --------------------------------------------------------------------------------

    def get(self, person: Person, id: str) -> Request:
        """A request that concerns somebody.

        Raises:
            CatalogError: `request_unknown`, also when it does not concern him.
        """
        request = self.store.requests.get(self.workspace, id)
        people.see(person, request, self.rules.bureau)
        return request

    def mine(self, person: Person) -> list[Request]:
        """What somebody's department has asked for, the newest first."""
        return self.store.requests.list(self.workspace, department=self._department(person))

    def received(self, person: Person) -> list[Request]:
        """What somebody's department was asked for, the newest first."""
        return self.store.requests.list(self.workspace, owner=self._department(person))

    def request_page(self, person: Person, wanted: RequestsWanted, place: Place) -> Listed[Request]:
        """A page of requests: of the data bureau and auditors any; of others what their department
        has asked for or, where it is the owner that is wanted, is asked for.

        Raises:
            PipelineError: `share_role`.
        """
        if person.role not in people.ALL:
            mine = self._department(person)
            if wanted.owner != mine:
                wanted = replace(wanted, department=mine)
        return self.store.requests.page(self.workspace, wanted, place)

    def waiting(self, person: Person) -> list[Request]:
        """What still waits for somebody's department, of a steward for any; the oldest first."""
        department = self._department(person)
        if person.role == "steward":
            return self.store.requests.waiting(self.workspace)
        asked = self.store.requests.waiting(self.workspace)
        return [one for one in asked if department in (one.department, *one.owners)]

    def everything(self, person: Person) -> list[Request]:
        """Every request, the newest first, for the data bureau and auditors.

        Raises:
            PipelineError: `share_role`.
        """
        if person.role not in people.ALL:
            raise PipelineError("share_role", role=person.role)
        return self.store.requests.list(self.workspace)

    def grants(self, person: Person) -> list[Grant]:
        """Grants that concern somebody: what he may read, and what his department has given."""
        if person.role in people.ALL:
            return self.store.grants.list(self.workspace)
        department = self._department(person)
        mine = self.store.grants.mine(self.workspace, department)
        given = self.store.grants.given(self.workspace, department)
        return [*mine, *(one for one in given if one not in mine)]

    def grant_page(self, person: Person, wanted: GrantsWanted, place: Place) -> Listed[Grant]:
        """A page of the grants that concern somebody.

        Raises:
            PipelineError: `share_role`.
        """
        concerns = "" if person.role in people.ALL else self._department(person)
        return self.store.grants.page(self.workspace, replace(wanted, concerns=concerns), place)

    def grant(self, person: Person, id: str) -> Grant:
        """A grant that concerns somebody.

        Raises:
            CatalogError: `grant_unknown`, also when it does not concern him.
        """
        grant = self.store.grants.get(self.workspace, id)
        if not people.concerns(person, (grant.department, grant.owner)):
            raise CatalogError("grant_unknown", grant=id)
        return grant

    # -- how it is done -------------------------------------------------------------------------

    def supply(self, request: Request, number: int) -> Request:
        """Write the grant of an approved task, if the contract still allows it; once.

        Raises:
            PipelineError: `share_outdated`; what `SharingRules.check_decisions` raises.
            CatalogError: `grant_too_late`, `share_illegal`.
        """

        def make(one: Request, at: datetime) -> Change:
            task, now = moves.known_task(one, number), self._now(at)
            self._up_to_date()
            legal = self.rules.check_decisions(task.item.resource, task.decisions)
            id = f"grant-{secrets.token_hex(ID_BYTES)}"
            grant = replace(moves.grant_of(one, number, id, now), legal=legal)
            return moves.provision(one, number, now, grant)

        return self.store.requests.change(self.workspace, request.id, make)

    def settle(self) -> list[Grant]:
        """Hold every grant against the contracts of this desk's plan; see `pipelines.sharing.settling`.

        For a desk whose plan has just been compiled: the latest to settle says what is allowed.
        """
        return settle(self.plan, self.store)

    def _up_to_date(self) -> None:
        """That nobody has compiled other contracts since this desk's: nothing is granted by old ones.

        Raises:
            PipelineError: `share_outdated`.
        """
        if self.store.suspensions.settled(self.workspace) not in (None, self._digest):
            raise PipelineError("share_outdated")

    @cached_property
    def _digest(self) -> str:
        return rules_digest(self.plan)

    def _supplied(self, request: Request) -> Request:
        """Supply what was approved; what fails stays approved, and is tried again by `tick`."""
        for task in request.tasks:
            if task.state in ("approved", "partially_approved"):
                try:
                    request = self.supply(request, task.number)
                except CityBrainError as error:
                    self.refused("system", "grant", f"{request.id}/{task.number}", error)
        return request

    def _change(
        self,
        person: Person,
        id: str,
        who: Callable[[Request], By],
        make: Callable[[Request, By, Now], Change],
    ) -> Request:
        """One change of a request by somebody who may make it."""

        def changed(request: Request, at: datetime) -> Change:
            people.see(person, request, self.rules.bureau)
            return make(request, who(request), self._now(at))

        with self.guarded(person, "request", id):
            return self.store.requests.change(self.workspace, id, changed)

    def _requester(self, person: Person) -> Callable[[Request], By]:
        return lambda request: people.as_requester(person, request, self.rules.bureau)

    def _steward(self, person: Person) -> Callable[[Request], By]:
        return lambda _: people.as_bureau(person)

    def _owner(self, person: Person, number: int) -> Callable[[Request], By]:
        def found(request: Request) -> By:
            task = moves.known_task(request, number)
            return people.as_owner(person, request, task, self.rules.bureau)

        return found

    def _department(self, person: Person) -> str:
        return people.acting_for(person, self.rules.bureau)

    def _known_department(self, id: str) -> None:
        known = self.plan.workspace.departments
        if id not in known and id != self.rules.bureau:
            raise PipelineError("share_department", department=id, known=", ".join(known))

    def _now(self, at: datetime) -> Now:
        return Now(at, self.terms)

    @contextmanager
    def guarded(self, person: Person, action: Action, subject: str) -> Iterator[None]:
        """Whatever is refused within is recorded."""
        try:
            yield
        except CityBrainError as error:
            self.refused(person.actor, action, subject, error)
            raise

    def refused(self, actor: str, action: Action, subject: str, error: CityBrainError) -> None:
        """Record that something was refused, and by which code."""
        record = AuditRecord(self.clock(), actor, action, subject, outcome=error.code)
        self.store.audit.append(self.workspace, record)
