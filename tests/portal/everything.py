"""A city that has one of everything a page can show, with hostile texts in all of it (synthetic).

Whoever crawls it as each role of `PEOPLE` meets every form and every page of the portal. A new page or
form that none of them meets needs its state here: `tests/portal/test_hostile_forms.py` says which.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from catalog.database.incidents import Found
from catalog.people import Person, Role
from pipelines.listings import import_list
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.objecting import ObjectionDesk
from pipelines.sharing.wishes import Wish
from portal.sharing import sharing_desk
from sandbox.opening import Opened
from tests.portal.analysts import HTMX, answer_id, at, ended
from tests.portal.bureau import SQL, TERM, VIEWS, Bureau, instruments, take
from tests.portal.inside import Inside, inside
from tests.portal.people import PASSWORD, Browser
from tests.sandbox.firms import published_firms
from tests.support.city import NAME, City, csv
from tests.support.instruments import agreement, consent
from tests.support.waiting import until

LISTS = Path(__file__).parents[1] / "catalog" / "lists"
MARK = "zqx"  # by which a hostile text is found again
EVIL = f"<script>{MARK}(1)</script>\"'><img src=x onerror={MARK}(2)>{{{{7*7}}}}"
SHOP, HELD, OPEN = "raw.trade__shop", "raw.trade__held", "open.shops"
SETTINGS = """
[sandbox]
epsilon = 1000

[service]
requests_per_minute = 1000000
failures_per_minute = 1000000
token_seconds = 3600
workers = 4

[portal]
account_failures = 1000000
address_failures = 1000000

[open]
license = "https://license.example/"
license_title = "%s"
attribution = { en = "%s", zh = "%s" }
contact_name = "%s"

[risk]
minimum_count = 1
"""
# Who signs in: by what he is called here.
PEOPLE: dict[str, tuple[Role, str | None]] = {
    "engineer": ("engineer", None),
    "steward": ("steward", None),
    "auditor": ("auditor", None),
    "administrator": ("administrator", None),
    "asker": ("officer", "health"),
    "owner": ("officer", "trade"),
    "giver": ("officer", "tax"),
    "wang": ("partner", "bank-a"),
    "zhao": ("partner", "bank-b"),
}
FIELDS = f"""
- {{name: id, logicalType: integer, primaryKey: true, classification: L1}}
- {{name: kind, businessName: {json.dumps(EVIL)}, description: {json.dumps(EVIL)}, logicalType: string, classification: L1, quality: [{{type: library, metric: invalidValues, arguments: {{validValues: [tea, {json.dumps(EVIL)}]}}, mustBe: 0}}]}}
- {{name: owner, logicalType: string, classification: L2, customProperties: [{{property: sharing, value: {{type: 2, condition: {json.dumps(EVIL)}}}}}]}}
"""
COUNTS = f"""
- {{name: kind, logicalType: string, primaryKey: true, classification: L1, businessName: {json.dumps(EVIL)}, description: {json.dumps(EVIL)}}}
- {{name: shops, logicalType: integer, classification: L1, logicalTypeOptions: {{minimum: 1}}}}
"""
SHARED = f"- {{property: catalogue, value: {{share_type: 2, share_condition: {json.dumps(EVIL)}, share_way: interface}}}}"
RELEASE = (
    "- {property: release, value: {channel: open, kind: statistics, count: shops, minimum: 1}}\n"
)
IN_CSV = '"' + EVIL.replace('"', '""') + '"'
ROWS = (
    "1,tea,Ann",
    "2,tea,=2+5",
    f"3,{IN_CSV},{IN_CSV}",
    f'5,{IN_CSV[:-1]}x",{IN_CSV}',
    "4,tea,Dan",
    "6,tea",
)
QUESTIONS = (SQL, SQL.replace("COUNT(*) AS n, ", ""))
FORM = {"basis": EVIL, "scenario": EVIL, "purpose": "permits", "manner": "interface"}


@dataclass
class Everything:
    """The city, its portal, and what is in it.

    Attributes:
        ids: objects by what they are: requests by their state, `grant`, `objection`, `answer`, `job`.
        browsers: each person's browser, signed in.
        go: lets the question that is at work go on.
        at_work: set when a question has been charged and is about to be counted.
    """

    bureau: Bureau
    portal: Inside
    ids: dict[str, str] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)
    go: threading.Event = field(default_factory=threading.Event)
    at_work: threading.Event = field(default_factory=threading.Event)

    def settled(self, job: str) -> None:
        """Wait until a question of bank-a is answered or at work: it writes nothing more."""
        future = self.portal.service.jobs.of(job, "bank-a").future
        until(lambda: future.done() or self.at_work.is_set())

    def starts(self, name: str) -> list[str]:
        """Pages to which no link leads: parts that htmx asks for, and where a form leads."""
        if name == "wang":
            return [f"/console/jobs/{self.ids['job']}"]
        if name == "auditor":
            return ["/audit/verification", "/audit/records/1", "/audit/records/1/proof"]
        if name == "steward":
            return [f"/returns/new?resource={SHOP}&district=health"]
        return [f"/quarantine/{SHOP}/replay"] if name == "engineer" else []


def person(name: str) -> Person:
    """Somebody of `PEOPLE`, who is called what no page should take for markup."""
    role, of = PEOPLE[name]
    department, partner = (of, None) if role == "officer" else (None, of)
    return Person(name, f"{EVIL} {name}", role, department, partner)


def build(root: Path) -> Bureau:
    """The workspace after its run, documents and people; `CITYBRAIN_HOME` is to be root/home."""
    bureau = Bureau(published_firms(root / "city"), root / "home")
    city = bureau.city
    quoted = EVIL.replace("\\", "\\\\").replace('"', '\\"')
    city.settings(SETTINGS % ((quoted,) * 4))
    _departments(city)
    for table, warn in (("shop", ""), ("held", ", warn_quarantined_percent: 1")):
        gate = f"- {{property: gate, value: {{max_quarantined_percent: 100{warn}}}}}"
        city.collected(f"trade/{table}", FIELDS, custom=f"{gate}\n{SHARED}")
        city.source(f"{table}.csv", csv("id,kind,owner", *ROWS))
    sql = f"SELECT kind, COUNT(*) AS shops FROM {SHOP} GROUP BY kind"
    city.model(OPEN, sql, COUNTS, custom=RELEASE)
    _texts(city.root)
    outcomes = city.run().outcomes
    assert outcomes[SHOP].status == outcomes[OPEN].status == "published", outcomes
    assert outcomes[HELD].status != "published"
    _listed(bureau, root)
    with bureau.store() as store:
        take(store, *instruments(budget={"epsilon": 100, "delta": "1e-6", "renewal": "none"}))
        other = {"id": "bank-b", "name": {"zh": EVIL, "en": EVIL}}
        rest = {"letters": ["letter-tax"], "views": VIEWS, **TERM}
        take(store, agreement(id="agreement-b", partner=other, **rest), consent(**TERM))
        for name in PEOPLE:
            store.accounts.add(NAME, person(name), PASSWORD)
    return bureau


def _departments(city: City) -> None:
    called = json.dumps({"en": EVIL, "zh": f"局{EVIL}"})
    lines = [f"  - {{id: {id}, name: {called}}}" for id in ("tax", "trade", "health")]
    lines.append("  - {id: bureau, name: bureau, role: operator}")
    city.write("departments.yaml", "\n".join(["departments:", *lines, ""]))


def _texts(root: Path) -> None:
    """Every contract is called, and says of itself, what no page should take for markup."""
    said = json.dumps(EVIL)
    description = f"description: {{purpose: {said}, limitations: {said}, usage: {said}}}\n"
    for path in root.rglob("*.yaml"):
        text = path.read_text("utf-8")
        if "kind: DataContract" in text:
            text = re.sub(r"(?m)^name: .*\n", "", text)
            path.write_text(f"name: {said}\ntags: [{said}]\n{description}{text}", "utf-8")


def _listed(bureau: Bureau, root: Path) -> None:
    path = root / "evil.csv"
    lines = (LISTS / "taipei.csv").read_bytes().decode("big5hkscs").split("\r\n")
    lines = lines[:12]
    lines[1] = lines[1].replace("臺北", f"{EVIL.replace(chr(34), chr(39))}臺北")
    path.write_bytes("\r\n".join(lines).encode("big5hkscs"))
    import_list(bureau.city.load(), path, "taipei", "evil", None)


@contextmanager
def everything(bureau: Bureau, keys: Path) -> Iterator[Everything]:
    """Serve it, with people signed in, and requests, grants and objections of every state."""
    hold, go, at_work = threading.Event(), threading.Event(), threading.Event()
    with inside(bureau, keys, lambda opened: _waits(opened, hold, go, at_work)) as portal:
        made = Everything(bureau, portal, go=go, at_work=at_work)
        try:
            for name in PEOPLE:
                browser = made.browsers[name] = Browser(portal)
                assert browser.sign_in(name).status_code == 303, name
            assert Browser(portal).sign_in("engineer").status_code == 303  # somewhere else as well
            _share(made)
            _asked(made, hold)
            yield made
        finally:
            go.set()


def _waits(
    opened: Opened, hold: threading.Event, go: threading.Event, at_work: threading.Event
) -> None:
    """While they are held, questions are at work until they are let go."""
    count = opened.desk._count

    def counted(plan: Any, snapshots: Any, watch: Any) -> Any:
        if hold.is_set():
            at_work.set()
            with watch.counting(lambda: None, lambda: 0.5):
                go.wait(600)
        return count(plan, snapshots, watch)

    opened.desk._count = counted  # type: ignore[method-assign]


def _ask(made: Everything, number: int) -> str:
    form = {
        "sql": QUESTIONS[number],
        "purpose": "credit",
        "nonce": f"n{number}" * 10,
        "by": "usual",
    }
    sent = made.browsers["wang"].post("/console/ask/agreement-a", form)
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"]).rsplit("/", 1)[1]


def _asked(made: Everything, hold: threading.Event) -> None:
    """One question is answered, another is at work."""
    job = _ask(made, 0)
    part = made.browsers["wang"].get(f"/console/jobs/{job}", headers=HTMX)
    made.ids["answer"] = answer_id(ended(made.browsers["wang"], at(part, f"/console/jobs/{job}")))
    hold.set()
    made.ids["job"] = _ask(made, 1)
    made.settled(made.ids["job"])


def _share(made: Everything) -> None:
    """A request in every state in which somebody can do something."""
    desk = sharing_desk(made.portal.service)
    asker, steward, owner = person("asker"), person("steward"), person("owner")
    for state in ("submitted", "checking", "dispatched", "question", "returned", "refused",
                  "disputed", "given_back", "granted"):  # fmt: skip
        made.ids[state] = _request(desk, state, asker, steward, owner)
    grant = desk.grants(asker)[0]
    made.ids["grant"] = grant.id
    objections = ObjectionDesk(desk)
    for state, key in (("traced", "1"), ("verified", "2")):
        one = objections.raise_(asker, SHOP, {"id": key}, "owner", EVIL, EVIL)
        made.ids[f"objection_{state}"] = one.id
    objections.answer(owner, one.id, "confirmed", EVIL)
    desk.put(asker, SHOP, ["id", "kind"])
    incidents = made.portal.opened.store.incidents
    incidents.add(NAME, Found(date(2026, 1, 2), (SHOP,), EVIL, "minor"), "account:auditor")


def _request(desk: SharingDesk, state: str, asker: Person, steward: Person, owner: Person) -> str:
    today = desk.clock().date()
    wants = {SHOP: ("id", "kind", "owner")}
    wish = Wish(wants, FORM["basis"], FORM["scenario"], FORM["purpose"], "interface",
                date(2026, 1, 1), today + timedelta(days=300))  # fmt: skip
    id = desk.submit(asker, wish).id
    if state == "submitted":
        return id
    desk.check(steward, id)
    if state == "checking":
        return id
    if state == "returned":
        desk.give_back(steward, id, EVIL)
        return id
    desk.dispatch(steward, id)
    if state == "question":
        desk.ask(owner, id, 1, EVIL)
    elif state == "given_back":
        desk.return_task(owner, id, 1, EVIL)
    elif state in ("refused", "disputed", "granted"):
        desk.decide(owner, id, 1, _decided("approved" if state == "granted" else "refused"))
    if state == "disputed":
        desk.dispute(asker, id, 1, EVIL)
    return id


def _decided(outcome: str) -> dict[str, Any]:
    from catalog.sharing.request import FieldDecision

    names = ("id", "kind", "owner")
    if outcome == "refused":
        return {name: FieldDecision("refused", reason=EVIL) for name in names}
    return {name: FieldDecision("approved", condition=EVIL) for name in names}
