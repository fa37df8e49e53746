"""The errors about keyed masks that can be looked up (`pipelines.levels.tokens`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from catalog.contract import Contract
from catalog.errors import CityBrainError
from catalog.lineage import ROW, Edge, ModelLineage
from pipelines.errors import PipelineError
from pipelines.levels.channels import Channels
from pipelines.levels.infer import Column, Levels
from pipelines.levels.paths import Ways
from pipelines.levels.tokens import Dictionary, Key, Lookup, dictionaries, lookups, secrets


class TokenCheck:
    """Checks what the keyed masks of one plan are given."""

    def __init__(self, ways: Ways, channels: Channels) -> None:
        self._ways = ways
        self._levels: Levels = ways.levels
        self._lineage: Mapping[str, ModelLineage] = ways.lineage
        self._channels = channels

    def written(self, contract: Contract) -> Iterator[CityBrainError]:
        """Keyed masks of columns in which a model before wrote values of its own."""
        lineage = self._lineage[contract.name]
        found: dict[Column, Edge] = {}
        for name, edges in [*lineage.columns.items(), (ROW, lineage.rows)]:
            for edge in edges:
                source = self._levels.column((edge.table, edge.column))
                if source and source.written and any(step.keyed for step in edge.masks):
                    found.setdefault((contract.name, name), edge)
        for column, edge in found.items():
            function = next(step.function for step in edge.masks if step.keyed)
            where = self._ways.declared_at(column)
            yield PipelineError("mask_constant", where=where, function=function)

    def shown(self, contract: Contract, ceiling: str) -> Iterator[CityBrainError]:
        """Secrets that can be looked up in the columns of a release, or by another release."""
        named = set()
        for lookup in lookups(contract, self._levels, ceiling):
            if lookup.shown:
                named.add(lookup.key)
                yield self._lookup(lookup)
        for key, shown in secrets(contract, self._levels, ceiling).items():
            given = [d for d in self._dictionaries.get(key, ()) if d.release != contract.name]
            told = ((one, d) for one in shown for d in given if one.told_by(d))
            found = next(told, None) if key not in named else None
            if found is not None:
                yield self._elsewhere(key, found[0].secret, found[0].columns, found[1].release)

    def compared(self, contract: Contract, ceiling: str) -> dict[Column, list[Column]]:
        """Secrets that a release compares with what may be known, and its columns that show one."""
        return {
            lookup.secret: list(lookup.columns) or [(contract.name, ROW)]
            for lookup in lookups(contract, self._levels, ceiling)
            if not lookup.shown
        }

    @cached_property
    def _dictionaries(self) -> dict[Key, tuple[Dictionary, ...]]:
        return dictionaries(self._ways.contracts.values(), self._levels, self._channels)

    def _lookup(self, found: Lookup) -> CityBrainError:
        return PipelineError(
            "release_lookup",
            where=self._ways.declared_at(found.columns[0]),
            columns=", ".join(name for _, name in found.columns),
            mask=_shown(found.key),
            origin=".".join(found.secret),
            level=self._levels.of(found.secret),
            known=".".join(found.known),
        )

    def _elsewhere(
        self, key: Key, origin: Column, columns: tuple[Column, ...], other: str
    ) -> CityBrainError:
        return PipelineError(
            "release_lookup_elsewhere",
            where=self._ways.declared_at(columns[0]),
            columns=", ".join(name for _, name in columns),
            mask=_shown(key),
            origin=".".join(origin),
            level=self._levels.of(origin),
            other=other,
        )


def _shown(key: Key) -> str:
    return f"{key[0]}({', '.join(['x', *map(repr, key[1:])])})"
