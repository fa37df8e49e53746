"""Whose values an answer tells of, whatever models lie between."""

from __future__ import annotations

from sandbox.asking import sources_of
from tests.support.city import City

PRIVACY = "- {property: privacy, value: {unit: enterprise, column: code, rows: 1, groups: 1, reason: one row}}"
ASKED = "customProperties: [{property: answerable, value: {reason: known}}]"


def viewed(city: City) -> None:
    """Firms of the trade department, with what the civil one found there."""
    city.departments("trade", "civil")
    city.collected(
        "trade/firm",
        "- {name: code, logicalType: string, classification: L2}\n"
        "- {name: area, logicalType: string, classification: L2}\n",
    )
    city.collected(
        "civil/visit",
        "- {name: code, logicalType: string, classification: L2}\n"
        "- {name: result, logicalType: string, classification: L2}\n"
        "- {name: found, logicalType: integer, classification: L2}\n",
    )
    city.model(
        "base.visit",
        "SELECT code, CASE WHEN result LIKE 'F%' THEN 'fail' ELSE 'pass' END AS outcome, found FROM raw.civil__visit\n",
        "- {name: code, logicalType: string}\n- {name: outcome, logicalType: string}\n- {name: found, logicalType: integer}\n",
    )
    city.model(
        "sandbox.firm",
        "SELECT f.code, max(f.area) AS area, max(v.outcome) AS outcome, CAST(sum(v.found) AS BIGINT) AS found, count(v.code) AS visits,"
        " count(*) AS lines FROM raw.trade__firm AS f LEFT JOIN base.visit AS v ON v.code = f.code GROUP BY f.code\n",
        "- {name: code, logicalType: string, primaryKey: true}\n"
        + "".join(
            f"- {{name: {name}, logicalType: {kind}, {ASKED}}}\n"
            for name, kind in (
                ("area", "string"),
                ("outcome", "string"),
                ("found", "integer"),
                ("visits", "integer"),
                ("lines", "integer"),
            )
        ),
        custom=PRIVACY,
    )


def test_a_field_is_made_of_what_carries_its_value_chooses_it_or_is_counted(city: City) -> None:
    viewed(city)
    plan = city.plan()

    def made_of(*names: str) -> dict[str, dict[str, tuple[str, ...]]]:
        return sources_of(plan, {"sandbox.firm": names})["sandbox.firm"]

    unit = {"trade": {"raw.trade__firm": ("code",)}}
    assert made_of() == unit
    assert made_of("area") == {"trade": {"raw.trade__firm": ("area", "code")}}
    assert made_of("found") == unit | {"civil": {"raw.civil__visit": ("found",)}}
    assert made_of("outcome") == unit | {"civil": {"raw.civil__visit": ("result",)}}
    assert set(made_of("lines")) == {"trade", "civil"}
    assert made_of("lines")["civil"] == {"raw.civil__visit": ("*",)}
