"""The measures as SQL over rolled-up cells. Counts stay integers until the last division."""

from __future__ import annotations

from quality.risk.cells import Cells


def sizes(cells: Cells, k: int, tau_size: int) -> str:
    """Rows, classes, smallest class, rows in classes below `k`, classes below `tau_size`."""
    return (
        f"SELECT coalesce(sum(f), 0), count(*), min(f), coalesce(sum(f) FILTER (f < {k}), 0), "
        f"count(*) FILTER (f < {tau_size}) FROM "
        f"(SELECT sum(n) AS f FROM {cells.source} GROUP BY {', '.join(cells.keys)})"
    )


def rows_below(cells: Cells, skip: int, k: int) -> str:
    """Rows in classes below `k` when the key at `skip` is left out."""
    keys = [key for place, key in enumerate(cells.keys) if place != skip]
    grouping = f"GROUP BY {', '.join(keys)}" if keys else ""
    return (
        f"SELECT coalesce(sum(f) FILTER (f < {k}), 0) FROM "
        f"(SELECT sum(n) AS f FROM {cells.source} {grouping})"
    )


def worst(cells: Cells, k: int, limit: int) -> str:
    """The smallest classes below `k`: size, and per key the rows that differ in this key alone."""
    count = len(cells.keys)
    names = [f"k{i}" for i in range(count)]
    same = ", ".join(
        f"CAST({key} IS NOT DISTINCT FROM k{i} AS INTEGER) AS a{i}"
        for i, key in enumerate(cells.keys)
    )
    agree = " + ".join(f"a{i}" for i in range(count))
    alone = ", ".join(
        f"coalesce(sum(n) FILTER ({agree} = {count - 1} AND a{i} = 0), 0)" for i in range(count)
    )
    return (
        f"WITH small AS (SELECT {_keys(cells)}, sum(n) AS f FROM {cells.source} GROUP BY ALL "
        f"HAVING sum(n) < {k} ORDER BY f, {', '.join(names)} LIMIT {limit}), "
        f"numbered AS (SELECT *, row_number() OVER (ORDER BY f, {', '.join(names)}) AS id "
        f"FROM small), "
        f"compared AS (SELECT id, f, n, {same} FROM {cells.source}, numbered) "
        f"SELECT f, {alone} FROM compared GROUP BY id, f ORDER BY id"
    )


def diversity(cells: Cells, place: int) -> str:
    """Fewest distinct values of a sensitive field in a class; exp of the least entropy (nats).

    Machanavajjhala et al., l-Diversity, 2006.
    """
    names = ", ".join(f"k{i}" for i in range(len(cells.keys)))
    return (
        "SELECT min(d), exp(min(h)) FROM (SELECT count(*) AS d, "
        "greatest(ln(sum(n)) - sum(n * ln(n)) / sum(n), 0) AS h "
        f"FROM ({_pairs(cells, place)}) GROUP BY {names})"
    )


def distance(cells: Cells, place: int) -> str:
    """The largest distance of a class's distribution of a sensitive field from the table's."""
    return _ordered(cells, place) if cells.ordered[place] else _equal(cells, place)


def _equal(cells: Cells, place: int) -> str:
    """Every two values are equally far apart: half the sum of |q - p| (Li et al. 2007, 5.2).

    Values that a class lacks contribute their p, so they need not be listed: 1 - sum of p.
    """
    names = ", ".join(f"k{i}" for i in range(len(cells.keys)))
    return (
        f"WITH pairs AS ({_pairs(cells, place)}), "
        "value AS (SELECT s, CAST(sum(n) AS HUGEINT) AS p FROM pairs GROUP BY s), "
        "total AS (SELECT CAST(sum(p) AS HUGEINT) AS rows FROM value), "
        "sized AS (SELECT *, CAST(sum(n) OVER (PARTITION BY "
        f"{names}) AS HUGEINT) AS f FROM pairs), "
        "class AS (SELECT (sum(abs(n * rows - p * f)) + (any_value(rows) - sum(p)) * f) "
        "/ (2.0 * f * any_value(rows)) AS t FROM sized "
        "JOIN value ON value.s IS NOT DISTINCT FROM sized.s, total "
        f"GROUP BY {names}, f) SELECT max(t) FROM class"
    )


def _ordered(cells: Cells, place: int) -> str:
    """Values one rank apart are 1/(m-1) apart: sum of |Q_i - P_i| over the ranks (ibid. 5.1).

    Q is constant between two values of a class and P grows, so each stretch has one crossing,
    found by an ASOF join; the stretch is then two differences of sums of P. The work grows with
    the pairs of class and value, not with classes times values. NULL ranks last.
    """
    names = ", ".join(f"k{i}" for i in range(len(cells.keys)))
    return f"""
    WITH pairs AS ({_pairs(cells, place)}),
    value AS (SELECT s, CAST(sum(n) AS HUGEINT) AS c FROM pairs GROUP BY s),
    ranked AS (
      SELECT s, row_number() OVER up AS r, CAST(sum(c) OVER up AS HUGEINT) AS p
      FROM value WINDOW up AS (ORDER BY s NULLS LAST)
    ),
    summed AS (SELECT *, CAST(sum(p) OVER (ORDER BY r) AS HUGEINT) AS sp FROM ranked),
    total AS (
      SELECT max(p) AS rows, max(r) AS m, max(sp) AS whole FROM summed
    ),
    stretch AS (
      SELECT {names}, rows, m, r, sp - p AS before,
        CAST(sum(n) OVER (PARTITION BY {names}) AS HUGEINT) AS f,
        CAST(sum(n) OVER along AS HUGEINT) AS q,
        row_number() OVER along = 1 AS first,
        lead(r, 1, m + 1) OVER along AS next_r,
        lead(sp - p, 1, whole) OVER along AS upto
      FROM pairs JOIN summed ON summed.s IS NOT DISTINCT FROM pairs.s, total
      WINDOW along AS (PARTITION BY {names} ORDER BY r)
    ),
    crossed AS (
      SELECT stretch.*, q * rows // f AS target FROM stretch
    ),
    placed AS (
      SELECT crossed.*,
        CASE WHEN summed.r IS NULL OR summed.r < crossed.r THEN crossed.r - 1
             WHEN summed.r >= next_r THEN next_r - 1 ELSE summed.r END AS x,
        CASE WHEN summed.r IS NULL OR summed.r < crossed.r THEN before
             WHEN summed.r >= next_r THEN upto ELSE summed.sp END AS sx
      FROM crossed ASOF LEFT JOIN summed ON crossed.target >= summed.p
    ),
    class AS (
      SELECT f, any_value(rows) AS rows, any_value(m) AS m, sum(
        q * rows * (x - r + 1) - f * (sx - before)
        + f * (upto - sx) - q * rows * (next_r - 1 - x)
        + CASE WHEN first THEN f * before ELSE 0 END) AS work
      FROM placed GROUP BY {names}, f
    )
    SELECT max(CASE WHEN m = 1 THEN 0 ELSE work / (1.0 * f * rows * (m - 1)) END) FROM class
    """


def _keys(cells: Cells) -> str:
    return ", ".join(f"{key} AS k{i}" for i, key in enumerate(cells.keys))


def _pairs(cells: Cells, place: int) -> str:
    """A row a class and sensitive value: its count `n`."""
    return (
        f"SELECT {_keys(cells)}, {cells.sensitive[place]} AS s, CAST(sum(n) AS HUGEINT) AS n "
        f"FROM {cells.source} GROUP BY ALL"
    )
