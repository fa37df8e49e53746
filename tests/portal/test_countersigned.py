"""A city in which partners have to sign: refused, signed on the page, answered; over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from catalog.agreements import CENTRE, SignedDocument, document_of, sign, signed_of, signed_plain
from citybrain import app
from tests.portal.bureau import (
    ASKING,
    SQL,
    TERM,
    Bureau,
    Credentials,
    instruments,
    make_bureau,
    take,
)
from tests.portal.inside import Inside, inside
from tests.portal.people import Browser, account
from tests.servers import postgres
from tests.support.city import NAME
from tests.support.instruments import KEYS, PUBLIC, consent, signed

__all__ = ["postgres"]  # a fixture

PAGE = "/agreements/of/agreement/agreement-a"
MISSING = "agreement_not_countersigned"
SETTING = "\n[agreements]\ncountersigned = true\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def bureau(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Bureau:
    """A bureau that requires partners' signatures, on each database."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    environment = {}
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").url(f"signing_{uuid.uuid4().hex}")
        monkeypatch.setenv("CITYBRAIN_DATABASE", url)
        environment["CITYBRAIN_DATABASE"] = url
    made = make_bureau(tmp_path, SETTING, **environment)
    folder = made.city.root / "agreements" / "keys"
    folder.mkdir(parents=True)
    for name, (key,) in PUBLIC.items():
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / f"{name}.pub").write_bytes(pem)
    with made.store() as store:
        said = consent(enterprise="c7", fields=["area", "paid"], use="periodic", **TERM)
        paper = sign(document_of(said), KEYS[CENTRE], CENTRE)
        store.instruments.import_(NAME, paper, PUBLIC, ZoneInfo("UTC"))
    return made


@pytest.fixture
def portal(bureau: Bureau, tmp_path: Path) -> Iterator[Inside]:
    with inside(bureau, tmp_path / "service") as made:
        yield made


class Partner:
    """bank-a: its program, and its analyst in a browser."""

    def __init__(self, portal: Inside, bureau: Bureau) -> None:
        self.portal = portal
        self.program: Credentials = bureau.client()
        account(bureau, "wang", "partner", partner="bank-a")
        self.browser = Browser(portal)
        self.browser.sign_in("wang")

    def ask(self, **changes: Any) -> httpx.Response:
        headers = self.portal.headers(self.program, **{"Idempotency-Key": "first"})
        body = {"sql": SQL, **ASKING, "epsilon": 0.1, **changes}
        return self.portal.http.post("/queries", json=body, headers=headers)

    def quote(self) -> httpx.Response:
        headers = self.portal.headers(self.program)
        return self.portal.http.post("/quotes", json={"sql": SQL, **ASKING}, headers=headers)

    def record(self) -> httpx.Response:
        path = "/records/sandbox.firm/c7?agreement=agreement-a&purpose=credit"
        headers = self.portal.headers(self.program, **{"Idempotency-Key": "r1"})
        return self.portal.http.get(path, headers=headers)

    def document(self, version: int = 1) -> SignedDocument:
        path = f"/agreements/file/yaml/agreement/{version}/agreement-a"
        return signed_of(yaml.safe_load(self.browser.get(path).text))

    def bring(self, one: SignedDocument) -> httpx.Response:
        content = yaml.safe_dump(signed_plain(one)).encode()
        form = {"csrf": self.browser.seal("/")}
        file = {"file": ("signed.yaml", content)}
        return self.browser.http.post("/agreements/upload", data=form, files=file)

    def countersign(self, version: int = 1) -> None:
        done = self.bring(sign(self.document(version), KEYS["bank-a"], "bank-a"))
        assert done.status_code == 303, done.text
        self.portal.clock.later(minutes=5)


def refused(response: httpx.Response) -> str:
    assert response.status_code == 403, response.text
    return str(response.json()["code"])


def test_refused_then_signed_then_answered(portal: Inside, bureau: Bureau) -> None:
    partner = Partner(portal, bureau)
    for asked in (partner.ask(), partner.quote(), partner.record()):
        assert refused(asked) == MISSING
        assert "bank-a" in asked.json()["detail"]
    page = partner.browser.get(PAGE).text
    assert "Partner has not signed" in page and "bank-a still has to sign" in page
    console = partner.browser.get("/console").text
    assert "no agreement that holds" in console and "/console/agreements/" not in console
    assert 'href="/agreements/of/agreement/agreement-a">' in console
    log = portal.opened.store.audit.newest(NAME, action="query", limit=1)
    assert [one.record.outcome for one in log] == [MISSING]

    # Signed by another key, or another text than the one that is stored.
    stranger = sign(partner.document(), Ed25519PrivateKey.generate(), "bank-a")
    assert "signature_unknown" in partner.bring(stranger).text
    changed = {**signed_plain(partner.document())["document"], "users": ["wang"]}
    other = sign(signed(changed), KEYS["bank-a"], "bank-a")
    assert "instrument_differs" in partner.bring(other).text
    assert refused(partner.ask()) == MISSING

    partner.countersign()
    assert partner.ask().status_code == 200
    assert partner.quote().status_code == 200
    assert partner.record().status_code == 200
    assert "In force" in partner.browser.get(PAGE).text
    assert "agreement-a" in partner.browser.get("/console").text


def test_a_renewed_version_needs_a_new_signature(portal: Inside, bureau: Bureau) -> None:
    partner = Partner(portal, bureau)
    partner.countersign()
    with bureau.store() as store:
        terms = instruments(version=2, users=["li"], budget=budget_of(partner.document()))[1]
        take(store, terms)
    portal.clock.later(minutes=5)
    assert partner.ask().status_code == 200  # the first version runs
    old = sign(partner.document(1), KEYS["bank-a"], "bank-a").signatures[-1]
    new = partner.document(2)
    moved = SignedDocument(new.document, (*new.signatures, old))
    assert "signature_invalid" in partner.bring(moved).text
    assert partner.quote().status_code == 200
    partner.countersign(2)
    assert refused(partner.quote()) == "user_not_named"


@pytest.mark.parametrize(
    ("lang", "waits", "until_then"),
    [
        ("en", "Version 2 waits: Partner has not signed", "Until then version 1 is in force"),
        ("zh", "第 2 版待生效：合作方未签署", "在此之前第 1 版有效"),
    ],
)
def test_while_a_version_waits_the_one_in_force_is_shown(
    portal: Inside, bureau: Bureau, lang: str, waits: str, until_then: str
) -> None:
    partner = Partner(portal, bureau)
    partner.countersign()
    account(bureau, "steward", "steward")
    steward = Browser(portal)
    steward.sign_in("steward")
    in_force = {"en": "In force", "zh": "有效"}[lang]
    link = f'<a href="{PAGE}?version=2">{waits}</a>'
    for browser in (partner.browser, steward):
        browser.get(f"/agreements?lang={lang}")
    with bureau.store() as store:
        terms = instruments(version=2, users=["li"], budget=budget_of(partner.document()))[1]
        take(store, terms)
    portal.clock.later(minutes=5)
    for browser in (partner.browser, steward):
        row = row_of(browser.get("/agreements").text)
        assert '<td class="n">1</td>' in row and in_force in row and link in row
        assert "<td>bank-a</td>" in row  # who still has to sign the newer one
        page = browser.get(PAGE).text
        assert link in page and 'version=1" aria-current="true"' in page
        newer = browser.get(f"{PAGE}?version=2").text
        assert f'<a href="{PAGE}">{until_then}</a>' in newer and waits not in newer
    assert 'name="reason"' in steward.get(PAGE).text  # both can be ended from there
    partner.countersign(2)
    row = row_of(partner.browser.get("/agreements").text)
    assert '<td class="n">2</td>' in row and in_force in row and "?version=" not in row
    page = partner.browser.get(PAGE).text
    assert 'version=2" aria-current="true"' in page and waits not in page


def row_of(page: str) -> str:
    """The agreement's row of the list."""
    return next(one for one in page.split("<tr>") if f'href="{PAGE}">agreement-a</a>' in one)


def budget_of(one: SignedDocument) -> Any:
    return signed_plain(one)["document"]["budget"]


def test_a_key_that_is_taken_back_ends_what_it_signed(portal: Inside, bureau: Bureau) -> None:
    partner = Partner(portal, bureau)
    partner.countersign()
    assert partner.quote().status_code == 200
    key = bureau.city.root / "agreements" / "keys" / "bank-a.pub"
    kept = key.read_bytes()
    key.unlink()
    assert refused(partner.quote()) == MISSING
    # A file that holds no key takes nobody else's away, and counts for nothing.
    key.write_bytes(b"no key")
    assert refused(partner.record()) == MISSING
    key.write_bytes(kept)
    assert partner.quote().status_code == 200


def test_by_command_a_signature_comes_after_the_import(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBRAIN_LANG", "en")
    root = str(bureau.city.root)

    def run(*words: str) -> str:
        found = CliRunner().invoke(app, ["agreement", words[0], root, *words[1:]])
        assert found.exit_code == 0, found.output
        return found.output

    assert '"unsigned"' in run("list", "--json")
    with bureau.store() as store:
        (known,) = store.instruments.versions(NAME, "agreement")
    whole = sign(SignedDocument(known.document, known.signatures), KEYS["bank-a"], "bank-a")
    file = tmp_path / "signed.yaml"
    file.write_text(yaml.safe_dump(signed_plain(whole), allow_unicode=True))
    for _ in range(2):  # twice is once
        assert run("import", str(file), "--who", "li") == "agreement:agreement-a@1\n"
    assert '"unsigned"' not in run("list", "--json")
    with bureau.store() as store:
        (one,) = store.countersignatures.of(NAME, known)
        (told,) = [each.record for each in store.audit.newest(NAME, action="document", limit=1)]
    assert (one.signature.signer, one.added_by) == ("bank-a", "li")
    assert (told.actor, told.detail["what"]) == ("account:li", "countersigned")
