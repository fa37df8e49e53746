"""Rules, what they mean as SQL, certification by Great Expectations, and quality scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.lazy import lazy_names

if TYPE_CHECKING:
    from quality.certify import Certificate, Certifier
    from quality.errors import QualityError
    from quality.predicates import violation
    from quality.rules import Rule, rules_of
    from quality.scores import score
    from quality.split import MaskPlan

__all__ = [
    "Certificate",
    "Certifier",
    "MaskPlan",
    "QualityError",
    "Rule",
    "rules_of",
    "score",
    "violation",
]

_HOMES = {
    "Certificate": "quality.certify",
    "Certifier": "quality.certify",
    "MaskPlan": "quality.split",
    "QualityError": "quality.errors",
    "Rule": "quality.rules",
    "rules_of": "quality.rules",
    "score": "quality.scores",
    "violation": "quality.predicates",
}


__getattr__ = lazy_names(__name__, _HOMES)
