"""Great Expectations' own test definitions, through our predicates and through our engine.

Data, arguments, expected success and unexpected values are those that GX gives for its other SQL
databases; see `data/great_expectations/NOTICE`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from quality.predicates import quoted, violation
from quality.rules import Rule

MakeRule = Callable[..., Rule]
pytestmark = pytest.mark.slow
DEFINITIONS = sorted((Path(__file__).parent / "data" / "great_expectations").glob("*.json"))
RULE_KINDS = {
    "expect_column_values_to_not_be_null": "required",
    "expect_column_values_to_be_between": "range",
    "expect_column_values_to_be_in_set": "enumeration",
    "expect_column_values_to_match_regex": "pattern",
    "expect_column_value_lengths_to_be_between": "length",
}
# Cases of one engine only, on a part of the rows (we have no such rule), or of GX's own errors.
_NOT_OURS = {"only_for", "error"}
_NOT_OUR_ARGUMENTS = {"row_condition", "catch_exceptions"}


def _kind(path: Path) -> str | None:
    """Our kind of row rule for a file of definitions; None for a rule on the whole table."""
    return RULE_KINDS.get(json.loads(path.read_text("utf-8"))["expectation_type"])


def _cases(path: Path) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Expectation type, dataset and the cases that apply to any SQL database."""
    definition = json.loads(path.read_text("utf-8"))
    for dataset in definition["datasets"]:
        tests = [
            test
            for test in dataset["tests"]
            if not _NOT_OURS & test.keys()
            and not (_NOT_OUR_ARGUMENTS & test["in"].keys() and "success" not in test["out"])
            and "row_condition" not in test["in"]
            and "sqlalchemy" not in test.get("suppress_test_for", ())
        ]
        if dataset.get("only_for") != ["spark"] and tests:
            yield definition["expectation_type"], dataset, tests


@contextmanager
def _table(dataset: dict[str, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The dataset as the view `t`, typed as GX types it for PostgreSQL."""
    schema = dataset.get("schemas", {}).get("postgresql", {})
    data = dataset["data"]
    # An alternative of the same length is for typed databases; a shorter one is Trino's.
    alternative = dataset.get("data_alt", data)
    if [len(v) for v in alternative.values()] == [len(v) for v in data.values()]:
        data = alternative
    frame = pd.DataFrame({name: _column(data[name], schema.get(name)) for name in data})
    with duckdb.connect() as database:
        database.register("frame", frame)
        database.execute("CREATE TABLE t AS SELECT * FROM frame")
        yield database


def _column(values: list[Any], kind: str | None) -> Any:
    present = [value for value in values if value is not None]
    if kind == "TIMESTAMP":
        return pd.to_datetime(pd.Series(values))
    if all(isinstance(value, int) for value in present) and present:
        return pd.array(values, dtype="Int64")
    if all(isinstance(value, float) for value in present) and present:
        return pd.array(values, dtype="Float64")
    return pd.array([None if v is None else str(v) for v in values], dtype="string")


def _params(kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
    low, high = arguments.get("min_value"), arguments.get("max_value")
    if kind == "range":
        names = (
            "exclusiveMinimum" if arguments.get("strict_min") else "minimum",
            "exclusiveMaximum" if arguments.get("strict_max") else "maximum",
        )
    else:
        names = ("minLength", "maxLength")
    if kind in ("range", "length"):
        return {n: v for n, v in zip(names, (low, high), strict=True) if v is not None}
    if kind == "enumeration":
        return {"values": tuple(arguments["value_set"])}
    if kind == "pattern":  # GX searches, a contract's pattern matches the whole value
        return {"pattern": rf"[\s\S]*(?:{arguments['regex']})[\s\S]*"}
    return {}


def _shown(value: Any) -> str:
    text = str(value).removesuffix(".0")
    return text if ":" not in text else str(pd.to_datetime(text))


@pytest.mark.parametrize("path", [p for p in DEFINITIONS if _kind(p)], ids=lambda path: path.stem)
def test_our_predicates_find_the_peers_unexpected_values(path: Path, rule: MakeRule) -> None:
    compared = 0
    for expectation, dataset, tests in _cases(path):
        kind = RULE_KINDS[expectation]
        with _table(dataset) as database:
            types = {n: k for n, k, *_ in database.execute("DESCRIBE t").fetchall()}
            for test in tests:
                column, params = test["in"]["column"], _params(kind, test["in"])
                if kind != "required" and not any(v not in (None, ()) for v in params.values()):
                    continue  # an empty set or no bound: refused when the contract is read
                condition = violation(rule(kind, column, **params), types, date(2026, 7, 1))
                query = f"SELECT {quoted(column)} FROM t WHERE {condition}"
                found = [row[0] for row in database.execute(query).fetchall()]
                if "unexpected_list" in test["out"]:
                    expected = Counter(map(_shown, test["out"]["unexpected_list"]))
                    assert Counter(map(_shown, found)) == expected, test["title"]
                elif "mostly" not in test["in"]:
                    assert (not found) == test["out"]["success"], test["title"]
                compared += 1
    assert compared >= 5


# GX knows no regular expressions on DuckDB; `quality.suite` uses a query in their place.
@pytest.mark.parametrize(
    "path", [p for p in DEFINITIONS if "regex" not in p.stem], ids=lambda path: path.stem
)
def test_gx_on_our_engine_gives_the_peers_results(path: Path) -> None:
    import great_expectations as gx
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    from quality.gx_engine import DuckDBDatasource

    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    for expectation, dataset, tests in _cases(path):
        with _table(dataset) as database:
            source = DuckDBDatasource.attach(context, "peers", database)
            asset = source.add_table_asset("t", table_name="t")
            batch = asset.add_batch_definition_whole_table("all").get_batch()
            for test in tests:
                arguments = {k: v for k, v in test["in"].items() if k != "catch_exceptions"}
                arguments.pop("result_format", None)
                configured = ExpectationConfiguration(type=expectation, kwargs=arguments)
                result = batch.validate(configured.to_domain_obj())
                raised = str(result.exception_info.get("exception_message"))
                assert result.success == test["out"]["success"], (test["title"], raised)
            source.get_execution_engine().close()
            source.delete_asset("t")
