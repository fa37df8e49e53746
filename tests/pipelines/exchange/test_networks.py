"""Networks that an operator may name for notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.errors import Problems
from pipelines.workspace import load_workspace
from tests.support.exchange import exchange_city

SETTINGS = """
[exchange]
files = 8
webhook_networks = ["10.20.0.0/16", {named}]
"""


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("nonsense", "no network"), ("10.20.0.1/16", "no network"), ("10.0.0.0/33", "no network"), ("", "no network"),
        ("0.0.0.0/0", "0.0.0.0/8"), ("127.0.0.0/8", "127.0.0.0/8"), ("127.0.0.53/32", "127.0.0.0/8"),
        ("169.254.169.254/32", "169.254.0.0/16"), ("224.0.0.0/4", "224.0.0.0/4"), ("240.0.0.0/4", "240.0.0.0/4"),
        ("::/0", "::/96"), ("::1/128", "::/96"), ("fe80::/10", "fe80::/10"), ("ff02::/16", "ff00::/8"),
        ("::ffff:10.20.0.0/112", "::ffff:0:0/96"), ("64:ff9b::/96", "64:ff9b::/96"),
        ("100.100.100.200", "cloud"), ("fd00:ec2::254", "cloud"),
    ],
)  # fmt: skip
def test_what_may_not_be_named(tmp_path: Path, named: str, why: str) -> None:
    city = exchange_city(tmp_path / "city", SETTINGS.format(named=f'"{named}"'))
    with pytest.raises(Problems) as caught:
        load_workspace(city.root)
    [error] = caught.value.problems
    assert (error.code, error.fields["key"]) == ("value_invalid", "exchange.webhook_networks")
    assert why in error.fields["problem"]
    assert error.where is not None and error.where.line is not None
    lines = (city.root / "workspace.toml").read_text("utf-8").splitlines()
    assert lines[error.where.line - 1].startswith("webhook_networks")


def test_what_may(tmp_path: Path) -> None:
    named = '"192.168.4.0/24", "100.64.0.0/10", "fd00:20::/32", "10.1.2.3"'
    city = exchange_city(tmp_path / "city", SETTINGS.format(named=named))
    found = load_workspace(city.root).settings.exchange.webhook_networks
    assert found == ("10.20.0.0/16", "192.168.4.0/24", "100.64.0.0/10", "fd00:20::/32", "10.1.2.3")
