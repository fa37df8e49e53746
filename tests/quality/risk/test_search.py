"""The search: what it proposes passes, nothing loses less, and its pruning is sound."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.errors import QualityError
from quality.risk import Ladder, Proposal, RiskPolicy, RiskReport, Rung, ladders_for, propose
from quality.risk.checks import Checker
from quality.risk.encode import encode
from quality.risk.lattice import Lattice
from quality.risk.measure import measure

FIELDS = ("age", "day", "place")
COLUMNS = (*FIELDS, "illness", "income")


def bands(field: str, *widths: int) -> Ladder:
    middle = [Rung(f"band_{w}", f"floor({{x}} / {w})", None) for w in widths]
    return Ladder(field, (Rung("as_is", "{x}", "{x}"), *middle, Rung("leave_out", "NULL", None)))


# Bands of 2 do not refine bands of 5: the lattice is not a product of chains.
LADDERS = {
    "age": bands("age", 2, 5, 10),
    "day": bands("day", 3, 6),
    "place": bands("place"),
}
ROWS = st.lists(
    st.tuples(
        st.integers(0, 19) | st.none(),
        st.integers(0, 11),
        st.sampled_from(["n", "s", None]),
        st.sampled_from(["a", "b", "c", None]),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=40,
)


def table(rows: list[tuple[Any, ...]]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 1})  # so few rows are nothing to share
    con.execute(
        "CREATE TABLE people (age INTEGER, day INTEGER, place VARCHAR, illness VARCHAR, income INT)"
    )
    if rows:
        con.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?)", rows)
    return con


def nodes() -> Iterator[dict[str, Rung]]:
    for rungs in itertools.product(*(LADDERS[name].rungs for name in FIELDS)):
        yield dict(zip(FIELDS, rungs, strict=True))


def loss_by_hand(rows: list[tuple[Any, ...]], rungs: dict[str, Rung]) -> float:
    """Xu et al.'s penalty in plain Python, for the ladders above."""
    total = 0.0
    for place, name in enumerate(FIELDS):
        values = [row[place] for row in rows]
        known = sorted({v for v in values if v is not None})
        leaves = len(set(values))
        rung = rungs[name].name
        if rung == "as_is" or leaves == 1:
            continue
        width = int(rung.removeprefix("band_")) if rung.startswith("band_") else None
        for value in values:
            if width is None:
                total += 1
            elif value is not None and known[0] != known[-1]:
                group = [v for v in known if v // width == value // width]
                total += (group[-1] - group[0]) / (known[-1] - known[0])
    return total / (len(rows) * len(FIELDS))


def group_of(value: Any, rung: Rung) -> Any:
    if rung.name == "leave_out" or value is None:
        return None
    return value if rung.name == "as_is" else value // int(rung.name.removeprefix("band_"))


def passes_by_hand(rows: list[tuple[Any, ...]], rungs: dict[str, Rung], bounds: Any) -> bool:
    """k, tau, the risk, l and t from their definitions, in plain Python."""
    classes: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for row in rows:
        key = tuple(group_of(row[i], rungs[name]) for i, name in enumerate(FIELDS))
        classes.setdefault(key, []).append(row)
    mean = Fraction(len(classes), len(rows))
    smallest = min(len(members) for members in classes.values())
    theta = Fraction(1, smallest) if bounds.measure == "max" else mean
    if smallest < bounds.k or Fraction(1, smallest) > bounds.tau or theta > bounds.risk:
        return False
    for place, ordered in ((3, False), (4, True)):
        ranks = sorted({row[place] for row in rows}, key=lambda v: (v is None, v))
        for members in classes.values():
            if bounds.l and len({row[place] for row in members}) < bounds.l:
                return False
            shares = [
                Fraction(sum(row[place] == v for row in members), len(members))
                - Fraction(sum(row[place] == v for row in rows), len(rows))
                for v in ranks
            ]
            if ordered:
                steps = max(len(ranks) - 1, 1)
                distance = sum(abs(c) for c in itertools.accumulate(shares)) / steps
            else:
                distance = sum(abs(share) for share in shares) / 2
            if bounds.t is not None and float(distance) > bounds.t:
                return False
    return True


def released(
    con: duckdb.DuckDBPyConnection, rungs: dict[str, Rung], policy: RiskPolicy
) -> RiskReport:
    proposal = Proposal(rungs, 0, 0, None, True)  # type: ignore[arg-type]
    return measure(con, proposal.release_sql("SELECT * FROM people", COLUMNS), policy)


BOUNDS: list[dict[str, Any]] = [
    {"k": 3},
    {"k": 2, "l": 2},
    {"k": 2, "t": 0.4},
    {"k": 2, "measure": "mean", "risk": Fraction(1, 5)},
]


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(rows=ROWS, bounds=st.sampled_from(BOUNDS))
def test_nothing_that_passes_loses_less(
    rows: list[tuple[Any, ...]], bounds: dict[str, Any], policy: Any
) -> None:
    con = table(rows)
    rule = policy(*FIELDS, sensitive=("illness", "income"), **bounds)
    judged = [(rungs, passes_by_hand(rows, rungs, rule.thresholds)) for rungs in nodes()]
    for rungs, passes in judged[:: len(rows) % 5 + 5]:  # each measure is a dozen queries
        assert released(con, rungs, rule).passed == passes
    passing = [loss_by_hand(rows, rungs) for rungs, passes in judged if passes]
    found = propose(con, "SELECT * FROM people", rule, LADDERS, limit=3)
    assert bool(found) == bool(passing)
    if found:
        assert found[0].loss == pytest.approx(min(passing), abs=1e-9)
    for proposal in found:
        assert proposal.proven
        assert proposal.loss == pytest.approx(loss_by_hand(rows, dict(proposal.rungs)), abs=1e-9)
        again = released(con, dict(proposal.rungs), rule)
        assert again.passed and again == proposal.report


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(rows=ROWS, bounds=st.sampled_from([{"k": 3}, {"k": 2, "l": 2}, {"k": 2, "t": 0.5}]))
def test_suppression_is_optimal_too(
    rows: list[tuple[Any, ...]], bounds: dict[str, Any], policy: Any
) -> None:
    """Against every node on its own: a ladder of one rung a field leaves the search no choice."""
    con = table(rows)
    rule = policy(*FIELDS, sensitive=("illness",), **bounds)
    budget = Fraction(1, 5)

    def ask(ladders: dict[str, Ladder]) -> list[Proposal]:
        return propose(con, "SELECT * FROM people", rule, ladders, suppression=budget)

    single = [ask({n: Ladder(n, (r,)) for n, r in rungs.items()}) for rungs in nodes()]
    passing = [found[0].loss for found in single if found]
    found = ask(LADDERS)
    assert bool(found) == bool(passing)
    if found:
        assert found[0].loss == pytest.approx(min(passing), abs=1e-9)
    for proposal in found:
        assert proposal.suppressed_rows <= len(rows) * budget
        assert proposal.report.rows == len(rows) - proposal.suppressed_rows
        again = measure(con, proposal.release_sql("SELECT * FROM people", COLUMNS), rule)
        assert again.outcome == proposal.report.outcome and again == proposal.report


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(rows=ROWS)
def test_the_measures_are_monotone(rows: list[tuple[Any, ...]], policy: Any) -> None:
    """Going to a node that another one refines: k and l never fall, t and theta never rise."""
    con = table(rows)
    rule = policy(*FIELDS, sensitive=("illness", "income"))
    with encode(con, "SELECT * FROM people", rule, LADDERS) as encoded:
        lattice = Lattice(encoded.losses, encoded.refines)
        checker = Checker(encoded, rule, Fraction(0))
        every = list(itertools.product(*(range(length) for length in lattice.shape)))
        reports = {node: checker.release(node, 0.0)[0] for node in every[::3]}
    pairs = [(a, b) for a in reports for b in reports if a != b and lattice.refines(a, b)]
    assert pairs
    for low, high in ((reports[a], reports[b]) for a, b in pairs):
        assert low.k is not None and high.k is not None and low.k <= high.k
        assert low.theta_mean is not None and high.theta_mean is not None
        assert low.theta_mean >= high.theta_mean
        for name in ("illness", "income"):
            assert low.l[name] <= high.l[name]
            assert low.t[name] >= high.t[name] - 1e-12
        assert low.rows_in_small_classes >= high.rows_in_small_classes
    for low, high in pairs:
        assert lattice.floor[low] <= lattice.floor[high]


def test_which_rungs_refine_which_is_read_from_the_data(policy: Any) -> None:
    con = table([(i, 0, "n", "a", 1) for i in range(20)])
    with encode(con, "SELECT * FROM people", policy("age"), LADDERS) as encoded:
        table_of_age = encoded.refines[0]
    assert [[int(cell) for cell in row] for row in table_of_age] == [
        [1, 1, 1, 1, 1],
        [0, 1, 0, 1, 1],  # 2 refines 10, not 5
        [0, 0, 1, 1, 1],
        [0, 0, 0, 1, 1],
        [0, 0, 0, 0, 1],
    ]


def test_a_rung_that_does_not_refine_the_next_is_not_pruned_with_it(policy: Any) -> None:
    """Bands of 5 part 4 from 5 and 14 from 15; bands of 2 do not, and lose less than those of 10."""
    con = table([(age, 0, "n", "a", 1) for age in (4, 5, 8, 9, 14, 15, 18, 19)])
    found = propose(con, "SELECT * FROM people", policy("age"), LADDERS)
    assert found[0].rungs["age"].name == "band_2"
    assert found[0].loss == pytest.approx(1 / 15)


def test_alternatives_do_not_contain_one_another(policy: Any) -> None:
    con = table([(i % 20, i % 12, "ns"[i % 2], "a", 1) for i in range(240)])
    found = propose(con, "SELECT * FROM people", policy(*FIELDS, k=9), LADDERS, limit=9)
    assert len(found) > 1
    assert [p.loss for p in found] == sorted(p.loss for p in found)
    order = [[LADDERS[n].rungs.index(p.rungs[n]) for n in FIELDS] for p in found]
    for first, second in itertools.permutations(order, 2):
        nested = all(
            b == a or (a, b) in ((0, b), (a, len(LADDERS[n].rungs) - 1))
            for n, a, b in zip(FIELDS, first, second, strict=True)
        )
        assert not nested


def test_no_time_still_proposes_something_that_passes(policy: Any) -> None:
    con = table([(i % 20, i % 12, "ns"[i % 2], "a", 1) for i in range(240)])
    rule = policy(*FIELDS, k=9)
    found = propose(con, "SELECT * FROM people", rule, LADDERS, seconds=0)
    best = propose(con, "SELECT * FROM people", rule, LADDERS)[0]
    assert found and not found[0].proven and found[0].loss >= best.loss
    assert released(con, dict(found[0].rungs), rule).passed


def test_no_rows_or_no_way(policy: Any) -> None:
    con = table([])
    assert propose(con, "SELECT * FROM people", policy(*FIELDS), LADDERS) == []
    con = table([(1, 1, "n", "a", 1)])
    assert propose(con, "SELECT * FROM people", policy(*FIELDS), LADDERS) == []


def test_direct_identifiers_are_taken_to_be_left_out(policy: Any) -> None:
    con = table([(1, 1, "n", "a", 1)] * 3)
    found = propose(con, "SELECT * FROM people", policy("age", direct=("place",)), LADDERS)
    assert found[0].loss == 0 and found[0].report.passed


def test_left_out_and_written(policy: Any) -> None:
    con = table([(i, 0, "ns"[i % 2], "a", 1) for i in range(20)])
    ladders = ladders_for(con, "SELECT * FROM people", ["age", "place"])
    found = propose(con, "SELECT * FROM people", policy("age", "place", k=10), ladders)
    assert [p.left_out for p in found] == [("age",), ("place",)]
    written = found[0].to_dict()
    assert written["rungs"]["age"] == {"name": "leave_out", "mask": None}
    assert written["rungs"]["place"] == {"name": "as_is", "mask": "place"}
    assert found[1].to_dict()["rungs"]["age"]["mask"] == "mask_age(age, 10)"


def test_nothing_is_left_behind(policy: Any) -> None:
    con = table([(i, 0, "n", "a", i) for i in range(20)])
    rule = policy("age", sensitive=("income",), k=5)
    propose(con, "SELECT * FROM people", rule, LADDERS, suppression=0.2)
    assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("people",)]


def test_refused(policy: Any) -> None:
    con = table([(1, 1, "n", "a", 1)] * 3)
    with pytest.raises(QualityError) as caught:
        propose(con, "SELECT * FROM people", policy("age", "income"), LADDERS)
    assert (caught.value.code, caught.value.fields["field"]) == ("risk_ladder", "income")
    broken = {"age": Ladder("age", (Rung("x", "no_such_function({x})", None),))}
    with pytest.raises(QualityError) as caught:
        propose(con, "SELECT * FROM people", policy("age"), broken)
    assert caught.value.code == "risk_relation"


def test_too_many_combinations() -> None:
    chain = [[True] * 10] * 10
    with pytest.raises(QualityError) as caught:
        Lattice([[0.0] * 10] * 7, [chain] * 7)
    assert caught.value.code == "risk_lattice" and caught.value.fields["nodes"] == 10**7
