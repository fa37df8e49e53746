"""The catalogue as DCAT-AP 3: valid by the profile's own shapes, in three forms, with nothing invented."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pyshacl
import pytest
from rdflib import DCTERMS, RDF, SH, Graph, URIRef
from rdflib.compare import isomorphic

from catalog.database import CatalogStore
from catalog.exports.dataset import Addresses, Dataset, Terms, texts_of
from catalog.exports.dcat import (
    DCAT,
    DQV,
    EU,
    MEDIA,
    Form,
    dataset_graph,
    graph,
    undeclared,
    written,
)
from pipelines.home import Home
from pipelines.opendata import datasets_of, terms_of_city
from pipelines.plan import compile_workspace
from pipelines.workspace import load_workspace
from tests.support.city import City
from tests.support.opencity import open_city

ROOT = Path(__file__).parents[2]
AT = Addresses("https://data.testville.example")


@cache
def shapes() -> Graph:
    """The profile's shapes; those of ranges, too: our documents state every class.

    Both files, as they were released, refer to property shapes without a path, which is no SHACL;
    these say nothing and are left out.
    """
    folder = Path(__file__).parent / "dcat_ap"
    made = Graph().parse(folder / "dcat-ap-SHACL.ttl").parse(folder / "ranges.ttl")
    for shape, part in list(made.subject_objects(SH.property)):
        if made.value(part, SH.path) is None:
            made.remove((shape, SH.property, part))
    assert len(list(made.objects(None, SH.property))) > 250
    return made


def faults(made: Graph) -> str:
    """What the shapes find wrong; empty: nothing."""
    conforms, _, report = pyshacl.validate(made, shacl_graph=shapes())
    return "" if conforms else report


def described(city: City, everything: bool = False) -> tuple[tuple[Dataset, ...], Terms]:
    plan = city.plan()
    with CatalogStore.open(Home.of(plan.workspace.name).database_url) as store:
        return datasets_of(plan, store, everything=everything), terms_of_city(plan)


@pytest.fixture
def published(city: City) -> City:
    open_city(city)
    result = city.run()
    assert {o.status for o in result.outcomes.values()} == {"published"}, result.outcomes
    return city


def test_the_public_catalogue_is_valid_and_says_what_is_open(published: City) -> None:
    datasets, terms = described(published)
    assert [one.key for one in datasets] == ["open.permit"]
    made = graph(datasets, terms, AT)
    assert faults(made) == ""
    here = URIRef(AT.dataset("open.permit"))
    assert made.value(here, DCTERMS.accessRights) == URIRef(f"{EU}access-right/PUBLIC")
    downloads = {
        str(made.value(one, DCAT.downloadURL)) for one in made.objects(here, DCAT.distribution)
    }
    assert downloads == {
        f"https://data.testville.example/open/open.permit.{suffix}"
        for suffix in ("csv", "json", "parquet", "arrow")
    }
    assert "owner" not in made.serialize()


def test_the_whole_catalogue_is_valid_and_says_what_is_closed(published: City) -> None:
    datasets, terms = described(published, everything=True)
    assert {one.key: (one.access, one.downloads) for one in datasets} == {
        "raw.trade__permit": ("closed", False),
        "open.permit": ("public", True),
    }
    assert faults(graph(datasets, terms, AT)) == ""


@pytest.mark.parametrize("name", ["chicago", "tainan"])
def test_the_example_cities_are_valid(name: str, tmp_path: Path) -> None:
    plan = compile_workspace(load_workspace(ROOT / "workspaces" / name))
    with CatalogStore.open(f"sqlite:///{tmp_path / 'c.db'}") as store:
        store.sync_resources(name, [step.contract for step in plan.steps.values()])
        datasets = datasets_of(plan, store, everything=True)
    made = graph(datasets, terms_of_city(plan), AT)
    assert faults(made) == ""
    assert len(set(made.subjects(RDF.type, DCAT.Dataset))) == len(plan.steps)
    assert not any(one.downloads for one in datasets)  # nothing is published yet


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("https://data.testville.example/catalog", DCTERMS.publisher),
        ("https://data.testville.example/datasets/open.permit", DCTERMS.title),
        ("https://data.testville.example/datasets/open.permit#csv", DCAT.accessURL),
        ("https://data.testville.example/catalog#ckan", DCAT.endpointURL),
    ],
)
def test_the_shapes_find_a_planted_fault(published: City, subject: str, name: URIRef) -> None:
    made = graph(*described(published), AT)
    made.remove((URIRef(subject), name, None))
    short = name.rpartition("#")[2].rpartition("/")[2]
    found = faults(made)
    assert "Less than 1 values" in found and f":{short}" in found


def test_a_wrong_kind_of_value_is_found(published: City) -> None:
    made = graph(*described(published), AT)
    here = URIRef(AT.dataset("open.permit"))
    made.remove((URIRef(f"{EU}access-right/PUBLIC"), RDF.type, None))
    assert "accessRights" in faults(made) and (here, None, None) in made


@pytest.mark.parametrize("form", MEDIA)
def test_the_forms_say_the_same(published: City, form: Form) -> None:
    made = graph(*described(published, everything=True), AT)
    again = Graph().parse(data=written(made, form), format=form)
    assert isomorphic(made, again)


def test_json_ld_is_read_without_the_web(published: City) -> None:
    made = json.loads(written(graph(*described(published), AT), "json-ld"))
    assert all(isinstance(value, str) for value in made["@context"].values())


def test_quality_is_told_by_dimension_and_not_where_it_was_not_assessed(published: City) -> None:
    (one,), terms = described(published)
    made = dataset_graph(one, terms, AT)
    found = {
        str(made.value(measure, DQV.isMeasurementOf)).partition("#metric-")[2]: float(
            made.value(measure, DQV.value) or -1
        )
        for measure in made.subjects(RDF.type, DQV.QualityMeasurement)
    }
    assert found == dict(one.measures) and found
    assert "accessibility" not in found
    bare = dataset_graph(replace(one, measures={}), terms, AT)
    assert not list(bare.subjects(RDF.type, DQV.QualityMeasurement))


def test_what_nobody_declared_is_named_and_not_invented(published: City) -> None:
    (one,), terms = described(published)
    assert undeclared([one], terms) == (
        ("open.permit", "dct:description"),
        ("open.permit", "dct:publisher"),
        ("open.permit", "dct:accrualPeriodicity"),
    )
    made = graph([one], replace(terms, license=None, contact=None, spatial=None), AT)
    assert faults(made) == ""
    here = URIRef(AT.dataset("open.permit"))
    for name in (DCTERMS.publisher, DCTERMS.license, DCAT.contactPoint, DCTERMS.spatial):
        assert made.value(here, name) is None
    assert {str(text) for text in made.objects(here, DCTERMS.description)} == {
        "No description has been declared.",
        "尚未声明说明。",
    }


@pytest.mark.parametrize(
    ("cycle", "code"),
    [
        ("realtime", "UPDATE_CONT"), ("daily", "DAILY"), ("weekly", "WEEKLY"),
        ("monthly", "MONTHLY"), ("quarterly", "QUARTERLY"), ("half-yearly", "ANNUAL_2"),
        ("yearly", "ANNUAL"), ("irregular", "IRREG"), ("never", "NEVER"),
    ],
)  # fmt: skip
def test_update_cycles_have_their_term(published: City, cycle: str, code: str) -> None:
    (one,), terms = described(published)
    made = dataset_graph(replace(one, entry=replace(one.entry, update_cycle=cycle)), terms, AT)
    here = URIRef(AT.dataset("open.permit"))
    assert made.value(here, DCTERMS.accrualPeriodicity) == URIRef(f"{EU}frequency/{code}")


def test_texts_are_taken_apart_only_where_that_is_sure() -> None:
    assert texts_of("案件数 / number of tickets") == {"zh": "案件数", "en": "number of tickets"}
    assert texts_of("number of tickets / 案件数") == {"zh": "案件数", "en": "number of tickets"}
    assert texts_of("one / two") == {"": "one / two"}
    assert texts_of("案 / 件 / three") == {"": "案 / 件 / three"}
    assert texts_of(" ") == {}


def test_markup_in_a_contract_stays_text(published: City) -> None:
    (one,), terms = described(published)
    nasty = '</rdf:Description><script>alert("x")</script> & "quoted" \\ \n'
    changed = replace(one, description={"en": nasty}, modified=datetime.now(UTC))
    made = graph([changed], terms, AT)
    for form in MEDIA:
        again = Graph().parse(data=written(made, form), format=form)
        here = URIRef(AT.dataset("open.permit"))
        assert str(again.value(here, DCTERMS.description)) == nasty
