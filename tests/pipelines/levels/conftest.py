"""A city with two registers that tests of levels share."""

from __future__ import annotations

import pytest

from tests.support.city import City
from tests.support.releases import PERSON, VISIT


@pytest.fixture
def people(city: City) -> City:
    """A register of people and one of visits, which have the phone in common."""
    city.collected("civil/person", PERSON)
    city.collected("trade/visit", VISIT)
    return city
