"""The service as a partner meets it: signing in, asking, reading."""

from __future__ import annotations

from tests.portal.bureau import ASKING, SQL, Bureau, Credentials


def test_a_first_answer(bureau: Bureau) -> None:
    sql = f"{SQL} LIMIT 2".replace("SUM(paid)", "AVG(paid)")
    session = bureau.signed_in()
    quote = session.post("/quotes", json={"sql": sql, **ASKING})
    assert quote.status_code == 200, quote.text
    answer = session.post(
        "/queries", json={"sql": sql, **ASKING}, headers={"Idempotency-Key": "first"}
    )
    assert answer.status_code == 200, answer.text
    assert "server" not in answer.headers and answer.headers["cache-control"] == "no-store"
    offer, given = quote.json(), answer.json()
    assert offer["cells"] == 2 and not offer["known"]
    assert [column["kind"] for column in given["columns"]] == ["key", "statistic", "statistic"]
    assert [row[0] for row in given["rows"]] == ["east", "west"]
    assert given["spent"]["rho"] == offer["rho"]
    budget = session.get("/budget?agreement=agreement-a").json()["budgets"]["enterprise"]
    assert budget == given["balance"]


def test_a_price_by_explain(bureau: Bureau) -> None:
    session = bureau.signed_in()
    body = {"sql": f"EXPLAIN PRIVACY {SQL}", **ASKING}
    explained = session.post("/queries", json=body, headers={"Idempotency-Key": "explain"}).json()
    assert explained == session.post("/quotes", json={"sql": SQL, **ASKING}).json()
    wrong = body | {"sql": "EXPLAIN PRIVACY\nSELECT nothing FROM sandbox.firm"}
    refused = session.post("/queries", json=wrong, headers={"Idempotency-Key": "explain"}).json()
    assert refused["status"] == 422 and refused["where"]["line"] == 2


def test_a_wanted_accuracy(bureau: Bureau) -> None:
    session = bureau.signed_in()
    body = {"sql": SQL, **ASKING}
    rough, fine = (
        session.post("/quotes", json=body | {"accuracy": {"relative": one, "rows": 1000}}).json()
        for one in (0.5, 0.3)
    )
    assert 0 < rough["epsilon"] < fine["epsilon"]
    assert max(one["relative"] for one in fine["expected"]) <= 0.3 * 1.001
    both = body | {"epsilon": 0.1, "accuracy": {"relative": 0.1, "rows": 1000}}
    refused = session.post("/quotes", json=both).json()
    assert (refused["status"], refused["code"]) == (422, "bad_accuracy")


def test_an_answer_is_read_again_by_its_partner_alone(bureau: Bureau, other: Credentials) -> None:
    session = bureau.signed_in()
    body = {"sql": SQL, **ASKING}
    given = session.post("/queries", json=body, headers={"Idempotency-Key": "again"}).json()
    first, second = (session.get(f"/answers/{given['id']}").json() for _ in range(2))
    assert first == second
    assert (first["rows"], first["columns"]) == (given["rows"], given["columns"])
    refused = bureau.signed_in(other).get(f"/answers/{given['id']}")
    assert (refused.status_code, refused.json()["code"]) == (404, "answer_unknown")
    assert session.get("/answers/x").json() == refused.json()
