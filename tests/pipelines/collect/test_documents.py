"""JSON, JSON lines, GeoJSON and TopoJSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.contract import Contract
from pipelines.collect import read_files
from tests.pipelines.collect.helpers import (
    contract,
    failure,
    field,
    land,
    lines,
    malformed,
    values,
)

AB = ("a", "b")


def jsonl(*names: Any, **options: Any) -> Contract:
    return contract(*names, format="jsonl", **options)


def js(*names: Any, **options: Any) -> Contract:
    return contract(*names, format="json", **options)


def test_lines_with_values_as_published(tmp_path: Path) -> None:
    text = (
        '{"a": "x", "b": 1.10}\n\n{"b": true, "a": null}\r\n'
        '{"a": {"k": [1.0, "é", null]}, "b": 12345678901234567890}\n{"a": ""}'
    )
    landed = land(tmp_path, "x.jsonl", text)
    assert values(jsonl(*AB), landed) == [
        ("x", "1.10"),
        (None, "true"),
        ('{"k":[1.0,"é",null]}', "12345678901234567890"),
        ("", None),
    ]
    assert lines(jsonl(*AB), landed) == [1, 3, 4, 5]


def test_a_bad_line_is_malformed(tmp_path: Path) -> None:
    deep = "[" * 100_000
    text = '{"a": 1, "b": 2}\n{"a": 1, "b"\n{"a": "\\ud800", "b": 1}\n{"a": "x\\u0000", "b": 1}\n'
    landed = land(tmp_path, "x.jsonl", text + deep + "\n")
    found = malformed(jsonl(*AB), landed)
    assert [(line, reason) for line, reason, _ in found] == [
        (2, "json"),
        (3, "json"),
        (4, "nul"),
        (5, "json"),
    ]
    assert found[0][2] == '{"a": 1, "b"'
    assert found[1][2] == '{"a":"\\ud800","b":1}'


def test_array_lines_have_numbered_columns(tmp_path: Path) -> None:
    assert values(jsonl("_0", "_1"), land(tmp_path, "x.jsonl", '["x", 2]\n[3, 4]\n')) == [
        ("x", "2"),
        ("3", "4"),
    ]


def test_undeclared_keys(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.jsonl", '{"a": 1}\n{"a": 1, "c": 2}\n{"a": 1, "c": 2}\n')
    error = failure(jsonl("a"), landed)
    assert (error.code, error.fields["columns"], str(error.where)) == (
        "column_extra",
        "c",
        "x.jsonl:2",
    )
    received = read_files(jsonl("a", extra_columns="warn"), [landed])
    assert received.reader().read_all().num_rows == 3
    assert len(received.warnings) == 1


def test_a_key_that_no_record_has(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.jsonl", '{"amuont": 1}\n')
    error = failure(jsonl("amount", extra_columns="warn"), landed)
    assert (error.code, error.fields["nearest"]) == ("column_missing", "amuont")
    loose = jsonl(field("amount", optional=True), extra_columns="warn")
    assert values(loose, landed) == [(None,)]


def test_the_first_accepted_name_wins(tmp_path: Path) -> None:
    landed = land(tmp_path, "x.jsonl", '{"old": 1, "new": 2}\n{"old": 3}\n')
    assert values(jsonl(field("v", "new", "old")), landed) == [("2",), ("3",)]


@pytest.mark.parametrize(
    ("records", "document"),
    [
        ("$", [{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
        (None, [{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
        ("$[*]", [{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
        ("$.result", {"result": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}),
        ("$.result.items[*]", {"result": {"items": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}}),
        ("$.*", {"x": {"a": 1, "b": 2}, "y": {"a": 3, "b": 4}}),
        ("$.*[*]", {"x": [{"a": 1, "b": 2}], "y": [{"a": 3, "b": 4}]}),
    ],
)
def test_records_by_path(tmp_path: Path, records: str | None, document: Any) -> None:
    landed = land(tmp_path, "x.json", json.dumps(document))
    resource = js(*AB, records=records)
    assert values(resource, landed) == [("1", "2"), ("3", "4")]
    assert lines(resource, landed) == [1, 2]


def test_keys_of_an_object_of_arrays(tmp_path: Path) -> None:
    document = {"670": [["新營區", "民榮里"], ["新營區", "南紙里"]], "671": [["鹽水區", "津城里"]]}
    landed = land(tmp_path, "x.json", json.dumps(document))
    resource = js(field("code", "_key"), field("v", "_1"), field("d", "_0"), records="$.*[*]")
    assert values(resource, landed) == [
        ("670", "民榮里", "新營區"),
        ("670", "南紙里", "新營區"),
        ("671", "津城里", "鹽水區"),
    ]
    arrays = js(field("code", "_key"), field("first", "_0"), field("x", "_1", optional=True))
    whole = contract(*arrays.fields, format="json", records="$.*")
    assert values(whole, landed)[1] == ("671", '["鹽水區","津城里"]', None)


def test_one_object_is_one_record(tmp_path: Path) -> None:
    assert values(js(*AB), land(tmp_path, "x.json", '{"a": 1, "b": 2}')) == [("1", "2")]


@pytest.mark.parametrize("records", ["$.nothing", "$.a[*]", "a.b", "$..a"])
def test_no_records_at_the_path(tmp_path: Path, records: str) -> None:
    error = failure(js("a", records=records), land(tmp_path, "x.json", '{"a": 1}'))
    assert error.code == "records_missing"
    assert error.fields["seen"] == "a"


def test_a_broken_document(tmp_path: Path) -> None:
    error = failure(js("a"), land(tmp_path, "x.json", '{\n"a": 1,\n}'))
    assert (error.code, str(error.where)) == ("file_corrupt", "x.json:3")
    assert failure(js("a"), land(tmp_path, "x.json", "")).code == "file_empty"
    assert failure(js("a"), land(tmp_path, "x.json", "[" * 100_000)).code == "file_corrupt"


def test_documents_in_other_encodings(tmp_path: Path) -> None:
    text = '[{"a": "臺南市安平區", "b": "違反勞動基準法"}]'
    for encoding in ("utf-8-sig", "utf-16", "big5", "gb18030"):
        landed = land(tmp_path, "x.json", text.encode(encoding))
        assert values(js(*AB), landed) == [("臺南市安平區", "違反勞動基準法")]
    assert failure(js(*AB, encoding="utf-8"), land(tmp_path, "x.json", b'[{"a":"\xff"}]')).code == (
        "wrong_encoding"
    )


def test_geojson(tmp_path: Path) -> None:
    document = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "夜市"},
                "geometry": {"type": "Point", "coordinates": [120.2193412, 22.90, 0]},
            },
            {
                "type": "Feature",
                "properties": {"name": "路"},
                "geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]},
            },
            {"type": "Feature", "properties": None, "geometry": None},
        ],
    }
    text = json.dumps(document).replace("22.9,", "22.90,")
    names = ("name", "_geometry_type", "_longitude", "_latitude", "_geometry")
    found = values(contract(*names, format="geojson"), land(tmp_path, "x.geojson", text))
    point = '{"type":"Point","coordinates":[120.2193412,22.90,0]}'
    line = '{"type":"LineString","coordinates":[[1,2],[3,4]]}'
    assert found == [
        ("夜市", "Point", "120.2193412", "22.90", point),
        ("路", "LineString", None, None, line),
        (None, None, None, None, None),
    ]
    other = land(tmp_path, "x.geojson", '{"type": "Topology"}')
    assert failure(contract("name", format="geojson"), other).code == "file_corrupt"


EDGE = ("name", "_ring", "_edge", "_x1", "_y1", "_x2", "_y2")


def topology(**changes: Any) -> dict[str, Any]:
    """A square of 4 with a square hole, and its right neighbour that shares an arc backwards.

    Arcs: 0 the square's left side (from (4,4) over (0,4), (0,0) to (4,0)), 1 the shared side
    (from (4,0) to (4,4)), 2 the hole, 3 the neighbour's right side (from (4,0) over (6,0) and
    (6,4) to (4,4)). Quantised in steps of half a degree east of 120 and north of 20.
    """
    document: dict[str, Any] = {
        "type": "Topology",
        "transform": {"scale": [0.5, 0.5], "translate": [120, 20]},
        "arcs": [
            [[8, 8], [-8, 0], [0, -8], [8, 0]],
            [[8, 0], [0, 8]],
            [[2, 2], [2, 0], [0, 2], [-2, 0], [0, -2]],
            [[8, 0], [4, 0], [0, 8], [-4, 0]],
        ],
        "objects": {
            "areas": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[0, 1], [2]], "properties": {"name": "square"}},
                    {
                        "type": "MultiPolygon",
                        "arcs": [[[3, ~1]], [[~2]]],
                        "properties": {"name": "neighbour"},
                    },
                    {"type": None, "properties": {"name": "nowhere"}},
                ],
            }
        },
    }
    return {**document, **changes}


def edges(folder: Path, document: Any) -> list[tuple[Any, ...]]:
    landed = land(folder, "x.json", json.dumps(document))
    return values(contract(*EDGE, format="topojson"), landed)


def path(found: list[tuple[Any, ...]], name: str, ring: int) -> list[tuple[float, float]]:
    """The corners of a ring, after checking that its edges are numbered and closed."""
    part = [row for row in found if row[:2] == (name, str(ring))]
    assert [row[2] for row in part] == [str(i + 1) for i in range(len(part))]
    starts = [(float(row[3]), float(row[4])) for row in part]
    ends = [(float(row[5]), float(row[6])) for row in part]
    assert ends == starts[1:] + starts[:1]
    return starts


def test_topojson_with_a_hole_a_reversed_arc_and_two_polygons(tmp_path: Path) -> None:
    found = edges(tmp_path, topology())
    assert path(found, "square", 1) == [(124, 24), (120, 24), (120, 20), (124, 20)]
    assert path(found, "square", 2) == [(121, 21), (122, 21), (122, 22), (121, 22)]
    assert path(found, "neighbour", 1) == [(124, 20), (126, 20), (126, 24), (124, 24)]
    assert path(found, "neighbour", 2) == [(121, 21), (121, 22), (122, 22), (122, 21)]
    assert found[0] == ("square", "1", "1", "124.0", "24.0", "120.0", "24.0")
    assert found[-1] == ("nowhere", None, None, None, None, None, None)


def inside(found: list[tuple[Any, ...]], name: str, x: float, y: float) -> bool:
    """Ray casting as the SQL does it."""
    crossings = 0
    for _, _, _, x1, y1, x2, y2 in (r for r in found if r[0] == name and r[3]):
        ax, ay, bx, by = map(float, (x1, y1, x2, y2))
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            crossings += 1
    return crossings % 2 == 1


def test_the_edges_are_ready_for_ray_casting(tmp_path: Path) -> None:
    found = edges(tmp_path, topology())
    assert inside(found, "square", 120.5, 20.5)
    assert not inside(found, "square", 121.5, 21.5)  # in the hole
    assert inside(found, "neighbour", 121.5, 21.5)  # its second polygon fills the hole
    assert not inside(found, "neighbour", 120.5, 20.5)
    assert inside(found, "neighbour", 125, 22)


def test_topojson_without_a_transform_has_absolute_positions(tmp_path: Path) -> None:
    arcs = [[[0, 0], [1.5, 0], [0, 1]], [[0, 1], [0, 0]]]
    polygon = {"type": "Polygon", "arcs": [[0, 1]], "properties": {"name": "p"}}
    document = {"type": "Topology", "arcs": arcs, "objects": {"o": polygon}}
    assert path(edges(tmp_path, document), "p", 1) == [(0, 0), (1.5, 0), (0, 1)]


@pytest.mark.parametrize(
    "document",
    [
        {"type": "FeatureCollection", "features": []},
        {"type": "Topology", "objects": {}},
        topology(arcs=[[[0, 0], [1, 1]]]),
        topology(objects={"o": {"type": "Point", "coordinates": [1, 2]}}),
    ],
)
def test_no_topology_of_polygons(tmp_path: Path, document: Any) -> None:
    landed = land(tmp_path, "x.json", json.dumps(document))
    error = failure(contract(*EDGE, format="topojson"), landed)
    assert (error.code, error.fields["expected"]) == ("file_corrupt", "TopoJSON")
