"""Whoever follows links, whatever his role, comes to no page that fails and none that refuses him."""

from __future__ import annotations

import re
from html import unescape

import pytest

from catalog.people import ROLES, Role
from tests.portal.bureau import Bureau
from tests.portal.inside import Inside
from tests.portal.people import Browser, account, forgive

LINK = re.compile(r'href="([^"#]+)')
MOST = 80  # pages; a small city has fewer
ELSEWHERE = ("/static/", "/sign-in", "?lang=", "&lang=")


@pytest.mark.parametrize("role", [*ROLES, None])
def test_every_link_leads_somewhere(portal: Inside, bureau: Bureau, role: Role | None) -> None:
    forgive(bureau)
    browser = Browser(portal)
    if role is not None:
        account(bureau, f"links-{role}", role)
        browser.sign_in(f"links-{role}")
    seen: dict[str, int] = {}
    waiting = ["/"]
    while waiting and len(seen) < MOST:
        path = waiting.pop(0)
        if path in seen:
            continue
        answer = browser.get(path)
        seen[path] = answer.status_code
        if "text/html" in answer.headers.get("content-type", ""):
            waiting += [link for link in map(_local, LINK.findall(answer.text)) if link]
    assert {path: status for path, status in seen.items() if status >= 400} == {}
    assert len(seen) > 3


def _local(link: str) -> str:
    """The path of a link within the portal; empty for others."""
    path = unescape(link).removeprefix("http://testserver")
    return path if path.startswith("/") and not any(one in path for one in ELSEWHERE) else ""
