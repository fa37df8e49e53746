"""A served city for the client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from citybrain_client import Sandbox
from tests.portal.bureau import ASKING, Bureau
from tests.portal.conftest import bureau

__all__ = ["bureau"]


@pytest.fixture
def sandbox(bureau: Bureau) -> Iterator[Sandbox]:
    """A client of bank-a."""
    with Sandbox(bureau.url, bureau.client(), **ASKING) as made:
        yield made
