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
            every = http.get("/healthz")
            assert every.status_code == 200 and every.json()["status"] == "ok"
            assert {name: one["status"] for name, one in every.json()["cities"].items()} == {
                "east": "ok",
                "west": "ok",
            }
            assert every.json()["cities"]["west"] == http.get("/west/healthz").json()
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
            north = http.get("/north/healthz", headers={"Accept-Language": "en"})
            assert (north.status_code, north.json()["code"]) == (404, "page_missing")
            north = http.get("/north/", headers={"Accept": "text/html", "Accept-Language": "zh"})
            assert north.status_code == 404 and '<a href="/east/">东西</a>' in north.text
            assert "没有这个页面" in north.text
            nowhere = http.get("/east/nowhere", headers={"Accept": "text/html"})
            assert nowhere.status_code == 404
            assert nowhere.headers["Content-Type"].startswith("text/html")
            assert http.get("/east/nowhere").json()["code"] == "page_unknown"


def test_one_city_that_fails_fails_all(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(bureau.home))
    plan = bureau.city.plan()
    with open_desk(plan) as opened:
        east, west = (create_app(opened, plan, service_key(tmp_path)) for _ in range(2))
        with TestClient(cities_app({"east": (east, ""), "west": (west, "")})) as http:
            loop = next(one for one in west.state.service.loops if one.name == "webhooks")
            monkeypatch.setattr(loop, "_now", lambda: loop._beat + 1_000_000)
            found = http.get("/healthz")
            assert found.status_code == 503 and found.json()["status"] == "failing"
            cities = found.json()["cities"]
            assert (cities["east"]["status"], cities["west"]["status"]) == ("ok", "failing")
            assert cities["west"]["parts"]["webhooks"] == "loop_overdue"
            assert http.get("/east/healthz").status_code == 200
            assert http.get("/west/healthz").status_code == 503


def test_no_two_cities_have_one_name() -> None:
    unlike(["east", "west"])
    with pytest.raises(PortalError) as caught:
        unlike(["east", "west", "east"])
    assert caught.value.code == "city_twice" and caught.value.fields == {"name": "east"}
