"""What may leave: every error of a release with its code, its place and the path that explains it."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.support.city import City
from tests.support.releases import (
    COUNT,
    DAY,
    NUMBER,
    PERSON,
    TEXT,
    at,
    fields,
    hops,
    justified,
    line_of,
    only,
    plan,
    problems,
    release,
)

# -- levels ---------------------------------------------------------------------------------------


def test_a_lowered_level_is_refused_with_the_whole_path(people: City) -> None:
    people.model(
        "base.person",
        "SELECT id,\n  upper(name) AS n\nFROM raw.civil__person\n",
        fields(id=COUNT, n=TEXT),
    )
    people.model(
        "fusion.person",
        "SELECT id,\n\n  n AS shown\nFROM base.person\n",
        "- {name: id, logicalType: integer}\n- {name: shown, logicalType: string, classification: L1}",
    )
    found = only(people, "level_lowered")
    contract = people.root / "models/fusion/person.yaml"
    assert at(found, people.root) == f"models/fusion/person.yaml:{line_of(contract, 'shown')}"
    assert (found.fields["declared"], found.fields["inferred"]) == ("L1", "L3")
    source = people.root / "contracts/civil/person.yaml"
    assert hops(found) == [
        [
            "raw.civil__person.name",
            "L3",
            "source",
            f"contracts/civil/person.yaml:{line_of(source, 'name: name')}",
        ],
        ["base.person.n", "L3", "transformation", "models/base/person.sql:2"],
        ["fusion.person.shown", "L3", "identity", "models/fusion/person.sql:3"],
    ]
    assert "raw.civil__person.name" in found.text("en") and "raw.civil__person.name" in found.text(
        "zh"
    )


def test_a_level_may_be_raised_and_what_is_made_of_it_follows(people: City) -> None:
    people.model(
        "base.person",
        "SELECT id FROM raw.civil__person\n",
        "- {name: id, logicalType: integer, classification: L3}",
    )
    people.model("open.person", "SELECT id AS nr\nFROM base.person\n", fields(nr=COUNT))
    found = only(people, "release_ceiling")
    assert [hop[:3] for hop in hops(found)] == [
        ["base.person.id", "L3", "source"],
        ["open.person.nr", "L3", "identity"],
    ]


def test_an_undeclared_field_of_collected_data_is_closed(people: City) -> None:
    people.model("base.person", "SELECT remark FROM raw.civil__person\n", fields(remark=TEXT))
    compiled = plan(people)
    assert compiled.levels.of(("raw.civil__person", "remark")) == "L4"
    assert compiled.levels.of(("base.person", "remark")) == "L4"
    people.model("open.person", "SELECT remark FROM base.person\n", fields(remark=TEXT))
    assert only(people, "release_ceiling").fields["level"] == "L4"


def test_where_a_row_came_from_is_no_open_data(people: City) -> None:
    people.model(
        "open.person",
        "SELECT id, _source_file AS f FROM raw.civil__person\n",
        fields(id=COUNT, f=TEXT),
    )
    found = only(people, "release_ceiling")
    assert (found.fields["column"], found.fields["level"]) == ("f", "L2")


# -- ceilings -------------------------------------------------------------------------------------


def test_a_column_above_the_ceiling_is_refused_with_the_whole_path(people: City) -> None:
    people.model(
        "base.person",
        "SELECT id, phone AS tel\nFROM raw.civil__person\n",
        fields(id=COUNT, tel=TEXT),
    )
    people.model("open.person", "SELECT id,\n  tel\nFROM base.person\n", fields(id=COUNT, tel=TEXT))
    found = only(people, "release_ceiling")
    assert at(found, people.root).startswith("models/open/person.yaml:")
    assert {k: found.fields[k] for k in ("column", "level", "channel", "ceiling")} == {
        "column": "tel", "level": "L4", "channel": "open", "ceiling": "L1",
    }  # fmt: skip
    assert [hop[0] for hop in hops(found)] == [
        "raw.civil__person.phone",
        "base.person.tel",
        "open.person.tel",
    ]
    assert hops(found)[2][-1] == "models/open/person.sql:2"


@pytest.mark.parametrize(
    ("channel", "ceiling"), [("share", "L3"), ("sandbox", "L2"), ("extract", "L2")]
)
def test_every_channel_has_its_ceiling(people: City, channel: str, ceiling: str) -> None:
    people.model(
        "fusion.person", "SELECT id, birth FROM raw.civil__person\n", fields(id=COUNT, birth=DAY),
        custom=release(channel=channel, quasi_identifiers="[birth]"),
    )  # fmt: skip
    if ceiling >= "L3":
        assert problems(people) == []
        return
    found = only(people, "release_ceiling")
    assert (found.fields["channel"], found.fields["ceiling"]) == (channel, ceiling)


def test_the_workspace_sets_the_ceilings(people: City) -> None:
    people.model(
        "open.person", "SELECT id, birth FROM raw.civil__person\n", fields(id=COUNT, birth=DAY)
    )
    assert only(people, "release_ceiling").fields["ceiling"] == "L1"
    people.settings('[channels]\nopen = "L2"\n')
    assert only(people, "release_ceiling").fields["ceiling"] == "L2"
    people.settings('[channels]\nopen = "L3"\n')
    assert problems(people) == []
    people.settings('[channels]\nopen = "L9"\n')
    assert problems(people) != []


def test_a_mask_brings_a_column_under_the_ceiling(people: City) -> None:
    people.model(
        "open.person", "SELECT id, mask_date(birth, 'year') AS born FROM raw.civil__person\n",
        fields(id=COUNT, born=DAY), custom=release(quasi_identifiers="[born]"),
    )  # fmt: skip
    assert problems(people) == []


def test_a_masked_hop_shows_its_mask(people: City) -> None:
    people.model(
        "open.person",
        "SELECT id, mask_name(name) AS n FROM raw.civil__person\n",
        fields(id=COUNT, n=TEXT),
    )
    found = only(people, "release_ceiling")
    assert found.fields["level"] == "L2"
    assert hops(found)[-1][:4] == ["open.person.n", "L2", "masking", "mask_name(x)"]


# -- influence ------------------------------------------------------------------------------------

_FILTERED = "SELECT id,\n  district\nFROM raw.civil__person\nWHERE income > 10000\n"


def test_an_influence_from_above_the_ceiling_is_refused(people: City) -> None:
    people.model("open.person", _FILTERED, fields(id=COUNT, district=TEXT))
    found = only(people, "release_indirect")
    assert at(found, people.root) == "models/open/person.yaml:1"
    assert {k: found.fields[k] for k in ("origin", "level", "ceiling")} == {
        "origin": "raw.civil__person.income", "level": "L3", "ceiling": "L1",
    }  # fmt: skip
    assert hops(found)[0][:3] == ["raw.civil__person.income", "L3", "source"]
    assert hops(found)[-1][2:] == ["filter", "models/open/person.sql:4"]


def test_an_influence_two_models_away_is_refused_with_every_hop(people: City) -> None:
    people.model("base.person", _FILTERED, fields(id=COUNT, district=TEXT))
    people.model("fusion.person", "SELECT id AS nr FROM base.person\n", fields(nr=COUNT))
    people.model("open.person", "SELECT nr\nFROM fusion.person\n", fields(nr=COUNT))
    found = only(people, "release_indirect")
    tables = [hop[0].rsplit(".", 1)[0] for hop in hops(found)]
    assert tables == ["raw.civil__person", "base.person", "fusion.person", "open.person"]


def test_the_way_shown_is_the_one_that_gives_the_level(people: City) -> None:
    """A shorter way past a mask is no reason; nor is one by value for a dependence."""
    people.model(
        "base.person", "SELECT id, name AS n FROM raw.civil__person\n", fields(id=COUNT, n=TEXT)
    )
    people.model(
        "open.person",
        "SELECT p.id,\n  CASE WHEN mask_name(p.name) = 'a' THEN 1 END AS short,\n"
        "  CASE WHEN b.n = 'a' THEN 1 END AS long\n"
        "FROM raw.civil__person AS p JOIN base.person AS b USING (id)\n",
        "- {name: id, logicalType: integer}\n"
        "- {name: short, logicalType: integer, physicalType: INTEGER}\n"
        "- {name: long, logicalType: integer, physicalType: INTEGER}",
    )
    found = only(people, "release_indirect")
    assert found.fields["columns"] == "short, long"
    people.model(
        "open.person",
        "SELECT p.id, concat(mask_name(p.name), b.n) AS n\n"
        "FROM raw.civil__person AS p JOIN base.person AS b USING (id)\n",
        fields(id=COUNT, n=TEXT),
    )
    found = only(people, "release_ceiling")
    assert [hop[0] for hop in hops(found)] == [
        "raw.civil__person.name",
        "base.person.n",
        "open.person.n",
    ]
    assert not any("mask_name" in word for hop in hops(found) for word in hop)


def test_the_next_sentence_stands_on_its_own_line(people: City) -> None:
    people.model("open.person", _FILTERED, fields(id=COUNT, district=TEXT))
    for language in ("en", "zh"):
        *before, last = only(people, "release_indirect").text(language).splitlines()
        assert before[-1].endswith("models/open/person.sql:4")
        assert "justification" in last


def test_a_justification_holds_until_its_day_and_no_longer(people: City) -> None:
    text = justified("raw.civil__person.income", until="2026-07-01")
    people.model("open.person", _FILTERED, fields(id=COUNT, district=TEXT), custom=text)
    assert problems(people, date(2026, 6, 30)) == []
    assert problems(people, date(2026, 7, 1)) == []
    late = problems(people, date(2026, 7, 2))
    assert sorted(p.code for p in late) == ["justification_expired", "release_indirect"]
    expired = next(p for p in late if p.code == "justification_expired")
    contract = people.root / "models/open/person.yaml"
    assert at(expired, people.root) == f"models/open/person.yaml:{line_of(contract, 'from:')}"
    assert str(expired.fields["until"]) == "2026-07-01"
    assert expired.fields["who"] == "Data officer"


def test_the_day_is_the_citys_not_the_machines(people: City) -> None:
    """Between the two zones lie 26 hours: it is never the same day in both."""
    until = datetime.now(ZoneInfo("Etc/GMT+12")).date()
    text = justified("raw.civil__person.income", until=str(until))
    people.model("open.person", _FILTERED, fields(id=COUNT, district=TEXT), custom=text)
    codes = {}
    for zone in ("Etc/GMT+12", "Pacific/Kiritimati"):
        people.write("workspace.toml", f'name = "testville"\ntimezone = "{zone}"\n')
        codes[zone] = people.codes()
    assert codes["Etc/GMT+12"] == []
    assert "justification_expired" in codes["Pacific/Kiritimati"]


def test_a_justification_of_one_field_is_none_of_another(people: City) -> None:
    text = justified("raw.civil__person.income")
    sql = _FILTERED + "AND birth > DATE '2000-01-01'\n"
    people.model("open.person", sql, fields(id=COUNT, district=TEXT), custom=text)
    assert only(people, "release_indirect").fields["origin"] == "raw.civil__person.birth"


def test_a_justification_holds_for_the_level_that_it_was_given_for(people: City) -> None:
    def with_income(level: str) -> None:
        was = "name: income, logicalType: number, physicalType: DOUBLE, classification: "
        people.collected("civil/person", PERSON.replace(was + "L3", was + level))

    text = justified("raw.civil__person.income", level="L3")
    people.model("open.person", _FILTERED, fields(id=COUNT, district=TEXT), custom=text)
    for level in ("L1", "L2", "L3"):
        with_income(level)
        assert problems(people) == [], level
    with_income("L4")
    found = only(people, "justification_level")
    contract = people.root / "models/open/person.yaml"
    assert at(found, people.root) == f"models/open/person.yaml:{line_of(contract, 'from:')}"
    assert (found.fields["given"], found.fields["level"]) == ("L3", "L4")
    assert hops(found)[0][:3] == ["raw.civil__person.income", "L4", "source"]
    assert hops(found)[-1][2:] == ["filter", "models/open/person.sql:4"]


def test_a_mask_does_not_keep_a_justification_from_ending(people: City) -> None:
    """`level` is the field's own: what somebody answered for was an L3 field, masked or not."""
    sql = "SELECT id FROM raw.civil__person WHERE mask_name(name) = 'L**'\n"
    text = justified("raw.civil__person.name", level="L2")
    people.model("open.person", sql, fields(id=COUNT), custom=text)
    assert only(people, "justification_level").fields["given"] == "L2"
    text = justified("raw.civil__person.name", level="L3")
    people.model("open.person", sql, fields(id=COUNT), custom=text)
    assert problems(people) == []


def test_a_justification_without_a_level_is_refused(people: City) -> None:
    text = justified("raw.civil__person.income").replace("level: L4, ", "")
    people.model("open.person", _FILTERED, fields(id=COUNT, district=TEXT), custom=text)
    found = [p for p in problems(people) if p.where and p.where.path.name == "person.yaml"]
    assert found and "level" in str(found[0])


def test_the_highest_of_two_justifications_counts(people: City) -> None:
    both = (
        justified("raw.civil__person.income", level="L2")
        + justified("raw.civil__person.income").splitlines()[2]
    )
    people.model("open.person", _FILTERED, fields(id=COUNT, district=TEXT), custom=both + "\n")
    assert problems(people) == []


def test_a_justification_does_not_let_a_value_out(people: City) -> None:
    text = justified("raw.civil__person.income")
    people.model(
        "open.person",
        "SELECT id, income FROM raw.civil__person\n",
        fields(id=COUNT, income=NUMBER),
        custom=text,
    )
    assert only(people, "release_ceiling").fields["column"] == "income"


@pytest.mark.parametrize(
    "name",
    ["raw.civil__person.incom", "raw.civil__persons.income", "income", "open.person.nothing"],
)
def test_a_justification_of_nothing_is_refused(people: City, name: str) -> None:
    text = justified("raw.civil__person.income", name)
    people.model("open.person", _FILTERED, fields(id=COUNT, district=TEXT), custom=text)
    found = only(people, "justification_unknown")
    contract = people.root / "models/open/person.yaml"
    assert at(found, people.root) == f"models/open/person.yaml:{line_of(contract, 'from:')}"
    assert found.fields["name"] == name


def test_that_a_row_is_there_can_be_sensitive(people: City) -> None:
    people.collected("civil/patient", "- {name: id, logicalType: integer, classification: L1}",
                     custom="- {property: row_level, value: L4}")  # fmt: skip
    people.model("base.patient", "SELECT id FROM raw.civil__patient\n", fields(id=COUNT))
    people.model("open.patient", "SELECT id FROM base.patient\n", fields(id=COUNT))
    assert only(people, "release_indirect").fields["origin"] == "raw.civil__patient.*"
    people.model(
        "open.patient",
        "SELECT id FROM base.patient\n",
        fields(id=COUNT),
        custom=justified("raw.civil__patient.*"),
    )
    assert problems(people) == []


# -- what a release must declare ------------------------------------------------------------------


def test_a_masked_field_that_is_not_listed_is_refused(people: City) -> None:
    sql = "SELECT id, mask_date(birth, 'year') AS born FROM raw.civil__person\n"
    people.model("open.person", sql, fields(id=COUNT, born=DAY))
    found = only(people, "release_undeclared")
    contract = people.root / "models/open/person.yaml"
    assert at(found, people.root) == f"models/open/person.yaml:{line_of(contract, 'name: born')}"
    assert found.fields["origin"] == "raw.civil__person.birth"
    for listed in (
        {"quasi_identifiers": "[born]"},
        {"quasi_identifiers": "[id]", "sensitive": "[born]"},
    ):
        people.model("open.person", sql, fields(id=COUNT, born=DAY), custom=release(**listed))
        assert problems(people) == []


def test_masked_records_say_which_fields_identify(people: City) -> None:
    """Saying nothing is refused, saying that there are none is not; what was never masked is free."""
    sql = "SELECT id, mask_date(birth, 'year') AS born FROM raw.civil__person\n"
    options = {"sensitive": "[born]"}
    people.model("open.person", sql, fields(id=COUNT, born=DAY), custom=release(**options))
    assert only(people, "release_quasi").where is not None
    options["quasi_identifiers"] = "[]"  # a year of birth identifies with others
    people.model("open.person", sql, fields(id=COUNT, born=DAY), custom=release(**options))
    assert only(people, "release_quasi").where is not None
    people.model(
        "open.person",
        "SELECT id, district FROM raw.civil__person\n",
        fields(id=COUNT, district=TEXT),
    )
    assert problems(people) == []


COUNTED = {
    "count": "SELECT district, count(*) AS n FROM raw.civil__person GROUP BY district\n",
    "suppressed": "SELECT district, mask_suppress(count(*), 5) AS n FROM raw.civil__person GROUP BY district\n",
    "sum of counts": (
        "SELECT district, sum(k)::BIGINT AS n FROM (SELECT district, day_of, count(*) AS k FROM "
        "(SELECT district, id AS day_of FROM raw.civil__person) GROUP BY ALL) GROUP BY district\n"
    ),
    "sum of counts of a CTE": (
        "WITH c AS (SELECT district, id, count(*) AS k FROM raw.civil__person GROUP BY ALL) "
        "SELECT district, sum(c.k)::BIGINT AS n FROM c WHERE k > 0 GROUP BY district\n"
    ),
    "sum of sums of counts": (
        "SELECT district, sum(j)::BIGINT AS n FROM (SELECT district, id, sum(k) AS j FROM (SELECT "
        "district, id, id % 2 AS half, count(*) AS k FROM raw.civil__person GROUP BY ALL) GROUP BY ALL) GROUP BY 1\n"
    ),
    "sum of counts, handed on": (
        "SELECT d AS district, sum(k)::BIGINT AS n FROM (SELECT upper(district) AS d, k FROM (SELECT "
        "district, count(*) AS k FROM raw.civil__person GROUP BY district)) GROUP BY d\n"
    ),
    "suppressed sum of counts": (
        "SELECT district, mask_suppress(sum(k)::BIGINT, 5) AS n FROM (SELECT district, id, count(*) AS k "
        "FROM raw.civil__person GROUP BY ALL) GROUP BY district\n"
    ),
}  # fmt: skip
_GROUPS = "(SELECT district, id, count(*) AS k FROM raw.civil__person GROUP BY ALL)"
UNCOUNTED = {
    "a field": "SELECT district, id AS n FROM raw.civil__person\n",
    "a constant": "SELECT district, 100 AS n FROM raw.civil__person\n",
    "a distinct count of a field": "SELECT district, count(DISTINCT id) AS n FROM raw.civil__person GROUP BY district\n",
    "a maximum": "SELECT district, max(id) AS n FROM raw.civil__person GROUP BY district\n",
    "a count and more": "SELECT district, count(*) + 1000 AS n FROM raw.civil__person GROUP BY district\n",
    "a count times something": "SELECT district, count(*) * 50 AS n FROM raw.civil__person GROUP BY district\n",
    "a constant for any count": "SELECT district, CASE WHEN count(*) > 0 THEN 100 END AS n FROM raw.civil__person GROUP BY district\n",
    "the greatest of a count and a constant": "SELECT district, greatest(count(*), 100) AS n FROM raw.civil__person GROUP BY district\n",
    "the count of all rows": "SELECT district, count(*) OVER () AS n FROM raw.civil__person\n",
    "the count of another table": "SELECT district, (SELECT count(*) FROM raw.trade__visit) AS n FROM raw.civil__person\n",
    "the largest of counts": (
        "SELECT district, max(k) AS n FROM (SELECT district, id, count(*) AS k FROM raw.civil__person "
        "GROUP BY ALL) GROUP BY district\n"
    ),
    "a sum of counts joined": f"SELECT district, sum(k)::BIGINT AS n FROM {_GROUPS} JOIN raw.trade__visit ON visit > 0 GROUP BY 1\n",
    "a sum of counts crossed": f"SELECT district, sum(k)::BIGINT AS n FROM {_GROUPS}, raw.trade__visit GROUP BY 1\n",
    "a sum of counts joined before": (
        f"SELECT district, sum(k)::BIGINT AS n FROM (SELECT g.district, k FROM {_GROUPS} AS g "
        "CROSS JOIN raw.trade__visit) GROUP BY district\n"
    ),
    "a sum of counts unnested": (
        f"SELECT district, sum(k)::BIGINT AS n FROM (SELECT district, k, unnest([1, 2, 3]) AS i FROM {_GROUPS}) GROUP BY 1\n"
    ),
    "a sum of counts beside a list": f"SELECT district, sum(k)::BIGINT AS n FROM {_GROUPS}, unnest([1, 2]) AS u(i) GROUP BY 1\n",
    "a sum of counts of a union": (
        f"SELECT district, sum(k)::BIGINT AS n FROM (SELECT * FROM {_GROUPS} UNION ALL SELECT * FROM {_GROUPS}) GROUP BY 1\n"
    ),
    "a sum of counts of all groupings": (
        "SELECT district, sum(k)::BIGINT AS n FROM (SELECT district, id, count(*) AS k FROM "
        "raw.civil__person GROUP BY CUBE (district, id)) GROUP BY district\n"
    ),
    "a sum of counts of a rollup": (
        "SELECT district, sum(k)::BIGINT AS n FROM (SELECT district, id, count(*) AS k FROM "
        "raw.civil__person GROUP BY ROLLUP (district, id)) GROUP BY district\n"
    ),
    "a sum of counts in a subquery": f"SELECT district, (SELECT sum(k)::BIGINT FROM {_GROUPS}) AS n FROM raw.civil__person\n",
    "a sum of counts over a window": f"SELECT district, sum(k) OVER ()::BIGINT AS n FROM {_GROUPS}\n",
    "a sum of doubled counts": f"SELECT district, sum(k + k)::BIGINT AS n FROM {_GROUPS} GROUP BY 1\n",
    "a sum of counts and more": f"SELECT district, (sum(k) + 100)::BIGINT AS n FROM {_GROUPS} GROUP BY 1\n",
    "a sum of different counts": f"SELECT district, sum(DISTINCT k)::BIGINT AS n FROM {_GROUPS} GROUP BY 1\n",
    "a sum of counts in a lateral": (
        f"SELECT district, sum(j)::BIGINT AS n FROM (SELECT v.visit, l.* FROM raw.trade__visit AS v, "
        f"LATERAL (SELECT district, k AS j FROM {_GROUPS}) AS l) GROUP BY district\n"
    ),
    "a count cast to another kind": "SELECT district, (count(*) > 0)::BIGINT AS n FROM raw.civil__person GROUP BY 1\n",
}  # fmt: skip
_STATISTICS = release(kind="statistics", count="n")


@pytest.mark.parametrize("sql", COUNTED.values(), ids=COUNTED.keys())
def test_a_count_of_groups_is_one(people: City, sql: str) -> None:
    people.model("open.counts", sql, fields(district=TEXT, n=COUNT), custom=_STATISTICS)
    assert problems(people) == []


@pytest.mark.parametrize("sql", UNCOUNTED.values(), ids=UNCOUNTED.keys())
def test_what_is_no_count_of_groups_is_refused(people: City, sql: str) -> None:
    people.model("open.counts", sql, fields(district=TEXT, n=COUNT), custom=_STATISTICS)
    found = only(people, "release_count")
    contract = people.root / "models/open/counts.yaml"
    assert at(found, people.root) == f"models/open/counts.yaml:{line_of(contract, 'name: n,')}"


def test_collected_data_is_no_release(people: City) -> None:
    people.collected("civil/person", PERSON, custom=release(channel="share"))
    found = only(people, "release_raw")
    assert found.where is not None
    assert found.where.path == people.root / "contracts/civil/person.yaml"
    assert found.where.line == line_of(found.where.path, "property: release")


def test_every_problem_has_its_text_in_both_languages(people: City) -> None:
    people.model(
        "open.person",
        "SELECT phone, mask_name(name) AS n, mask_text(name) AS m FROM raw.civil__person WHERE income > 1\n",
        fields(phone=TEXT, n=TEXT, m=TEXT),
        custom=justified("raw.civil__person.nothing", until="2020-01-01"),
    )
    found = problems(people)
    assert len({p.code for p in found}) >= 4
    for problem in found:
        for language in ("en", "zh"):
            text = problem.text(language)
            assert text and "{" not in text
        assert problem.where is not None and problem.where.line > 0
