"""`citybrain risk`: what a release would give away, and proposals that pass when they are taken."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from catalog.errors import CityBrainError
from citybrain import app
from pipelines.risk import RiskAnswer, RiskQuestion, assess
from tests.pipelines.test_release_gate import (
    COUNTS,
    LOOSE,
    QUASI,
    SHARED,
    SHARED_FIELDS,
    counted,
    group,
    patients,
    shared,
)
from tests.support.city import City
from tests.support.releases import release

pytestmark = pytest.mark.slow
RAW = "raw.civil__patient"
CROWD = [
    *(row for age in (30, 32, 36, 38) for row in group(age, "north", 2)),
    *group(50, "south", 9),
]


def asked(city: City, resource: str = SHARED, **question: object) -> RiskAnswer:
    return assess(city.plan(), resource, RiskQuestion(**question))  # type: ignore[arg-type]


def collected(city: City) -> City:
    """Everything but the release, which is refused."""
    city.run("raw.*")
    return city


def test_a_refused_release_is_told_which_bands_would_pass(city: City) -> None:
    shared(patients(city, CROWD), width=5)
    assert city.outcome(SHARED).status == "blocked"
    found = asked(city)
    assert not found.passed
    assert found.computed
    assert found.replaced == {"age": ("age", "mask_age(age, 5)")}
    best = found.proposals[0]
    assert best.rungs["age"].mask("age") == "mask_age(age, 10)"
    assert best.rungs["district"].name == "as_is"
    assert best.report.passed
    assert best.proven


def test_the_proposal_passes_the_gate_when_the_author_takes_it(city: City) -> None:
    shared(patients(city, CROWD), width=5)
    city.run()
    width = asked(city).proposals[0].rungs["age"].name.removeprefix("band_")
    shared(city, width=int(width))
    assert city.outcome(SHARED).status == "published"
    assert asked(city).passed


def test_rows_may_be_left_out_instead(city: City) -> None:
    crowd = [*group(30, "north", 40), (71, "north", "rare")]
    collected(shared(patients(city, crowd), width=20))
    none = asked(city)
    assert none.proposals[0].suppressed_rows == 0
    some = asked(city, suppression=0.03)
    assert some.proposals[0].suppressed_rows == 1
    assert some.proposals[0].loss < none.proposals[0].loss


def test_a_release_can_be_tried_before_it_is_declared(city: City) -> None:
    collected(patients(city, group(30, "north", 5)))
    found = asked(city, RAW, channel="share", quasi_identifiers=("age", "district"))
    assert not found.computed
    assert found.report is not None
    assert (found.report.channel, found.report.k) == ("share", 1)
    open_ = asked(city, RAW, quasi_identifiers=("district",))
    assert open_.report is not None
    assert (open_.report.channel, open_.report.thresholds.k) == ("open", 20)


def test_what_is_not_declared_has_to_be_named(city: City) -> None:
    collected(patients(city, group(30, "north")))
    with pytest.raises(CityBrainError) as raised:
        asked(city, RAW)
    assert raised.value.code == "risk_undeclared"


def test_a_model_whose_input_was_never_published(city: City) -> None:
    shared(patients(city, group(30, "north")))
    with pytest.raises(CityBrainError) as raised:
        asked(city)
    assert raised.value.code == "never_published"


def test_grouped_models_keep_their_bands(city: City) -> None:
    """Bands in GROUP BY decide which rows there are: they are not taken off."""
    patients(city, CROWD)
    city.model(
        SHARED,
        "SELECT mask_age(age, 5) AS age, district, min(illness) AS illness\n"
        f"FROM {RAW} GROUP BY ALL\n",
        SHARED_FIELDS,
        custom=release(channel="share", **QUASI),
    )
    collected(city)
    found = asked(city)
    assert found.replaced == {}
    assert found.report is not None
    assert found.report.rows == 3


def test_statistics_are_counted(city: City) -> None:
    collected(counted(patients(city, group(30, "north") + group(42, "south", 2))))
    found = asked(city, COUNTS)
    assert not found.passed
    assert found.statistics is not None
    assert found.statistics["small"] == 1


def test_nothing_is_left_behind(city: City) -> None:
    collected(shared(patients(city, CROWD), width=5))
    before = {path for path in city.home.root.rglob("*") if path.is_file()}
    asked(city)
    after = {path for path in city.home.root.rglob("*") if path.is_file()}
    assert {path.name for path in after - before} <= {"mask.keys"}


# -- the command ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_command_prints_no_value(
    city: City, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("CITYBRAIN_LANG", language)
    collected(shared(patients(city, [*CROWD, (71, "hamlet", "rare")], LOOSE), width=5))
    for options in ([], ["--json"], ["--suppress", "0.1", "--limit", "1"]):
        done = CliRunner().invoke(app, ["risk", str(city.root), SHARED, *options])
        assert done.exit_code == 3, done.output
        assert ("mask_age(age, 10)" in done.output) == ("--suppress" in options)
        assert not {"hamlet", "rare", "flu", "north"} & set(done.output.replace('"', " ").split())


def test_the_command_ends_well_when_it_passes(city: City) -> None:
    collected(shared(patients(city, group(30, "north"))))
    done = CliRunner().invoke(app, ["risk", str(city.root), SHARED, "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.output)
    assert (answer["passed"], answer["proposals"], answer["report"]["k"]) == (True, [], 5)
