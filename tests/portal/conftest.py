"""One served city for the tests that leave nothing behind which others would see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.portal.bureau import Bureau, make_bureau
from tests.servers import postgres

__all__ = ["postgres"]

QUIET = "\n[sandbox]\nepsilon = 1000\n\n[service]\nrequests_per_minute = 100000\nfailures_per_minute = 100000\ntoken_seconds = 3600\n"


@pytest.fixture(scope="session")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """A running service that nobody is too fast for."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("bureau")
        patch.setenv("CITYBRAIN_HOME", str(root / "home"))
        patch.delenv("CITYBRAIN_DATABASE", raising=False)
        made = make_bureau(root, QUIET, budget=500)
        made.start()
    yield made
    assert made.stop() == 0, made.log()
