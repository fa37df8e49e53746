"""The people who sign in to the portal, and their passwords.

A password is kept as its argon2id hash (RFC 9106) with the parameters that it was made with; when the
library's own get harder, the next sign-in makes the hash anew.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from catalog.database import notices
from catalog.database import tables as t
from catalog.database.account_tables import AccountRow, SessionRow
from catalog.database.writing import lock_workspace
from catalog.errors import CatalogError
from catalog.people import ROLES, Person, Role

Transaction = Callable[[], AbstractContextManager[Session]]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
SHORTEST, LONGEST = 10, 1_000
MOST_AT_ONCE = 4  # hashes at work: each takes 64 MB


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the portal.

    Attributes:
        issuer: the provider through which its owner signs in; None: with a password of ours.
        closed_at: from when on nobody may sign in; None while somebody may.
    """

    person: Person
    issuer: str | None
    created_at: datetime
    closed_at: datetime | None


class Accounts:
    """The accounts of every workspace in a catalogue database; every method is one transaction."""

    def __init__(
        self,
        read: Transaction,
        write: Transaction,
        clock: Callable[[], datetime],
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._read = read
        self._write = write
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._at_once = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._nobody = ""  # the hash of a password that nobody has

    def add(
        self, workspace: str, person: Person, password: str | None, issuer: str | None = None
    ) -> Account:
        """A new account.

        Args:
            password: None for one whose owner signs in through an issuer.

        Raises:
            CatalogError: `account_name`, `account_role`, `account_exists`, `password_length`.
        """
        if not NAME.fullmatch(person.id):
            raise CatalogError("account_name", name=person.id[:80])
        if person.role not in ROLES:
            raise CatalogError("account_role", role=person.role, roles=", ".join(ROLES))
        hashed = None if password is None else self._hash(checked(password))
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            if session.scalar(_rows(workspace).where(AccountRow.name == person.id)):
                raise CatalogError("account_exists", name=person.id)
            row = AccountRow(
                workspace_id=owner,
                name=person.id,
                title=person.name,
                role=person.role,
                department=person.department,
                partner=person.partner,
                issuer=issuer,
                password_hash=hashed,
                created_at=self._clock(),
                closed_at=None,
            )
            session.add(row)
            session.flush()
            notices.begin(session, owner, person.id, self._clock())
            return account_of(row)

    def arrived(self, workspace: str, person: Person, issuer: str) -> Account:
        """The account of somebody whom an issuer has signed in, as the issuer describes him today.

        It is made when he comes for the first time. An account of the same name with a password, or
        of somebody else at the issuer, is not his.

        Args:
            issuer: the issuer and whom it means, in one text.

        Raises:
            CatalogError: `account_name`, `account_exists`, `account_closed`.
        """
        try:
            return self.add(workspace, person, None, issuer)
        except CatalogError as error:
            if error.code != "account_exists":
                raise
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            row = _known(session, workspace, person.id)
            if row.issuer != issuer:
                raise CatalogError("account_exists", name=person.id)
            if row.closed_at is not None:
                raise CatalogError("account_closed", name=person.id)
            row.title, row.role = person.name, person.role
            row.department, row.partner = person.department, person.partner
            session.flush()
            return account_of(row)

    def list(self, workspace: str) -> list[Account]:
        """Every account by name, closed ones too."""
        with self._read() as session:
            return [account_of(row) for row in session.scalars(_rows(workspace))]

    def get(self, workspace: str, name: str) -> Account:
        """One account, also a closed one.

        Raises:
            CatalogError: `account_missing`.
        """
        with self._read() as session:
            return account_of(_known(session, workspace, name))

    def names(self, workspace: str, accounts: Collection[str]) -> dict[str, str]:
        """How the people of some accounts are called, closed ones too; others are left out."""
        wanted = sorted(one for one in accounts if NAME.fullmatch(one))
        if not wanted:
            return {}
        query = select(AccountRow.name, AccountRow.title)
        query = query.join(t.Workspace, t.Workspace.id == AccountRow.workspace_id)
        query = query.where(t.Workspace.name == workspace, AccountRow.name.in_(wanted))
        with self._read() as session:
            return dict(session.execute(query).tuples().all())

    def known(self, workspace: str, name: str) -> bool:
        """Whether there is an account of this name, open or closed."""
        if not NAME.fullmatch(name):
            return False
        with self._read() as session:
            return session.scalar(_rows(workspace).where(AccountRow.name == name)) is not None

    def close(self, workspace: str, name: str) -> Account:
        """Let nobody sign in to an account any more, and end its sessions; repeating changes nothing.

        Raises:
            CatalogError: `account_missing`.
        """
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            row = _known(session, workspace, name)
            if row.closed_at is None:
                row.closed_at = self._clock()
            session.execute(delete(SessionRow).where(SessionRow.account_id == row.id))
            session.flush()
            return account_of(row)

    def set_password(self, workspace: str, name: str, password: str) -> Account:
        """A new password for an account that is open; all of its sessions end.

        Raises:
            CatalogError: `account_missing`, `account_closed`, `account_elsewhere`,
                `password_length`.
        """
        hashed = self._hash(checked(password))
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            row = _known(session, workspace, name)
            if row.closed_at is not None:
                raise CatalogError("account_closed", name=name)
            if row.issuer is not None:
                raise CatalogError("account_elsewhere", name=name)
            row.password_hash = hashed
            session.execute(delete(SessionRow).where(SessionRow.account_id == row.id))
            session.flush()
            return account_of(row)

    def signed_in(self, workspace: str, name: str, password: str) -> Account | None:
        """The account whose name and password these are; None, after the same work, for any other."""
        row = self._open(workspace, name)
        known = row[1] if row is not None else None
        right = self._verify(known or self._of_nobody(), password)
        if row is None or known is None or not right:
            return None
        if self._hasher.check_needs_rehash(known):
            self._replace(row[0], known, self._hash(password))
        return row[2]

    def _open(self, workspace: str, name: str) -> tuple[int, str | None, Account] | None:
        """An account that is open, with its key and the hash of its password."""
        if not NAME.fullmatch(name):
            return None
        with self._read() as session:
            query = _rows(workspace).where(AccountRow.name == name)
            row = session.scalar(query.where(AccountRow.closed_at.is_(None)))
            return None if row is None else (row.id, row.password_hash, account_of(row))

    def _replace(self, key: int, known: str, hashed: str) -> None:
        """Keep a hash made with today's parameters, unless the password was changed meanwhile."""
        with self._write() as session:
            same = AccountRow.password_hash == known
            changed = update(AccountRow).where(AccountRow.id == key, same)
            session.execute(changed.values(password_hash=hashed))

    def _hash(self, password: str) -> str:
        with self._at_once:
            return self._hasher.hash(_octets(password))

    def _verify(self, hashed: str, password: str) -> bool:
        with self._at_once:
            try:
                return self._hasher.verify(hashed, _octets(password[: LONGEST + 1]))
            except (VerificationError, InvalidHashError):
                return False

    def _of_nobody(self) -> str:
        if not self._nobody:
            self._nobody = self._hash(secrets.token_urlsafe(32))
        return self._nobody


def checked(password: str) -> str:
    """A password that may be taken.

    Raises:
        CatalogError: `password_length`.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise CatalogError("password_length", least=SHORTEST, most=LONGEST)
    return password


def new_password() -> str:
    """A password for somebody to begin with: 120 random bits."""
    return secrets.token_urlsafe(15)


def account_of(row: AccountRow) -> Account:
    """The account of a row."""
    role: Role = row.role  # type: ignore[assignment]
    person = Person(row.name, row.title, role, row.department, row.partner)
    return Account(person, row.issuer, row.created_at, row.closed_at)


def _octets(password: str) -> bytes:
    """`surrogatepass`, for a form may hold anything."""
    return password.encode("utf-8", "surrogatepass")


def _rows(workspace: str) -> Select[AccountRow]:
    return (
        select(AccountRow)
        .join(t.Workspace, t.Workspace.id == AccountRow.workspace_id)
        .where(t.Workspace.name == workspace)
        .order_by(AccountRow.name)
    )


def _known(session: Session, workspace: str, name: str) -> AccountRow:
    found = None
    if NAME.fullmatch(name):
        found = session.scalar(_rows(workspace).where(AccountRow.name == name))
    if found is None:
        raise CatalogError("account_missing", name=name[:80])
    return found
