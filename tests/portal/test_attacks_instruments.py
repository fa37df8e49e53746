"""What no longer holds, or never did: refused before anything is planned, charged for nothing, and logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

import pytest

from catalog.agreements import CENTRE, document_of, sign
from tests.portal.bureau import TERM, Bureau, take
from tests.portal.twins import FIRM_FIELDS, GRANTED, Attacker, make_twin
from tests.support.city import NAME
from tests.support.instruments import KEYS, PUBLIC, agreement, consent, letter

pytestmark = pytest.mark.slow
SQL = "SELECT COUNT(*) AS n FROM sandbox.firm WHERE paid > 3"
RESOURCES = [{"name": "raw.tax__firm", "fields": list(FIRM_FIELDS)}]
PAST = {"valid_from": "2020-01-01", "valid_to": "2020-12-31"}
BUDGET = {"epsilon": 5, "delta": "1e-6", "renewal": "none"}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """A running service of its own, whose documents are changed while it runs."""
    root = tmp_path_factory.mktemp("instruments")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(root / "home"))
        patch.delenv("CITYBRAIN_DATABASE", raising=False)
        made = make_twin(root, True)
        made.start()
    yield made
    assert made.stop() == 0, made.log()


@pytest.fixture
def attacker(city: Bureau) -> Attacker:
    return Attacker(city, city.signed_in())


def granted(**changes: Any) -> dict[str, Any]:
    """An agreement of its own for one attack."""
    return agreement(**({"views": GRANTED, "budget": BUDGET, **TERM} | changes))


def revoke(city: Bureau, kind: Any, id: str) -> None:
    with city.store() as store:
        store.instruments.revoke(NAME, kind, id, at=datetime.now(UTC), by="tax", reason="over")


def expired_agreement(city: Bureau, id: str) -> None:
    with city.store() as store:
        take(store, granted(id=id, letters=["letter-tax"], **PAST))


def expired_letter(city: Bureau, id: str) -> None:
    with city.store() as store:
        take(store, letter(id="letter-old", resources=RESOURCES, **PAST))
        take(store, granted(id=id, letters=["letter-old"]))


def revoked_agreement(city: Bureau, id: str) -> None:
    with city.store() as store:
        take(store, granted(id=id, letters=["letter-tax"]))
    revoke(city, "agreement", id)


def withdrawn_letter(city: Bureau, id: str) -> None:
    """The department withdrew."""
    with city.store() as store:
        take(store, letter(id="letter-gone", resources=RESOURCES, **TERM))
        take(store, granted(id=id, letters=["letter-gone"]))
    revoke(city, "letter", "letter-gone")


def narrow_letter(city: Bureau, id: str) -> None:
    """The letter does not give the field that is asked about."""
    resources = [{"name": "raw.tax__firm", "fields": ["code", "area"]}]
    with city.store() as store:
        take(store, letter(id="letter-narrow", resources=resources, **TERM))
        take(store, granted(id=id, letters=["letter-narrow"]))


def other_purpose_of_letter(city: Bureau, id: str) -> None:
    with city.store() as store:
        take(store, letter(id="letter-survey", resources=RESOURCES, purposes=["survey"], **TERM))
        take(store, granted(id=id, letters=["letter-survey"]))


def field_outside(city: Bureau, id: str) -> None:
    with city.store() as store:
        views = [{"name": "sandbox.firm", "fields": ["area"]}]
        take(store, granted(id=id, letters=["letter-tax"], views=views))


def other_user(city: Bureau, id: str) -> None:
    with city.store() as store:
        take(store, granted(id=id, letters=["letter-tax"], users=["li"]))


def other_partner(city: Bureau, id: str) -> None:
    with city.store() as store:
        partner = {"id": "bank-b", "name": {"zh": "乙银行", "en": "Bank B"}}
        take(store, granted(id=id, letters=["letter-tax"], partner=partner))


def never_was(city: Bureau, id: str) -> None:
    """Nothing."""


CASES: list[tuple[Callable[[Bureau, str], None], str]] = [
    (never_was, "agreement_missing"),
    (other_partner, "agreement_missing"),
    (expired_agreement, "agreement_expired"),
    (revoked_agreement, "agreement_revoked"),
    (expired_letter, "letter_expired"),
    (withdrawn_letter, "letter_revoked"),
    (narrow_letter, "letter_missing"),
    (other_purpose_of_letter, "letter_missing"),
    (field_outside, "unknown_name"),
    (other_user, "user_not_named"),
]


@pytest.mark.parametrize(("case", "code"), CASES, ids=lambda one: getattr(one, "__name__", one))
def test_refused_before_it_is_planned_and_logged(
    city: Bureau, attacker: Attacker, case: Callable[[Bureau, str], None], code: str
) -> None:
    id = f"agreement-{case.__name__.replace('_', '-')}"
    case(city, id)
    with city.store() as store:
        before = len(store.budgets.history(NAME)), len(store.openings.newest(NAME, limit=10_000))
    responses = [
        attacker.ask(SQL, 0.5, agreement=id),
        attacker.ask(SQL, 0.5, agreement=id, key="again"),
        attacker.ask(f"EXPLAIN PRIVACY {SQL}", 0.5, agreement=id),
    ]
    for response in responses:
        assert response.json()["code"] == code, response.text
        assert response.status_code == (422 if code == "unknown_name" else 403)
    # Without an agreement of his own that holds, not even what he writes is read.
    if code.startswith("agreement_"):
        assert attacker.ask("DROP TABLE x", 0.5, agreement=id).json()["code"] == code
    with city.store() as store:
        charges, calls = store.budgets.history(NAME), store.openings.newest(NAME, limit=10_000)
    assert len(charges) == before[0]
    mine = [one for one in calls if one.agreement == id]
    assert len(mine) == len(calls) - before[1] >= 3
    assert {one.outcome for one in mine} == {code}
    assert {one.partner for one in mine} == {"bank-a"} and all(one.charge is None for one in mine)


def test_a_letter_that_is_withdrawn_between_two_questions(city: Bureau, attacker: Attacker) -> None:
    """The running service asks anew each time; not even a stored answer is read after it."""
    with city.store() as store:
        take(store, letter(id="letter-brief", resources=RESOURCES, **TERM))
        take(store, granted(id="agreement-brief", letters=["letter-brief"]))
    first = attacker.ask(SQL, 0.5, agreement="agreement-brief", key="brief")
    assert first.status_code == 200, first.text
    assert attacker.session.get(f"/answers/{first.json()['id']}").status_code == 200
    revoke(city, "letter", "letter-brief")
    for response in (
        attacker.ask(SQL, 0.5, agreement="agreement-brief", key="brief"),
        attacker.ask(SQL, 0.5, agreement="agreement-brief"),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "letter_revoked")


def test_a_purpose_that_was_not_agreed(attacker: Attacker) -> None:
    response = attacker.ask(SQL, 0.5, purpose="marketing")
    assert (response.status_code, response.json()["code"]) == (403, "purpose_not_agreed")


def test_a_token_of_a_client_that_was_revoked(city: Bureau) -> None:
    credentials = city.client()
    mallory = Attacker(city, city.signed_in(credentials))
    assert mallory.ask(SQL, 0.5).status_code == 200
    with city.store() as store:
        store.clients.revoke(NAME, credentials[0])
    response = mallory.ask(SQL, 0.5)
    assert (response.status_code, response.json()["code"]) == (401, "token_invalid")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer a.b.c", "Bearer eyJhbGciOiJub25lIn0.e30."],
)
def test_no_token(city: Bureau, header: str, tmp_path: Path) -> None:
    mallory = Attacker(city, city.signed_in())
    mallory.session.headers["Authorization"] = header
    assert mallory.ask(SQL).status_code == 401


CODES = [
    "c1",
    "nobody",
    "' OR 1=1 --",
    "c1' UNION SELECT code FROM x --",
    "%",
    "*",
    "c_",
    "..",
    "%2e%2e%2fetc",
    "c1;",
    '"',
    "\\",
    "c1%00",
]


def record(attacker: Attacker, code: str, request: str = "", **changes: str) -> Any:
    """A record; `code` as a path has it."""
    asked = {"agreement": "agreement-records", "purpose": "credit"} | changes
    headers = {"X-Request-Id": request} if request else {}
    path = f"/records/sandbox.firm/{quote(code, safe='%')}"
    return attacker.session.get(path, params=asked, headers=headers)


@pytest.fixture(scope="module")
def records(city: Bureau) -> None:
    """The planted firm consents that bank-a sees what it pays; others consent to something else."""
    views = [{"name": "sandbox.firm", "fields": ["paid"]}]
    papers: list[dict[str, Any]] = [
        {"id": "of-planted", "enterprise": "planted", "use": "periodic"},
        {"id": "of-c2", "enterprise": "c2", **PAST},
        {"id": "of-c3", "enterprise": "c3", "partner": "bank-b"},
        {"id": "of-c4", "enterprise": "c4", "purpose": "survey"},
        {"id": "of-c5", "enterprise": "c5", "fields": ["owner"]},
        {"id": "of-c6", "enterprise": "c6", "use": "once"},
        {"id": "of-c7", "enterprise": "c7", "use": "periodic"},
    ]
    with city.store() as store:
        take(store, granted(id="agreement-records", letters=["letter-tax"], views=views))
        for paper in papers:
            document = document_of(
                consent(**({"fields": ["paid"], "use": "periodic", **TERM} | paper))
            )
            store.instruments.import_(
                NAME, sign(document, KEYS[CENTRE], CENTRE), PUBLIC, ZoneInfo("UTC")
            )


@pytest.mark.usefixtures("records")
def test_a_record_without_a_consent_that_holds(city: Bureau, attacker: Attacker) -> None:
    # An agreement about more fields gives no more of them than were consented to.
    for id in ("agreement-records", "agreement-a"):
        assert record(attacker, "planted", agreement=id).json()["values"] == {"paid": 100}
    cases = [
        ("c2", {}, {"consent_expired"}),
        ("c3", {}, {"consent_missing"}),
        ("c4", {}, {"consent_missing"}),
        ("c5", {}, {"consent_missing", "field_not_agreed"}),
        ("planted", {"purpose": "survey"}, {"consent_missing", "letter_missing"}),
        ("planted", {"agreement": "never-was"}, {"agreement_missing"}),
    ]
    for code, changes, codes in cases:
        response = record(attacker, code, **changes)
        assert response.status_code == 403 and response.json()["code"] in codes, response.text
    with city.store() as store:
        calls = [one for one in store.openings.newest(NAME, limit=10_000) if one.action == "record"]
    assert len(calls) >= 1 + len(cases)


@pytest.mark.usefixtures("records")
def test_a_consent_that_is_used_or_revoked_while_the_service_runs(
    city: Bureau, attacker: Attacker
) -> None:
    assert [record(attacker, "c6", "first").status_code for _ in range(2)] == [200, 200]
    assert record(attacker, "c6", "second").json()["code"] == "consent_used"
    assert record(attacker, "c7").status_code == 200
    revoke(city, "consent", "of-c7")
    assert record(attacker, "c7").json()["code"] == "consent_revoked"


@pytest.mark.usefixtures("records")
def test_a_code_tells_nothing_and_is_no_sql(attacker: Attacker) -> None:
    """A firm that is there and has not consented, one that never was, and nonsense: the same words."""
    told = {}
    for code in CODES:
        response = record(attacker, code)
        if response.status_code in (404, 422):
            assert response.json()["code"] in ("page_unknown", "request_invalid")
            continue
        assert response.status_code == 403
        body = response.json()
        # The code itself is quoted.
        told[code] = str(body | {"detail": body["detail"].replace(unquote(code), "?")})
    assert len(told) >= 8 and set(told.values()) == {told["c1"]}
