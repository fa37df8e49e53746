"""A small city, one of whose models masks names with a key."""

from __future__ import annotations

from tests.support.city import City, small_city

MASKED = "thematic.masked_shop"
MASKED_SQL = (
    "SELECT mask_pseudonym(name, 'study', 'lab') AS who,\n"
    "  district\n"
    "FROM base.shop\n"
    "WHERE id > 0\n"
)


def masked_city(city: City) -> City:
    """`small_city`, a masked table of its shops, and a count of what is masked."""
    small_city(city)
    city.model(
        MASKED,
        MASKED_SQL,
        """
        - {name: who, logicalType: string, required: true}
        - {name: district, logicalType: string}
        """,
    )
    city.model(
        "fusion.masked_count",
        f"SELECT count(DISTINCT who) AS shops FROM {MASKED}\n",
        "- {name: shops, logicalType: integer}",
    )
    return city
