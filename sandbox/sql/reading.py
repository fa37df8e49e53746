"""What every part of the reader shares: how a node is refused, and names.

The parser reads far more than is offered. So a node is taken only if its class is known here and
none of its arguments is set that the reader did not ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from sqlglot import exp

from sandbox.errors import Refusal
from sandbox.sql.size import Sizes
from sandbox.sql.tree import Column, Value
from sandbox.terms import ColumnTerms, ViewTerms


def place(node: exp.Expression) -> tuple[int, int]:
    """Line and column of the first name or literal in a node that knows its own; 0 when none does."""
    for one in node.walk(bfs=False):
        if one.meta.get("line"):
            # The parser counts columns to the end of the word.
            width = one.meta.get("end", 0) - one.meta.get("start", 0)
            return one.meta["line"], one.meta["col"] - width
    return 0, 0


def refuse(node: exp.Expression, code: str, **fields: object) -> NoReturn:
    """Refuse a node at its place."""
    line, column = place(node)
    raise Refusal(code, line=line, column=column, **fields)


def not_offered(node: exp.Expression, instead: str, what: str | None = None) -> NoReturn:
    """Refuse a construct; `instead` is a text of the message catalogues, `sandbox_instead_...`."""
    name = what or node.key.upper().replace("_", " ")
    refuse(node, "not_offered", what=name, instead=instead)


def only(node: exp.Expression, *known: str) -> None:
    """Refuse a node with an argument that is set and not among those known."""
    for name, argument in node.args.items():
        if argument and name not in known:
            not_offered(node, "plain", f"{node.key.upper()} ... {name.strip('_').upper()}")


@dataclass(frozen=True, slots=True)
class Source:
    """What a FROM or JOIN gives: names, and what they stand for."""

    view: ViewTerms
    names: Mapping[str, Value]


@dataclass(slots=True)
class Scope:
    """The names that a part of a question may use.

    Attributes:
        views: registered views, less every column that the agreement does not grant: such a column
            does not exist, and so has no error of its own.
        sources: what is selected from, by alias.
        sizes: how much of the question is written more than once; shared with subqueries.
    """

    views: Mapping[str, ViewTerms]
    sizes: Sizes = field(default_factory=Sizes)
    sources: dict[str, Source] = field(default_factory=dict)

    def resolve(self, node: exp.Column) -> Value:
        """What a column's name stands for.

        Raises:
            Refusal: `unknown_name`, `ambiguous_name`.
        """
        only(node, "this", "table")
        identifier = node.this
        if not isinstance(identifier, exp.Identifier):
            not_offered(node, "plain", "*")
        name = folded(identifier)
        table = node.args.get("table")
        aliases = [folded(table)] if table is not None else list(self.sources)
        found = [
            self.sources[alias].names[name]
            for alias in aliases
            if alias in self.sources and name in self.sources[alias].names
        ]
        if not found:
            refuse(node, "unknown_name", name=shown(name))
        if len(found) > 1 and not self._same_unit(found):
            refuse(node, "ambiguous_name", name=shown(name))
        if not isinstance(found[0], Column):
            self.sizes.copied(found[0])
        return found[0]

    def _same_unit(self, found: list[Value]) -> bool:
        return all(self.is_unit(value) for value in found)

    def is_unit(self, value: Value) -> bool:
        """Whether a value is the column that says whose a row is."""
        return isinstance(value, Column) and value.name == self.views[value.view].unit_column

    def terms(self, column: Column) -> ColumnTerms:
        """What is registered about a column."""
        return self.views[column.view].columns[column.name]


def folded(identifier: exp.Expr) -> str:
    """A name as SQL folds it: lower case unless it is quoted."""
    name = str(identifier.name)
    return name if identifier.args.get("quoted") else name.lower()


def shown(name: str) -> str:
    """A name in a message: bounded, and on one line."""
    return name[:60].encode("unicode_escape").decode() if not name.isprintable() else name[:60]


def conjuncts(node: exp.Expression) -> Iterator[exp.Expression]:
    """The parts of an AND, however nested."""
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, exp.Paren):
            pending.append(one.this)
        elif isinstance(one, exp.And):
            pending += [one.args["expression"], one.args["this"]]
        else:
            yield one
