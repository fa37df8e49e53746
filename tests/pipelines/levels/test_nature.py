"""A mask lowers a level only of values that it is made for, as the field's contract says."""

from __future__ import annotations

import pytest

from catalog.contract import VALUE_KINDS
from catalog.lineage import MaskUse
from pipelines.levels.nature import ROWS, Nature, needs, suits
from pipelines.masking import MASKS
from tests.support.city import City
from tests.support.releases import PERSON, TEXT, fields, problems, release

_SHARED = release(channel="sandbox", quasi_identifiers="[one]")
_NAME = "{property: kind, value: person_name}"


def use(name: str, *literals: str | float) -> MaskUse:
    return MaskUse(name, literals, "", "L2")


def test_every_mask_that_keeps_a_part_asks_for_something() -> None:
    free = {name for name, mask in MASKS.items() if not mask.made_for and not mask.least}
    keyed = {name for name, mask in MASKS.items() if mask.keyed} - {"mask_noise"}
    # A date has a type of its own, and a count is proven to be one.
    assert free == keyed | {"mask_date", "mask_suppress"}
    assert {mask.made_for for mask in MASKS.values()} == {*VALUE_KINDS, None}


@pytest.mark.parametrize(
    ("step", "nature", "suited"),
    [
        (use("mask_phone"), Nature(kind="phone"), True),
        (use("mask_phone"), Nature(kind="plate"), False),
        (use("mask_phone"), Nature(step=5.0), False),
        (use("mask_round", 100.0), Nature(step=100.0), True),
        (use("mask_round", 99.0), Nature(step=100.0), False),
        (use("mask_round", 99.0), Nature(noise=5.0), False),
        (use("mask_noise", 5.0, "p", "r"), Nature(noise=5.0), True),
        (use("mask_noise", 5.0, "p", "r"), Nature(step=5.0), False),
        (use("mask_age", 5), Nature(), False),
        (use("mask_amount", 3), ROWS, True),
        (use("mask_amount", 2), ROWS, False),
        (use("mask_date", "month"), Nature(), True),
        (use("mask_pseudonym", "p", "r"), Nature(), True),
        (MaskUse("", argument="a.b"), Nature(), True),
    ],
)
def test_suits(step: MaskUse, nature: Nature, suited: bool) -> None:
    assert suits(step, nature) == suited


@pytest.mark.parametrize(
    ("step", "needed"),
    [
        (use("mask_grid", 500), ("kind", "coordinate")),
        (use("mask_amount", 1000), ("step", "1000")),
        (use("mask_noise", 2.5, "p", "r"), ("noise", "2.5")),
        (use("mask_sm4", "p", "r"), ("", "")),
    ],
)
def test_needs(step: MaskUse, needed: tuple[str, str]) -> None:
    assert needs(step) == needed


def test_the_refusal_says_what_to_declare(people: City) -> None:
    people.model(
        "fusion.pair",
        "SELECT mask_name(remark) AS one FROM raw.civil__person\n",
        fields(one=TEXT),
        custom=_SHARED,
    )
    found = {p.code: p for p in problems(people)}
    assert set(found) == {"mask_unsuited", "release_ceiling"}
    unsuited = found["mask_unsuited"]
    assert (unsuited.fields["key"], unsuited.fields["value"]) == ("kind", "person_name")
    assert unsuited.fields["origin"] == "raw.civil__person.remark"


def test_a_mask_that_hides_anything_behind_one_that_does_not_is_enough(people: City) -> None:
    sql = "SELECT mask_pseudonym(mask_name(remark), 'p', 'x') AS one FROM raw.civil__person\n"
    people.model("fusion.pair", sql, fields(one=TEXT), custom=_SHARED)
    assert problems(people) == []


def test_a_raised_column_says_itself_what_it_holds(people: City) -> None:
    """The origin of its level is the column, not what it is made of."""
    holds = ", classification: L4, customProperties: [{property: kind, value: plate}]"
    for more, expected in (("", {"mask_unsuited", "release_ceiling"}), (holds, set())):
        text = fields(half=TEXT + more)
        sql = "SELECT upper(district) AS half FROM raw.civil__person\n"
        if not more:
            sql = "SELECT name AS half FROM raw.civil__person\n"
        people.model("base.step", sql, text)
        sql = "SELECT mask_plate(half) AS one FROM base.step\n"
        people.model("fusion.pair", sql, fields(one=TEXT), custom=_SHARED)
        assert {p.code for p in problems(people)} == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [("kind", "name"), ("kind", "[phone]"), ("step", "0"), ("step", "wide"), ("noise", ".inf")],
)
def test_what_cannot_be_declared_is_refused_where_it_stands(
    people: City, key: str, value: str
) -> None:
    text = PERSON.replace(_NAME, f"{{property: {key}, value: {value}}}")
    contract = people.collected("civil/person", text)
    (fault,) = [p for p in people.problems() if p.code == "value_invalid"]
    assert fault.fields["key"] == key
    assert fault.where is not None
    line = next(
        i for i, row in enumerate(contract.read_text().splitlines(), 1) if "name: name" in row
    )
    assert (fault.where.path, fault.where.line) == (contract, line)
