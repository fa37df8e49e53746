"""Which questions are one question: asked again it costs nothing, and the stored answer is given.

How the answer's columns are named, sorted and cut makes no other question; what it was counted from, by
which registration and with how much noise does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.sql.canonical import ordering
from sandbox.sql.tree import Question
from sandbox.terms import ViewTerms


def counted_question(question: Question) -> Question:
    """A question without what is only made of its answer, its parts in one order."""
    return replace(
        question,
        keys=tuple(sorted(question.keys, key=ordering)),
        aggregates=tuple(sorted(set(question.aggregates), key=ordering)),
        outputs=(),
        having=(),
        order=(),
        limit=None,
    )


def fingerprint(
    question: Question,
    views: Mapping[str, ViewTerms],
    snapshots: Mapping[str, int] | None,
    *,
    mode: str,
    rho_units: int,
) -> str:
    """The name of a question for the ledger: a SHA-256 in hexadecimal digits.

    Args:
        snapshots: the pinned snapshot of each view; None: whatever they are counted on.
        mode, rho_units: the kind of noise and how much of the budget it takes.
    """
    parts: dict[str, Any] = {
        "question": repr(counted_question(question)),
        "registered": {name: views[name].version for name in question.views},
        "mode": mode,
        "rho_units": rho_units,
    }
    if snapshots is not None:
        parts["snapshots"] = {name: str(snapshots[name]) for name in question.views}
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
