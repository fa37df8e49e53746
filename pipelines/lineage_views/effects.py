"""What hangs on a column, and what would happen if it were more sensitive than it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from catalog.contract import LEVELS, META_COLUMNS
from catalog.errors import CityBrainError
from catalog.lineage import ROW
from catalog.text import text
from pipelines.levels.infer import Column, Levels, infer_levels
from pipelines.levels.releases import ReleaseCheck
from pipelines.lineage_views.graph import Graph, parse_column
from pipelines.lineage_views.reasons import release_line
from pipelines.lineage_views.words import aligned, full_name, title_of
from pipelines.plan import Plan, ways_of

MAX_LIST = 40
MAX_NAMES = 6


@dataclass(frozen=True, slots=True)
class Change:
    """A column whose level would change."""

    column: Column
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Impact:
    """What hangs on one column.

    Attributes:
        level: its level today.
        carried: columns that carry its value, masked or not.
        depends: columns, and rows (`*`) of tables, that only depend on it.
        releases: resources among them that leave the bureau, with channel and ceiling, and
            whether they carry it.
        supposed: the level that is tried; None where no contract can declare one.
        changes: columns that would have another level.
        problems: what would no longer compile.
    """

    column: Column
    title: str
    level: str
    carried: tuple[Column, ...]
    depends: tuple[Column, ...]
    releases: tuple[tuple[str, str, str, bool], ...]
    supposed: str | None
    changes: tuple[Change, ...]
    problems: tuple[CityBrainError, ...]


def impact(plan: Plan, name: str, level: str | None = None, today: date | None = None) -> Impact:
    """What hangs on `database.table.column`, and what another level would do.

    Args:
        level: the level to suppose; by default one higher than today's.
        today: the day on which justifications must hold; the city's by default.

    Raises:
        PipelineError: there is no such column, or the name is that of a resource.
    """
    column = parse_column(plan, name)
    graph = Graph(plan)
    carried = set(graph.down([column], None, True).nodes) - {column}
    depends = set(graph.down([column], None, False).nodes) - carried - {column}
    own = plan.levels.of(column)
    supposed = None
    changes: list[Change] = []
    problems: list[CityBrainError] = []
    if column[1] != ROW and column[1] not in META_COLUMNS:
        supposed = level or LEVELS[min(LEVELS.index(own) + 1, len(LEVELS) - 1)]
        levels = _supposing(plan, column, supposed)
        changes = _changes(plan.levels, levels)
        before = {_key(problem) for problem in _problems(plan, plan.levels, today)}
        problems = [p for p in _problems(plan, levels, today) if _key(p) not in before]
    return Impact(
        column,
        title_of(plan, column),
        own,
        tuple(sorted(carried)),
        tuple(sorted(depends)),
        _releases(plan, carried | {column}, depends),
        supposed,
        tuple(changes),
        tuple(problems),
    )


def _supposing(plan: Plan, column: Column, level: str) -> Levels:
    contracts = [step.contract for step in plan.steps.values()]
    return infer_levels(contracts, plan.lineage, {column: level})


def _changes(before: Levels, after: Levels) -> list[Change]:
    """Columns with another level, in the order of the plan."""
    return [
        Change((table, name), before.of((table, name)), known.level)
        for table, levels in after.tables.items()
        for name, known in levels.columns.items()
        if known.level != before.of((table, name))
    ]


def _problems(plan: Plan, levels: Levels, today: date | None) -> list[CityBrainError]:
    """What the compiler would say of these levels."""
    ways = ways_of(plan.workspace, plan.lineage, levels)
    settings = plan.workspace.settings
    check = ReleaseCheck(ways, settings.channels, today or settings.today)
    contracts = (step.contract for step in plan.steps.values() if step.name in plan.lineage)
    return [problem for contract in contracts for problem in check.problems(contract)]


def _key(problem: CityBrainError) -> tuple[str, str, str]:
    """What a problem is about; levels, also those of its path, are not a part of that."""
    fields = {k: v for k, v in problem.fields.items() if k not in ("path", "level", "inferred")}
    return problem.code, str(problem.where), str(sorted(fields.items()))


def _releases(
    plan: Plan, carried: set[Column], depends: set[Column]
) -> tuple[tuple[str, str, str, bool], ...]:
    tables = {table for table, _ in carried}
    found = []
    for table in sorted(tables | {table for table, _ in depends}):
        release = plan.workspace.contracts[table].release
        if release is not None:
            ceiling = plan.workspace.settings.channels.ceiling(release)
            found.append((table, str(release.channel), ceiling, table in tables))
    return tuple(found)


# -- as text ----------------------------------------------------------------------------------------


def impact_text(plan: Plan, found: Impact) -> str:
    """The impact, section by section, every section bounded."""
    lines = [f"{full_name(found.column)}  {found.level}  {found.title}".rstrip()]
    lines += _grouped(plan, "lineage_carried_by", found.carried)
    lines += _grouped(plan, "lineage_depended_by", found.depends)
    lines += ["", text("lineage_releases") if found.releases else text("lineage_releases_none")]
    lines += [f"  {release_line(*release)}" for release in found.releases]
    lines += ["", *_supposed_text(found)]
    return "\n".join(lines) + "\n"


def _grouped(plan: Plan, key: str, columns: Sequence[Column]) -> list[str]:
    """One line a table."""
    by_table: dict[str, list[str]] = {}
    for table, name in columns:
        by_table.setdefault(table, []).append(name)
    rows = [(table, _shown(plan, table, names)) for table, names in by_table.items()]
    lines = ["", text(key, columns=len(columns), tables=len(by_table))]
    return [*lines, *_bounded([f"  {line}" for line in aligned(rows)])]


def _shown(plan: Plan, table: str, names: list[str]) -> str:
    fields = plan.workspace.contracts[table].fields
    own = [name for name in names if name != ROW]
    rows = [text("lineage_rows")] if ROW in names else []
    if own and len(own) == len(fields):
        return ", ".join([text("lineage_all_columns", count=len(own)), *rows])
    more = [f"... (+{len(own) - MAX_NAMES})"] if len(own) > MAX_NAMES else []
    return ", ".join([*own[:MAX_NAMES], *more, *rows])


def _supposed_text(found: Impact) -> list[str]:
    if found.supposed is None:
        return [text("lineage_no_contract_level")]
    if found.supposed == found.level:
        return [text("lineage_same_level", level=found.level)]
    lines = [text("lineage_if", old=found.level, new=found.supposed, count=len(found.changes))]
    rows = [(full_name(c.column), f"{c.old} -> {c.new}") for c in found.changes]
    lines += _bounded([f"  {line}" for line in aligned(rows)])
    if not found.problems:
        return [*lines, "", text("lineage_still_compiles")]
    lines += ["", text("lineage_would_break", count=len(found.problems))]
    return [*lines, *_bounded([f"  {problem}" for problem in found.problems])]


def _bounded(lines: Iterable[str]) -> list[str]:
    every = list(lines)
    if len(every) <= MAX_LIST:
        return every
    more = "  " + text("lineage_more_json", count=len(every) - MAX_LIST)
    return [*every[:MAX_LIST], more]


def impact_json(found: Impact) -> dict[str, Any]:
    """The impact for machines."""
    return {
        "column": full_name(found.column),
        "title": found.title,
        "level": found.level,
        "carried": [full_name(column) for column in found.carried],
        "depends": [full_name(column) for column in found.depends],
        "releases": [
            dict(zip(("table", "channel", "ceiling", "carries"), release, strict=True))
            for release in found.releases
        ],
        "supposed": found.supposed,
        "changes": [
            {"column": full_name(c.column), "old": c.old, "new": c.new} for c in found.changes
        ],
        "problems": [problem.as_dict() for problem in found.problems],
    }
