"""Unit tests of models: what passes, what does not, and what is no test at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from catalog.errors import Problems
from pipelines.modeltest import TestOutcome, run_model_tests
from pipelines.modeltest_rows import difference, fits
from pipelines.plan import compile_workspace
from pipelines.workspace import load_workspace

CITIES = Path(__file__).parents[2] / "workspaces"

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: {id}
name: x
version: 1.0.0
status: active
{more}schema:
  - name: {table}
    physicalType: table
    properties:
"""
RAW = """domain: parks
servers:
  - {server: source, type: local, path: trees.csv, format: csv}
"""
COLUMNS = {
    "tree_id": "integer",
    "species": "string",
    "planted_on": "date",
    "height": "number",
    "checked_at": "timestamp",
    "alive": "boolean",
}
SQL = """SELECT species, count(*) AS trees, max(planted_on) AS last_planted, sum(height) AS height
FROM raw.parks__trees WHERE _source_file IS NULL GROUP BY species ORDER BY species
"""


def contract(table: str, columns: dict[str, str], more: str = "") -> str:
    fields = "".join(f"      - {{name: {n}, logicalType: {t}}}\n" for n, t in columns.items())
    return CONTRACT.format(id=table, table=table, more=more) + fields


@pytest.fixture
def city(tmp_path: Path) -> Path:
    (tmp_path / "contracts" / "parks").mkdir(parents=True)
    (tmp_path / "models" / "base").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / "workspace.toml").write_text('name = "city"\n')
    departments = "departments:\n  - {id: parks, name: {en: Parks}}\n"
    (tmp_path / "departments.yaml").write_text(departments)
    raw = contract("parks__trees", COLUMNS, RAW)
    (tmp_path / "contracts" / "parks" / "trees.yaml").write_text(raw)
    made = {"species": "string", "trees": "integer", "last_planted": "date", "height": "number"}
    (tmp_path / "models" / "base" / "species.yaml").write_text(contract("species", made))
    (tmp_path / "models" / "base" / "species.sql").write_text(SQL)
    return tmp_path


def run(city: Path, tests: str, only: str | None = None) -> list[TestOutcome]:
    (city / "tests" / "base.yaml").write_text(tests, "utf-8")
    return run_model_tests(compile_workspace(load_workspace(city)), only)


GOOD = """\
tests:
  - name: species are counted
    model: base.species
    given:
      raw.parks__trees:
        - {tree_id: 1, species: oak, planted_on: 2001-05-01, height: 0.1}
        - {tree_id: 2, species: oak, planted_on: 2003-05-01, height: 0.2}
        - {tree_id: 3, species: 樟樹, checked_at: 2020-01-01 10:00:00, alive: true}
    expect:
      - {species: 樟樹, trees: 1, last_planted: null}
      - {species: oak, trees: 2, last_planted: 2003-05-01, height: 0.3}
  - name: no trees, no species
    model: base.species
    expect: []
"""


def test_passes_in_any_order_with_null_dates_and_floats(city: Path) -> None:
    first, second = run(city, GOOD)
    assert (first.passed, first.difference) == (True, "")
    assert (first.name, first.line, first.model) == ("species are counted", 2, "base.species")
    assert first.file == city.resolve() / "tests" / "base.yaml"
    assert second.passed


def test_order_counts_only_where_it_is_asked_for(city: Path) -> None:
    ordered = GOOD.replace("    expect:\n", "    ordered: true\n    expect:\n")
    outcome = run(city, ordered)[0]
    assert not outcome.passed
    assert "樟樹" in outcome.difference


def test_only_by_model_pattern_or_part_of_a_name(city: Path) -> None:
    assert len(run(city, GOOD, "base.species")) == 2
    assert len(run(city, GOOD, "base.*")) == 2
    assert [o.name for o in run(city, GOOD, "no trees")] == ["no trees, no species"]
    assert run(city, GOOD, "thematic.*") == []


def test_a_difference_names_rows_and_columns(city: Path) -> None:
    wrong = GOOD.replace("trees: 2, last_planted: 2003-05-01", "trees: 3, last_planted: 2003-05-01")
    outcome = run(city, wrong)[0]
    assert not outcome.passed
    lines = outcome.difference.splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["species", "trees", "last_planted", "height"],
        [lines[2].split()[0], "oak", "3", "2003-05-01", "0.3"],
        [lines[3].split()[0], "oak", "2", "2003-05-01", "0.30000000000000004"],
    ]


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("model: base.species", "model: base.specie", "unknown_table", 3),
        ("raw.parks__trees:", "raw.parks__tree:", "unknown_table", 5),
        ("raw.parks__trees:", "base.species:", "test_not_an_input", 5),
        ("tree_id: 1, species", "tree_id: 1, specie", "unknown_field", 6),
        ("{species: oak, trees", "{species: oak, tree", "unknown_field", 11),
        ("tree_id: 1,", "tree_id: 1.5,", "test_value", 6),
        ("tree_id: 1,", "tree_id: 99999999999999999999,", "test_value", 6),
        ("species: oak, planted_on: 2001", "species: 12, planted_on: 2001", "test_value", 6),
        ("2001-05-01", "'2001-13-01'", "test_value", 6),
        ("alive: true", "alive: 1", "test_value", 8),
        ("height: 0.1", "height: high", "test_value", 6),
        ("    given:", "    givens:", "unknown_key", 4),
        ("    expect: []\n", "", "key_missing", 12),
        ("    expect: []", "    expect: {}", "value_invalid", 14),
        ("    expect: []", "    expect: []\n    ordered: maybe", "value_invalid", 15),
    ],
)
def test_what_is_no_test_is_an_error_with_its_line(
    city: Path, old: str, new: str, code: str, line: int
) -> None:
    with pytest.raises(Problems) as caught:
        run(city, GOOD.replace(old, new, 1))
    assert [(p.code, p.where.line) for p in caught.value.problems if p.where] == [(code, line)]


def test_all_faults_of_all_files_come_together(city: Path) -> None:
    (city / "tests" / "other.yaml").write_text("tests:\n\t- name: x\n")
    with pytest.raises(Problems) as caught:
        run(city, GOOD.replace("model: base.species", "model: base.nothing"))
    assert [p.code for p in caught.value.problems] == ["unknown_table", "unknown_table", "yaml_tab"]


def test_a_model_that_breaks_on_its_rows_fails_with_the_engines_words(city: Path) -> None:
    (city / "models" / "base" / "species.sql").write_text(
        SQL.replace("count(*)", "CAST(max(species) AS BIGINT)")
    )
    outcome = run(city, GOOD)[0]
    assert not outcome.passed
    assert "樟樹" in outcome.difference or "oak" in outcome.difference


def test_rows_that_name_different_columns_are_matched_as_a_whole() -> None:
    got = [{"a": 1, "b": 1}, {"a": 1, "b": 2}]
    assert difference([{"a": 1}, {"a": 1, "b": 1}], got) == ""
    assert difference([{"a": 1}, {"a": 1}, {"a": 1}], got) != ""
    assert difference([{"a": 1}], got) != ""
    assert difference([{"a": None}], [{"a": None}]) == ""
    assert difference([{"a": [1.0, None]}], [{"a": [1.0 + 1e-12, None]}]) == ""


def test_a_difference_is_bounded() -> None:
    rows = [{f"c{i}": "x" * 500 for i in range(40)} for _ in range(1000)]
    shown = difference(rows, [])
    assert len(shown) < 4000
    assert len(shown.splitlines()) <= 12


@pytest.mark.parametrize(
    ("value", "kind", "right"),
    [
        (None, "BIGINT", True),
        (2.0, "BIGINT", True),
        (True, "BIGINT", False),
        ("12", "DECIMAL(4,2)", True),
        (1.234, "DECIMAL(4,2)", False),
        (100, "DECIMAL(4,2)", False),
        (3_000_000_000, "INTEGER", False),
        ([1, None], "BIGINT[]", True),
        (["a"], "BIGINT[]", False),
        (float("nan"), "DOUBLE", True),
        (float("nan"), "DECIMAL(4,2)", False),
        ("2020-01-01 10:00", "DATE", False),
        ("2020-01-01 10:00", "TIMESTAMP", True),
    ],
)
def test_what_fits_a_type(value: object, kind: str, right: bool) -> None:
    assert fits(value, kind) is right


@pytest.mark.parametrize("name", ["chicago", "tainan"])
def test_every_test_of_the_example_cities_passes(name: str, tmp_path: Path) -> None:
    shutil.copytree(CITIES / name, tmp_path / name, ignore=shutil.ignore_patterns("source"))
    outcomes = run_model_tests(compile_workspace(load_workspace(tmp_path / name)))
    assert len(outcomes) >= 20
    assert [(o.name, o.difference) for o in outcomes if not o.passed] == []
