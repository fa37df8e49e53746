"""A small city with open tables (synthetic data)."""

from __future__ import annotations

from tests.support.city import City

PERMITS = "id,owner,district,fee\n" + "".join(
    f"{number},owner {number},{'north' if number % 2 else 'south'},{number * 10}\n"
    for number in range(1, 41)
)
SETTINGS = """
[open]
license = "https://creativecommons.org/licenses/by/4.0/"
license_id = "CC-BY-4.0"
license_title = "Creative Commons Attribution 4.0"
attribution = { en = "Synthetic data.", zh = "合成数据。" }
contact_name = "Data office"
contact_email = "data@testville.example"
spatial = "https://sws.geonames.org/1/"

[open.themes]
"open.permit" = ["ECON"]

[risk]
minimum_count = 1
"""
FIELDS = """
- {name: id, logicalType: integer, primaryKey: true, classification: L1}
- {name: owner, logicalType: string, classification: L3}
- {name: district, logicalType: string, classification: L1}
- {name: fee, logicalType: integer, classification: L1}
"""
COUNTS = """
- {name: district, logicalType: string, primaryKey: true, classification: L1, businessName: 区 / district, description: =1+1 is no formula}
- {name: permits, logicalType: integer, classification: L1, logicalTypeOptions: {minimum: 5}}
"""
RELEASE = (
    "- {property: release, value: {channel: open, kind: statistics, count: permits, minimum: 5}}\n"
)


def open_city(city: City, rows: str = PERMITS) -> City:
    """A collected resource that stays inside, and a release of its counts to everybody."""
    city.settings(SETTINGS)
    city.collected("trade/permit", FIELDS)
    city.source("permit.csv", rows)
    sql = "SELECT district, COUNT(*) AS permits FROM raw.trade__permit GROUP BY district"
    city.model("open.permit", sql, COUNTS, custom=RELEASE)
    return city
