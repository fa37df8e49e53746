"""The measures are those of pycanon 1.3, an independent implementation, on many tables.

pycanon leaves out rows with NULL in a quasi-identifier, so NULL is told to it as a word; it divides
by zero when a number has one value only, where the distance is 0 by definition; and it rounds exp
of the entropy down, sometimes past a whole number by a floating-point error.
"""

from __future__ import annotations

import math
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycanon import anonymity

from quality.risk import RiskReport
from quality.risk.measure import measure

QUASI = ["age", "place"]


def agrees(report: RiskReport, frame: pd.DataFrame, field: str) -> None:
    assert report.k == anonymity.k_anonymity(frame, QUASI)
    assert report.l[field] == anonymity.l_diversity(frame, QUASI, [field])
    peer = anonymity.entropy_l_diversity(frame, QUASI, [field])
    ours = report.entropy_l[field]
    assert peer in (math.floor(ours + 1e-6), math.floor(ours - 1e-6))
    if frame[field].nunique() > 1 or frame[field].dtype == object:
        expected = anonymity.t_closeness(frame, QUASI, [field])
    else:
        expected = 0.0
    assert report.t[field] == pytest.approx(expected, abs=1e-12)


def measured(frame: pd.DataFrame, policy: Any) -> RiskReport:
    con = duckdb.connect()
    con.register("people", frame)
    bounds = policy(*QUASI, sensitive=("illness", "income"))
    return measure(con, "SELECT * FROM people", bounds)


ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["north", "south", "west"]),
        st.sampled_from(["a", "b", "c", "d"]),
        st.integers(-3, 9) | st.just(1_000_000),
    ),
    min_size=1,
    max_size=60,
)


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(rows=ROWS)
def test_random_tables(rows: list[tuple[int, str, str, int]], policy: Any) -> None:
    frame = pd.DataFrame(rows, columns=[*QUASI, "illness", "income"])
    report = measured(frame, policy)
    agrees(report, frame, "illness")
    agrees(report, frame, "income")
    assert report.theta_max == 1 / anonymity.k_anonymity(frame, QUASI)
    assert report.classes == len(frame.groupby(QUASI))


TABLES: dict[str, list[tuple[Any, ...]]] = {
    "one row": [(30, "north", "a", 1.5)],
    "all the same": [(30, "north", "a", 1.5)] * 7,
    "one class, many values": [(30, "north", "abcd"[i % 4], i / 3) for i in range(11)],
    "every row its own class": [(i, "north", "ab"[i % 2], float(i)) for i in range(9)],
    "skewed": [(i % 3, "north", "a" if i % 10 else "b", float(i % 3 * 10)) for i in range(100)],
    "real numbers": [(i % 2, "north", "a", math.sin(i)) for i in range(50)],
}


@pytest.mark.parametrize("name", TABLES)
def test_chosen_tables(name: str, policy: Any) -> None:
    frame = pd.DataFrame(TABLES[name], columns=[*QUASI, "illness", "income"])
    report = measured(frame, policy)
    agrees(report, frame, "illness")
    agrees(report, frame, "income")


def test_null_is_a_value_of_its_own(policy: Any) -> None:
    rows = [
        (1, None, "a", 1),
        (1, None, None, 2),
        (1, "x", "b", 2),
        (1, "x", None, 3),
        (1, "x", "b", 3),
    ]
    frame = pd.DataFrame(rows, columns=[*QUASI, "illness", "income"])
    named = frame.fillna("(null)")
    agrees(measured(frame, policy), named, "illness")
    agrees(measured(frame, policy), named, "income")


def test_a_number_kept_as_text_is_a_category(policy: Any) -> None:
    frame = pd.DataFrame(
        [(1, "x", "5", 5), (1, "x", "6", 6), (2, "x", "90", 90)],
        columns=[*QUASI, "illness", "income"],
    )
    report = measured(frame, policy)
    agrees(report, frame, "illness")
    agrees(report, frame, "income")
    assert report.t["illness"] != report.t["income"]
