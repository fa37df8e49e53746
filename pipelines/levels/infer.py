"""How sensitive every column is: levels flow along lineage, and only a mask lowers one.

A column's *origins* are the columns where its sensitivity comes from: fields of collected data, and
derived columns whose contract raises their level. For each origin the masks on every way to the
column are kept, so that two masks of one value are seen together wherever they meet. What a column
only depends on (a filter, a join, a CASE) is kept apart, with the level of what it tells about.

就高从严 (GB/T 43697-2024): merging can only raise a level, lowering needs a recorded treatment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from catalog.contract import META_COLUMNS, Contract
from catalog.lineage import ROW, Edge, ModelLineage
from pipelines.levels.nature import ROWS, UNSAID, Nature, suits
from pipelines.levels.rows import repeated_columns
from pipelines.levels.rules import check, collected_edges, decides, derived_edges
from pipelines.levels.views import HIGHEST, WHOLE, View, composed, hint, level_behind, united
from pipelines.lineage.flow import JOINT
from quality.rules import Rule, rules_of

Column = tuple[str, str]
LOWEST = "L1"
_BY_ORDER = ("limit", "order")  # edges of a row that tell of its place among the others
_META_LEVEL = "L2"  # the file and line that a row came from: the bureau's own business

Hints = Mapping[Column, frozenset[View]]
"""Origins that are depended on, and the masks between them and the effect that they have."""


@dataclass(frozen=True, slots=True)
class ColumnLevel:
    """The sensitivity of one column.

    Attributes:
        level: what holds: the declared level when the contract raises it, else the inferred.
        inferred: the least that its sources allow; for collected data what the contract declares.
        declared: what the contract says, if anything.
        origins: where its value comes from, with the masks on every way.
        hints: what it depends on besides, without what decides about the table's rows.
        nature: what its contract says of its values, by which masks are judged.
        checks: what rules make sure of its values, as `rules.check` puts it.
        written: whether it holds, in some rows, what a model writes out itself.
    """

    level: str
    inferred: str
    declared: str | None
    origins: Mapping[Column, frozenset[View]]
    hints: Hints
    nature: Nature = UNSAID
    checks: frozenset[str] = frozenset()
    written: bool = False


@dataclass(frozen=True, slots=True)
class TableLevels:
    """The sensitivity of one table.

    Attributes:
        columns: the row itself among them.
        rows: what decides which rows there are.
        order: what decides in which order they come, besides.
        decided: the edges of the rules that decide which rows there are.
        repeated: the columns whose sources' rows may stand in several rows (`levels.rows`).
        of: the collected tables of whose rows its rows are.
        doubled: whether a row may come from both of two tables that its model unites.
    """

    columns: Mapping[str, ColumnLevel]
    rows: Hints
    order: Hints = field(default_factory=dict)
    decided: tuple[Edge, ...] = ()
    repeated: frozenset[str] = frozenset()
    of: frozenset[str] = frozenset()
    doubled: bool = False


@dataclass(frozen=True, slots=True)
class Levels:
    """The sensitivity of every column of a plan, by table."""

    tables: Mapping[str, TableLevels]

    def column(self, column: Column) -> ColumnLevel | None:
        """What is known of a column."""
        table = self.tables.get(column[0])
        return table.columns.get(column[1]) if table else None

    def hints(self, column: Column) -> Hints:
        """Everything that a column depends on, its table's rows included."""
        table = self.tables.get(column[0])
        own = self.column(column)
        return _together([own.hints if own else {}, table.rows if table else {}])

    def influences(self, column: Column) -> dict[Column, str]:
        """The level of what a column tells about each origin that it depends on."""
        return {o: level_behind(self.of(o), views) for o, views in self.hints(column).items()}

    def of(self, column: Column) -> str:
        """The level of a column; the lowest when nothing is known of it."""
        known = self.column(column)
        return known.level if known else LOWEST

    def lowered(self, contract: Contract, ceiling: str) -> list[str]:
        """The columns of a resource that something above a ceiling got into."""
        found = ((item.name, self.column((contract.name, item.name))) for item in contract.fields)
        return [n for n, c in found if c and any(self.of(origin) > ceiling for origin in c.origins)]

    def resource(self, table: str) -> str:
        """A resource is as sensitive as its most sensitive field."""
        known = self.tables.get(table)
        return max((c.level for c in known.columns.values()), default=LOWEST) if known else LOWEST


def infer_levels(
    contracts: Iterable[Contract],
    lineage: Mapping[str, ModelLineage],
    override: Mapping[Column, str] | None = None,
) -> Levels:
    """Infer the level of every column.

    Args:
        contracts: in the order of the plan, each after what it reads.
        lineage: of every model; a model without (it does not compile) is left out.
        override: levels to suppose instead of declared ones, for asking what would happen.
    """
    supposed = dict(override or {})
    tables: dict[str, TableLevels] = {}
    for contract in contracts:
        if contract.database == "raw":
            tables[contract.name] = collected_levels(contract, Levels(tables), supposed)
        elif contract.name in lineage:
            levels = Levels(tables)
            tables[contract.name] = derived_levels(
                contract, lineage[contract.name], levels, supposed
            )
    return Levels(tables)


def collected_levels(
    contract: Contract, levels: Levels, supposed: Mapping[Column, str]
) -> TableLevels:
    """A collected field is as sensitive as its contract says; unsaid, it is closed.

    Args:
        levels: of the tables that its foreign keys refer to.
    """
    rules, _ = rules_of(contract)
    checks = _checks(rules)
    columns = {
        item.name: _origin(
            (contract.name, item.name),
            supposed.get((contract.name, item.name), item.level or HIGHEST),
            item.level,
            Nature(item.kind, item.step, item.noise),
            checks.get(item.name, frozenset()),
        )
        for item in contract.fields
    }
    for name in META_COLUMNS:
        columns[name] = _origin((contract.name, name), _META_LEVEL, None)
    columns[ROW] = _row(contract)
    edges = tuple(collected_edges(contract, rules))
    decided, own = _decided(contract, columns, edges, levels), frozenset({contract.name})
    return TableLevels(columns, decided, decided=edges, of=own)


def derived_levels(
    contract: Contract, lineage: ModelLineage, levels: Levels, supposed: Mapping[Column, str]
) -> TableLevels:
    """A derived column is at least as sensitive as what it carries.

    Args:
        levels: of the tables that the model reads, and of those that its foreign keys refer to.
    """
    rules, _ = rules_of(contract)
    made, known = _checks(rules), {}
    columns = {}
    doubled = any(_of(levels, one) & _of(levels, other) for one, other in lineage.apart)
    for item in contract.fields:
        edges = lineage.columns.get(item.name, ())
        column = (contract.name, item.name)
        origins = _origins(edges, levels, ".".join(column), doubled)
        inferred = max(
            (level_behind(levels.of(o), views) for o, views in origins.items()), default=LOWEST
        )
        level = max(inferred, supposed.get(column, item.level or LOWEST))
        if level > inferred:
            origins = {**origins, column: frozenset({WHOLE})}
        known[item.name] = _inherited(edges, levels)
        columns[item.name] = ColumnLevel(
            level,
            inferred,
            item.level,
            origins,
            _hints(edges, levels),
            Nature(item.kind, item.step, item.noise),
            known[item.name] | made.get(item.name, frozenset()),
            item.name in lineage.written or _takes_written(edges, levels),
        )
    columns[ROW] = _row(contract)
    decided = tuple(derived_edges(contract, rules, known, lineage.keys))
    rows = _together([_hints(lineage.rows, levels), _decided(contract, columns, decided, levels)])
    repeated = repeated_columns(contract, lineage, _repeated_above(lineage, levels), doubled)
    order = _hints(lineage.order, levels)
    of = frozenset[str]().union(*(_of(levels, name) for name in lineage.rows_of))
    return TableLevels(columns, rows, order, decided, repeated, of, doubled)


def _repeated_above(lineage: ModelLineage, levels: Levels) -> dict[str, frozenset[str]]:
    """Of the tables that a model reads, the columns whose rows may stand there several times."""
    read = {edge.table for edge in lineage.rows}
    read |= {source.table for places in lineage.places.values() for source in places}
    known = ((name, levels.tables.get(name)) for name in sorted(read))
    return {name: table.repeated for name, table in known if table is not None}


def _of(levels: Levels, table: str) -> frozenset[str]:
    known = levels.tables.get(table)
    return known.of if known else frozenset()


def _decided(
    contract: Contract,
    columns: Mapping[str, ColumnLevel],
    edges: Iterable[Edge],
    levels: Levels,
) -> Hints:
    """What the rules of a table let its rows tell."""
    own = Levels({contract.name: TableLevels(columns, {})})
    inside = (edge for edge in edges if edge.table == contract.name)
    outside = (edge for edge in edges if edge.table != contract.name)
    return _together([_hints(inside, own), _hints(outside, levels)])


def _checks(rules: Iterable[Rule]) -> dict[str, frozenset[str]]:
    """What the deciding rules make sure of, by field."""
    found: dict[str, frozenset[str]] = {}
    for rule in rules:
        if decides(rule) and check(rule):
            known = found.get(rule.fields[0], frozenset())
            found[rule.fields[0]] = known | {check(rule)}
    return found


def _inherited(edges: Iterable[Edge], levels: Levels) -> frozenset[str]:
    """The checks that hold of a column because they hold of all that it takes its values from."""
    found: frozenset[str] | None = None
    for edge in edges:
        source = levels.column((edge.table, edge.column))
        # A value that is missing or another one as something else will have it is not checked.
        if source is None or not edge.direct or edge.how != "identity":
            return frozenset()
        found = source.checks if found is None else found & source.checks
    return found or frozenset()


def _origin(
    column: Column,
    level: str,
    declared: str | None,
    nature: Nature = UNSAID,
    checks: frozenset[str] = frozenset(),
) -> ColumnLevel:
    return ColumnLevel(level, level, declared, {column: frozenset({WHOLE})}, {}, nature, checks)


def _row(contract: Contract) -> ColumnLevel:
    return _origin((contract.name, ROW), contract.row_level, contract.row_level, ROWS)


def _takes_written(edges: Iterable[Edge], levels: Levels) -> bool:
    sources = (levels.column((edge.table, edge.column)) for edge in edges if edge.direct)
    return any(source is not None and source.written for source in sources)


def _origins(
    edges: Iterable[Edge], levels: Levels, target: str, doubled: bool
) -> dict[Column, frozenset[View]]:
    found: dict[Column, frozenset[View]] = {}
    for edge in edges:
        source = levels.column((edge.table, edge.column)) if edge.direct else None
        if source is None:
            continue
        repeated = doubled or edge.column in levels.tables[edge.table].repeated
        step = _apart(edge) if len(source.origins) > 1 else edge
        for origin, views in source.origins.items():
            weighed = _weighed(step, origin, levels)
            through = composed(views, weighed, target, repeated, source.written)
            known = found.get(origin)
            found[origin] = through if known is None else known | through
    return found


def _hints(edges: Iterable[Edge], levels: Levels) -> Hints:
    """What edges tell about: an indirect edge of its source, and any edge of what its source
    depends on."""
    found: list[Hints] = []
    for edge in edges:
        source = levels.column((edge.table, edge.column))
        if source is None:
            continue
        found.append(source.hints)
        if edge.column == ROW:
            found.append(levels.tables[edge.table].rows)
        if edge.column == ROW and edge.how in _BY_ORDER:
            found.append(levels.tables[edge.table].order)
        if not edge.direct:
            found.append(_told(edge, source, levels))
    return _together(found)


def _told(edge: Edge, source: ColumnLevel, levels: Levels) -> Hints:
    name = f"{edge.table}.{edge.column}"
    bare = edge if edge.masks else edge._replace(how="identity")
    return {
        origin: frozenset(map(hint, composed(views, _weighed(bare, origin, levels), name)))
        for origin, views in source.origins.items()
    }


def _together(several: Iterable[Hints]) -> Hints:
    found: dict[Column, frozenset[View]] = {}
    for hints in several:
        for origin, views in hints.items():
            known = found.get(origin)
            found[origin] = views if known is None or known == views else united(known, views)
    return found


def _apart(edge: Edge) -> Edge:
    """The edge of a column that comes from several: what stands in front of a secret in some rows may be
    the secret itself in others."""
    masks = (m._replace(argument=m.argument.removeprefix(JOINT)) for m in edge.masks)
    return edge._replace(masks=tuple(masks))


def _weighed(edge: Edge, origin: Column, levels: Levels) -> Edge:
    """The edge with masks that are not made for the origin's values lowering nothing."""
    if not edge.masks:
        return edge
    known = levels.column(origin)
    nature = known.nature if known else UNSAID
    masks = tuple(
        step if suits(step, nature) else step._replace(leads_to=HIGHEST) for step in edge.masks
    )
    return edge._replace(masks=masks)
