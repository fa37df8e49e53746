"""The page about masking: its table is the registry's, its claims about SQL hold."""

from __future__ import annotations

import re

import duckdb

from docs.generate_masking import ABOUT, KEEPS, PAGE, masking
from pipelines.masking import MASKS, install_duckdb


def test_the_page_is_what_the_registry_says() -> None:
    assert PAGE.read_text("utf-8") == masking(), "run `make docs`"


def test_every_function_is_described() -> None:
    assert set(ABOUT) == set(MASKS)
    assert {item.keeps for item in MASKS.values()} <= set(KEEPS)
    choosing = PAGE.read_text("utf-8").split("## The functions")[0]
    assert {name for name in MASKS if f"`{name}`" not in choosing} == {"mask_pseudonym_sm3"}


def test_the_example_runs() -> None:
    found = re.search(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    with duckdb.connect() as con:
        install_duckdb(con, None, [])
        con.execute("CREATE SCHEMA thematic")
        con.execute(
            "CREATE TABLE thematic.firm (firm_id VARCHAR, address VARCHAR, founded DATE, capital BIGINT)"
        )
        columns = con.execute(f"DESCRIBE {found.group(1)}").fetchall()
    assert [row[1] for row in columns] == ["VARCHAR", "VARCHAR", "DATE", "VARCHAR"]
