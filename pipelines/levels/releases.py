"""What may leave: every release is held against its channel's ceiling, or it does not compile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from catalog.contract import Contract, Justification, Release
from catalog.errors import CityBrainError, Location
from catalog.lineage import ROW, MaskUse, ModelLineage
from pipelines.errors import PipelineError
from pipelines.levels.channels import Channels
from pipelines.levels.counts import CountCheck
from pipelines.levels.infer import Column, ColumnLevel, Levels
from pipelines.levels.nature import needs, suits
from pipelines.levels.paths import Hop, Ways
from pipelines.levels.tokencheck import TokenCheck
from pipelines.levels.views import View, conflict, level_behind, masked_kinds

# What leaves a part of a value to be seen; a token and a cipher do not, nor a suppressed count.
_DECLARED_KINDS = frozenset({"generalise", "partial", "redact", "noise"})


class ReleaseCheck:
    """Checks releases and declared levels of one plan."""

    def __init__(self, ways: Ways, channels: Channels, today: date) -> None:
        self._ways = ways
        self._levels: Levels = ways.levels
        self._lineage: Mapping[str, ModelLineage] = ways.lineage
        self._channels = channels
        self._today = today
        self._tokens = TokenCheck(ways, channels)
        self._counts = CountCheck(ways)

    def problems(self, contract: Contract) -> Iterator[CityBrainError]:
        """Everything that keeps one derived resource from compiling."""
        yield from self._tokens.written(contract)
        if contract.release is None:
            yield from self._declared(contract)
            return
        found = list(self._released(contract, contract.release))
        yield from found or self._unidentified(contract, contract.release)

    def _released(self, contract: Contract, release: Release) -> Iterator[CityBrainError]:
        """Everything that a release tells and may not."""
        ceiling = self._channels.ceiling(release)
        above = {c for c in _told(contract) if self._levels.of(c) > ceiling}
        yield from self._declared(contract, above)
        yield from (self._carried(c, release, ceiling) for c in sorted(above))
        yield from self._together(contract, ceiling, above)
        yield from self._tokens.shown(contract, ceiling)
        yield from self._influenced(contract, ceiling)
        yield from self._unsuited(contract, ceiling, above)
        yield from self._unlisted(contract, ceiling, above)
        yield from self._counts.problems(contract, ceiling)
        yield from self._justifications(contract)

    def _known(self, column: Column) -> ColumnLevel:
        known = self._levels.column(column)
        assert known is not None
        return known

    # -- direct ---------------------------------------------------------------------------------

    def _declared(
        self, contract: Contract, above: Iterable[Column] = ()
    ) -> Iterator[CityBrainError]:
        """A contract may raise a level, never lower it."""
        for column in _columns(contract):
            known = self._known(column)
            if known.declared is None or known.declared >= known.inferred or column in set(above):
                continue
            yield PipelineError(
                "level_lowered",
                where=self._ways.declared_at(column),
                column=column[1],
                declared=known.declared,
                inferred=known.inferred,
                path=self._path(column, self._cause(column, known.inferred)),
            )

    def _carried(self, column: Column, release: Release, ceiling: str) -> CityBrainError:
        level = self._levels.of(column)
        return PipelineError(
            "release_ceiling",
            where=self._ways.declared_at(column),
            column=column[1],
            level=level,
            channel=release.channel,
            ceiling=ceiling,
            path=self._path(column, self._cause(column, level)),
        )

    def _cause(self, column: Column, level: str) -> Column:
        """The origin that gives a column its level."""
        for origin, views in sorted(self._known(column).origins.items()):
            if level_behind(self._levels.of(origin), views) >= level:
                return origin
        return column

    def _together(
        self, contract: Contract, ceiling: str, above: set[Column]
    ) -> Iterator[CityBrainError]:
        """Masks that hide one value each in its own column, or where a column depends on it, and
        show it side by side."""
        classes = self._equal_classes(contract.name)
        seen: dict[Column, dict[View, set[Column]]] = {}
        for column in _told(contract):
            for origin, views in self._known(column).origins.items():
                if column not in above and self._levels.of(origin) > ceiling:
                    held = seen.setdefault(classes.get(origin, origin), {})
                    for view in views:
                        held.setdefault(view, set()).add(column)
        for origin, views in self._hinted(contract, ceiling):
            told = level_behind(self._levels.of(origin), views) > ceiling  # that is said as it is
            known = seen.get(classes.get(origin, origin), {})
            held = known if told else seen.setdefault(classes.get(origin, origin), known)
            for view in views if held or not told else ():
                held.setdefault(view, set())
        for origin, by_view in sorted(seen.items()):
            pair = conflict(by_view)
            if pair is None:
                continue
            showing = {c for view in pair for c in by_view[view]}
            shown = {c for held in by_view.values() for c in held}
            columns = sorted(showing or shown or _told(contract)[:1])
            yield PipelineError(
                "masks_combine",
                where=self._ways.declared_at(columns[0]),
                columns=", ".join(c for _, c in columns),
                origin=".".join(origin),
                masks=" / ".join(str(view[-1]) for view in pair),
            )

    def _hinted(self, contract: Contract, ceiling: str) -> Iterator[tuple[Column, frozenset[View]]]:
        """What the release depends on through masks, unless somebody answers for all of it."""
        for column in (*_told(contract), (contract.name, ROW)):
            for origin, views in self._levels.hints(column).items():
                if self._levels.of(origin) > ceiling and not self._answered(contract, origin):
                    yield origin, views

    def _answered(self, contract: Contract, origin: Column) -> bool:
        # What counts is how sensitive the field is, not what its masks leave of it: a field that
        # was raised is another one than somebody answered for.
        given = self._justified(contract, origin)
        return given is not None and given.level >= self._levels.of(origin)

    def _equal_classes(self, name: str) -> dict[Column, Column]:
        """Origins that some model above requires to be equal count as one value."""
        leader: dict[Column, Column] = {}

        def find(column: Column) -> Column:
            while leader.get(column, column) != column:
                column = leader[column]
            return column

        todo, seen = [name], {name}
        while todo:
            lineage = self._lineage.get(todo.pop())
            if lineage is None:
                continue
            for one, other in lineage.equal:
                for a in self._origins_of(one):
                    for b in self._origins_of(other):
                        leader[find(a)] = find(b)
            tables = {e.table for e in lineage.rows}
            tables |= {e.table for edges in lineage.columns.values() for e in edges}
            todo += [t for t in tables if t not in seen]
            seen |= tables
        return {column: find(column) for column in leader}

    def _origins_of(self, column: Column) -> list[Column]:
        return list(self._known(column).origins)

    # -- indirect -------------------------------------------------------------------------------

    def _influenced(self, contract: Contract, ceiling: str) -> Iterator[CityBrainError]:
        """What a release tells about fields above its ceiling without carrying them."""
        found = self._tokens.compared(contract, ceiling)
        for column in (*_told(contract), (contract.name, ROW)):
            for origin, level in self._levels.influences(column).items():
                if level > ceiling:
                    found.setdefault(origin, []).append(column)
        for origin, columns in sorted(found.items()):
            if not self._answered(contract, origin):
                yield self._untold(contract, origin, columns, ceiling)

    def _justified(self, contract: Contract, origin: Column) -> Justification | None:
        """The justification that covers most of an origin, of those that hold today."""
        name = ".".join(origin)
        held = (j for j in contract.justifications if name in j.source and j.until >= self._today)
        return max(held, key=lambda item: item.level, default=None)

    def _untold(
        self,
        contract: Contract,
        origin: Column,
        columns: list[Column],
        ceiling: str,
    ) -> CityBrainError:
        """The error for a dependence that nobody answers for, or not at the level of today."""
        names = [name for _, name in columns if name != ROW]
        hops = self._ways.influencing(origin, columns[0])
        shared = {
            "columns": ", ".join(names[:6]) + (" ..." if len(names) > 6 else ""),
            "origin": ".".join(origin),
            "level": self._levels.of(origin),
            "path": self._shown(hops),
        }
        given = self._justified(contract, origin)
        if given is None:
            where = Location(contract.path, 1)
            return PipelineError("release_indirect", where=where, ceiling=ceiling, **shared)
        where = Location(contract.path, _line_of(contract, given))
        return PipelineError(
            "justification_level", where=where, who=given.who, given=given.level, **shared
        )

    def _justifications(self, contract: Contract) -> Iterator[CityBrainError]:
        for item in contract.justifications:
            where = Location(contract.path, _line_of(contract, item))
            if item.until < self._today:
                yield PipelineError(
                    "justification_expired", where=where, until=item.until, who=item.who
                )
            for source in item.source:
                table, _, column = source.rpartition(".")
                if self._levels.column((table, column)) is None:
                    yield PipelineError("justification_unknown", where=where, name=source)

    def _unsuited(
        self, contract: Contract, ceiling: str, above: set[Column]
    ) -> Iterator[CityBrainError]:
        """Masks that were to lower what leaves, and are not made for such values."""
        found: dict[tuple[Column, MaskUse], Column] = {}
        for column in (*_told(contract), (contract.name, ROW)):
            told = [
                (origin, views)
                for origin, views in self._levels.hints(column).items()
                if level_behind(self._levels.of(origin), views) > ceiling
                and not self._answered(contract, origin)
            ]
            carried = list(self._known(column).origins.items()) if column in above else []
            for origin, views in (*carried, *told):
                high = self._levels.of(origin) > ceiling
                for step in sorted({s for view in views for s in view} if high else ()):
                    if not suits(step, self._known(origin).nature):
                        found.setdefault((origin, step), column)
        for (origin, step), column in found.items():
            key, value = needs(step)
            yield PipelineError(
                "mask_unsuited",
                where=self._ways.declared_at(column),
                mask=str(step),
                origin=".".join(origin),
                key=key,
                value=value,
            )

    # -- what the kind of release needs ---------------------------------------------------------

    def _unlisted(
        self, contract: Contract, ceiling: str, above: set[Column]
    ) -> Iterator[CityBrainError]:
        """A masked field still tells something: the disclosure-risk gate must know of it."""
        release = contract.release
        if release is None or release.kind != "records":
            return
        listed = {*release.quasi_identifiers, *release.sensitive}
        for column in _told(contract):
            if column[1] in listed or column in above:
                continue
            for origin, views in sorted(self._known(column).origins.items()):
                high = self._levels.of(origin) > ceiling
                if high and masked_kinds(views) & _DECLARED_KINDS:
                    yield PipelineError(
                        "release_undeclared",
                        where=self._ways.declared_at(column),
                        column=column[1],
                        origin=".".join(origin),
                    )
                    break

    def _unidentified(self, contract: Contract, release: Release) -> Iterator[CityBrainError]:
        """Records about somebody have a disclosure risk, which is measured by quasi-identifiers."""
        if release.kind != "records" or release.quasi_identifiers:
            return
        ceiling = self._channels.ceiling(release)
        for column in _told(contract):
            for origin, views in self._known(column).origins.items():
                # That nothing identifies can be said of pseudonyms, not of what still shows a part.
                shown = masked_kinds(views) & _DECLARED_KINDS or not release.quasi_declared
                if self._levels.of(origin) > ceiling and shown:
                    yield PipelineError("release_quasi", where=Location(contract.path, 1))
                    return
        # A value that is spelt out by a list beside it is in no column, and tells as much.
        told = (v for _, v in self._hinted(contract, ceiling)) if not release.quasi_declared else ()
        if any(masked_kinds(views) & _DECLARED_KINDS for views in told):
            yield PipelineError("release_quasi", where=Location(contract.path, 1))

    def _path(self, column: Column, origin: Column) -> str:
        return self._shown(self._ways.carrying(origin, column))

    def _shown(self, hops: Iterable[Hop]) -> str:
        """A line a hop; what is said next begins a new line."""
        root = _root(self._ways.contracts)
        lines = [f"\n    {hop.text(root)}" for hop in hops]
        return "".join([*lines, "\n "]) if lines else ""


def _told(contract: Contract) -> list[Column]:
    """The columns that a release tells of: all but the unit of privacy, which no question may name."""
    unit = contract.privacy.column if contract.privacy else None
    return [column for column in _columns(contract) if column[1] != unit]


def _columns(contract: Contract) -> list[Column]:
    return [(contract.name, item.name) for item in contract.fields]


def _root(contracts: Mapping[str, Contract]) -> Path:
    """The workspace: every contract stands two folders below it."""
    first = next(iter(contracts.values()))
    return first.path.parent.parent.parent


def _line_of(contract: Contract, item: Justification) -> int:
    lines = contract.path.read_text("utf-8").splitlines()
    return next((i for i, row in enumerate(lines, 1) if item.source[0] in row), 1)
