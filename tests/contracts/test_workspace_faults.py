"""Faults of `workspace.toml`, `departments.yaml` and of the places where files stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.errors import CityBrainError, Problems
from pipelines.departments import valid_social_credit_code
from pipelines.workspace import load_workspace
from tests.support.city import City

ID = "- {name: id, logicalType: integer}"


def fatal(city: City) -> list[tuple[str, str, int]]:
    """Code, file and line of what keeps a workspace from loading."""
    with pytest.raises(Problems) as caught:
        city.load()
    return [place(problem) for problem in caught.value.problems]


def place(problem: CityBrainError) -> tuple[str, str, int]:
    assert problem.where is not None
    return problem.code, problem.where.path.name, problem.where.line


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ('name = "a"\ncolour = "red"\n', "unknown_key", 2),
        ('name = "a"\n[gate]\nmax_quarantined = 5\n', "unknown_key", 3),
        ('name = "a"\n[gate]\nmax_quarantined_percent = 200\n', "value_invalid", 3),
        ('name = "a"\n[engine]\nmemory = "lots"\n', "value_invalid", 3),
        ('name = "a"\n[lake]\nkeep_snapshots = 0\n', "value_invalid", 3),
        ('name = "A city"\n', "value_invalid", 1),
        ('name = "a"\ntimezone = "Mars/Olympus"\n', "value_invalid", 2),
        ('name = "a"\ntimezone = "../../etc/passwd"\n', "value_invalid", 2),
        ('title = "a"\n', "key_missing", 1),
        ('name = "a"\nname = "b"\n', "toml_syntax", 2),
        ('name = "a"\nsource = src\n', "toml_syntax", 2),
    ],
)
def test_workspace_toml(text: str, code: str, line: int, city: City) -> None:
    city.write("workspace.toml", text)
    assert fatal(city) == [(code, "workspace.toml", line)]


def test_a_folder_that_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(Problems) as caught:
        load_workspace(tmp_path)
    assert [p.code for p in caught.value.problems] == ["file_missing"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("departments: none\n", "departments_list", 1),
        ("- {id: a, name: A}\n", "departments_list", 1),
        ("", "departments_list", 1),
        ("departments:\n  - {id: a, name: A}\n  - id: a\n    name: B\n", "yaml_duplicate_key", 3),
        ("departments:\n  - id: a\n", "key_missing", 2),
        ("departments:\n  - id: a\n    name: A\n    colour: red\n", "unknown_key", 4),
        ("departments:\n  - id: Big A\n    name: A\n", "value_invalid", 2),
        ("departments:\n  - id: a\n    name: A\n    role: boss\n", "value_invalid", 4),
        (
            "departments:\n  - id: a\n    name: A\n    code: '113100000024200172'\n",
            "value_invalid",
            4,
        ),
        ("departments:\n\t- id: a\n", "yaml_tab", 2),
    ],
)
def test_departments_yaml(text: str, code: str, line: int, city: City) -> None:
    city.write("departments.yaml", text)
    assert fatal(city) == [(code, "departments.yaml", line)]


def test_all_faults_of_departments_come_at_once(city: City) -> None:
    city.write("departments.yaml", "departments:\n  - id: A\n    name: A\n  - id: b\n    x: 1\n")
    assert sorted(code for code, _, _ in fatal(city)) == [
        "key_missing",
        "unknown_key",
        "value_invalid",
    ]


def test_social_credit_codes_have_a_check_digit() -> None:
    assert valid_social_credit_code("91350100M000100Y43")
    assert not valid_social_credit_code("91350100M000100Y44")
    assert not valid_social_credit_code("91350100M000100Y4")
    assert not valid_social_credit_code("91350100I000100Y43")


def test_a_contract_in_the_folder_of_no_department(city: City) -> None:
    city.collected("health/clinic", ID)
    assert [place(p) for p in city.problems()] == [("contract_place", "clinic.yaml", 1)]


def test_a_contract_with_a_file_name_that_is_no_table_name(city: City) -> None:
    city.collected("trade/Shop-List", ID)
    assert city.codes() == ["contract_place"]


def test_the_domain_is_the_folder(city: City) -> None:
    path = city.collected("trade/shop", ID)
    path.write_text(path.read_text().replace("domain: trade", "domain: civil"))
    assert city.codes() == ["contract_domain"]


def test_a_model_in_a_folder_that_is_no_database(city: City) -> None:
    city.model("gold.shop", "SELECT 1 AS id", ID)
    assert city.codes() == ["model_place", "model_place"]


@pytest.mark.parametrize("missing", ["sql", "yaml"])
def test_a_model_is_a_pair_of_files(missing: str, city: City) -> None:
    city.model("base.shop", "SELECT 1 AS id", ID)
    (city.root / f"models/base/shop.{missing}").unlink()
    (problem,) = city.problems()
    assert (problem.code, problem.fields["missing"]) == ("model_pair", f"shop.{missing}")


def test_faults_of_many_files_come_at_once_and_in_order(city: City) -> None:
    city.collected("trade/shop", "- {name: Id, logicalType: integer}")
    city.collected("trade/fair", "- {name: id, logicalType: int}")
    city.model("base.shop", "SELECT 1 AS idd", ID)
    city.write("contracts/trade/tab.yaml", "a:\n\tb: 1\n")
    found = [(p.code, p.where.path.name if p.where else "") for p in city.problems()]
    assert found == [
        ("field_type", "fair.yaml"),
        ("field_name", "shop.yaml"),
        ("yaml_tab", "tab.yaml"),
        ("column_undeclared", "shop.sql"),
        ("column_not_produced", "shop.yaml"),
    ]


def test_a_reference_to_a_broken_contract_is_not_a_second_fault(city: City) -> None:
    city.collected("trade/shop", "- {name: Id, logicalType: integer}")
    city.model("base.shop", "SELECT id FROM raw.trade__shop", ID)
    assert [c for c in city.codes() if c == "unknown_table"] == []


def test_an_sql_file_that_is_not_utf8_is_one_fault_among_others(city: City) -> None:
    city.collected("trade/shop", "- {name: Id, logicalType: integer}")
    city.model("base.shop", "SELECT 1 AS id", ID)
    city.write("models/base/shop.sql", "SELECT 1 AS id -- 商店".encode("big5"))
    assert sorted(city.codes()) == ["field_name", "file_encoding"]


def test_two_files_for_one_resource(city: City) -> None:
    path = city.collected("trade/shop", ID)
    path.with_suffix(".yml").write_text(path.read_text())
    assert city.codes() != []


@pytest.mark.parametrize("name", ["workspace.toml", "departments.yaml"])
def test_a_folder_where_a_file_should_be(name: str, city: City) -> None:
    (city.root / name).unlink()
    (city.root / name).mkdir()
    with pytest.raises(CityBrainError):
        city.load()


def test_a_file_where_the_workspace_should_be(city: City) -> None:
    with pytest.raises(CityBrainError):
        load_workspace(city.root / "workspace.toml")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("contracts/lost.yaml", "contract_place"),
        ("contracts/trade/old/shop.yaml", "contract_place"),
        ("models/base/deep/x.sql", "model_place"),
        ("models/x.yaml", "model_place"),
    ],
)
def test_a_file_at_the_wrong_depth_is_not_ignored(path: str, code: str, city: City) -> None:
    city.write(path, "x: 1\n")
    assert city.codes() == [code]
