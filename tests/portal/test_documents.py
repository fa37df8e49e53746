"""Pages of letters, agreements and consents: who sees what, signing, ending, and nothing executed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from catalog.agreements import SignedDocument, document_of, sign, signed_plain
from portal import documents
from tests.portal.bureau import TERM, VIEWS, Bureau, instruments, make_bureau, take
from tests.portal.inside import Inside, inside
from tests.portal.people import Browser, account
from tests.support.city import NAME
from tests.support.instruments import FIRM, KEYS, PUBLIC, agreement, consent, letter, signed

NASTY = '<script>alert("x")</script>'
OTHER = {"id": "bank-b", "name": {"zh": "乙银行", "en": "Bank B"}}


@pytest.fixture
def bureau(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bureau:
    """A bureau of this test alone, which trusts the keys of `tests.support.instruments`."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    made = make_bureau(tmp_path)
    folder = made.city.root / "agreements" / "keys"
    folder.mkdir(parents=True)
    for name, (key,) in PUBLIC.items():
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / f"{name}.pub").write_bytes(pem)
    with made.store() as store:
        rest = {"letters": ["letter-tax"], "views": VIEWS, **TERM}
        take(store, agreement(id="agreement-b", partner=OTHER, **rest), consent(**TERM))
    return made


@pytest.fixture
def portal(bureau: Bureau, tmp_path: Path) -> Iterator[Inside]:
    with inside(bureau, tmp_path / "service") as made:
        yield made


def browser(portal: Inside, bureau: Bureau, role: Any, **of: str) -> Browser:
    name = f"{role}-{'-'.join(of.values()) or 'of-the-bureau'}"
    account(bureau, name, role, **of)
    made = Browser(portal)
    made.sign_in(name)
    return made


def page(kind: str, id: str) -> str:
    return f"/agreements/of/{kind}/{quote(id, safe='')}"


def bring(who: Browser, one: SignedDocument | bytes) -> httpx.Response:
    content = one if isinstance(one, bytes) else yaml.safe_dump(signed_plain(one)).encode()
    form = {"csrf": who.seal("/")}
    return who.http.post("/agreements/upload", data=form, files={"file": ("../../x.yaml", content)})


def test_everybody_sees_his_own_and_nothing_else(portal: Inside, bureau: Bureau) -> None:
    sees = {
        ("steward", ""): {"letter-tax", "agreement-a", "agreement-b", "consent-1"},
        ("auditor", ""): {"letter-tax", "agreement-a", "agreement-b", "consent-1"},
        ("officer", "tax"): {"letter-tax"},
        ("partner", "bank-a"): {"agreement-a", "consent-1"},
        ("partner", "bank-b"): {"agreement-b"},
    }
    everything = {"letter-tax": "letter", "agreement-a": "agreement", "agreement-b": "agreement",
                  "consent-1": "consent"}  # fmt: skip
    for (role, of), wanted in sees.items():
        who = browser(
            portal,
            bureau,
            role,
            **({"officer": {"department": of}, "partner": {"partner": of}}.get(role, {})),
        )
        text = who.get("/agreements").text
        assert {id for id in everything if f">{id}</a>" in text} == wanted, role
        for id, kind in everything.items():
            expected = 200 if id in wanted else 404
            assert who.get(page(kind, id)).status_code == expected, (role, id)
            for form in ("jsonld", "yaml", "draft"):
                path = f"/agreements/file/{form}/{kind}/1/{id}"
                assert who.get(path).status_code == expected, (role, path)


def test_what_is_not_ones_own_is_as_if_it_were_not_there(portal: Inside, bureau: Bureau) -> None:
    who = browser(portal, bureau, "partner", partner="bank-b")
    foreign, absent = (who.get(page("agreement", id)) for id in ("agreement-a", "agreement-x"))
    strip = re.compile(r'href="[^"]*lang=\w\w"|agreement-[ax]')
    assert strip.sub("", foreign.text) == strip.sub("", absent.text)


def test_a_page_says_what_is_allowed_in_both_languages(portal: Inside, bureau: Bureau) -> None:
    who = browser(portal, bureau, "steward")
    text = who.get(page("agreement", "agreement-a") + "?lang=en").text
    for words in (
        "Bank A may ask",
        "wang, li",
        "epsilon 2.0",
        "bank-a still has to sign",
        "letter-tax",
    ):
        assert words in text, words
    assert "甲银行" in who.get(page("agreement", "agreement-a") + "?lang=zh").text
    assert "still has to sign" not in who.get(page("letter", "letter-tax") + "?lang=en").text


def test_a_partner_countersigns_and_nobody_signs_for_others(portal: Inside, bureau: Bureau) -> None:
    partner = browser(portal, bureau, "partner", partner="bank-a")
    kept = yaml.safe_load(partner.get("/agreements/file/yaml/agreement/1/agreement-a").text)
    first = SignedDocument(document_of(kept["document"]))
    first = sign(first, KEYS["centre"], "centre")
    # A key that the city does not know, a key of somebody else, and no new signature at all.
    stranger = sign(first, KEYS["power"], "bank-a")
    assert "signature_unknown" in bring(partner, stranger).text
    assert "countersignature_missing" in bring(partner, first).text
    assert "countersignature_missing" in bring(partner, sign(first, KEYS["tax"], "tax")).text
    whole = sign(first, KEYS["bank-a"], "bank-a")
    other = browser(portal, bureau, "partner", partner="bank-b")
    assert bring(other, whole).status_code == 404
    done = bring(partner, whole)
    assert done.status_code == 303 and done.headers["location"] == page("agreement", "agreement-a")
    text = partner.get(done.headers["location"]).text
    assert "countersigned" in text and "still has to sign" not in text
    policy = json.loads(partner.get("/agreements/file/jsonld/agreement/1/agreement-a").text)
    assert policy["@type"] == "Agreement" and len(policy["cb:signedBy"]) == 2
    assert "countersignature_missing" in bring(partner, whole).text
    found = portal.opened.store.audit.newest(NAME, action="document", limit=1)[0].record
    assert (
        found.actor == "partner:bank-a/partner-bank-a"
        and dict(found.detail)["what"] == "countersigned"
    )


def test_a_changed_document_is_no_signature(portal: Inside, bureau: Bureau) -> None:
    partner = browser(portal, bureau, "partner", partner="bank-a")
    kept = yaml.safe_load(partner.get("/agreements/file/yaml/agreement/1/agreement-a").text)
    kept["document"]["budget"]["epsilon"] = "50"
    assert "signature_invalid" in bring(partner, yaml.safe_dump(kept).encode()).text
    forged = sign(document_of(kept["document"]), KEYS["bank-a"], "bank-a")
    assert "signature_missing" in bring(partner, forged).text  # the centre has not signed that


def test_who_may_bring_a_new_version(portal: Inside, bureau: Bureau) -> None:
    new = signed({**instruments()[1], "version": 2, "users": ["wang"]})
    partner = browser(portal, bureau, "partner", partner="bank-a")
    assert bring(partner, new).status_code == 404
    officer = browser(portal, bureau, "officer", department="tax")
    assert bring(officer, new).status_code == 404
    steward = browser(portal, bureau, "steward")
    assert bring(steward, new).status_code == 303
    text = steward.get(page("agreement", "agreement-a") + "?lang=en").text
    assert "What is different from version 1" in text
    for words in ("<td>wang, li</td>", "<td>wang</td>", "Replaced"):
        assert words in text, words
    renewed = signed(letter(**{**TERM, "version": 2}, resources=instruments()[0]["resources"]))
    assert bring(officer, renewed).status_code == 303
    other = signed(letter(department="power", version=1))
    assert bring(officer, other).status_code == 404


def test_a_steward_ends_a_document_with_a_reason(portal: Inside, bureau: Bureau) -> None:
    steward = browser(portal, bureau, "steward")
    end = "/agreements/end/agreement/agreement-a"
    assert "reason_missing" in steward.post(end, {"reason": "  "}).text
    assert "moment_unreadable" in steward.post(end, {"reason": "x", "at": "soon"}).text
    for role in ("partner", "officer", "auditor", "engineer"):
        who = browser(
            portal,
            bureau,
            role,
            **({"partner": {"partner": "bank-a"}, "officer": {"department": "tax"}}.get(role, {})),
        )
        assert who.post(end, {"reason": "mine"}).status_code == 403, role
    done = steward.post(end, {"reason": f"Misuse {NASTY}"})
    assert done.status_code == 303
    text = steward.get(done.headers["location"]).text
    assert "Misuse &lt;script&gt;" in text and NASTY not in text
    portal.clock.later(seconds=1)
    assert (
        portal.opened.store.instruments.in_force(NAME, "agreement", "agreement-a", portal.clock())
        is None
    )
    assert "End this document" not in steward.get(page("agreement", "agreement-a")).text


def test_an_early_end_holds_until_then(portal: Inside, bureau: Bureau) -> None:
    steward = browser(portal, bureau, "steward")
    done = steward.post(
        "/agreements/end/letter/letter-tax", {"reason": "moved", "at": "2090-01-01T00:00"}
    )
    assert done.status_code == 303
    (one,) = portal.opened.store.instruments.versions(NAME, "letter")
    assert one.revocation is not None and one.revocation.at.year == 2090
    assert one.state(portal.clock()) == "in_force"


def test_markup_in_a_document_stays_text(portal: Inside, bureau: Bureau) -> None:
    with bureau.store() as store:
        take(store, letter(id=NASTY, purposes=[NASTY], **TERM))
        take(store, letter(id=NASTY, purposes=["other"], **{**TERM, "version": 2}))
    steward = browser(portal, bureau, "steward")
    for path in ("/agreements", page("letter", NASTY), page("letter", NASTY) + "?version=1"):
        answer = steward.get(path)
        assert answer.status_code == 200 and "alert(" in answer.text and NASTY not in answer.text, (
            path
        )
    file = steward.get(f"/agreements/file/yaml/letter/1/{quote(NASTY, safe='')}")
    assert (
        "\n" not in file.headers["content-disposition"]
        and "<" not in file.headers["content-disposition"]
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "document_file_missing"),
        (b"a: [", "yaml_syntax"),
        (b"\xff\xfe", "file_encoding"),
        (b"kind: letter", "instrument_syntax"),
        (b"kind: nothing\nid: 1", "instrument_syntax"),
        (b"!!python/object/apply:os.system [id]", "yaml_syntax"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "instrument_syntax"),
    ],
)
def test_a_crooked_file_is_refused(
    portal: Inside, bureau: Bureau, content: bytes, code: str
) -> None:
    answer = bring(browser(portal, bureau, "steward"), content)
    assert answer.status_code in (413, 422) and code in answer.text


def test_a_huge_file_is_refused(portal: Inside, bureau: Bureau) -> None:
    assert bring(browser(portal, bureau, "steward"), b"#" * 70_000).status_code in (403, 413)


def test_a_draft_renews_for_as_long_as_before() -> None:
    document = document_of(agreement())
    made = yaml.safe_load(documents.next_draft(document, date(2026, 10, 1)))
    assert (made["version"], made["valid_from"], made["valid_to"]) == (
        2,
        "2027-01-01",
        "2027-07-03",
    )
    late = yaml.safe_load(documents.next_draft(document, date(2027, 3, 1)))
    assert late["valid_from"] == "2027-03-01"
    assert "signatures" not in made and document_of(made).id == document.id


def test_of_a_consent_either_side_is_enough() -> None:
    document = document_of(consent())
    assert documents.missing(document, ["centre"]) == documents.missing(document, [FIRM]) == ()
    assert documents.missing(document_of(agreement()), ["centre"]) == ("bank-a",)
