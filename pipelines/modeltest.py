"""Unit tests of models: given these rows, a model's SELECT gives those rows.

A test is YAML under `tests/` of a workspace; the format is in `docs/contracts.md`. Every file is
read and checked before the first test runs, so that a misspelt column is an error with a line and
never a test that passes for the wrong reason. Each test has an engine of its own that holds
nothing but its rows.
"""

from __future__ import annotations

import difflib
import fnmatch
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.errors import CityBrainError, Problems
from catalog.yamlsource import KeyPath, YamlDocument, load_yaml
from pipelines.errors import PipelineError
from pipelines.modeltest_rows import Row, difference, fits, text_of
from pipelines.plan import Plan, Step

if TYPE_CHECKING:
    import duckdb

_ENGINE: dict[str, str | bool | int | float | list[str]] = {"threads": 1}
_KEYS = ("name", "model", "given", "expect", "ordered")


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """What one test gave.

    Attributes:
        file, line: where the test stands.
        difference: what was expected and what came instead, a bounded table; empty when it passed.
        seconds: how long it took.
    """

    __test__ = False  # not a test of pytest's

    file: Path
    line: int
    name: str
    model: str
    passed: bool
    difference: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ModelTest:
    """One test as written; its rows are known to fit their tables."""

    __test__ = False

    file: Path
    line: int
    name: str
    step: Step
    given: dict[str, list[Row]]
    expect: list[Row]
    ordered: bool


def run_model_tests(plan: Plan, only: str | None = None) -> list[TestOutcome]:
    """Run the unit tests of a workspace's models.

    Args:
        plan: the compiled workspace.
        only: a model's name, a pattern of such names (`base.*`), or a part of a test's name.

    Raises:
        Problems: a test file cannot be used: unknown model, table, column or key, or a value that
            does not fit its column's type. All of them together, each with file and line.
    """
    return [run_test(test, plan) for test in read_tests(plan) if _chosen(test, only)]


def _chosen(test: ModelTest, only: str | None) -> bool:
    return only is None or fnmatch.fnmatchcase(test.step.name, only) or only in test.name


def read_tests(plan: Plan) -> list[ModelTest]:
    """All tests of a workspace, in order of file and line.

    Raises:
        Problems: see `run_model_tests`.
    """
    problems: list[CityBrainError] = []
    tests: list[ModelTest] = []
    for path in plan.workspace.test_files:
        try:
            document = load_yaml(path)
        except CityBrainError as error:
            problems.append(error)
            continue
        reader = _Reader(document, plan, problems)
        tests += reader.tests()
    if problems:
        raise Problems(problems)
    return tests


class _Reader:
    """Reads one file; faults gather in `problems`."""

    def __init__(self, document: YamlDocument, plan: Plan, problems: list[CityBrainError]) -> None:
        self._document = document
        self._steps = plan.steps
        self._problems = problems

    def fault(self, code: str, at: KeyPath, **fields: Any) -> None:
        where = self._document.where(*at)
        self._problems.append(PipelineError(code, where=where, **fields))

    def tests(self) -> Iterator[ModelTest]:
        data = self._document.data
        if not isinstance(data, dict) or not isinstance(data.get("tests"), list):
            self.fault("key_missing", (), key="tests")
            return
        self._unknown_keys(data, ("tests",), ())
        for index, entry in enumerate(data["tests"]):
            test = self._test(entry, ("tests", index))
            if test is not None:
                yield test

    def _test(self, entry: Any, at: KeyPath) -> ModelTest | None:
        if not isinstance(entry, dict):
            self.fault("value_invalid", at, key="tests", problem="a mapping was expected")
            return None
        self._unknown_keys(entry, _KEYS, at)
        for key in ("name", "model", "expect"):
            if key not in entry:
                self.fault("key_missing", at, key=key)
                return None
        step = self._model(str(entry["model"]), (*at, "model"))
        if step is None:
            return None
        given = self._given(entry.get("given") or {}, step, (*at, "given"))
        expect = self._rows(entry["expect"], step, (*at, "expect"))
        ordered = entry.get("ordered", False)
        if not isinstance(ordered, bool):
            problem = "true or false was expected"
            self.fault("value_invalid", (*at, "ordered"), key="ordered", problem=problem)
        where = self._document.where(*at)
        return ModelTest(
            where.path, where.line, str(entry["name"]), step, given, expect, bool(ordered)
        )

    def _unknown_keys(self, entry: dict[Any, Any], known: Sequence[str], at: KeyPath) -> None:
        for key in entry:
            if key not in known:
                self.fault("unknown_key", (*at, str(key)), key=key, expected=", ".join(known))

    def _model(self, name: str, at: KeyPath) -> Step | None:
        models = [n for n, step in self._steps.items() if step.model is not None]
        if name in models:
            return self._steps[name]
        self.fault("unknown_table", at, name=name, hint=_nearest(name, models))
        return None

    def _given(self, given: Any, step: Step, at: KeyPath) -> dict[str, list[Row]]:
        if not isinstance(given, dict):
            self.fault("value_invalid", at, key="given", problem="tables with rows were expected")
            return {}
        found: dict[str, list[Row]] = {}
        for name, rows in given.items():
            place = (*at, str(name))
            if name not in self._steps:
                self.fault("unknown_table", place, name=name, hint=_nearest(name, step.inputs))
            elif name not in step.inputs:
                inputs = ", ".join(step.inputs) or "-"
                self.fault("test_not_an_input", place, name=name, model=step.name, inputs=inputs)
            else:
                found[name] = self._rows(rows, self._steps[name], place)
        return found

    def _rows(self, rows: Any, step: Step, at: KeyPath) -> list[Row]:
        if not isinstance(rows, list):
            self.fault("value_invalid", at, key=str(at[-1]), problem="a list of rows was expected")
            return []
        return [self._row(row, step, (*at, index)) for index, row in enumerate(rows)]

    def _row(self, row: Any, step: Step, at: KeyPath) -> Row:
        if not isinstance(row, dict):
            problem = "a row of columns was expected"
            self.fault("value_invalid", at, key=str(step.name), problem=problem)
            return {}
        types = _types(step)
        for name, value in row.items():
            if name not in types:
                self.fault("unknown_field", (*at, str(name)), field=name, resource=step.name)
            elif not fits(value, types[name]):
                place = (*at, str(name))
                self.fault("test_value", place, column=name, type=types[name], table=step.name)
        return row


def _nearest(name: Any, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(name), list(known), n=1)
    return near[0] if near else "-"


def _types(step: Step) -> dict[str, str]:
    """The columns of a table as a model sees them, and their types."""
    from pipelines.duck import table_columns

    return {column.name: column.type for column in table_columns(step.contract)}


# -- running ------------------------------------------------------------------------------------


# Public on purpose: with it an expected pseudonym can be written into a test.
_TEST_KEY = b"citybrain model tests only, 32 B"


def run_test(test: ModelTest, plan: Plan) -> TestOutcome:
    """Run one test in an engine of its own."""
    import duckdb

    from pipelines.masking.install import install_duckdb
    from pipelines.masking.keys import KeyRing

    started = time.perf_counter()
    con = duckdb.connect(":memory:", config=_ENGINE)
    try:
        con.execute(_tables_sql([plan.steps[name] for name in test.step.inputs]))
        if test.step.masking:
            install_duckdb(con, KeyRing.of({1: _TEST_KEY}), test.step.keys)
        for name, rows in test.given.items():
            _fill(con, plan.steps[name], rows)
        expected, got = _typed_expectation(con, test), _model_rows(con, test)
        problem = difference(expected, got, test.ordered)
    except duckdb.Error as error:
        problem = str(error).split("\n\n")[0].replace("\n", " ")
    finally:
        con.close()
    seconds = time.perf_counter() - started
    return TestOutcome(
        test.file, test.line, test.name, test.step.name, not problem, problem, seconds
    )


def _tables_sql(steps: Sequence[Step]) -> str:
    """Empty tables of the contracts' columns, in one batch of statements."""
    from quality.predicates import quoted

    statements = ["SET enable_external_access = false", "SET TimeZone = 'UTC'"]
    for step in steps:
        database, table = map(quoted, step.name.split("."))
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in _types(step).items())
        statements.append(f"CREATE SCHEMA IF NOT EXISTS {database}")
        statements.append(f"CREATE TABLE {database}.{table} ({columns})")
    return ";\n".join(statements)


def _fill(con: duckdb.DuckDBPyConnection, step: Step, rows: list[Row]) -> None:
    """The rows of a test; columns that none of them names stay NULL."""
    from quality.predicates import quoted

    types = _types(step)
    named = [name for name in types if any(name in row for row in rows)]
    if not rows:
        return
    database, table = map(quoted, step.name.split("."))
    sql, values = _values(rows, types, named or list(types))
    columns = ", ".join(map(quoted, named or types))
    con.execute(f"INSERT INTO {database}.{table} ({columns}) {sql}", values)


def _values(rows: list[Row], types: dict[str, str], names: list[str]) -> tuple[str, list[Any]]:
    """A SELECT of typed rows, and its parameters."""
    lines = ", ".join(
        "(" + ", ".join(f"CAST(? AS {types[name]})" for name in names) + ")" for _ in rows
    )
    return f"VALUES {lines}", [
        text_of(row.get(name), types[name]) for row in rows for name in names
    ]


def _typed_expectation(con: duckdb.DuckDBPyConnection, test: ModelTest) -> list[Row]:
    """The expected rows with values of the contract's types; each has only the columns it names."""
    types = _types(test.step)
    named = [name for name in types if any(name in row for row in test.expect)]
    if not named:
        return list(test.expect)
    sql, values = _values(test.expect, types, named)
    typed = con.execute(sql, values).fetchall()
    return [
        {name: value for name, value in zip(named, cells, strict=True) if name in row}
        for row, cells in zip(test.expect, typed, strict=True)
    ]


def _model_rows(con: duckdb.DuckDBPyConnection, test: ModelTest) -> list[Row]:
    from quality.predicates import quoted

    assert test.step.model is not None
    sql = test.step.model.sql.rstrip().rstrip(";")
    columns = ", ".join(
        f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}"
        for name, kind in _types(test.step).items()
    )
    relation = con.execute(f"SELECT {columns} FROM (\n{sql}\n) AS model")
    names = [column[0] for column in relation.description or ()]
    return [dict(zip(names, cells, strict=True)) for cells in relation.fetchall()]
