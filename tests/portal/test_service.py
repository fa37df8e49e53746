"""The service as a partner meets it: signing in, asking, reading."""

from __future__ import annotations

from tests.portal.bureau import ASKING, SQL, Bureau


def test_a_first_answer(bureau: Bureau) -> None:
    sql = f"{SQL} LIMIT 2".replace("SUM(paid)", "AVG(paid)")
    session = bureau.signed_in()
    quote = session.post("/quotes", json={"sql": sql, **ASKING})
    assert quote.status_code == 200, quote.text
    answer = session.post(
        "/queries", json={"sql": sql, **ASKING}, headers={"Idempotency-Key": "first"}
    )
    assert answer.status_code == 200, answer.text
    offer, given = quote.json(), answer.json()
    assert offer["cells"] == 2 and not offer["known"]
    assert [column["kind"] for column in given["columns"]] == ["key", "statistic", "statistic"]
    assert [row[0] for row in given["rows"]] == ["east", "west"]
    assert given["spent"]["rho"] == offer["rho"]
    budget = session.get("/budget?agreement=agreement-a").json()["budgets"]["enterprise"]
    assert budget == given["balance"]
