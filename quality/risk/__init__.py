"""Disclosure risk: what a table of records gives away about single persons, and what would help.

`measure` is imported from `quality.risk.measure`: a package cannot hand on a function that has the
name of one of its modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.lazy import lazy_names

if TYPE_CHECKING:
    from quality.risk.hierarchies import Hint, Ladder, Rung, ladders_for
    from quality.risk.policy import RiskPolicy, RiskSettings, Thresholds, policy_of
    from quality.risk.report import RiskReport
    from quality.risk.search import Proposal, propose

__all__ = [
    "Hint",
    "Ladder",
    "Proposal",
    "RiskPolicy",
    "RiskReport",
    "RiskSettings",
    "Rung",
    "Thresholds",
    "ladders_for",
    "policy_of",
    "propose",
]

_HOMES = {
    "Hint": "quality.risk.hierarchies",
    "Ladder": "quality.risk.hierarchies",
    "Proposal": "quality.risk.search",
    "RiskPolicy": "quality.risk.policy",
    "RiskReport": "quality.risk.report",
    "RiskSettings": "quality.risk.policy",
    "Rung": "quality.risk.hierarchies",
    "Thresholds": "quality.risk.policy",
    "ladders_for": "quality.risk.hierarchies",
    "policy_of": "quality.risk.policy",
    "propose": "quality.risk.search",
}


__getattr__ = lazy_names(__name__, _HOMES)
