"""What the rules of a contract decide: which rows its gate lets pass, and whether it publishes at all.

A rule that takes a row out because of a field is a filter by that field, only written in another
place. So a deciding rule is an indirect edge from every field that it looks at to the rows of its
table. Two kinds of rules tell nothing new and are no edges:

- Rules about one field of collected data, and its keys: they say what the field may hold. The level
  of a field is declared for the values that it may hold; that a row is there at all, and so holds
  such values, is what the contract's `row_level` is about.
- Rules of a derived table that cannot fail, because the same rule holds where the value comes from
  (a *check*), or because the query gives each key once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from catalog.contract import META_COLUMNS, Contract
from catalog.lineage import ROW, Edge
from pipelines.asread import as_read
from quality.rules import Rule

RULE = "rule"
_READING = frozenset({"unreadable", "malformed"})
# Of the table as a whole: nothing of a row but that it is there.
_COUNTING = frozenset({"row_count", "volume_change"})
# What may be written in a contract of collected data, whose fields it does not filter by each other.
_BETWEEN_FIELDS = frozenset({"row", "sql", "foreign_key"})


def decides(rule: Rule) -> bool:
    """Whether a rule keeps rows, or the whole table, from being published."""
    return rule.severity != "warn" and rule.kind not in _READING | _COUNTING


def check(rule: Rule) -> str:
    """What a rule says of one field's values, in a form that can be compared; empty for others."""
    if rule.scope != "row" or rule.kind in _READING or len(rule.fields) != 1:
        return ""
    params = ", ".join(f"{key}={rule.params[key]!r}" for key in sorted(rule.params))
    return f"{rule.kind}({params})"


def collected_edges(contract: Contract, rules: Iterable[Rule]) -> Iterator[Edge]:
    """The edges of the rules and filters of collected data."""
    for rule in rules:
        if decides(rule) and rule.kind in _BETWEEN_FIELDS:
            yield from _edges(contract, rule)
    for declared in contract.filters:
        if declared.when is not None:
            line = line_in(contract, declared.when)
            for name in _named(contract, f"SELECT {declared.when}"):
                yield Edge(contract.name, name, False, RULE, (), line)


def derived_edges(
    contract: Contract,
    rules: Iterable[Rule],
    known: Mapping[str, frozenset[str]],
    keys: Iterable[frozenset[str]],
) -> Iterator[Edge]:
    """The edges of the rules of a derived table.

    Args:
        known: by field, the checks that hold of its values before the gate looks at them.
        keys: sets of columns of which the query gives each combination once.
    """
    for rule in rules:
        if decides(rule) and not _settled(rule, known, keys):
            yield from _edges(contract, rule)


def _settled(
    rule: Rule, known: Mapping[str, frozenset[str]], keys: Iterable[frozenset[str]]
) -> bool:
    """Whether a rule cannot find anything."""
    if rule.kind == "unique":
        return any(key <= set(rule.fields) for key in keys)
    return bool(check(rule)) and check(rule) in known.get(rule.fields[0], ())


def _edges(contract: Contract, rule: Rule) -> Iterator[Edge]:
    line = rule.where.line or 1
    for name in _looked_at(contract, rule):
        yield Edge(contract.name, name, False, RULE, (), line)
    if rule.kind == "foreign_key":
        for name in (*rule.params["to"], ROW):
            yield Edge(rule.params["references"], name, False, RULE, (), line)


def _looked_at(contract: Contract, rule: Rule) -> tuple[str, ...]:
    if rule.kind == "row":
        return _named(contract, f"SELECT {rule.params['holds']}")
    if rule.kind == "sql":
        return _named(contract, rule.params["query"])
    if rule.kind == "unique" and contract.database != "raw":
        # Of rows with the same key the first stays, in the order of all their values.
        return tuple(item.name for item in contract.fields)
    return rule.fields


def _named(contract: Contract, sql: str) -> tuple[str, ...]:
    """The fields that an SQL text names; all of them where that cannot be told."""
    fields = [item.name for item in contract.fields]
    if contract.database == "raw":
        fields += META_COLUMNS
    read = as_read(sql)
    if read is None or not read.named:
        return tuple(fields)
    names = set(read.using)
    for _, parts in read.columns:
        # `table.column`, or a column and what is taken out of it.
        names.add(parts[1] if len(parts) > 1 and parts[0] in read.tables else parts[0])
    # A name of no field may stand for the whole row, unless it is a label and no table's name; the table
    # of a condition has no name in it.
    labels = read.labels - read.tables if read.tables else set()
    if names - labels - {name.lower() for name in fields}:
        return tuple(fields)
    return tuple(name for name in fields if name.lower() in names)


def line_in(contract: Contract, text: str) -> int:
    """The line of a contract's file where a text stands."""
    lines = contract.path.read_text("utf-8").splitlines()
    first = text.strip().splitlines()[0]
    return next((i for i, line in enumerate(lines, 1) if first in line), 1)
