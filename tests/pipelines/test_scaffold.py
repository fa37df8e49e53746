"""A first contract from a source: it is accepted, it publishes, and it gives no secrets away."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from catalog.errors import CityBrainError
from catalog.odcs import read_contract
from pipelines.plan import compile_workspace
from pipelines.scaffold import Scaffold, scaffold, write_scaffold
from pipelines.scaffold_names import field_name, field_names
from pipelines.scaffold_personal import by_header
from pipelines.workspace import Workspace, load_workspace

Make = Callable[..., Scaffold]


@pytest.fixture
def city(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    (tmp_path / "workspace.toml").write_text('name = "city"\n')
    departments = "departments:\n  - {id: parks, name: {en: Parks, zh: 公園處}}\n"
    (tmp_path / "departments.yaml").write_text(departments, "utf-8")
    return tmp_path


@pytest.fixture
def workspace(city: Path) -> Workspace:
    return load_workspace(city)


@pytest.fixture
def make(city: Path, workspace: Workspace) -> Make:
    """Write a source file, scaffold it, and check that the platform accepts the contract."""

    def made(content: str | bytes, name: str = "things.csv", **options: Any) -> Scaffold:
        path = city / "source" / name
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        result = scaffold(path, "parks", workspace=workspace, **options)
        accepted(result, city)
        return result

    return made


def accepted(made: Scaffold, city: Path) -> None:
    path = write_scaffold(made, load_workspace(city))
    read_contract(path, "raw", f"parks__{made.resource}")
    compile_workspace(load_workspace(city))


def fields(made: Scaffold) -> dict[str, dict[str, Any]]:
    document = yaml.safe_load(made.text)
    return {field["name"]: field for field in document["schema"][0]["properties"]}


def reads(made: Scaffold) -> dict[str, dict[str, Any]]:
    return {
        name: field.get("customProperties", [{"value": {}}])[0]["value"]
        for name, field in fields(made).items()
    }


def types(made: Scaffold) -> dict[str, str]:
    return {
        name: str(field.get("physicalType") or field["logicalType"])
        for name, field in fields(made).items()
    }


def options(made: Scaffold) -> dict[str, Any]:
    server = yaml.safe_load(made.text)["servers"][0]
    return dict(server.get("customProperties", [{"value": {}}])[0]["value"])


def column(header: str, *values: str) -> str:
    return "\n".join([header, *(f'"{value}"' for value in values)]) + "\n"


def only(make: Make, header: str, *values: str) -> tuple[str, dict[str, Any], Scaffold]:
    """The type and the reading of a single column; nothing of it may be quarantined."""
    made = make(column(header, *values))
    assert (made.published, made.quarantined) == (len(values), 0), made.text
    name = next(iter(fields(made)))
    return types(made)[name], reads(made)[name], made


# -- types --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "values", "kind", "read"),
    [
        ("level", ("1", "-2", "3.0"), "integer", {}),
        ("level", ("1.5", "2", ".25"), "number", {}),
        ("visitors", ("1,234", "12", "1,234,567"), "integer", {"thousands": True}),
        ("fee", ("1,200.50", "3"), "DECIMAL(18,2)", {"thousands": True}),
        ("price", ("$1.50", "$20"), "DECIMAL(18,2)", {"strip": ["$"], "thousands": True}),
        ("weight", ("12公噸", "3.5 公噸"), "number", {"unit": ["公噸"]}),
        ("level", ("１２", "３４"), "integer", {"clean": ["halfwidth", "trim"]}),
        ("level", ("1", "-", "N/A"), "integer", {"blank": ["-", "N/A"]}),
        ("level", ("1", "無", "3"), "integer", {"blank": ["無"]}),
        ("zone", ("007", "012"), "string", {}),
        ("zip_code", ("60610", "60611"), "string", {}),
        ("big", ("12345678901234567890", "12345678901234567891"), "string", {}),
        ("mixed", ("1", "2", "three"), "string", {}),
        ("open", ("true", "False", "TRUE"), "boolean", {}),
        ("open", ("是", "否", "是"), "boolean", {"codes": {"是": "true", "否": "false"}}),
        ("is_open", ("1", "0", "1"), "boolean", {}),
        ("level", ("1", "0", "1"), "integer", {}),
        ("seen_on", ("2024-01-31", "2024-02-29"), "date", {}),
        ("seen_on", ("2024/1/31", "2024/02/29"), "date", {"dates": ["%Y/%m/%d"]}),
        ("seen_on", ("20240131", "20240229"), "date", {"dates": ["%Y%m%d"]}),
        ("處分日期", ("1050713", "105/05/13", "102年9月8日", "103.12.24"), "date", {"dates": ["roc"]}),
        ("統計期", ("105Y12M", "106Y03M"), "date", {"dates": ["roc_month"]}),
        ("seen_on", ("12/31/2024", "1/2/2024"), "date", {"dates": ["%m/%d/%Y"]}),
        ("seen_on", ("31/12/2024", "1/2/2024"), "date", {"dates": ["%d/%m/%Y"]}),
        ("seen_on", ("2024年1月31日", "//"), "date", {"blank": ["//"], "dates": ["%Y年%m月%d日"]}),
        ("at", ("2024-01-31 10:00:00", "2024-01-31"), "timestamp", {}),
        ("at", ("2024/01/31 10:00", "2024/01/31 11:30"), "timestamp", {"dates": ["%Y/%m/%d %H:%M"]}),
        ("at", ("2024-01-31T10:00:00Z", "2024-01-31T11:00:00Z"), "TIMESTAMPTZ", {"dates": ["%Y-%m-%dT%H:%M:%SZ"]}),
        ("quantity", ("1050713", "1050714"), "integer", {}),
        ("district", ("台北市", "臺北市"), "string", {"clean": ["tai", "trim"]}),
        ("remark", ("a  b", "c"), "string", {"clean": ["collapse", "trim"]}),
        ("remark", ("a\nb", "c"), "string", {"clean": ["no_breaks", "trim"]}),
        ("document", ("'12/a", "'13/b"), "string", {"strip": ["'"]}),
    ],
)  # fmt: skip
def test_a_column_gets_its_type(
    make: Make, header: str, values: tuple[str, ...], kind: str, read: dict[str, Any]
) -> None:
    found, reading, made = only(make, header, *values)
    reading.pop("from", None)
    assert (found, reading) == (kind, read), made.text


def test_two_date_styles_in_one_column(make: Make) -> None:
    kind, read, _ = only(make, "seen_on", "2024-01-31", "2024/02/29", "2024-03-01")
    assert kind == "date"
    assert read["dates"] == ["iso", "%Y/%m/%d"]


def test_day_and_month_that_cannot_be_told_apart_are_pointed_out(make: Make) -> None:
    _, _, made = only(make, "seen_on", "1/2/2024", "3/4/2024")
    assert "%m/%d/%Y" in made.text.split("- name: seen_on")[0]


def test_few_unreadable_values_keep_the_type_and_are_announced(make: Make) -> None:
    made = make(column("seen_on", *["2024-01-31"] * 400, "31.1."))
    assert types(made) == {"seen_on": "date"}
    assert (made.published, made.quarantined) == (400, 1)
    assert "unreadable:seen_on × 1" in made.text
    assert "31.1." not in made.text


# -- rules --------------------------------------------------------------------------------------


def test_keys_required_and_codes(make: Make) -> None:
    rows = [f"T{i},{'oak' if i % 2 else 'lime'},{i % 7 or ''},free text {i}" for i in range(60)]
    made = make("\n".join(["tree_no,species,height,remark", *rows]))
    found = fields(made)
    assert found["tree_no"]["primaryKey"] is True
    assert found["species"]["required"] is True
    assert "required" not in found["height"]
    rule = found["species"]["quality"][0]
    assert (rule["arguments"]["validValues"], rule["severity"]) == (["lime", "oak"], "warn")
    assert "quality" not in found["remark"]


def test_a_key_of_two_columns(make: Make) -> None:
    rows = [f"P{i % 6},2024-0{1 + i // 6}-01,{i % 3}" for i in range(30)]
    found = fields(make("\n".join(["park_code,month,visitors", *rows])))
    key = {n: f["primaryKeyPosition"] for n, f in found.items() if f.get("primaryKey")}
    assert sorted(key) == ["month", "park_code"]
    assert sorted(key.values()) == [1, 2]


def test_numbers_of_rows_and_chance_are_no_key(make: Make) -> None:
    rows = [f"{i},{i * 37},{i % 4}" for i in range(1, 31)]
    made = make("\n".join(["項次,人口數,level", *rows]))
    assert not any(f.get("primaryKey") for f in fields(made).values())


def test_repeated_rows_are_filtered_only_under_a_key(make: Make) -> None:
    made = make("tree_no,species\n1,oak\n2,lime\n2,lime\n")
    assert (made.published, made.quarantined, made.filtered) == (2, 0, 1)
    made = make("species,height\noak,1\nlime,2\nlime,2\n", "others.csv")
    assert (made.published, made.filtered) == (3, 0)


def test_natural_bounds_unless_the_data_break_them(make: Make) -> None:
    made = make("lat,lng\n23.1,120.2\n23.2,120.3\n")
    assert fields(made)["lat"]["logicalTypeOptions"] == {"minimum": -90, "maximum": 90}
    assert fields(made)["lng"]["logicalTypeOptions"] == {"minimum": -180, "maximum": 180}
    made = make("lat,lng\n120.2,23.1\n23.2,120.3\n", "exchanged.csv")
    assert "logicalTypeOptions" not in fields(made)["lat"]
    assert made.quarantined == 0


# -- personal data ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "values", "level"),
    [
        ("a", ("11010519491231002X", "440308199901101512"), "L4"),
        ("a", ("A123456789", "B142610160"), "L4"),
        ("a", ("13812345678", "13912345678"), "L3"),
        ("a", ("0912-345-678", "0987654321"), "L3"),
        ("a", ("(312) 555-0123", "312-555-0199"), "L3"),
        ("a", ("x@example.org", "y.z@example.org"), "L3"),
        ("a", ("京A12345", "沪B6789C"), "L3"),
        ("a", ("違停 ABC-1234 在路口", "無"), "L3"),
        ("a", ("請電 0912345678 王", "謝謝"), "L3"),
        ("a", ("陳小明", "林大同"), "L3"),
        ("身分證字號", ("x1", "x2"), "L4"),
        ("负责人", ("x1", "x2"), "L3"),
        ("Contact_Phone", ("x1", "x2"), "L3"),
        ("dob", ("2001-01-01", "2002-02-02"), "L3"),
        ("a", ("安南區", "江頭里"), "L2"),
        ("a", ("A6701-0005-00", "A6701-0012-00"), "L2"),
        ("a", ("2015-11-19", "2016-01-02"), "L2"),
        ("a", ("3352 N BROADWAY 60-2014", "6059 N LINCOLN"), "L2"),
    ],
)  # fmt: skip
def test_likely_personal_fields_are_raised(
    make: Make, header: str, values: tuple[str, ...], level: str
) -> None:
    made = make(column(header, *values))
    (found,) = fields(made).values()
    assert found["classification"] == level, made.text


def test_personal_values_never_stand_in_the_contract(make: Make) -> None:
    names = ["陳小明", "林大同", "王美麗"]
    rows = [f"{i},{names[i % 3]},0912345{i:03d},x{i}@example.org" for i in range(60)]
    made = make("\n".join(["no,承辦,手機,信箱", *rows]))
    assert not [value for value in [*names, "0912345", "@example"] if value in made.text]
    assert "60" in made.text


def test_headers_that_are_not_personal() -> None:
    for header in ("personnel_cost", "company_name", "management_committee", "floors"):
        assert by_header(header) is None, header


# -- layouts ------------------------------------------------------------------------------------


def test_titles_and_split_headers(make: Make) -> None:
    text = ',"     公布資料",,\n"項次","事業單位","違反","處分日期"\n,,"法令條款",\n1,甲公司,第1條,103.12.24\n2,乙公司,第2條,104.1.2\n'
    made = make(text)
    assert options(made) == {"header": "find", "header_rows": 2}
    assert list(fields(made)) == ["item_no", "employer", "breached_article", "penalty_date"]
    assert (made.published, made.quarantined) == (2, 0)


def test_a_second_header_is_filtered(make: Make) -> None:
    made = make("期間,區域,戶數,人口數\nINFO_TIME,TOWN,H_CNT,P_CNT\n" + "105Y12M,東區,10,20\n" * 3)
    assert (made.received, made.filtered, made.quarantined) == (4, 1, 0)
    assert types(made)["households"] == "integer"


def test_no_header_and_equal_headers_are_taken_by_position(make: Make) -> None:
    made = make("1,oak,2.5\n2,lime,3.5\n3,ash,4.5\n")
    assert options(made) == {"header": "none"}
    assert made.published == 3
    made = make("tree,count,count\noak,1,2\nlime,3,4\n", "twice.csv")
    assert options(made) == {"header": "none"}
    assert list(types(made).values()) == ["string", "integer", "integer"]
    assert (made.published, made.filtered) == (2, 1)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiters(make: Make, delimiter: str) -> None:
    made = make("\n".join(delimiter.join(row) for row in (("a", "b,c"), ("1", "x,y"), ("2", "z"))))
    assert options(made) == {"delimiter": delimiter}
    assert made.published == 2


def test_encodings_and_compression(make: Make) -> None:
    text = "縣市代碼,村里名稱\n67,忠政里\n68,民權里\n"
    assert "encoding: big5" in make(text.encode("cp950"), "a.csv").text
    simplified = "县市代码,姓名\n67,某某\n68,某甲\n" * 5
    assert "encoding: gb18030" in make(simplified.encode("gb18030"), "b.csv").text
    assert "encoding" not in make(text.encode("utf-8-sig"), "c.csv").text
    made = make(gzip.compress(text.encode()), "d.csv.gz")
    assert 'path: "d.csv"' in made.text
    assert made.published == 2


def test_rows_that_end_early_are_padded(make: Make) -> None:
    made = make("a,b,c\n1,x,y\n2,z\n3\n")
    assert options(made) == {"header": "find"}
    assert (made.published, made.quarantined) == (3, 0)


# -- formats ------------------------------------------------------------------------------------


def test_json_of_several_shapes(make: Make) -> None:
    rows = [{"tree": "oak", "height": 1.5}, {"tree": "lime", "seen": "2024-01-01"}]
    made = make(json.dumps(rows), "a.json")
    assert types(made) == {"tree": "string", "height": "number", "seen": "date"}
    made = make(json.dumps({"ok": True, "result": {"records": rows}}), "b.json")
    assert options(made) == {"records": "$.result.records[*]"}
    made = make(json.dumps({f"k{i}": {"height": i} for i in range(5)}), "c.json")
    assert options(made) == {"records": "$.*"}
    assert list(fields(made)) == ["key", "height"]
    made = make("\n".join(map(json.dumps, rows)), "d.jsonl")
    assert made.published == 2


def test_geojson(make: Make) -> None:
    feature = {
        "type": "Feature",
        "properties": {"name": "大東夜市"},
        "geometry": {"type": "Point", "coordinates": [120.2, 22.9]},
    }
    made = make(json.dumps({"type": "FeatureCollection", "features": [feature] * 2}), "m.geojson")
    assert types(made)["longitude"] == "number"
    assert (made.published, made.quarantined) == (2, 0)


def test_parquet_and_excel(make: Make, city: Path, workspace: Workspace) -> None:
    table = pa.table(
        {
            "tree_no": ["a", "b"],
            "planted": [date(2001, 1, 2), None],
            "seen": pa.array([datetime(2024, 1, 1, 10), None], pa.timestamp("us", "UTC")),
        }
    )
    path = city / "source" / "trees.parquet"
    pq.write_table(table, path)
    made = scaffold(path, "parks", workspace=workspace)
    accepted(made, city)
    assert types(made) == {"tree_no": "string", "planted": "date", "seen": "TIMESTAMPTZ"}
    assert made.published == 2

    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "說明"
    sheet = book.create_sheet("資料")
    for row in (["年度表"], ["編號", "日期"], [1, date(2024, 1, 1)], [2, date(2024, 1, 2)]):
        sheet.append(row)
    path = city / "source" / "book.xlsx"
    book.save(path)
    made = scaffold(path, "parks", workspace=workspace)
    accepted(made, city)
    assert options(made) == {"header": "find", "sheet": "資料"}
    assert types(made) == {"number": "integer", "date": "timestamp"} or made.published == 2


def test_tables_of_databases(
    city: Path, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "permits.db"
    with sqlite3.connect(path) as con:
        con.execute("CREATE TABLE permits (permit_no TEXT PRIMARY KEY, issued TEXT, fee REAL)")
        con.executemany(
            "INSERT INTO permits VALUES (?, ?, ?)",
            [(f"P{i}", f"2024-01-{i + 1:02d}", i * 1.5) for i in range(20)],
        )
    monkeypatch.setenv("CITYBRAIN_CONNECTION_PERMITS_DB", f"sqlite:///{path}")
    made = scaffold("permits_db:permits", "parks", workspace=workspace)
    accepted(made, city)
    assert fields(made)["permit_no"]["primaryKey"] is True
    assert types(made) == {"permit_no": "string", "issued": "date", "fee": "DECIMAL(18,2)"}
    assert options(made) == {"connection": "permits_db", "table": "permits"}
    again = scaffold(f"sqlite:///{path}#permits", "parks", "licences", workspace=workspace)
    assert str(path) not in again.text
    assert options(again)["connection"] == "parks_db"


# -- as a whole ---------------------------------------------------------------------------------


def test_a_sample_is_said_to_be_one(make: Make) -> None:
    made = make(column("level", *map(str, range(50))), rows=20)
    assert "20" in made.text.splitlines()[1]


def test_the_same_source_gives_the_same_contract(make: Make, workspace: Workspace) -> None:
    made = make("tree_no,species\n" + "\n".join(f"{i},s{i % 5}" for i in range(500)))
    path = workspace.root / "source" / "things.csv"
    assert scaffold(path, "parks", workspace=workspace).text == made.text


def test_a_contract_is_never_replaced(make: Make, workspace: Workspace) -> None:
    made = make("a,b\n1,2\n")
    with pytest.raises(CityBrainError) as caught:
        write_scaffold(made, workspace)
    assert caught.value.code == "scaffold_exists"


@pytest.mark.parametrize(
    ("target", "department", "name", "code"),
    [
        ("nowhere.csv", "parks", None, "scaffold_target"),
        ("nodb:table", "parks", None, "connection_missing"),
        ("sqlite:///x.db", "parks", None, "scaffold_target"),
        ("x.pdf", "parks", None, "scaffold_format"),
        ("empty.csv", "parks", None, "file_empty"),
        ("x.csv", "police", None, "scaffold_department"),
        ("x.csv", "parks", "Trees", "scaffold_resource"),
    ],
)
def test_errors(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    department: str,
    name: str | None,
    code: str,
) -> None:
    source = workspace.root / "source"
    for file, content in (("x.pdf", "%PDF"), ("empty.csv", ""), ("x.csv", "a\n1\n")):
        (source / file).write_text(content)
    monkeypatch.chdir(source)
    with pytest.raises(CityBrainError) as caught:
        scaffold(target, department, name, workspace=workspace)
    assert caught.value.code == code
    assert str(caught.value)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("縣市代碼", "county_code"),
        ("县市代码", "county_code"),
        ("criticalCount", "critical_count"),
        ("DBA_Name", "dba_name"),
        ("單價(元)", "unit_price"),
        ("order", "order_value"),
        ("編號", "number"),
        ("Größe", "grosse"),
        ("2014", "column_2014"),
        ("魑魅", "column_7"),
    ],
)
def test_names(header: str, name: str) -> None:
    assert field_name(header, 7)[0] == name


def test_names_are_different() -> None:
    assert [name for name, _ in field_names(["a", "A", "a ", "a_2"])] == [
        "a",
        "a_2",
        "a_3",
        "a_2_2",
    ]


def test_free_text_is_pointed_out(make: Make) -> None:
    texts = [
        f"a long complaint about something that happened on day {i} in a park" for i in range(30)
    ]
    made = make(column("remark", *texts))
    (found,) = fields(made).values()
    assert found["classification"] == "L2"
    assert made.text.split("- name: remark")[0].rstrip().splitlines()[-1].count("REVIEW") == 1
