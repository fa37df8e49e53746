"""Which changes of a value may give what the model itself has written, whatever the value was.

A keyed mask of such a result is the pseudonym of a known value (`mask_constant`).
"""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from pipelines.lineage.flow import BENT, TRANSFORMATION, WHOLE, Flow
from pipelines.lineage.nodes import children

# What stands for a part of the value, in a replacement, a format of dates, a format of texts.
_PART = re.compile(r"\\\d|%-?[A-Za-z]|\{[^}]*\}")
_CUT = frozenset({TRANSFORMATION, BENT})
_FORMATS = frozenset({"printf", "format"})


def writes(node: Any, flow: Flow) -> bool:
    """Whether the result of a function may come from its written arguments alone.

    Args:
        flow: what flows into it.
    """
    if isinstance(node, exp.Concat | exp.ConcatWs | exp.DPipe | exp.Format | exp.Repeat):
        return any(_says(child) for child in children(node))
    if isinstance(node, exp.Anonymous) and node.name.lower() in _FORMATS:
        return any(_says(child) for child in children(node))
    if isinstance(node, exp.RegexpReplace):
        return _says(node.args.get("replacement"))
    if isinstance(node, exp.TimeToStr):
        return _says(node.args.get("format"))
    if isinstance(node, exp.Pad):
        filling: Any = node.args.get("fill_pattern")
        return _says(filling) and len(str(filling.name)) > 1
    if isinstance(node, exp.Replace | exp.Translate):
        # Of a value as it is a word is exchanged; of a piece of one all of it may be.
        new = node.args.get("replacement") or node.args.get("to")
        again = isinstance(node.this, exp.Replace)
        return _says(new) and not again and any(t.how in _CUT for t in flow.direct)
    if isinstance(node, exp.Add | exp.Sub):
        # Nothing of a value and a written number; a shifted value is still another for each value.
        return _constant(node) and not all(trace.how in WHOLE for trace in flow.direct)
    return False


def _says(node: Any) -> bool:
    """Whether a node is a text with a letter or digit of its own."""
    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    if not isinstance(node, exp.Literal):
        return False
    return any(map(str.isalnum, _PART.sub("", node.name)))


def _constant(node: Any) -> bool:
    sides = (node.this, node.expression)
    return any(side.find(exp.Column) is None and side.find(exp.Query) is None for side in sides)
