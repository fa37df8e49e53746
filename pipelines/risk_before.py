"""A model without its generalisations: what a proposal for less, or for more, starts from.

Bands of ten years do not coarsen to bands of fifteen; whoever looks for the least loss must look at
the values under the model's own bands. Pseudonyms, partial masks and everything else stay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from pipelines.masking.calls import mask_call
from pipelines.models import parse_query

# What decides rows by the generalised values would decide otherwise by the original ones.
_BY_VALUE = ("group", "distinct", "qualify", "limit")


@dataclass(frozen=True, slots=True)
class Ungeneralised:
    """A model's SELECT with the generalisations of some fields taken off.

    Attributes:
        replaced: by field, what the mask was given and the call as it stands in the model.
    """

    sql: str
    replaced: Mapping[str, tuple[str, str]]


def ungeneralised(sql: str, path: Path, fields: Collection[str]) -> Ungeneralised | None:
    """Take the generalising masks off the given fields of a model's outermost SELECT.

    Returns:
        None when there are none that can be taken off without changing which rows there are.
    """
    query, _ = parse_query(sql, path)
    tree = query.tree if query is not None else None
    if not isinstance(tree, exp.Select) or any(tree.args.get(part) for part in _BY_VALUE):
        return None
    replaced: dict[str, tuple[str, str]] = {}
    for projection in tree.selects:
        name = projection.alias_or_name
        call = mask_call(projection.unalias(), path) if name in fields else None
        if call is None or call.function.kind != "generalise" or len(call.values) != 1:
            continue
        value = call.values[0]
        replaced[name] = (_text(value), _text(projection.unalias()))
        projection.replace(exp.alias_(value.copy(), name, quoted=True))
    return Ungeneralised(_text(tree), replaced) if replaced else None


def _text(node: exp.Expr) -> str:
    return node.sql(dialect="duckdb", normalize_functions=False)
