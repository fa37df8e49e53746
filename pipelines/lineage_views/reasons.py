"""Why a column has its level: the ways from its origins, what it depends on, who answers for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.contract import META_COLUMNS, Justification
from catalog.lineage import ROW
from catalog.text import text
from pipelines.levels.infer import Column, ColumnLevel
from pipelines.levels.paths import Hop
from pipelines.levels.views import level_behind
from pipelines.lineage_views.graph import Graph, parse_column
from pipelines.lineage_views.words import aligned, full_name, how_text, title_of
from pipelines.plan import Plan

MAX_WAYS = 6
MAX_LIST = 30


@dataclass(frozen=True, slots=True)
class Origin:
    """Where sensitivity comes from.

    Attributes:
        level: the origin's own level.
        told: the level of what the column shows or tells of it, behind all masks.
        hops: the way from the origin to the column.
    """

    column: Column
    level: str
    told: str
    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class ReleaseUse:
    """A release that carries a column or depends on it.

    Attributes:
        carries: whether a value of the column gets there, masked or not.
        justifications: those of the release that cover the column or what it depends on.
    """

    table: str
    channel: str
    ceiling: str
    carries: bool
    justifications: tuple[Justification, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one column's level.

    Attributes:
        why: `declared`, `closed` (collected, and its contract says nothing), `raised` (by its
            contract), `lowered` (by masks), `inferred`, `constant` (no source), `meta`, `rows`.
        carried: what its value comes from, the most sensitive first.
        depends: what it only depends on, the most sensitive first.
    """

    column: Column
    title: str
    known: ColumnLevel
    why: str
    carried: tuple[Origin, ...]
    depends: tuple[Origin, ...]
    releases: tuple[ReleaseUse, ...]


def explain(plan: Plan, name: str) -> Explanation:
    """Explain the level of `database.table.column`.

    Raises:
        PipelineError: there is no such column, or the name is that of a resource.
    """
    column = parse_column(plan, name)
    known = plan.levels.column(column)
    assert known is not None  # a plan has the level of every column
    influences = plan.levels.influences(column)
    graph = Graph(plan)
    return Explanation(
        column,
        title_of(plan, column),
        known,
        _why(plan, column, known),
        _carried(plan, column, known),
        _depends(plan, column, influences),
        _releases(plan, graph, column, influences),
    )


def _why(plan: Plan, column: Column, known: ColumnLevel) -> str:
    if column[1] == ROW:
        return "rows"
    if column[0] in plan.workspace.collected:
        if column[1] in META_COLUMNS:
            return "meta"
        return "declared" if known.declared else "closed"
    if known.level > known.inferred:
        return "raised"
    if not known.origins:
        return "constant"
    lowered = any(plan.levels.of(origin) > known.level for origin in known.origins)
    return "lowered" if lowered else "inferred"


def _carried(plan: Plan, column: Column, known: ColumnLevel) -> tuple[Origin, ...]:
    direct = plan.ways.to(column, lambda edge: edge.direct)
    bare = plan.ways.to(column, lambda edge: edge.direct and not edge.masks)
    found = []
    for origin, views in known.origins.items():
        level = plan.levels.of(origin)
        told = level_behind(level, views)
        # Where masks do not lower it, a way around them is what the reader must see.
        hops = bare.way(origin, depends=False) if told == level else ()
        hops = hops or direct.way(origin, depends=False)
        found.append(Origin(origin, level, told, hops))
    return _ordered(found)


def _depends(plan: Plan, column: Column, influences: Mapping[Column, str]) -> tuple[Origin, ...]:
    ways = plan.ways.to(column, lambda _: True)
    return _ordered(
        [
            Origin(o, plan.levels.of(o), told, ways.way(o, depends=True))
            for o, told in influences.items()
        ]
    )


def _ordered(origins: list[Origin]) -> tuple[Origin, ...]:
    """The most sensitive first: by what is shown, then by what is behind it."""
    return tuple(sorted(origins, key=lambda o: (-_rank(o.told), -_rank(o.level), o.column)))


def _rank(level: str) -> int:
    return int(level[1:])


def _releases(
    plan: Plan, graph: Graph, column: Column, influences: Mapping[Column, str]
) -> tuple[ReleaseUse, ...]:
    """Releases that the column reaches, its own resource among them."""
    carried = {table for table, _ in graph.down([column], None, True).nodes}
    reached = {table for table, _ in graph.down([column], None, False).nodes}
    names = {full_name(one) for one in (column, *influences)}
    found = []
    for table in sorted(reached):
        contract = plan.workspace.contracts[table]
        if contract.release is not None:
            covering = tuple(j for j in contract.justifications if names & set(j.source))
            ceiling = plan.workspace.settings.channels.ceiling(contract.release)
            channel = contract.release.channel
            found.append(ReleaseUse(table, channel, ceiling, table in carried, covering))
    return tuple(found)


# -- as text ----------------------------------------------------------------------------------------


def explain_text(plan: Plan, found: Explanation) -> str:
    """The explanation, section by section."""
    lines = [f"{full_name(found.column)}  {found.known.level}  {found.title}".rstrip()]
    lines.append(_why_text(found))
    lines += _ways_text(found, plan.workspace.root)
    lines += _depends_text(found)
    lines += _releases_text(found)
    return "\n".join(lines) + "\n"


def _why_text(found: Explanation) -> str:
    known = found.known
    highest = max((o.level for o in found.carried), default=known.level)
    return text(
        f"lineage_why_{found.why}", level=known.level, inferred=known.inferred, highest=highest
    )


def _ways_text(found: Explanation, root: Path) -> list[str]:
    lines = []
    for origin in found.carried[:MAX_WAYS]:
        head = text("lineage_from", origin=full_name(origin.column), level=origin.level)
        if origin.told < origin.level:
            head += text("lineage_shown_as", level=origin.told)
        lines += ["", head]
        # Hop.text is made of cells two spaces apart; here they stand below each other.
        cells = [tuple(hop.text(root).split("  ")) for hop in origin.hops]
        lines += [f"  {line}" for line in aligned(cells)]
    rest = found.carried[MAX_WAYS:]
    if rest:
        lines += ["", text("lineage_more_origins", count=len(rest), names=_names(rest))]
    return lines


def _names(origins: tuple[Origin, ...]) -> str:
    shown = ", ".join(full_name(o.column) for o in origins[:MAX_LIST])
    return shown + (", ..." if len(origins) > MAX_LIST else "")


def _depends_text(found: Explanation) -> list[str]:
    if not found.depends:
        return ["", text("lineage_depends_none")]
    rows = []
    for origin in found.depends[:MAX_LIST]:
        last = next((h for h in origin.hops if h.how != "source" and _indirect(h)), None)
        at = f"{how_text(last.how)} -> {last.table}.{last.column}" if last else ""
        rows.append((full_name(origin.column), origin.level, origin.told, at))
    head = (text("lineage_col_origin"), text("lineage_col_level"), text("lineage_col_told"), "")
    lines = ["", text("lineage_depends"), *(f"  {line}" for line in aligned([head, *rows]))]
    if len(found.depends) > MAX_LIST:
        lines.append("  " + text("lineage_more_json", count=len(found.depends) - MAX_LIST))
    return lines


def _indirect(hop: Hop) -> bool:
    return hop.how not in ("identity", "transformation", "aggregation", "masking")


def _releases_text(found: Explanation) -> list[str]:
    if not found.releases:
        return ["", text("lineage_releases_none")]
    lines = ["", text("lineage_releases")]
    for use in found.releases:
        lines.append("  " + release_line(use.table, use.channel, use.ceiling, use.carries))
        for item in use.justifications:
            lines.append(
                "    "
                + text(
                    "lineage_justified",
                    sources=", ".join(item.source),
                    level=item.level,
                    who=item.who,
                    why=item.why,
                    until=item.until,
                )
            )
    return lines


def release_line(table: str, channel: str, ceiling: str, carries: bool) -> str:
    """One release in one line."""
    key = "lineage_release_carries" if carries else "lineage_release_depends"
    return text(key, table=table, channel=channel, ceiling=ceiling)


# -- as JSON ----------------------------------------------------------------------------------------


def explain_json(plan: Plan, found: Explanation) -> dict[str, Any]:
    """The explanation for machines."""
    root = plan.workspace.root
    return {
        "column": full_name(found.column),
        "title": found.title,
        "level": found.known.level,
        "inferred": found.known.inferred,
        "declared": found.known.declared,
        "why": found.why,
        "carried": [_origin_json(origin, root) for origin in found.carried],
        "depends": [_origin_json(origin, root) for origin in found.depends],
        "releases": [
            {
                "table": use.table,
                "channel": use.channel,
                "ceiling": use.ceiling,
                "carries": use.carries,
                "justifications": [
                    j.model_dump(mode="json", by_alias=True) for j in use.justifications
                ],
            }
            for use in found.releases
        ],
    }


def _origin_json(origin: Origin, root: Path) -> dict[str, Any]:
    return {
        "column": full_name(origin.column),
        "level": origin.level,
        "told": origin.told,
        "way": [_hop_json(hop, root) for hop in origin.hops],
    }


def _hop_json(hop: Hop, root: Path) -> dict[str, Any]:
    path = hop.where.path
    return {
        "column": f"{hop.table}.{hop.column}",
        "level": hop.level,
        "how": hop.how,
        "masks": list(hop.masks),
        "file": (path.relative_to(root) if path.is_relative_to(root) else path).as_posix(),
        "line": hop.where.line,
    }
