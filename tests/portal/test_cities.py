"""Several cities on one port."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from portal.app import create_app
from portal.cities import cities_app, unlike
from portal.errors import PortalError
from portal.tokens import service_key
from sandbox.opening import open_desk
from tests.portal.bureau import Bureau


def test_each_city_is_under_its_name(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(bureau.home))
    plan = bureau.city.plan()
    with open_desk(plan) as opened:
        apps = [create_app(opened, plan, service_key(tmp_path)) for _ in range(2)]
        titles = ({"en": "East & West", "zh": "东西"}, "")
        both = cities_app(dict(zip(("east", "west"), zip(apps, titles, strict=True), strict=True)))
        with TestClient(both) as http:
            page = http.get("/", headers={"Accept-Language": "zh"})
            assert page.status_code == 200 and page.headers["Content-Language"] == "zh"
            assert '<a href="/east/">东西</a>' in page.text
            english = http.get("/", headers={"Accept-Language": "en"}).text
            assert "East &amp; West" in english and '<a href="/west/">west</a>' in english
            assert http.get("/healthz").json()["cities"] == ["/east/healthz", "/west/healthz"]
            form = {"grant_type": "client_credentials"}
            for name in ("east", "west"):
                assert http.get(f"/{name}/healthz").status_code == 200
                signed_in = http.post(f"/{name}/token", data=form, auth=bureau.client())
                header = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
                asked = {"agreement": "agreement-a"}
                found = http.get(f"/{name}/budget", params=asked, headers=header)
                assert found.status_code == 200, found.text
                wrong = http.put(f"/{name}/budget")
                assert wrong.status_code == 405 and wrong.headers["Allow"] == "GET"
            assert http.get("/north/healthz").status_code == 404


def test_no_two_cities_have_one_name() -> None:
    unlike(["east", "west"])
    with pytest.raises(PortalError) as caught:
        unlike(["east", "west", "east"])
    assert caught.value.code == "city_twice" and caught.value.fields == {"name": "east"}
