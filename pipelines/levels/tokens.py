"""Keyed masks that can be looked up: the same purpose for what is known and for what is secret.

A keyed mask gives equal values equal results. Who knows some of the values, and sees their results
beside those of a secret, reads the secret; so does who sees where the two are equal. Purpose and
recipient keep them apart: one purpose may mask several secrets (that is what joins are for), and
nothing that its reader may know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from catalog.contract import Contract
from catalog.lineage import ROW
from pipelines.levels.channels import Channels
from pipelines.levels.infer import LOWEST, Column, Levels
from pipelines.levels.views import TOO_MANY, View, level_behind
from pipelines.lineage.flow import JOINT

Key = tuple[str, ...]
"""Function, purpose and recipient; other literals (an alphabet, a spread) separate nothing."""
ANY: Key = ()  # of what was masked in more ways than are followed


class Lookup(NamedTuple):
    """A secret and something known under one key, that is secret and known to whom reads both.

    Attributes:
        shown: whether both stand in columns, not only decide about rows.
    """

    key: Key
    secret: Column
    known: Column
    columns: tuple[Column, ...]
    shown: bool


@dataclass(slots=True)
class _Masked:
    """What one key masks: origins, and the columns that show them; none if they are only hinted at.

    Attributes:
        partly: what is known and was masked as one with secrets; it tells nothing of those.
        together: of each secret, those that it was masked as one with.
    """

    secret: dict[Column, set[Column]] = field(default_factory=dict)
    known: dict[Column, set[Column]] = field(default_factory=dict)
    partly: list[tuple[Column, set[Column], frozenset[Column]]] = field(default_factory=list)
    together: dict[Column, set[Column]] = field(default_factory=dict)

    def beside(self, secret: Column) -> dict[Column, set[Column]]:
        """What is known besides a secret, with the columns that show it."""
        others = {o: set(at) for o, at in self.known.items() if o != secret}
        for origin, at, partners in self.partly:
            if _tells(partners, secret, self.together.get(secret, set())) and origin != secret:
                others.setdefault(origin, set()).update(at)
        return others


def _tells(partners: Set[Column], secret: Column, together: Set[Column]) -> bool:
    """Whether something known that was masked as one with some secrets tells of another: of one that
    stands before the same secrets in its place."""
    return secret not in partners and bool(partners & together)


def lookups(contract: Contract, levels: Levels, ceiling: str) -> Iterator[Lookup]:
    """Secrets of one release that it lets somebody look up."""
    by_key = _by_key(contract, levels, ceiling)
    anything = by_key.pop(ANY, _Masked())
    for key, masked in sorted(by_key.items()):
        masked.known = _joined(masked.known, anything.known)
        for secret, showing in sorted(masked.secret.items()):
            others = masked.beside(secret)
            if not others:
                continue
            # What is shown is worse than what is only hinted at.
            other, at = min(others.items(), key=lambda item: (not item[1], item[0]))
            shown = bool(showing and at)
            yield Lookup(key, secret, other, tuple(sorted(showing | at)), shown)


class Dictionary(NamedTuple):
    """A release that shows what a key makes of something known.

    Attributes:
        partners: the secrets that it was masked as one with; empty if with none.
    """

    release: str
    partners: frozenset[Column]


class Shown(NamedTuple):
    """A secret behind a key, the columns that show it, and the secrets it was masked as one with."""

    secret: Column
    columns: tuple[Column, ...]
    together: frozenset[Column]

    def told_by(self, given: Dictionary) -> bool:
        """Whether the release of a dictionary tells of it."""
        return not given.partners or _tells(given.partners, self.secret, self.together)


def dictionaries(
    contracts: Iterable[Contract], levels: Levels, channels: Channels
) -> dict[Key, tuple[Dictionary, ...]]:
    """The releases that give out what a key makes of values that everybody can know, or that they
    show beside; by key, in the order of their names."""
    found: dict[Key, set[Dictionary]] = {}
    for contract in contracts:
        if contract.release is not None and contract.name in levels.tables:
            for key, partners in _given(contract, levels, channels.ceiling(contract.release)):
                found.setdefault(key, set()).add(Dictionary(contract.name, partners))
    return {
        key: tuple(sorted(given, key=lambda d: (d.release, sorted(d.partners))))
        for key, given in sorted(found.items())
    }


def secrets(contract: Contract, levels: Levels, ceiling: str) -> dict[Key, list[Shown]]:
    """By key, the secrets whose keyed masks a release shows."""
    found = {}
    for key, masked in sorted(_by_key(contract, levels, ceiling).items()):
        shown = [
            Shown(origin, tuple(sorted(at)), frozenset(masked.together.get(origin, ())))
            for origin, at in sorted(masked.secret.items())
            if at
        ]
        if shown:
            found[key] = shown
    return found


def _given(
    contract: Contract, levels: Levels, ceiling: str
) -> Iterator[tuple[Key, frozenset[Column]]]:
    plain = {
        origin
        for column in _columns(contract)
        for origin, views in _origins(levels, column).items()
        if any(
            not _keyed(view) and level_behind(levels.of(origin), {view}) <= ceiling
            for view in views
        )
    }
    for key, masked in _by_key(contract, levels, ceiling).items():
        whole = ((origin, at, frozenset[Column]()) for origin, at in masked.known.items())
        for origin, at, partners in (*whole, *masked.partly):
            if at and (origin in plain or levels.of(origin) == LOWEST):
                yield key, partners


def _by_key(contract: Contract, levels: Levels, ceiling: str) -> dict[Key, _Masked]:
    found: dict[Key, _Masked] = {}
    for column in _columns(contract):
        _add(found, _origins(levels, column), {column}, levels, ceiling)
    for column in (*_columns(contract), (contract.name, ROW)):
        _add(found, levels.hints(column), set(), levels, ceiling)
    return found


def _add(
    found: dict[Key, _Masked],
    origins: Mapping[Column, frozenset[View]],
    at: set[Column],
    levels: Levels,
    ceiling: str,
) -> None:
    """Sort what the keys in some views were given into what is secret and what may be known."""
    uses = [(o, use) for o, views in origins.items() for view in views for use in _uses(view)]
    secret = [level_behind(levels.of(o), {use.inside}) > ceiling for o, use in uses]
    partners: dict[_Use, set[Column]] = {}
    for (origin, use), is_secret in zip(uses, secret, strict=True):
        if is_secret and use.joint:
            partners.setdefault(use, set()).add(origin)
    for (origin, use), is_secret in zip(uses, secret, strict=True):
        masked = found.setdefault(use.key, _Masked())
        if is_secret:
            masked.secret.setdefault(origin, set()).update(at)
            masked.together.setdefault(origin, set()).update(partners.get(use, set()) - {origin})
        elif use in partners:
            masked.partly.append((origin, at, frozenset(partners[use])))
        elif not _keyed(use.inside):
            masked.known.setdefault(origin, set()).update(at)


class _Use(NamedTuple):
    """A keyed mask in a view: what it is, and what it was given."""

    key: Key
    inside: View
    argument: str

    @property
    def joint(self) -> bool:
        """Whether it was given several columns one after the other."""
        return self.argument.startswith(JOINT)


def _uses(view: View) -> Iterator[_Use]:
    if view == TOO_MANY:
        yield _Use(ANY, (), "")
    for place, step in enumerate(view):
        if step.keyed:
            key = (step.function, *map(str, step.literals[-2:]))
            yield _Use(key, view[:place], step.argument)


def _keyed(view: View) -> bool:
    return any(step.keyed for step in view)


def _joined(
    one: Mapping[Column, set[Column]], other: Mapping[Column, set[Column]]
) -> dict[Column, set[Column]]:
    return {o: one.get(o, set()) | other.get(o, set()) for o in {**one, **other}}


def _origins(levels: Levels, column: Column) -> Mapping[Column, frozenset[View]]:
    known = levels.column(column)
    return known.origins if known else {}


def _columns(contract: Contract) -> list[Column]:
    return [(contract.name, item.name) for item in contract.fields]
