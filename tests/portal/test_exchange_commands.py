"""The commands of the exchange, and what several processes share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.webhooks import Webhooks
from tests.portal.counter import Counter, counter
from tests.support.city import NAME
from tests.support.exchange import FIRM, KEY

ROOT = Path(__file__).parents[2]
TAKE = """
import sys
from catalog.database import CatalogStore
from catalog.database.quotas import Taking
with CatalogStore.open(sys.argv[1]) as store:
    found = [store.quotas.take("testville", [[Taking("civil", "rows", 1, 150)]]) for _ in range(100)]
print(sum(one == [None] for one in found))
"""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    with counter(tmp_path / "city", "\n[exchange]\nwebhook_insecure = true\n") as made:
        yield made


def citybrain(served: Counter, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    command = [sys.executable, "-m", "citybrain", "exchange", *words[:2], str(served.city.root)]
    return subprocess.run(
        [*command, *words[2:]], capture_output=True, text=True, cwd=ROOT, env={**os.environ}
    )


def test_programs_of_departments(served: Counter) -> None:
    made = citybrain(served, "client", "add", "--department", "civil", "--user", "li", "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    headers = served.headers((told["client_id"], told["client_secret"]))
    assert served.http.get("/exchange", headers=headers).json() == {"grants": []}
    served.service.opened.store.clients.add(NAME, "bank", "wang")
    [one] = json.loads(citybrain(served, "client", "list", "--json").stdout)
    assert (one["client_id"], one["department"], one["user"]) == (told["client_id"], "civil", "li")
    assert told["client_id"] in citybrain(served, "client", "list").stdout
    assert citybrain(served, "client", "revoke", told["client_id"]).returncode == 0
    assert served.http.get("/exchange", headers=headers).status_code == 401
    records = [one for one in served.audit() if one.subject == told["client_id"]]
    assert [one.detail["kind"] for one in records] == ["client_added", "client_revoked"]
    assert told["client_secret"] not in str(served.audit())
    wrong = citybrain(served, "client", "add", "--department", "never", "--user", "li")
    assert wrong.returncode == 1 and "department_unknown" in wrong.stderr


def test_notices(served: Counter) -> None:
    grant = served.grant(manner="subscription")
    box = served.service.opened.store.subscriptions
    url = "http://127.0.0.1:9/"
    terms = {"department": "civil", "user": "li", "resource": FIRM, "grant": grant.id, "url": url}
    box.add(NAME, **terms, snapshot=None, most=5)  # type: ignore[arg-type]
    assert box.note_snapshots(NAME, {FIRM: 7}) == 1
    settings = served.service.exchange.settings.model_copy(update={"webhook_attempts": 1})
    Webhooks(NAME, served.service.opened.store, settings, KEY, served.clock).work()
    [one] = json.loads(citybrain(served, "webhooks", "list", "--state", "dead", "--json").stdout)
    assert (one["resource"], one["snapshot"], one["url"]) == (FIRM, "7", url)
    assert one["id"] in citybrain(served, "webhooks", "list").stdout
    assert citybrain(served, "webhooks", "replay", one["id"]).returncode == 0
    assert [n.state for n in box.notices(NAME)] == ["waiting"]
    wrong = citybrain(served, "webhooks", "replay", "msg_never")
    assert wrong.returncode == 1 and "notice_unknown" in wrong.stderr


def test_two_processes_share_a_quota(served: Counter) -> None:
    url = f"sqlite:///{served.city.home.root / 'catalog.db'}"
    both = [
        subprocess.Popen([sys.executable, "-c", TAKE, url], stdout=subprocess.PIPE, cwd=ROOT)
        for _ in range(2)
    ]
    assert sum(int(one.communicate(timeout=60)[0]) for one in both) == 150
