"""Whatever is sent: a refusal in our own words, or SQL that is ours alone, and that no row makes fail."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest

from sandbox.counting import counted
from sandbox.errors import Refusal, SandboxError
from sandbox.plan import Plan, plan_of
from sandbox.sql import read_question
from sandbox.sql.size import MOST_CHARACTERS
from tests.sandbox.city import VIEWS
from tests.sandbox.fuzzing import CORPUS, Grammar, Mutator
from tests.sandbox.generated import faults
from tests.support.seeds import seeds

FEW, MANY = 4_000, 12_000
SEEDS = seeds(2, 8)  # all of them with the few: 100,000 statements
ENGINE_WORDS = (
    "duckdb",
    "sqlglot",
    "binder",
    "parser error",
    "traceback",
    "exception",
    "candidate",
    "line 1:",
)
MOST_MESSAGE = 1_500
OFFERED = {
    "count",
    "sum",
    "avg",
    "mean",
    "variance",
    "var_samp",
    "stddev",
    "stddev_samp",
    "median",
    "min",
    "max",
}


class Fuzz:
    """What became of statements."""

    def __init__(self, con: duckdb.DuckDBPyConnection, every: int) -> None:
        self.con = con
        self.every = every
        self.codes: Counter[str] = Counter()
        self.answered = self.executed = 0

    def send(self, text: str) -> None:
        """One statement, as far as the engine."""
        try:
            plan = plan_of(read_question(text, VIEWS), VIEWS)
        except Refusal as error:
            self._refused(error)
            return
        self.answered += 1
        sent: list[str] = []

        def record(sql: str) -> Sequence[tuple[Any, ...]]:
            sent.append(sql)
            return []

        counted(plan, record)
        assert sent
        for sql in sent:
            assert not faults(sql, plan)
        if self.answered % self.every == 0:
            self.executed += 1
            self._execute(plan)

    def _refused(self, error: Refusal) -> None:
        self.codes[error.code] += 1
        told = json.dumps(error.as_dict("en")).lower()
        assert len(told) <= MOST_MESSAGE
        if error.code not in ("not_offered", "unknown_name", "unknown_view", "ambiguous_name"):
            # Those quote a word of the question, which may be any.
            assert not any(word in told for word in ENGINE_WORDS)
        assert error.text("zh").encode()

    def _execute(self, plan: Plan) -> None:
        counted(plan, lambda sql: self.con.execute(sql).fetchall())


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Rows that are made to break things, and enough of them to overflow a sum."""
    with duckdb.connect() as con:
        amounts = "[NULL, 0, 12.34, -7, 1e300, 1e18, 99999999999999, 'nan', 'inf', '-inf', 5e-324, -0.0, 1.7e308]"
        con.execute(
            f"""
            CREATE SCHEMA open; SET threads = 1;
            CREATE TABLE open.firm AS SELECT 'u' || (i % 50) AS uscc, CAST({amounts}[i % 13 + 1] AS DOUBLE) AS amount,
                CAST({amounts}[i % 11 + 1] AS DOUBLE) AS unbounded,
                ['east', 'north', 'nowhere', NULL, ''][i % 5 + 1] AS district,
                ['n', 'it''s', '検', NULL, '%', '\\', 'a b'][i % 7 + 1] AS name,
                [DATE '2020-02-29', NULL, DATE '0001-01-01', DATE '9999-12-31'][i % 4 + 1] AS opened,
                [TRUE, FALSE, NULL][i % 3 + 1] AS active FROM range(91) AS r(i);
            CREATE TABLE open.visit AS SELECT CASE WHEN i % 17 > 0 THEN 'u' || (i % 50) END AS uscc,
                CAST({amounts}[i % 13 + 1] AS DOUBLE) AS score, ['x', 'y|z', NULL, ''][i % 4 + 1] AS kind,
                ['a', 'b', 'elsewhere', NULL][i % 4 + 1] AS place FROM range(120) AS r(i);
            CREATE TABLE open.ticket AS SELECT 'u' || i AS caller FROM range(9) AS r(i)
            """
        )
        yield con


@pytest.fixture(scope="module")
def functions(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The names of all functions that the engine has."""
    rows = con.execute("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()
    return sorted(name for (name,) in rows)


def test_the_grammar_is_what_is_answered(con: duckdb.DuckDBPyConnection) -> None:
    """Otherwise the mutations below would only ever meet refusals."""
    grammar, fuzz = Grammar(random.Random(1)), Fuzz(con, 2)
    for _ in range(500):
        fuzz.send(grammar.question())
    assert fuzz.answered >= 425, fuzz.codes
    # What is left are bounds that do not follow, and keys that are constants.
    assert set(fuzz.codes) <= {
        "bounds_needed",
        "bounds_wide",
        "many_cells",
        "question_size",
        "not_offered",
    }


@pytest.mark.parametrize("seed", [0])
def test_a_few_mutated_statements(
    seed: int, con: duckdb.DuckDBPyConnection, functions: list[str]
) -> None:
    fuzz = Fuzz(con, 10)
    _mutated(fuzz, functions, seed, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_mutated_statements(
    seed: int, con: duckdb.DuckDBPyConnection, functions: list[str]
) -> None:
    fuzz = Fuzz(con, 50)
    _mutated(fuzz, functions, 1 + seed, MANY)


def _mutated(fuzz: Fuzz, functions: list[str], seed: int, count: int) -> None:
    mutator = Mutator(random.Random(seed), functions)
    for place in range(count):
        text = mutator.statement()
        try:
            fuzz.send(text)
        except SandboxError:
            raise
        except Exception as error:
            error.add_note(f"seed {seed}, statement {place}: {text[:2_000]!r}")
            raise
    # Both ways are taken often enough, and refused is for many reasons.
    assert fuzz.answered >= count // 20
    assert fuzz.executed >= 20
    assert len(fuzz.codes) >= 15, fuzz.codes


@pytest.mark.parametrize(
    "shape",
    [
        "SELECT {}(amount) FROM open.firm",
        "SELECT {}() FROM open.firm",
        "SELECT SUM({}(amount)) FROM open.firm",
        "SELECT COUNT(*) FROM open.firm WHERE {}(name) = 'n'",
        "SELECT COUNT(*) FROM {}('x')",
        "SELECT {}(name, amount) FROM open.firm",
        "SELECT COUNT(*) FROM open.firm GROUP BY {}(name)",
    ],
)
def test_no_function_of_the_engine_is_called(shape: str, functions: list[str]) -> None:
    for name in functions:
        text = shape.replace("{}", name if name.isidentifier() else f'"{name}"')
        if name.lower() in OFFERED and shape.startswith("SELECT {}(amount)"):
            continue
        with pytest.raises(Refusal):
            plan_of(read_question(text, VIEWS), VIEWS)


def test_no_statement_of_another_dialect_is_answered() -> None:
    """All of them are about tables that no one granted."""
    for text in CORPUS:
        with pytest.raises(Refusal):
            read_question(text, VIEWS)


LONG = [
    "SELECT COUNT(*) FROM open.firm WHERE name IN ({})".format(", ".join(["'aa'"] * 1_600)),
    f"SELECT COUNT(*) FROM open.firm WHERE {'NOT ' * 2_000}active",
    f"SELECT {'-' * 1} {'(' * 4_000}1 FROM open.firm",
    f"SELECT {'DATE(' * 30}1{')' * 30} FROM open.firm",
    f"SELECT {'ARRAY[' * 30}1{']' * 30} FROM open.firm",
    f"SELECT {'LATERAL(' * 30}1{')' * 30} FROM open.firm",
    f"SELECT 1 FROM open.firm {'JOIN x ' * 40}",
    f"SELECT COUNT({'CASE WHEN ' * 20}amount{' BETWEEN 1 AND 2 THEN 1 END' * 20}) FROM open.firm",
    f"SELECT COUNT({'CASE ' * 25}amount{' WHEN 1 THEN 2 WHEN 3 THEN 4 END' * 25}) FROM open.firm",
    f"SELECT COUNT({'WIDTH_BUCKET(' * 20}amount{', 0, 1, 2)' * 20}) FROM open.firm",
    "SELECT SUM(CLAMP(x, 0, 1)) FROM "
    + "(SELECT x + x + x AS x FROM " * 9
    + "(SELECT amount AS x FROM open.firm) AS t"
    + ") AS t" * 9,
    f"SELECT COUNT(*) FROM open.firm WHERE {' + '.join(['amount'] * 1_200)} > 1",
    "SELECT COUNT(*) FROM open.firm WHERE name = '{}'".format("x" * MOST_CHARACTERS),
]


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:50])
def test_what_would_take_too_long_is_not_begun(text: str) -> None:
    """Each of these took seconds, gigabytes or forever before it was bounded."""
    with pytest.raises(Refusal) as caught:
        read_question(text, VIEWS)
    assert caught.value.code in ("question_size", "not_offered", "many_views", "many_options")
