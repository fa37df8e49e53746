"""Whatever stands in a contract, the reader answers with a contract or with faults of ours."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalog import yamlsource
from catalog.errors import CatalogError
from catalog.odcs import read_contract
from catalog.yamlsource import parse_yaml
from quality.rules import rules_of

# A contract that uses every part of the reference once.
RICH: dict[str, Any] = {
    "apiVersion": "v3.1.0",
    "kind": "DataContract",
    "id": "x",
    "name": "x",
    "version": "1",
    "status": "active",
    "domain": "d",
    "description": {"purpose": "p", "limitations": "l"},
    "servers": [
        {
            "server": "source",
            "type": "local",
            "path": "x.csv",
            "format": "csv",
            "encoding": "big5",
            "customProperties": [{"property": "file", "value": {"header": "find"}}],
        }
    ],
    "schema": [
        {
            "name": "d__x",
            "properties": [
                {
                    "name": "a",
                    "logicalType": "string",
                    "primaryKey": True,
                    "primaryKeyPosition": 1,
                    "logicalTypeOptions": {"maxLength": 5, "pattern": "[a-z]"},
                    "customProperties": [
                        {"property": "read", "value": {"from": ["A"], "codes": {1: True}}}
                    ],
                    "quality": [
                        {
                            "type": "library",
                            "metric": "invalidValues",
                            "arguments": {"validValues": ["x"]},
                            "mustBe": 0,
                        }
                    ],
                },
                {
                    "name": "b",
                    "logicalType": "number",
                    "physicalType": "DECIMAL(9,2)",
                    "classification": "L2",
                    "logicalTypeOptions": {"minimum": 0},
                },
            ],
            "quality": [
                {"type": "library", "metric": "rowCount", "mustBeGreaterThan": 0},
                {"type": "sql", "name": "s", "query": "SELECT count(*) FROM d__x", "mustBe": 0},
                {
                    "type": "custom",
                    "engine": "citybrain",
                    "name": "r",
                    "dimension": "accuracy",
                    "severity": "warn",
                    "implementation": {"rule": "row", "holds": "b > 0"},
                },
                {
                    "type": "custom",
                    "engine": "citybrain",
                    "implementation": {
                        "rule": "foreign_key",
                        "fields": ["a"],
                        "references": "base.y",
                        "to": ["z"],
                    },
                },
                {
                    "type": "custom",
                    "engine": "citybrain",
                    "implementation": {"rule": "volume_change", "max_drop_percent": 30},
                },
            ],
        }
    ],
    "slaProperties": [{"property": "frequency", "value": 1, "unit": "m"}],
    "customProperties": [
        {"property": "filters", "value": [{"name": "f", "when": "a = 'x'"}]},
        {"property": "gate", "value": {"max_quarantined_percent": 5}},
        {"property": "optional_inputs", "value": ["base.y"]},
    ],
}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2000),
    st.floats(allow_nan=True, allow_infinity=True),
    st.dates(),
    st.sampled_from(["", "x", "source", "string", "mustBe", "100%", "L1", "DATE", "T[]", "雨"]),
    st.text(max_size=5),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "property", "value", "rule", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    items: Any = ()
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield from _places(inner, (*at, key))


def _replaced(at: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(RICH)
    holder: Any = changed
    for key in at[:-1]:
        holder = holder[key]
    holder[at[-1]] = value
    return changed


PLACES = list(_places(RICH))


def read(folder: Path, text: str) -> None:
    """Read a contract and its rules; only faults of ours may come of it."""
    path = folder / "x.yaml"
    path.write_text(text, "utf-8")
    try:
        contract = read_contract(path, "raw", "d__x")
    except CatalogError as error:
        str(error)  # its text can be told
        return
    _, problems = rules_of(contract)
    assert all(str(problem) for problem in problems)


def test_the_rich_contract_is_good(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(yaml.safe_dump(RICH, allow_unicode=True))
    contract = read_contract(path, "raw", "d__x")
    assert rules_of(contract)[1] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.slow
@MANY
@given(at=st.sampled_from(PLACES), value=values)
def test_any_value_anywhere(at: tuple[Any, ...], value: Any, folder: Path) -> None:
    read(folder, yaml.safe_dump(_replaced(at, value), allow_unicode=True))


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [None, True, 7, "text", [[]], {"x": 1}], ids=repr)
def test_every_kind_of_value_at_every_place(wrong: Any, folder: Path) -> None:
    crashed = []
    for at in PLACES:
        try:
            read(folder, yaml.safe_dump(_replaced(at, wrong)))
        except Exception as error:
            crashed.append((at, type(error).__name__, str(error)))
    assert crashed == []


@MANY
@given(
    text=st.text(
        alphabet=st.sampled_from("ab:-[]{}\"'&*!|>%@`#?, \n\t\0\ufeff\x85é雨"), max_size=40
    )
)
@example("a: 2020-13-45")
@example("a: !!int x")
@example("a: !!float x")
@example("a: !!python/object:os.system x")
@example("a: \x00")
@example("&a [*a]")
@example("a: *unknown")
@example("--- 1\n--- 2")
@example("<<: 5")
@example("? [a]\n: 1")
def test_any_text_parses_or_is_a_fault(text: str) -> None:
    with suppress(CatalogError):
        parse_yaml(text, Path("x.yaml"))


PIECES = ("a: 1", "b:\n", "  - x\n", "- ", ": ", "\n", "  ", "#", "'", '"', "[", "]", "{", "}", ",")
MORE = (
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "<<: ",
    "雨",
    "2020-01-01",
    "0x1F",
    "yes",
    "~",
    "%",
    "@",
    "`",
    "\r\n",
)


@MANY
@given(
    start=st.integers(0, 2000),
    pieces=st.lists(
        st.sampled_from(PIECES + MORE) | st.text("ab:-[]{}'\" \n,#", max_size=4), max_size=8
    ),
    rich=st.booleans(),
)
def test_the_two_parsers_read_alike(start: int, pieces: list[str], rich: bool) -> None:
    whole = yaml.safe_dump(RICH, allow_unicode=True)
    text = "".join(pieces)
    if rich:
        text = whole[:start] + text + whole[start + len(text) // 2 : start + 400]
    with pytest.MonkeyPatch.context() as patch:
        fast = _read_as(text)
        patch.setattr(yamlsource, "_READ_APART", re.compile(""))
        assert fast == _read_as(text)


def _read_as(text: str) -> object:
    try:
        document = parse_yaml(text, Path("x.yaml"))
    except CatalogError as error:
        return error.code, error.where, error.fields
    return repr(document.data), document.marks


def test_deep_nesting_is_a_fault() -> None:
    with pytest.raises(CatalogError):
        parse_yaml("[" * 5_000, Path("x.yaml"))
    with pytest.raises(CatalogError):
        parse_yaml("[" * 200_000 + "]" * 200_000, Path("x.yaml"))


def test_aliases_that_multiply_are_a_fault() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(CatalogError):
        parse_yaml("\n".join(lines), Path("x.yaml"))
