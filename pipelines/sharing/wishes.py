"""What somebody wants to ask for, as he wrote it, and whether it can be asked so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from catalog.sharing.grant import MANNERS
from catalog.sharing.request import Asked
from pipelines.errors import PipelineError
from pipelines.sharing.rules import SharingRules

LONGEST_TEXT = 2000  # characters of a basis, a reason, a question


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form or a command says.

    Attributes:
        wants: by resource the names of fields.
        first, last: the first and the last day of use, in the city.
    """

    wants: Mapping[str, Sequence[str]]
    basis: str
    scenario: str
    purpose: str
    manner: str
    first: date
    last: date


def asked_of(rules: SharingRules, department: str, wish: Wish, today: date) -> Asked:
    """What is asked for, if it may be.

    Raises:
        PipelineError: `share_text`, `share_manner`, `share_term`; what `SharingRules.items` raises.
    """
    texts = {"basis": wish.basis, "scenario": wish.scenario, "purpose": wish.purpose}
    for name, text in texts.items():
        texts[name] = plain_text(name, text)
    if wish.manner not in MANNERS:
        known = ", ".join(MANNERS)
        raise PipelineError("share_manner", manner=wish.manner, known=known)
    longest = rules.plan.workspace.settings.sharing.longest_days
    days = (wish.last - wish.first).days + 1
    if days < 1 or days > longest or wish.last < today:
        term = f"{wish.first} - {wish.last}"
        raise PipelineError("share_term", term=term, longest=longest, today=today)
    items = rules.items(department, wish.wants)
    return Asked(
        items,
        texts["basis"],
        texts["scenario"],
        texts["purpose"],
        wish.manner,
        wish.first,
        wish.last,
    )


def plain_text(name: str, text: str) -> str:
    """A text that somebody wrote, without blanks around it.

    Raises:
        PipelineError: `share_text`, when it is empty or too long.
    """
    text = text.strip()
    if not 0 < len(text) <= LONGEST_TEXT:
        raise PipelineError("share_text", name=name, longest=LONGEST_TEXT)
    return text
