"""Objections: who may object to a value, to whom it goes, and when it is put right."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from catalog.database.objections import ObjectionsWanted
from catalog.database.paging import Listed, Place
from catalog.database.records import SnapshotRow
from catalog.errors import CatalogError
from catalog.people import Person
from catalog.sharing import objection as changes
from catalog.sharing.moves import Now
from catalog.sharing.objection import Moved, Objection, Route, Verdict
from catalog.sharing.request import By
from pipelines.entries import collected_sources
from pipelines.errors import PipelineError
from pipelines.sharing import people
from pipelines.sharing.desk import ID_BYTES, SharingDesk
from pipelines.sharing.wishes import plain_text


class ObjectionDesk:
    """The objections of a workspace, for somebody who has signed in."""

    def __init__(self, desk: SharingDesk) -> None:
        self.desk = desk
        self._objections = desk.store.objections

    def raise_(
        self,
        person: Person,
        resource: str,
        key: Mapping[str, str],
        field: str,
        wrong: str,
        evidence: str,
    ) -> Objection:
        """Object to a value of a record; until it is closed, its readers are told.

        Whether there is such a record is not looked up: who may not read it would learn it so.

        Args:
            key: by every field of the resource's key its value, as text.
            wrong: what is wrong; evidence: what shows that.

        Raises:
            PipelineError: `unknown_table`, `objection_key`, `objection_field`, `share_text`,
                `share_role`; `objection_no_grant`, when his department may not read the field now.
        """
        with self.desk.guarded(person, "objection", resource):
            department = people.acting_for(person, self.desk.rules.bureau)
            self._may(person, department, resource, field)
            self._check(resource, key, field)
            said, shown = plain_text("wrong", wrong), plain_text("evidence", evidence)
            routes = self.routes(resource, field)
            by = By(person.actor, "bureau" if person.role == "steward" else "requester")

            def make(at: datetime) -> Moved:
                made = Objection(
                    id=f"objection-{secrets.token_hex(ID_BYTES)}",
                    department=department,
                    user=person.actor,
                    resource=resource,
                    key=dict(key),
                    field=field,
                    wrong=said,
                    evidence=shown,
                    state="raised",
                    raised_at=at,
                    routes=routes,
                )
                return changes.raise_(made, by, self._now(at))

            return self._objections.add(self.desk.workspace, make)

    def routes(self, resource: str, field: str) -> tuple[Route, ...]:
        """The departments from whose columns a field is made; without any, its owner."""
        plan, rules = self.desk.plan, self.desk.rules
        found: dict[str, set[str]] = defaultdict(set)
        for table, column in collected_sources(plan, (resource, field)):
            found[rules.owner(table)].add(f"{table}.{column}")
        if not found:
            found[rules.owner(resource)].add(f"{resource}.{field}")
        return tuple(
            Route(number, department, tuple(sorted(found[department])))
            for number, department in enumerate(sorted(found), 1)
        )

    def answer(self, person: Person, id: str, verdict: Verdict, said: str) -> Objection:
        """What a source department says to it.

        Raises:
            CatalogError: `objection_unknown`, `objection_not_asked`, `share_illegal`.
        """

        def make(one: Objection, at: datetime) -> Moved:
            department = self._concerned(person, one)
            by = By(person.actor, "owner")
            text = plain_text("reason", said)
            return changes.answer(one, department, by, self._now(at), verdict, text)

        return self._change(person, id, make)

    def correct(self, person: Person, id: str, snapshot: int | None = None) -> Objection:
        """Correct a source's fault with a snapshot that was published since it was raised.

        A steward does so for all sources that have confirmed one. It is closed when no source has
        anything left to say or to correct.

        Args:
            snapshot: the one that readers see now, by default.

        Raises:
            PipelineError: `objection_snapshot`, when there is no such one, or it is older.
            CatalogError: `objection_unknown`, `objection_not_asked`, `share_illegal`.
        """

        def make(one: Objection, at: datetime) -> Moved:
            department, steward = self._concerned(person, one), person.role == "steward"
            if not steward:
                changes.asked(one, department)
            right = self._snapshot(one, snapshot).snapshot_id
            by = By(person.actor, "bureau" if steward else "owner")
            of = None if steward else department
            return changes.correct(one, by, self._now(at), right, of)

        return self._change(person, id, make)

    def page(self, person: Person, wanted: ObjectionsWanted, place: Place) -> Listed[Objection]:
        """A page of the objections that concern somebody.

        Raises:
            PipelineError: `share_role`.
        """
        every = person.role in people.ALL
        concerns = "" if every else people.acting_for(person, self.desk.rules.bureau)
        wanted = replace(wanted, concerns=concerns)
        return self._objections.page(self.desk.workspace, wanted, place)

    def get(self, person: Person, id: str) -> Objection:
        """An objection that concerns somebody.

        Raises:
            CatalogError: `objection_unknown`, also when it does not concern him.
        """
        found = self._objections.get(self.desk.workspace, id)
        if not people.sees_objection(person, found):
            raise CatalogError("objection_unknown", objection=id)
        return found

    def _concerned(self, person: Person, one: Objection) -> str:
        if not people.sees_objection(person, one):
            raise CatalogError("objection_unknown", objection=one.id)
        return people.acting_for(person, self.desk.rules.bureau)

    def _may(self, person: Person, department: str, resource: str, field: str) -> None:
        """Who reads a field may object to it, its owner too; a steward does so for the public."""
        if person.role == "steward" or self.desk.rules.owner(resource) == department:
            return
        now = self.desk.clock()
        held = self.desk.store.grants.of(self.desk.workspace, department, resource, now)
        if not any(field in grant.fields for grant in held):
            raise PipelineError("objection_no_grant", resource=resource, field=field)

    def _check(self, resource: str, key: Mapping[str, str], field: str) -> None:
        contract = self.desk.plan.steps[resource].contract
        wanted = contract.primary_key
        if set(key) != set(wanted) or not wanted or not all(one.strip() for one in key.values()):
            fields = ", ".join(wanted) or "-"
            raise PipelineError("objection_key", resource=resource, fields=fields)
        if contract.field_named(field) is None:
            raise PipelineError("objection_field", resource=resource, field=field)

    def _snapshot(self, one: Objection, wanted: int | None) -> SnapshotRow:
        store, workspace = self.desk.store, self.desk.workspace
        if wanted is None:
            found = store.current_snapshots(workspace).get(one.resource)
        else:
            known = store.snapshots(workspace, one.resource)
            found = next((item for item in known if item.snapshot_id == wanted), None)
        if found is None or found.committed_at <= one.raised_at:
            raise PipelineError("objection_snapshot", resource=one.resource)
        return found

    def _change(self, person: Person, id: str, make: changes.Make) -> Objection:
        with self.desk.guarded(person, "objection", id):
            return self._objections.change(self.desk.workspace, id, make)

    def _now(self, at: datetime) -> Now:
        return Now(at, self.desk.terms)
