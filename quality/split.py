"""Splitting staged rows: which rules a row breaks is one bit a rule.

The verdict of every row rule on a row is kept in 64-bit mask columns (`_m0`, `_m1`, ...), computed
in the same pass as the typing. Counting and splitting are then integer tests, and reason codes are
spelled out only for the few bad rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from quality.rules import Rule

BITS = 62  # a signed BIGINT without its top bits, so that sums never overflow
FILTER_COLUMN = "_filter"


@dataclass(frozen=True, slots=True)
class MaskPlan:
    """The bits of a resource's row rules, in order."""

    rules: tuple[Rule, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The mask columns; at least one, so that every staged table has the same shape."""
        return tuple(f"_m{i}" for i in range(max(1, -(-len(self.rules) // BITS))))

    def place(self, rule_id: str) -> tuple[int, int]:
        """The mask column's index and the bit's value of a rule."""
        index = next(i for i, rule in enumerate(self.rules) if rule.id == rule_id)
        return index // BITS, 1 << (index % BITS)

    def select_list(self, violations: Mapping[str, str]) -> list[str]:
        """`<sum of bits> AS _m0, ...`, from the violation predicate of each rule."""
        terms: list[list[str]] = [[] for _ in self.columns]
        for rule in self.rules:
            column, bit = self.place(rule.id)
            terms[column].append(f"CASE WHEN {violations[rule.id]} THEN {bit} ELSE 0 END")
        return [
            f"CAST({' + '.join(parts) or '0'} AS BIGINT) AS {name}"
            for name, parts in zip(self.columns, terms, strict=True)
        ]

    def rejected(self) -> str:
        """The predicate that is TRUE for rows which a row rule of severity `reject` refuses."""
        tests = []
        for index, name in enumerate(self.columns):
            mask = self._mask(index, "reject")
            if mask:
                tests.append(f"({name} & {mask}) <> 0")
        return " OR ".join(tests) or "FALSE"

    def _mask(self, index: int, severity: str) -> int:
        chosen = [r for r in self.rules if r.severity == severity]
        return sum(bit for column, bit in (self.place(r.id) for r in chosen) if column == index)

    def reasons(self) -> list[str]:
        """One expression a rejecting rule: a list with its reason code where broken, else empty."""
        found = []
        for rule in self.rules:
            if rule.severity == "reject":
                column, bit = self.place(rule.id)
                code = rule.id.replace("'", "''")
                found.append(f"CASE WHEN (_m{column} & {bit}) <> 0 THEN ['{code}'] ELSE [] END")
        return found

    def failures(self, groups: Iterable[tuple[Sequence[int], int]]) -> Counter[str]:
        """Failed rows per rule id, from distinct mask values and their row counts."""
        counts: Counter[str] = Counter()
        for masks, rows in groups:
            for index, rule in enumerate(self.rules):
                if masks[index // BITS] & (1 << (index % BITS)):
                    counts[rule.id] += rows
        return counts
