"""What classifying gives: findings per field, each with counted evidence. Values never stand here."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("L1", "L2", "L3", "L4")
SENSITIVE, PERSONAL, LIMITED, OPEN = "L4", "L3", "L2", "L1"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a column is likely of a kind.

    Attributes:
        kind: what it looks like (a key of the texts `scaffold_kind_<kind>`).
        level: the classification that this deserves.
        count: values with the sign, weighted by rows; None when the sign is not counted.
        of: values that were looked at.
        sign: how it was seen: `header` (a name of the column), `shape` (of whole values), `inside`
            (of a part of a text), `check_digit`, `names` (a list of family or given names),
            `codes` (a header for persons over values that are no names), `neighbour` (another
            column of the table).
    """

    kind: str
    level: str
    count: int | None = None
    of: int = 0
    sign: str = ""

    @property
    def how(self) -> str:
        """The sign, also where only the count tells it."""
        return self.sign or ("header" if self.count is None else "shape")

    @property
    def share(self) -> float:
        """The share of the values with the sign, 0 to 1; 0 when nothing was counted."""
        return (self.count or 0) / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class FieldFinding:
    """One field and what is proposed for it.

    Attributes:
        name: the field's name; for a file without a contract, the name that a draft would give it.
        published_names: how the source calls it.
        kind: `person`, `pseudonym`, `phone`, `email`, `plate`, `resident_id`, `account`, `birth`,
            `health`, `biometric`, `address`, `coordinates`, `enterprise_code`,
            `free_text_with_personal` or `none`.
        level: the proposed level.
        declared: the level that the contract declares; None without one.
        mask: the call that hides it, such as `mask_phone(mobile)`; None when there is nothing to
            hide or nothing but leaving the field out helps.
        evidence: the strongest first.
        confidence: 0 to 1.
    """

    name: str
    published_names: tuple[str, ...]
    kind: str
    level: str
    declared: str | None
    mask: str | None
    evidence: tuple[Evidence, ...]
    confidence: float

    @property
    def personal(self) -> bool:
        """Whether the field names, reaches, locates or describes natural persons."""
        return self.level >= PERSONAL

    @property
    def disagrees(self) -> bool:
        """Whether more protection is proposed than the contract declares."""
        return self.declared is not None and self.level > self.declared


@dataclass(frozen=True, slots=True)
class Classification:
    """A source's fields, classified.

    Attributes:
        resource: the table's full name, or the name of the file.
        rows_sampled: rows that were looked at.
        fields: in the order of the contract or the file.
    """

    resource: str
    rows_sampled: int
    fields: tuple[FieldFinding, ...]

    @property
    def disagreements(self) -> tuple[FieldFinding, ...]:
        """Fields that are proposed a higher level than their contract declares."""
        return tuple(found for found in self.fields if found.disagrees)
