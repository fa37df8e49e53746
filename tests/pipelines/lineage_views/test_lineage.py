"""`citybrain lineage`: the right part of the graph, in every format."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipelines.lineage_views.graph as graph_module
from catalog.lineage import ROW
from pipelines.errors import PipelineError
from pipelines.lineage_views import FORMATS, lineage_view, render
from pipelines.lineage_views.graph import Graph, Link, View
from pipelines.plan import Plan

SCHEMA = json.loads(Path(graph_module.__file__).with_name("lineage.schema.json").read_text("utf-8"))
SVG = "{http://www.w3.org/2000/svg}"
OPEN_FIRM = """\
open.firm  L1  firm

Made of:
  id                             L1
  └─ base.firm.id                L1  as it is         models/open/firm.sql:1
     └─ raw.trade__firm.id       L1  as it is         models/base/firm.sql:1
  district                       L1
  └─ base.firm.address           L3  mask_address(x)  models/open/firm.sql:2
     └─ raw.trade__firm.address  L3  as it is         models/base/firm.sql:1
  source                         L1

Depends on, without carrying it:
  raw.trade__firm.debt  L3  filter     -> base.firm.*  models/base/firm.sql:4
  base.firm.*           L1  rows read  -> open.firm.*  models/open/firm.sql:4
  raw.trade__firm.*     L1  rows read  -> base.firm.*  models/base/firm.sql:3
"""
FIRM_NAME_DOWN = """\
raw.trade__firm.name  L2  名稱 "<老闆>" & `co`; #1 | [x]

Carried into:
  ├─ base.firm.name  L2  as it is        models/base/firm.sql:1
  └─ base.firm.size  L2  transformation  models/base/firm.sql:2
"""


def test_a_resource_as_text(plan: Plan) -> None:
    assert render(lineage_view(plan, "open.firm")) == OPEN_FIRM


def test_a_field_downwards_direct_only(plan: Plan) -> None:
    view = lineage_view(plan, "raw.trade__firm.name", "down", direct_only=True)
    assert render(view) == FIRM_NAME_DOWN


def test_text_in_chinese(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_LANG", "zh")
    shown = render(lineage_view(plan, "open.firm.district"))
    assert "依赖但不携带" in shown
    assert "Depends" not in shown


def test_depth_counts_models(plan: Plan) -> None:
    near = lineage_view(plan, "open.firm.district", "up", depth=1).nodes
    assert ("base.firm", "address") in near
    assert not any(table.startswith("raw.") for table, _ in near)
    far = lineage_view(plan, "open.firm.district", "up", depth=2).nodes
    assert {("raw.trade__firm", "address"), ("raw.trade__firm", "debt")} <= set(far)


def test_text_is_bounded_and_says_what_is_missing(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.lineage_views.tree.MAX_TREE", 4)
    monkeypatch.setattr("pipelines.lineage_views.tree.MAX_LIST", 1)
    shown = render(lineage_view(plan, "open.firm"))
    assert shown.count("└─") == 2  # one step instead of two, then cut
    assert "shown to step 1; 3 more lines" in shown
    assert "... and 2 more" in shown


# -- the graph --------------------------------------------------------------------------------------


@pytest.mark.parametrize("direct_only", [True, False])
def test_up_and_down_agree_for_every_pair(plan: Plan, direct_only: bool) -> None:
    graph = Graph(plan)
    columns = sorted({*graph.into, *graph.out_of})
    up = {c: set(graph.up([c], None, direct_only).nodes) for c in columns}
    down = {c: set(graph.down([c], None, direct_only).nodes) for c in columns}
    pairs = [(x, y) for x in columns for y in columns]
    assert all((y in down[x]) == (x in up[y]) for x, y in pairs)
    assert any(x != y and y in down[x] for x, y in pairs)


@given(st.data())
def test_up_and_down_agree_in_a_real_city(tainan: Plan, data: st.DataObject) -> None:
    graph = Graph(tainan)
    one = data.draw(st.sampled_from(sorted({*graph.into, *graph.out_of})))
    direct_only, depth = data.draw(st.booleans()), data.draw(st.sampled_from([None, 1, 2, 3]))
    below = graph.down([one], depth, direct_only).nodes
    other = data.draw(st.sampled_from(sorted(below)))
    assert one in graph.up([other], depth, direct_only).nodes
    above = graph.up([one], depth, direct_only).nodes
    other = data.draw(st.sampled_from(sorted(above)))
    assert one in graph.down([other], depth, direct_only).nodes


def test_the_graph_agrees_with_the_levels(tainan: Plan) -> None:
    """What the compiler calls an origin or an influence can be reached, and the other way round."""
    graph = Graph(tainan)
    collected = set(tainan.workspace.collected)
    for table, levels in tainan.levels.tables.items():
        for name, known in levels.columns.items():
            if name == ROW or table in collected:
                continue
            carried = set(graph.up([(table, name)], None, True).nodes)
            raw = {c for c in carried if c[0] in collected}
            assert raw == {c for c in known.origins if c[0] in collected}
            reached = {c for c in graph.up([(table, name)], None, False).nodes if c[0] in collected}
            told = {c for c in tainan.levels.influences((table, name)) if c[0] in collected}
            assert raw | told == reached


# -- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("open.frim", "unknown_table", "open.firm"),
        ("firm", "unknown_table", "open.firm"),
        ("base.firm.id.x", "unknown_table", "base.firm"),
        ("qqqq.zzzz", "unknown_table", "-"),
        ("base.firm.adress", "lineage_unknown_field", "address"),
    ],
)
def test_a_wrong_name_gets_the_nearest(plan: Plan, name: str, code: str, hint: str) -> None:
    with pytest.raises(PipelineError) as caught:
        lineage_view(plan, name)
    assert (caught.value.code, caught.value.fields["hint"]) == (code, hint)
    assert hint in caught.value.text("en")
    assert hint in caught.value.text("zh")


# -- JSON -------------------------------------------------------------------------------------------


def links_of(document: dict[str, object]) -> set[tuple[object, ...]]:
    edges = document["edges"]
    assert isinstance(edges, list)
    return {
        (e["source"], e["target"], e["direct"], e["how"], len(e["masks"]), e["line"] or 0)
        for e in edges
    }


def links_in(view: View) -> set[tuple[object, ...]]:
    def flat(link: Link) -> tuple[object, ...]:
        names = (".".join(link.source), ".".join(link.target))
        return (*names, link.direct, link.how, len(link.masks), link.line)

    return {flat(link) for link in view.links}


@pytest.mark.parametrize("name", ["open.firm", "base.firm.address", "raw.trade__firm"])
def test_json_holds_the_whole_view(plan: Plan, name: str) -> None:
    view = lineage_view(plan, name)
    document = json.loads(render(view, "json"))
    jsonschema.validate(document, SCHEMA)
    assert links_of(document) == links_in(view)
    assert {node["id"] for node in document["nodes"]} == {".".join(c) for c in view.nodes}
    ends = {e[end] for e in document["edges"] for end in ("source", "target")}
    assert ends <= {node["id"] for node in document["nodes"]}


def test_json_of_a_masked_edge(plan: Plan) -> None:
    document = json.loads(render(lineage_view(plan, "open.firm.district", depth=1), "json"))
    (edge,) = [e for e in document["edges"] if e["how"] == "masking"]
    assert (edge["source"], edge["file"], edge["line"]) == (
        "base.firm.address",
        "models/open/firm.sql",
        2,
    )
    assert edge["masks"][0]["function"] == "mask_address"
    assert edge["masks"][0]["leads_to"] == "L1"


# -- Mermaid ----------------------------------------------------------------------------------------

_MERMAID = re.compile(
    r"""flowchart\ LR|end|subgraph\ t\d+\["[^"]*"\]|[tc]\d+\["[^"]*"\]:::L[1-4]|more\["[^"]*"\]
    |[tc]\d+\ (-->|-\.->)\|"[^"]*"\|\ [tc]\d+|classDef\ \w+\ \S+|class\ [tc]\d+\ asked""",
    re.VERBOSE,
)


@pytest.mark.parametrize("name", ["raw.trade__firm", "raw.trade__firm.name", "open.firm.district"])
def test_mermaid_lines_are_of_known_forms(plan: Plan, name: str) -> None:
    chart = render(lineage_view(plan, name), "mermaid")
    strange = [x for x in chart.splitlines() if not _MERMAID.fullmatch(x.strip())]
    assert not strange
    declared = set(re.findall(r"([tc]\d+)\[", chart))
    used = set(re.findall(r"([tc]\d+) (?:-->|-\.->)|\| ([tc]\d+)", chart))
    assert {name for pair in used for name in pair if name} <= declared


def test_mermaid_escapes_titles(plan: Plan) -> None:
    chart = render(lineage_view(plan, "raw.trade__firm.name"), "mermaid")
    assert "名稱 #34;#60;老闆#62;#34; #38; #96;co#96;#59; #35;1 | [x]" in chart


def test_mermaid_tells_direct_from_indirect(plan: Plan) -> None:
    chart = render(lineage_view(plan, "open.firm.district"), "mermaid")
    assert '-->|"mask_address(x)"|' in chart
    assert '-.->|"filter"|' in chart


# -- SVG --------------------------------------------------------------------------------------------


def test_svg_shows_all_columns_levels_and_masks(plan: Plan) -> None:
    root = ElementTree.fromstring(render(lineage_view(plan, "open.firm"), "svg"))
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title") is not None
    assert len(root.attrib["viewBox"].split()) == 4
    texts = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    for name in ("id", "district", "source", "address", "debt"):
        assert any(t.startswith(name) for t in texts), name
    assert {"open.firm", "base.firm", "raw.trade__firm", "mask_address", "filter"} <= set(texts)
    assert {"L1", "L3"} <= set(texts)
    assert any("release: open" in t for t in texts)


def test_svg_says_what_is_left_out(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.lineage_views.scene.MAX_TABLES", 2)
    monkeypatch.setattr("pipelines.lineage_views.scene.MAX_COLUMNS", 2)
    shown = render(lineage_view(plan, "open.firm"), "svg")
    assert "Left out: 1 tables, 1 columns" in shown
    assert "raw.trade__firm<" not in shown


def test_svg_is_always_the_same(tainan: Plan) -> None:
    view = lineage_view(tainan, "fusion.village_profile", "up")
    assert render(view, "svg") == render(view, "svg")


# -- a real city ------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", FORMATS)
@pytest.mark.parametrize(
    "name", ["raw.environment__regulated_sites", "fusion.village_profile.tickets", "base.site"]
)
def test_every_format_of_a_real_city(tainan: Plan, name: str, output: str) -> None:
    view = lineage_view(tainan, name)
    shown = render(view, output)
    assert ".".join(name.split(".")[:2]) in shown
    if output == "json":
        document = json.loads(shown)
        jsonschema.validate(document, SCHEMA)
        assert links_of(document) == links_in(view)
    elif output == "svg":
        ElementTree.fromstring(shown)
        assert len(shown) < 400_000
    elif output == "mermaid":
        assert all(_MERMAID.fullmatch(line.strip()) for line in shown.splitlines())
        assert shown.count("-->") + shown.count("-.->") <= 200
    else:
        assert len(shown.splitlines()) < 400
