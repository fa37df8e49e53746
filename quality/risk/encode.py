"""From values to small integers: each field's distinct values, their group at every rung, the loss.

A rung's SQL runs over distinct values only, and a check of a node groups integers. Information loss
is the normalised certainty penalty (Xu et al., Utility-Based Anonymization Using Local Recoding,
KDD 2006): of an ordered value the width of its group over the field's width, of any other value 0 when
its group holds one value, else the group's distinct values over the field's. The mean over all
cells, in [0, 1], is the global certainty penalty of Ghinita et al. (VLDB 2007).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from quality.errors import QualityError
from quality.risk.cells import Cells, column_types, is_ordered, new_name, roll_up, run
from quality.risk.hierarchies import Ladder
from quality.risk.policy import RiskPolicy

_DIGITS = 12  # beyond, sums in another order differ, and equal losses would not be equal


@dataclass(frozen=True, slots=True)
class Encoded:
    """A relation as integers.

    Attributes:
        cells: per combination of values: the codes `f<field>r<rung>`, sensitive values, count.
        combos: a table of the same without sensitive values.
        domains: per field, a table with the codes `c<rung>` and penalties `p<rung>` of each value.
        losses: mean penalty per field and rung.
        refines: per field, whether rung a's groups lie within rung b's, `[a][b]`.
    """

    cells: Cells
    combos: str
    domains: tuple[str, ...]
    losses: tuple[tuple[float, ...], ...]
    refines: tuple[tuple[tuple[bool, ...], ...], ...]

    def columns(self, node: Sequence[int]) -> tuple[str, ...]:
        """The columns that hold a node's codes."""
        return tuple(f"f{field}r{rung}" for field, rung in enumerate(node))


@contextmanager
def encode(
    con: duckdb.DuckDBPyConnection,
    relation_sql: str,
    policy: RiskPolicy,
    ladders: Mapping[str, Ladder],
) -> Iterator[Encoded]:
    """The encoded relation, while the block runs.

    Raises:
        QualityError: `risk_ladder` for a quasi-identifier without a ladder; as `measure`.
    """
    rungs = [_ladder(policy, ladders, name) for name in policy.quasi_identifiers]
    types = column_types(con, relation_sql)
    made: list[str] = []
    try:
        with roll_up(con, relation_sql, policy) as plain:
            domains = []
            for place, ladder in enumerate(rungs):
                made.append(new_name("domain"))
                kind = types[policy.quasi_identifiers[place]]
                run(con, _domain_sql(made[-1], plain, place, ladder, kind))
                domains.append(made[-1])
            full, combos = new_name("full"), new_name("combos")
            made += [full, combos]
            con.execute(_coded_sql(full, plain.source, domains, rungs, plain.sensitive))
            rolled = (
                f"(SELECT {', '.join(plain.keys)}, CAST(sum(n) AS BIGINT) AS n "
                f"FROM {plain.source} GROUP BY ALL)"
            )
            if plain.sensitive:
                con.execute(_coded_sql(combos, rolled, domains, rungs, ()))
        yield Encoded(
            Cells(con, full, (), plain.sensitive, plain.ordered),
            combos if plain.sensitive else full,
            tuple(domains),
            tuple(_losses(con, d, ladder) for d, ladder in zip(domains, rungs, strict=True)),
            tuple(_refines(con, d, ladder) for d, ladder in zip(domains, rungs, strict=True)),
        )
    finally:
        for name in made:
            con.execute(f"DROP TABLE IF EXISTS {name}")


def _ladder(policy: RiskPolicy, ladders: Mapping[str, Ladder], name: str) -> Ladder:
    ladder = ladders.get(name)
    if ladder is None or not ladder.rungs:
        raise QualityError("risk_ladder", resource=policy.resource, field=name)
    return ladder


def _domain_sql(name: str, plain: Cells, place: int, ladder: Ladder, kind: str) -> str:
    """The distinct values of a field with group and penalty at each rung."""
    count = range(len(ladder.rungs))
    codes = ", ".join(
        f"CAST(dense_rank() OVER (ORDER BY {rung.expression('v')}) AS INTEGER) AS c{i}"
        for i, rung in enumerate(ladder.rungs)
    )
    penalties = ", ".join(f"{_penalty(i)} AS p{i}" for i in count)
    groups = ", ".join(f"c{i}" for i in count)
    return (
        f"CREATE TEMP TABLE {name} AS WITH values_ AS (SELECT {plain.keys[place]} AS v, "
        f"CAST(sum(n) AS BIGINT) AS n FROM {plain.source} GROUP BY 1), "
        f"coded AS (SELECT v, n, {_position(kind)} AS x, {codes} FROM values_), "
        "wide AS (SELECT count(*) AS leaves, max(x) - min(x) AS width FROM coded) "
        f"SELECT v, n, {groups}, {penalties} FROM coded, wide"
    )


def _position(kind: str) -> str:
    """Where an ordered value lies on its axis; NULL for other types."""
    if not is_ordered(kind):
        return "CAST(NULL AS DOUBLE)"
    timely = kind.startswith(("DATE", "TIME", "INTERVAL"))
    return "epoch(v)" if timely else "CAST(v AS DOUBLE)"


def _penalty(rung: int) -> str:
    group = f"(PARTITION BY c{rung})"
    return (
        "CASE WHEN width > 0 AND isfinite(width) "
        f"THEN coalesce((max(x) OVER {group} - min(x) OVER {group}) / width, 0) "
        f"WHEN leaves = 1 OR count(*) OVER {group} = 1 THEN 0 "
        f"ELSE count(*) OVER {group} / leaves END"
    )


def _coded_sql(
    name: str,
    source: str,
    domains: Sequence[str],
    ladders: Sequence[Ladder],
    sensitive: Sequence[str],
) -> str:
    codes = [
        f"d{place}.c{rung} AS f{place}r{rung}"
        for place, ladder in enumerate(ladders)
        for rung in range(len(ladder.rungs))
    ]
    joins = " ".join(
        f"JOIN {domain} AS d{place} ON cell.q{place} IS NOT DISTINCT FROM d{place}.v"
        for place, domain in enumerate(domains)
    )
    chosen = ", ".join([*codes, *(f"cell.{s}" for s in sensitive), "cell.n"])
    return f"CREATE TEMP TABLE {name} AS SELECT {chosen} FROM {source} AS cell {joins}"


def _losses(con: duckdb.DuckDBPyConnection, domain: str, ladder: Ladder) -> tuple[float, ...]:
    means = ", ".join(f"sum(n * p{i}) / sum(n)" for i in range(len(ladder.rungs)))
    found = con.execute(f"SELECT {means} FROM {domain}").fetchone() or ()
    return tuple(round(float(value or 0), _DIGITS) for value in found)


def _refines(
    con: duckdb.DuckDBPyConnection, domain: str, ladder: Ladder
) -> tuple[tuple[bool, ...], ...]:
    count = range(len(ladder.rungs))
    ends = ", ".join(f"min(c{b}) = max(c{b}) AS same{b}" for b in count)
    within = ", ".join(f"coalesce(bool_and(same{b}), true)" for b in count)
    rows = (
        con.execute(f"SELECT {within} FROM (SELECT {ends} FROM {domain} GROUP BY c{a})").fetchone()
        for a in count
    )
    return tuple(tuple(bool(value) for value in row or ()) for row in rows)
