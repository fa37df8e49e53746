"""What of an earlier compile still holds: each step says by fingerprints what it was proven from.

Four things are proven of a step, each from more than the one before:

- *read*: its contract and SQL are well formed. Holds while neither changes.
- *bound*: they fit the tables that they name, mean the same on every engine where that is asked, and
  the lineage was traced. Holds while, besides, the
  columns of those tables are the same.
- *levels*: how sensitive its columns are. Holds while the contract and lineage of everything that
  it comes from, or that its foreign keys refer to, are the same.
- *judged*: it may be released. Holds while, besides, the ceilings of the channels are the same, the
  fields that its justifications name exist, no justification has ended, and the releases that give
  away what a keyed mask makes of known values are the same.

Nothing here decides whether a step is sound. A step without a proof is compiled as if there were no
others, and only a step without a single fault gets one.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from catalog.contract import Contract
from catalog.lineage import ROW, ModelLineage
from pipelines.compilecache import Unpickled
from pipelines.duck import table_columns
from pipelines.levels.infer import Levels, TableLevels
from pipelines.levels.tokens import dictionaries
from pipelines.masking.calls import PREFIX
from pipelines.masking.keys import KeyUse
from pipelines.models import Reference
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from pipelines.plan import Step


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found of one step without a fault.

    Attributes:
        own, around, above, terms: fingerprints of what it was read, bound, given levels and judged
            from; the last two are empty for collected data.
        traced: fingerprint of its lineage.
        references, masking, keys: as in the step.
        lineage, levels: pickled; empty for collected data.
        until: the last day on which its justifications hold; None: no end.
    """

    own: str
    around: str
    above: str = ""
    terms: str = ""
    traced: str = ""
    references: tuple[Reference, ...] | None = None
    masking: frozenset[str] = frozenset()
    keys: frozenset[KeyUse] = frozenset()
    lineage: bytes = b""
    levels: bytes = b""
    until: date | None = None


class Proofs:
    """The proofs of one workspace while it is compiled, read from its cache and kept in it.

    Attributes:
        lineage, levels: of every model that has them so far.
    """

    def __init__(self, workspace: Workspace, today: date) -> None:
        self._workspace = workspace
        self._today = today
        self._cache = workspace.cache
        self._contracts = workspace.contracts
        # The engine knows the masking functions when a model calls one; rules may call them then.
        self._masks = any(PREFIX in m.sql.lower() for m in workspace.models.values())
        self._columns: dict[str, str] = {}
        self._above: dict[str, str] = {}
        self._given: tuple[str, ...] | None = None
        self._traced: dict[str, str] = {}
        self._proofs: dict[str, Any] = {}
        if self._cache is not None:
            self._proofs = {name: self._cache.proof(name) for name in self._contracts}
        self.lineage: Unpickled[ModelLineage] = Unpickled()
        self.levels: Unpickled[TableLevels] = Unpickled()

    # -- what still holds -----------------------------------------------------------------------

    def read(self, name: str) -> Proof | None:
        """The proof of a step whose contract and SQL are what they were."""
        proof: Proof | None = self._proofs.get(name)
        return proof if proof is not None and proof.own == self._own(name) else None

    def bound(self, step: Step) -> bool:
        """Whether a step is known to bind to the tables as they are."""
        proof = self.read(step.name)
        return proof is not None and proof.around == self._around(step)

    def take_lineage(self, step: Step) -> None:
        """Take over the lineage of a step that is known to bind."""
        self._take_lineage(step.name, self._proofs[step.name])

    def _take_lineage(self, name: str, proof: Proof) -> None:
        self.lineage.put_bytes(name, proof.lineage)
        self._traced[name] = proof.traced

    def take_levels(self, step: Step) -> bool:
        """Take over the levels of a step, if they are known to be the same.

        To be asked of every step that gets levels, each after what it waits for.
        """
        if self._cache is None:
            return False
        above, proof = self._above_of(step), self._proofs[step.name]
        if proof is None or not proof.levels or proof.above != above:
            return False
        self.levels.put_bytes(step.name, proof.levels)
        return True

    def judged(self, step: Step) -> bool:
        """Whether a step with lineage is known to be releasable today."""
        proof: Proof | None = self._proofs.get(step.name)
        return (
            proof is not None
            and proof.above == self._above_of(step)
            and proof.terms == self._terms(step.contract)
            and (proof.until is None or proof.until >= self._today)
        )

    # -- keeping --------------------------------------------------------------------------------

    def save(self, sound: Iterable[Step]) -> None:
        """Keep the proofs of steps without a fault in the workspace's cache, if it has one.

        Args:
            sound: steps that bind and, if they are models, have lineage and levels.
        """
        if self._cache is None:
            return
        for step in sound:
            proof = self._proof(step)
            if proof != self._proofs[step.name]:
                self._cache.keep_proof(step.name, proof)
        self._cache.save(self._contracts, [item.path for item in self._contracts.values()])

    def _proof(self, step: Step) -> Proof:
        own, around = self._own(step.name), self._around(step)
        if step.model is None:
            return Proof(own, around)
        return Proof(
            own,
            around,
            self._above_of(step),
            self._terms(step.contract),
            self._traced[step.name],
            step.references,
            step.masking,
            step.keys,
            self.lineage.bytes_of(step.name),
            self.levels.bytes_of(step.name),
            min((item.until for item in step.contract.justifications), default=None),
        )

    # -- fingerprints ---------------------------------------------------------------------------

    def _own(self, name: str) -> str:
        model = self._workspace.models.get(name)
        portable = self._workspace.settings.engine.portable
        return _mark(
            self._masks, portable, self._contracts[name].fingerprint, model.sql if model else ""
        )

    def _around(self, step: Step) -> str:
        return _mark(*(self._columns_of(name) for name in sorted({*step.inputs, step.name})))

    def _columns_of(self, name: str) -> str:
        if name not in self._columns:
            contract = self._contracts.get(name)
            columns = table_columns(contract) if contract else ()
            key = contract.primary_key if contract else ()
            self._columns[name] = " ".join(
                [name, *(f"{c.name} {c.type}," for c in columns), "key", *key]
            )
        return self._columns[name]

    def _above_of(self, step: Step) -> str:
        if step.name not in self._above:
            traced = self._trace(step.name) if step.model is not None else ""
            # A foreign key's table may have faults, and no levels: then it tells nothing yet.
            before = (self._above.get(name, "") for name in sorted(step.waits_for))
            self._above[step.name] = _mark(step.contract.fingerprint, traced, *before)
        return self._above[step.name]

    def _trace(self, name: str) -> str:
        """The fingerprint of a lineage; of equal ones the same, however their sets are ordered."""
        if name not in self._traced:
            proof: Proof | None = self._proofs[name]
            if proof is not None and pickle.loads(proof.lineage) == self.lineage[name]:
                self._take_lineage(name, proof)
            else:
                self._traced[name] = hashlib.sha256(self.lineage.bytes_of(name)).hexdigest()
        return self._traced[name]

    def _terms(self, contract: Contract) -> str:
        named = sorted({source for item in contract.justifications for source in item.source})
        return _mark(
            self._workspace.settings.channels,
            *(self._dictionaries() if contract.release is not None else ()),
            *(f"{source} {self._exists(source)}" for source in named),
        )

    def _dictionaries(self) -> tuple[str, ...]:
        """What other releases give away of what a keyed mask makes of known values."""
        if self._given is None:
            channels = self._workspace.settings.channels
            found = dictionaries(self._contracts.values(), Levels(self.levels), channels)
            self._given = tuple(f"{key} {names}" for key, names in found.items())
        return self._given

    def _exists(self, source: str) -> bool:
        """Whether a column has a level, as a justification's source must."""
        table, _, column = source.rpartition(".")
        contract = self._contracts.get(table)
        if contract is None or table not in self.levels:
            return False
        return column == ROW or any(c.name == column for c in table_columns(contract))


def _mark(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
