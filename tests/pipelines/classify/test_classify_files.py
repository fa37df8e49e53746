"""Any file: what is found in it, what is not, and that no value leaves."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest
import yaml

from bench.classify import Judged, kind_score, personal_score, synthetic_fields
from bench.classify_synthetic import write_files
from catalog.errors import CityBrainError
from pipelines.classify import (
    Classification,
    FieldFinding,
    classification_json,
    classification_text,
    classify_file,
    proposal_yaml,
)
from pipelines.classify.sample import ROWS

pytestmark = pytest.mark.slow
PARTIES = "'purpose', 'recipient'"


def write(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def column(tmp_path: Path, header: str, values: list[str]) -> FieldFinding:
    """The finding of one column beside a line number."""
    rows = [f'{i},"{value}"' for i, value in enumerate(values)]
    found = classify_file(write(tmp_path / "one.csv", f"n,{header}", rows))
    return found.fields[1]


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    return list(synthetic_fields(tmp_path_factory.mktemp("synthetic")))


def test_floors_on_the_synthetic_files(synthetic: list[Judged]) -> None:
    personal, kinds = personal_score(synthetic), kind_score(synthetic)
    assert len(synthetic) == 74 and personal.true == 39
    assert (personal.precision or 0) >= 0.9 and (personal.recall or 0) >= 0.97
    assert (kinds.precision or 0) >= 0.95 and (kinds.recall or 0) >= 0.95


def test_every_kind_is_among_the_synthetic_files(synthetic: list[Judged]) -> None:
    found = {field.said_kind for field in synthetic if field.kind == field.said_kind}
    assert found == {
        "person", "phone", "resident_id", "plate", "address", "email", "birth", "health", "account",
        "coordinates", "enterprise_code", "free_text_with_personal", "pseudonym", "none",
    }  # fmt: skip


@pytest.mark.parametrize(
    "field",
    [
        "nameless_cn.f02", "nameless_cn.f04", "nameless_cn.f06", "nameless_cn.f10", "nameless_cn.f11",
        "nameless_en.col_c", "nameless_en.col_d", "nameless_en.col_e", "nameless_en.col_f",
        "clients_en.part_no", "clients_en.item", "clients_en.branch",
    ],
)  # fmt: skip
def test_look_alikes_stay_open(synthetic: list[Judged], field: str) -> None:
    (found,) = [item for item in synthetic if item.field == field]
    assert (found.said_kind, found.level) == ("none", "L1")


# -- no value leaves ----------------------------------------------------------------------------

CANARIES = (
    "陳卡納",
    "0912345678",
    "ABX-9187",
    "canary@example.org",
    "A123456789",
    "臺南市金絲雀街77號",
)


def canary_file(path: Path) -> Path:
    name, phone, plate, email, number, address = CANARIES
    rows = [
        f"{name},{phone},{plate},{email},{number},{address},{i} 車號{plate} {phone}"
        for i in range(40)
    ]
    return write(path, "承辦,手機,車號,信箱,證號,地址,備註", rows)


def test_canaries_never_appear(tmp_path: Path) -> None:
    found = classify_file(canary_file(tmp_path / "canaries.csv"))
    assert len([f for f in found.fields if f.level > "L1"]) == 7
    shown = [
        repr(found),
        classification_text(found, everything=True),
        json.dumps(classification_json(found), ensure_ascii=False),
        proposal_yaml(found),
    ]
    for canary in CANARIES:
        assert not [text for text in shown if canary in text or canary[2:] in text]


def test_canaries_are_not_in_errors(tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv.gz"
    whole = gzip.compress(canary_file(tmp_path / "canaries.csv").read_bytes())
    broken.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CityBrainError) as caught:
        classify_file(broken)
    assert not [c for c in CANARIES if c in f"{caught.value!r} {caught.value}"]


# -- levels, masks, evidence --------------------------------------------------------------------


def test_evidence_is_counts(tmp_path: Path) -> None:
    numbers = ["A123456789"] * 30 + ["B142610160"] * 8 + ["none"] * 2
    found = column(tmp_path, "x", numbers)
    assert (found.kind, found.level, found.mask) == ("resident_id", "L4", "mask_id(x)")
    (evidence,) = found.evidence
    assert (evidence.sign, evidence.count, evidence.of) == ("check_digit", 38, 40)
    assert found.confidence >= 0.95


@pytest.mark.parametrize(
    ("header", "values", "kind", "level", "mask"),
    [
        ("手机号", ["13800138000", "15912345678"], "phone", "L3", "mask_phone(X)"),
        ("dob", ["2001-02-03", "1960-12-31"], "birth", "L3", "mask_date(X, 'year')"),
        ("contact", ["a@example.org", "b@example.org"], "email", "L3", "mask_email(X)"),
        ("diagnosis", ["well", "very ill"], "health", "L4", None),
        ("disability", ["yes", "no"], "health", "L4", None),
        ("has_phone", ["yes", "no"], "none", "L1", None),
        ("lat", ["22.991234", "23.011111"], "coordinates", "L2", "mask_coordinate(X, 2)"),
        ("x_coordinate", ["1167171.6", "1143263.2"], "coordinates", "L2", "mask_round(X, 1000)"),
        ("address", ["12 N MAIN ST", "40 W OAK AVE"], "address", "L2", "mask_address(X)"),
        ("address", ["12 MAIN ST APT 4", "40 OAK AVE UNIT 2"], "address", "L3", "mask_address(X)"),
        ("inspector", ["blue", "green"], "pseudonym", "L3", f"mask_pseudonym(X, {PARTIES})"),
        ("employees", ["12", "40"], "none", "L1", None),
        ("owner_type", ["private", "public"], "none", "L1", None),
    ],
)
def test_levels_and_masks(
    tmp_path: Path, header: str, values: list[str], kind: str, level: str, mask: str | None
) -> None:
    found = column(tmp_path, header, values * 100)
    assert (found.kind, found.level) == (kind, level)
    assert found.mask == (mask.replace("X", found.name) if mask else None)


def test_numbers_counted_up_are_no_phones(tmp_path: Path) -> None:
    series = [str(13800000000 + i) for i in range(500)]
    rng = random.Random(1)
    phones = [f"1{rng.choice('3578')}{rng.randrange(10**9):09d}" for _ in range(500)]
    assert column(tmp_path, "a", series).kind == "none"
    assert column(tmp_path, "a", phones).kind == "phone"


def test_an_address_beside_persons_is_theirs(tmp_path: Path) -> None:
    alone = write(
        tmp_path / "a.csv", "place,lat", [f"{i} N MAIN ST,41.{i}1234" for i in range(1, 90)]
    )
    beside = write(
        tmp_path / "b.csv",
        "place,lat,customer_name,full_name",
        [f"{i} N MAIN ST,41.{i}1234,x,MARY SMITH" for i in range(1, 90)],
    )
    assert [f.level for f in classify_file(alone).fields] == ["L2", "L2"]
    levels = {f.name: f.level for f in classify_file(beside).fields}
    assert levels["place"] == levels["lat"] == "L3"
    place = classify_file(beside).fields[0]
    assert [e.kind for e in place.evidence if e.sign == "neighbour"] == ["person"]


def test_a_few_persons_among_firms(tmp_path: Path) -> None:
    firms = [f"大同{i}股份有限公司" for i in range(300)]
    assert column(tmp_path, "名稱", firms).kind == "none"
    found = column(
        tmp_path, "名稱", [*firms, "王大明(即大明商行)", "李美玲（即美玲小吃店）", "林志明"]
    )
    assert (found.kind, found.level) == ("person", "L3")
    assert found.mask is not None and found.mask.startswith("mask_pseudonym(")


# -- sampling -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_sample_is_bounded_and_the_same_every_time(tmp_path: Path) -> None:
    path = next(p for p in write_files(tmp_path, 21_000) if p.stem == "service_tw")
    first, second = classify_file(path), classify_file(path)
    assert first == second
    assert first.rows_sampled == ROWS


def test_the_sample_reaches_the_end_of_the_file(tmp_path: Path) -> None:
    rows = [f"{i},nothing" for i in range(40_000)] + [
        f"{i},x{i}@example.org" for i in range(40_000)
    ]
    found = classify_file(write(tmp_path / "late.csv", "n,text", rows)).fields[1]
    counted = found.evidence[0].count or 0
    assert found.kind == "email" and 0.45 * ROWS < counted < 0.55 * ROWS


@pytest.mark.parametrize("name", ["missing.csv", "folder.csv"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(CityBrainError) as caught:
        classify_file(tmp_path / name)
    assert caught.value.code == "classify_file"


@pytest.mark.parametrize("content", ["a,b\n", 'a,b\n"",""\n', "a,b\n" + "9" * 60 + ",inf\n"])
def test_odd_files(tmp_path: Path, content: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(content)
    assert [f.kind for f in classify_file(path).fields] == ["none", "none"]


# -- presenting ---------------------------------------------------------------------------------


@pytest.fixture
def found(tmp_path: Path) -> Classification:
    return classify_file(canary_file(tmp_path / "canaries.csv"))


def test_the_proposal_is_yaml_with_a_level_for_every_field(found: Classification) -> None:
    document = yaml.safe_load(proposal_yaml(found))
    assert [p["name"] for p in document["properties"]] == [f.name for f in found.fields]
    assert [p["classification"] for p in document["properties"]] == [f.level for f in found.fields]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_texts_in_both_languages(
    found: Classification, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBRAIN_LANG", lang)
    text = classification_text(found)
    assert "40" in text and "L4" in text and "mask_phone(" in text
    assert ("抽样" in text) == (lang == "zh")


def test_parties_beside_penalties_may_be_persons(tmp_path: Path) -> None:
    """Nearly all are firms; a firm beside anything else is no person."""
    firms = [f"成功{i}股份有限公司" for i in range(90)]
    punished = write(
        tmp_path / "a.csv", "事業單位名稱,違反法規", [f"{f},勞基法24條" for f in firms]
    )
    listed = write(tmp_path / "b.csv", "事業單位名稱,行業", [f"{f},批發" for f in firms])
    party, law = classify_file(punished).fields
    assert (party.kind, party.level, law.level) == ("person", "L3", "L1")
    assert [e.kind for e in party.evidence] == ["penalty"]
    assert [f.level for f in classify_file(listed).fields] == ["L1", "L1"]
