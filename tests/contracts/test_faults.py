"""Every fault of a contract is reported with its code and its line."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from catalog.contract import DatabaseSource
from catalog.errors import CatalogError, CityBrainError
from catalog.odcs import ContractFaults, read_contract

GOOD = """\
apiVersion: v3.1.0
kind: DataContract
id: test
name: Shops
version: 1.0.0
status: active
domain: trade
servers:
  - server: source
    type: local
    path: shop.csv
    format: csv
schema:
  - name: trade__shop
    properties:
      - name: id
        logicalType: integer
        primaryKey: true
      - name: name
        logicalType: string
"""
FIELD = "      - name: name\n        logicalType: string\n"
SERVER = "    path: shop.csv\n    format: csv\n"


def faults(folder: Path, text: str | bytes, database: str = "raw") -> list[CityBrainError]:
    """What is wrong with a contract of this text."""
    path = folder / "shop.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        read_contract(path, database, "trade__shop" if database == "raw" else "shop")
    except ContractFaults as error:
        return error.faults
    except CatalogError as error:
        return [error]
    return []


def marked(text: str) -> list[int]:
    """The numbers of the lines that end in `# HERE`."""
    return [i for i, line in enumerate(text.splitlines(), 1) if line.endswith("# HERE")]


def test_a_good_contract_has_no_faults(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD) == []


# code, a piece of the good contract, what stands there instead (the faulty line marked)
CASES: list[tuple[str, str, str]] = [
    ("contract_api_version", "apiVersion: v3.1.0", "apiVersion: v2.2.2 # HERE"),
    ("unknown_key", "name: Shops", "name: Shops\nowner: me # HERE"),
    ("unknown_key", "    type: local", "    type: local\n    colour: red # HERE"),
    ("unknown_key", "    properties:", "    colour: red # HERE\n    properties:"),
    ("unknown_key", FIELD, FIELD + "        lenght: 5 # HERE\n"),
    (
        "unknown_key",
        FIELD,
        FIELD + "        quality:\n          - type: library\n            metrics: x # HERE\n",
    ),
    (
        "unknown_key",
        "name: Shops",
        "name: Shops\ndescription:\n  purpose: x\n  colour: red # HERE",
    ),
    ("unknown_key", FIELD, FIELD + "        logicalTypeOptions: {minimum: 5} # HERE\n"),
    (
        "unknown_key",
        FIELD,
        FIELD + "        customProperties:\n          - property: read\n"
        "            value:\n              form: NAME # HERE\n",
    ),
    (
        "unknown_key",
        SERVER,
        SERVER + "    customProperties:\n      - property: file\n        value:\n"
        "          headers: 2 # HERE\n",
    ),
    (
        "unknown_property",
        FIELD,
        FIELD
        + "        customProperties:\n          - property: reed # HERE\n            value: {}\n",
    ),
    (
        "unknown_property",
        "name: Shops",
        "name: Shops\ncustomProperties:\n  - property: filter # HERE\n    value: []",
    ),
    (
        "unknown_property",
        SERVER,
        SERVER + "    customProperties:\n      - property: files # HERE\n        value: {}\n",
    ),
    (
        "yaml_duplicate_key",
        "name: Shops",
        "name: Shops\ncustomProperties:\n  - {property: filters, value: []}\n"
        "  - {property: filters, value: []} # HERE",
    ),
    ("yaml_duplicate_key", "name: Shops", "name: Shops\nname: Shops # HERE"),
    ("yaml_duplicate_key", FIELD, FIELD + "        logicalType: string # HERE\n"),
    ("yaml_tab", "    type: local", "\ttype: local # HERE"),
    ("yaml_syntax", "status: active", "status: [active"),
    ("key_missing", "version: 1.0.0\n", ""),
    ("key_missing", "id: test\n", ""),
    ("key_missing", "status: active\n", ""),
    ("value_invalid", "version: 1.0.0", "version: [1] # HERE"),
    (
        "value_invalid",
        FIELD,
        FIELD + "        customProperties:\n          - property: read\n"
        "            value:\n              clean: [polish] # HERE\n",
    ),
    (
        "value_invalid",
        FIELD,
        FIELD + "        customProperties:\n          - property: read\n"
        "            value:\n              extract: '(a)(b)' # HERE\n",
    ),
    (
        "value_invalid",
        FIELD,
        FIELD + "        customProperties:\n          - property: read\n"
        "            value:\n              extract: '(a' # HERE\n",
    ),
    (
        "value_invalid",
        FIELD,
        FIELD + "        logicalTypeOptions:\n          pattern: '[' # HERE\n",
    ),
    (
        "value_invalid",
        SERVER,
        SERVER + "    customProperties:\n      - property: file\n        value:\n"
        "          header_rows: 0 # HERE\n",
    ),
    (
        "value_invalid",
        "name: Shops",
        "name: Shops\ncustomProperties:\n  - property: filters\n    value: none # HERE",
    ),
    (
        "value_invalid",
        "name: Shops",
        "name: Shops\ncustomProperties:\n  - property: filters\n    value:\n      - {name: x} # HERE",
    ),
    (
        "value_invalid",
        "name: Shops",
        "name: Shops\ncustomProperties:\n  - property: gate\n    value:\n"
        "      max_quarantined_percent: 101 # HERE",
    ),
    (
        "value_invalid",
        "name: Shops",
        "name: Shops\ncustomProperties:\n  - property: materialisation\n    value:\n"
        "      kind: sometimes # HERE",
    ),
    (
        "value_invalid",
        "name: Shops",
        "name: Shops\ncustomProperties:\n  - property: collect\n    value: {cursor: id} # HERE",
    ),
    (
        "value_invalid",
        "name: Shops",
        "name: Shops\ncustomProperties:\n  - property: collect\n    value: {mode: changes} # HERE",
    ),
    (
        "incremental_cursor",
        "name: Shops",
        "name: Shops\ncustomProperties:\n  - property: collect\n"
        "    value: {mode: incremental, cursor: id} # HERE",
    ),
    (
        "incremental_key",
        "name: Shops",
        "name: Shops\ncustomProperties:\n  - property: collect\n"
        "    value: {mode: incremental, deleted: compare} # HERE",
    ),
    (
        "incremental_duplicates",
        "name: Shops",
        "name: Shops\ncustomProperties:\n  - {property: filters, value: [{name: x, duplicates: all}]}\n"
        "  - property: collect\n    value: {mode: incremental} # HERE",
    ),
    ("contract_one_schema", "  - name: trade__shop", "  - {name: x}\n  - name: trade__shop"),
    ("contract_name", "  - name: trade__shop", "  - name: shop # HERE"),
    ("field_name", FIELD, "      - name: Name # HERE\n        logicalType: string\n"),
    ("field_name", FIELD, "      - name: _load_id # HERE\n        logicalType: string\n"),
    ("field_repeated", FIELD, "      - name: id # HERE\n        logicalType: string\n"),
    ("field_level", FIELD, FIELD + "        classification: secret # HERE\n"),
    ("field_type", FIELD, "      - name: name\n        logicalType: text # HERE\n"),
    ("field_type", FIELD, "      - name: name # HERE\n"),
    ("field_physical_type", FIELD, FIELD + "        physicalType: BIGINT # HERE\n"),
    ("field_physical_type", FIELD, FIELD + "        physicalType: DECIMAL # HERE\n"),
    ("contract_one_server", "server: source", "server: production"),
    ("server_type", "type: local", "type: s3 # HERE"),
    ("server_path", "path: shop.csv", "path: ../shop.csv # HERE"),
    ("server_path", "path: shop.csv", "path: /etc/passwd # HERE"),
    ("server_format", "format: csv", "format: docx # HERE"),
    ("server_encoding", SERVER, SERVER + "    encoding: klingon # HERE\n"),
]


@pytest.mark.parametrize(("code", "old", "new"), CASES)
def test_a_fault_has_its_code_and_line(code: str, old: str, new: str, tmp_path: Path) -> None:
    assert GOOD.count(old) == 1
    text = GOOD.replace(old, new)
    (found,) = faults(tmp_path, text)
    assert found.code == code
    assert found.where is not None
    assert found.where.path == tmp_path / "shop.yaml"
    if lines := marked(text):
        assert [found.where.line] == lines


def test_a_contract_without_fields(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("    properties:")] + "    properties: []\n"
    assert [f.code for f in faults(tmp_path, text)] == ["contract_no_fields"]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "- a list\n", "just text\n", "5\n"])
def test_a_document_that_is_no_mapping(text: str, tmp_path: Path) -> None:
    assert [f.code for f in faults(tmp_path, text)] == ["contract_empty"]


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    text = GOOD.replace("name: Shops", "name: 商店").encode("big5")
    (fault,) = faults(tmp_path, text)
    assert (fault.code, fault.where.line if fault.where else 0) == ("file_encoding", 4)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        read_contract(tmp_path / "none.yaml", "raw", "none")
    assert caught.value.code == "file_missing"


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    text = GOOD.replace("\n", "\r\n").encode("utf-8-sig")
    assert faults(tmp_path, text) == []


def test_a_model_has_no_servers(tmp_path: Path) -> None:
    text = GOOD.replace("trade__shop", "shop")
    assert [f.code for f in faults(tmp_path, text, "base")] == ["model_with_servers"]


def test_all_faults_of_a_contract_come_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.replace("format: csv", "format: docx # HERE")
        .replace("  - name: trade__shop", "  - name: shop # HERE")
        .replace("logicalType: integer", "logicalType: number # HERE\n        physicalType: DATE")
        .replace(FIELD, FIELD + "        classification: L9 # HERE\n")
    )
    found = faults(tmp_path, text)
    assert sorted(f.code for f in found) == [
        "contract_name",
        "field_level",
        "field_physical_type",
        "server_format",
    ]


def test_all_unknown_keys_come_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.replace("name: Shops", "owner: x # HERE")
        .replace("type: local", "typ: local # HERE")
        .replace(FIELD, FIELD + "        klass: L9 # HERE\n")
    )
    found = faults(tmp_path, text)
    assert [f.code for f in found] == ["unknown_key"] * 3
    assert [f.where.line for f in found if f.where] == marked(text)


DATABASE = """\
  - server: source
    type: custom
    customProperties:
      - property: database
        value: {connection: shops_db, table: shop}
"""


def with_server(server: str) -> str:
    start, end = GOOD.index("  - server: source"), GOOD.index("schema:")
    return GOOD[:start] + dedent(server) + GOOD[end:]


def test_a_database_server(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(with_server(DATABASE))
    source = read_contract(path, "raw", "trade__shop").source
    assert isinstance(source, DatabaseSource)
    assert (source.connection, source.table, source.query) == ("shops_db", "shop", None)


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("key_missing", DATABASE[DATABASE.index("    customProperties") :], ""),
        ("value_invalid", ", table: shop", ""),
        ("value_invalid", "table: shop", "table: shop, query: SELECT 1"),
        ("value_invalid", "shops_db", "postgresql://me:secret@host/db"),
    ],
)
def test_a_database_server_with_a_fault(code: str, old: str, new: str, tmp_path: Path) -> None:
    found = faults(tmp_path, with_server(DATABASE.replace(old, new)))
    assert [f.code for f in found] == [code]


def test_a_cursor_is_a_field_of_the_contract(tmp_path: Path) -> None:
    text = with_server(DATABASE) + (
        "customProperties:\n  - property: collect\n    value: {mode: incremental, cursor: changed}\n"
    )
    assert [f.code for f in faults(tmp_path, text)] == ["unknown_field"]
