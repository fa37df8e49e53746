"""Notices of new snapshots: where they may go, how they are signed, and that none is lost."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import psutil
import pytest

from catalog.database.records import SnapshotRecord, StepRecord
from pipelines.exchange.networks import networks_of
from portal import outward
from portal.errors import PortalError
from portal.outward import Rules, Target, is_public, target_of
from portal.webhooks import Webhooks, pause_after
from tests.portal.counter import ASKED, Counter, counter
from tests.support.city import NAME
from tests.support.exchange import FIRM, KEY

HERE = f"/exchange/{FIRM}/subscriptions"
HOOK = "https://civil.example/hook?a=b"
PUBLIC = "93.184.216.34"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1",
        "169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1",
        "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1",
        "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
        "2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe", "no address", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_called(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(PortalError, match="webhook_address"):
        target_of(HOOK, Rules(), lambda _h, _p: [PUBLIC, address])


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"]
)
def test_addresses_that_are(address: str) -> None:
    assert is_public(address)
    found = target_of(HOOK, Rules(), lambda _h, _p: [address])
    assert found == Target("https", "civil.example", 443, "/hook?a=b", (address,))


@pytest.mark.parametrize(
    "url",
    [
        "http://civil.example/", "ftp://civil.example/", "file:///etc/passwd", "//civil.example/", "civil",
        "https://user:secret@civil.example/", "https://civil.example@evil.example/", "https:///path",
        "https://civil.example\\@evil.example/", "https://civil.example/\r\nX: 1", "https://civil.example:99999/",
        "https://civil.example:x/", "https://[::1/", "https://civil%2eexample/", "https://a b/", "javascript:x",
    ],
)  # fmt: skip
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(PortalError, match="webhook_address"):
        target_of(url, Rules(), lambda _h, _p: [PUBLIC])


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "127.1", "017700000001", "[::1]", "[::ffff:7f00:1]"]
)  # fmt: skip
def test_this_machine_by_any_name(host: str) -> None:
    """By the system's own resolver, which reads numbers in many ways."""
    with pytest.raises(PortalError, match="webhook_address"):
        target_of(f"https://{host}/", Rules())


INTRANET = networks_of(["10.20.0.0/16", "100.64.0.0/10", "fd00::/8"])


@pytest.mark.parametrize(
    "address", ["10.20.0.1", "10.20.255.255", "100.64.0.1", "fd00:1::5", PUBLIC]
)
def test_networks_that_are_named(address: str) -> None:
    found = target_of(HOOK, Rules(networks=INTRANET), lambda _h, _p: [address])
    assert found.addresses == (address,)


@pytest.mark.parametrize(
    "address",
    [
        "10.21.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.100.100.200", "168.63.129.16",
        "0.0.0.0", "224.0.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "ff02::1", "fd00:ec2::254",
        "fd20:ce::254", "fd00:1::5%eth0", "fd00:ec2::254%eth0", "::ffff:10.20.0.1", "::ffff:7f00:1", "::10.20.0.1",
        "64:ff9b::a14:1", "2002:a14:1::", "2001:0:a14:1::", "no address", "",
    ],
)  # fmt: skip
def test_what_is_not_called_whatever_is_named(address: str) -> None:
    """One such address among allowed ones is enough."""
    with pytest.raises(PortalError, match="webhook_address"):
        target_of(HOOK, Rules(networks=INTRANET), lambda _h, _p: ["10.20.0.1", address])


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "127.1", "017700000001", "[::1]",
             "[::ffff:7f00:1]", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "[::ffff:a9fe:a9fe]",
             "[::ffff:a14:1]"],
)  # fmt: skip
def test_numbers_that_are_written_otherwise(host: str) -> None:
    """By the system's own resolver: what counts is the address that it means."""
    with pytest.raises(PortalError, match="webhook_address"):
        target_of(f"https://{host}/", Rules(networks=INTRANET))
    inside = {"169082881", "0xa140001", "10.20.1", "012.024.0.1"}
    for written in inside:
        found = target_of(f"https://{written}/", Rules(networks=INTRANET))
        assert found.addresses == ("10.20.0.1",)


def own_addresses() -> list[str]:
    """This machine's addresses that are neither public nor its own network's end."""
    found = [one.address for all_ in psutil.net_if_addrs().values() for one in all_]
    return [one for one in found if _is_private(one)]


def _is_private(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (found.is_global or found.is_loopback or found.is_link_local)


@pytest.mark.parametrize("listening", ["10.20.0.7", "0.0.0.0", "::"])
def test_where_the_service_listens(listening: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outward, "_of_this_machine", lambda one: str(one) == "10.20.0.7")
    rules = Rules(networks=INTRANET, listening=listening)
    assert target_of(HOOK, rules, lambda _h, _p: ["10.20.0.8"]).addresses == ("10.20.0.8",)
    for address in ("10.20.0.7", "::ffff:10.20.0.7"):
        with pytest.raises(PortalError, match="webhook_address"):
            target_of(HOOK, rules, lambda _h, _p, a=address: [a])  # type: ignore[misc]


def test_addresses_of_this_machine() -> None:
    assert outward._of_this_machine(ipaddress.ip_address("127.0.0.1"))
    assert not outward._of_this_machine(ipaddress.ip_address("203.0.113.77"))


def test_an_allowed_network_is_reached_over_tls(tmp_path: Path) -> None:
    """With a certificate of the intranet's own authority, which a public one has not signed."""
    mine = own_addresses()
    if not mine:
        pytest.skip("this machine has no address but loopback and public ones")
    address = mine[0]
    files = certificate_for(tmp_path, "hook.intranet")
    with receiving(302, at=address, files=files) as (url, receiver):
        rules = Rules(networks=networks_of([address]))
        hook = url.replace("http://127.0.0.1", "https://hook.intranet")
        target = target_of(hook, rules, lambda _h, _p: [address])
        believed = outward.trusted(files[0])
        assert anyio.run(outward.post, target, b"{}", {}, believed) == 302
        with pytest.raises(httpx.ConnectError):  # only public authorities are believed by default
            anyio.run(outward.post, target, b"{}", {})
        other = replace(target, host="other.intranet")
        with pytest.raises(httpx.ConnectError):  # the certificate is of another host
            anyio.run(outward.post, other, b"{}", {}, believed)
    assert [body for _, body in receiver.got] == [b"{}"]  # the redirect is not followed
    with pytest.raises(PortalError, match="webhook_address"):
        target_of(hook, replace(rules, listening=address), lambda _h, _p: [address])


def certificate_for(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "ca.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return public, private


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(PortalError, match="webhook_ca"):
        outward.trusted(path)


def test_a_list_of_hosts() -> None:
    rules = Rules(("civil.example", ".tax.example"))
    for host, may in {
        "civil.example": True, "CIVIL.example.": True, "a.tax.example": True, "b.a.tax.example": True,
        "tax.example": False, "evil-tax.example": False, "civil.example.evil": False, "xcivil.example": False,
    }.items():  # fmt: skip
        if may:
            assert target_of(f"https://{host}/", rules, lambda _h, _p: [PUBLIC]).addresses == (
                PUBLIC,
            )
        else:
            with pytest.raises(PortalError, match="webhook_address"):
                target_of(f"https://{host}/", rules, lambda _h, _p: [PUBLIC])


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what it is sent, and answers as it is told."""

    got: list[tuple[dict[str, str], bytes]]
    answers: list[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        type(self).got.append(({k.lower(): v for k, v in self.headers.items()}, body))
        status = type(self).answers.pop(0) if type(self).answers else 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/other")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def receiving(
    *answers: int, at: str = "127.0.0.1", files: tuple[Path, Path] | None = None
) -> Iterator[tuple[str, type[Receiver]]]:
    """A receiver on this machine: its URL, and what it got.

    Args:
        files: its certificate and key; it speaks TLS then.
    """

    class Mine(Receiver):
        got: list[tuple[dict[str, str], bytes]] = []  # noqa: RUF012
        answers: list[int] = []  # noqa: RUF012

    Mine.answers = list(answers)

    class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in at else socket.AF_INET

        def handle_error(self, *_: Any) -> None:
            """Who does not believe the certificate goes away."""

    server = Server((at, 0), Mine)
    if files is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", Mine
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_checked_address_is_called_and_no_other() -> None:
    """The name means something else by now; the header still names it."""
    with receiving(302) as (url, mine):
        port = int(url.rsplit(":", 1)[1].partition("/")[0])
        target = Target("http", "rebound.example", port, "/hook", ("127.0.0.1",))
        assert anyio.run(outward.post, target, b"{}", {}) == 302
    [(headers, body)] = mine.got  # a redirect is not followed
    assert headers["host"] == f"rebound.example:{port}" and body == b"{}"


def test_an_answer_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outward, "WHOLE_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def drip() -> None:
            con, _ = server.accept()
            with con:
                con.sendall(b"HTTP/1.1 200 OK\r\n")
                while not over.wait(0.05):
                    con.sendall(b"x-a: b\r\n")

        thread = threading.Thread(target=drip)
        thread.start()
        target = Target("http", "slow.example", server.getsockname()[1], "/", ("127.0.0.1",))
        with pytest.raises(TimeoutError):
            anyio.run(outward.post, target, b"{}", {})
        over.set()
        thread.join()


def test_pauses_grow() -> None:
    middle = [pause_after(n, 0.5).total_seconds() for n in range(1, 11)]
    assert middle[:4] == [10, 40, 160, 640] and middle[-1] == 6 * 3600
    assert pause_after(2, 0.0) == timedelta(seconds=32) and pause_after(2, 1.0) == timedelta(
        seconds=48
    )


# -- subscriptions ------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    settings = '\n[exchange]\nwebhook_insecure = true\nwebhook_attempts = 3\nwebhook_seconds = 3600\npublic_url = "https://city.example/"\n'
    with counter(tmp_path / "city", settings) as made:
        yield made


def subscribe(served: Counter, headers: Mapping[str, str], url: str = HOOK) -> Any:
    return served.http.post(HERE, json={"url": url}, params=ASKED, headers=headers)


def recorded(served: Counter, number: int) -> None:
    """A publish, as the catalogue database has it."""
    store = served.service.opened.store
    run = f"run-{number}"
    store.start_run(
        NAME, run_id=run, selection="*", source_dir=None, engine="duckdb", pid=1, host="h"
    )
    snapshot = SnapshotRecord(
        snapshot_id=number,
        run_id=run,
        fingerprint=f"f{number}",
        rows=1,
        committed_at=served.clock.now,
    )
    step = StepRecord(
        resource=FIRM,
        kind="build",
        status="published",
        started_at=served.clock.now,
        finished_at=served.clock.now,
        snapshot=snapshot,
        received=1,
        published=1,
        quarantined=0,
        filtered=0,
    )
    store.record_step(run, step)
    store.finish_run(run, "succeeded")
    served.clock.later(seconds=1)


def test_a_notice_arrives_signed(served: Counter) -> None:
    grant = served.grant(manner="subscription")
    mine = served.client()
    recorded(served, 1)
    with receiving() as (url, receiver):
        made = subscribe(served, mine, url).json()
        assert made["secret"].startswith("whsec_") and made["grant"] == grant.id
        assert served.service.webhooks.work() == 0
        recorded(served, 2)
        assert served.service.webhooks.work() == 1 and served.service.webhooks.work() == 0
    [(headers, body)] = receiver.got
    said = json.loads(body)
    assert said["type"] == "snapshot.published"
    assert said["data"] == {
        "resource": FIRM,
        "snapshot": "2",
        "subscription": made["id"],
        "link": f"https://city.example/exchange/{FIRM}",
    }
    secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    record = served.audit()[-1]
    assert (record.detail["kind"], record.outcome, record.snapshot) == ("notice", "ok", 2)
    assert record.under == grant.id
    listed = served.http.get(HERE, headers=mine).json()["subscriptions"]
    assert [one["id"] for one in listed] == [made["id"]] and "secret" not in listed[0]


def test_what_fails_is_sent_again_and_then_is_dead(served: Counter) -> None:
    served.grant(manner="subscription", valid_to=served.clock.now + timedelta(days=30))
    mine = served.client()
    work = served.service.webhooks.work
    with receiving(500, 302, 503) as (url, receiver):
        subscribe(served, mine, url)
        recorded(served, 5)
        assert work() == 1 and work() == 0
        served.clock.later(minutes=1)
        assert work() == 1
        served.clock.later(minutes=5)
        assert work() == 1
        served.clock.later(days=1)
        assert work() == 0
        box = served.service.opened.store.subscriptions
        [dead] = box.notices(NAME, "dead")
        assert (dead.attempts, dead.problem) == (3, "status 503")
        assert served.audit()[-1].outcome == "webhook_dead"
        box.replay(NAME, dead.id)
        assert work() == 1
        assert [one.state for one in box.notices(NAME)] == ["sent"]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 4


def test_one_who_wants_no_more(served: Counter) -> None:
    served.grant(manner="subscription")
    mine = served.client()
    with receiving(410) as (url, _):
        subscribe(served, mine, url)
        recorded(served, 5)
        served.service.webhooks.work()
    [one] = served.http.get(HERE, headers=mine).json()["subscriptions"]
    assert one["ended_why"] == "gone"


def test_a_sender_that_is_killed_sends_again(served: Counter) -> None:
    """It had taken the notice, and was gone before it could say whether it was delivered."""
    served.grant(manner="subscription")
    mine = served.client()
    box = served.service.opened.store.subscriptions
    with receiving() as (url, receiver):
        subscribe(served, mine, url)
        recorded(served, 5)

        class Killed(BaseException):
            pass

        async def die(*_: Any) -> int:
            raise Killed

        settings = served.service.exchange.settings
        store, clock = served.service.opened.store, served.clock
        with pytest.raises(BaseException):  # noqa: B017
            Webhooks(NAME, store, settings, KEY, clock, post=die).work()
        assert [one.state for one in box.notices(NAME)] == ["waiting"]
        assert served.service.webhooks.work() == 0
        served.clock.later(minutes=3)
        assert served.service.webhooks.work() == 1 and len(receiver.got) == 1


def test_a_subscription_ends_with_its_grant(served: Counter) -> None:
    grant = served.grant(manner="subscription")
    mine = served.client()
    with receiving() as (url, receiver):
        subscribe(served, mine, url)
        served.service.opened.store.grants.revoke(NAME, grant.id, by="account:b", reason="r")
        recorded(served, 5)
        assert served.service.webhooks.work() == 0 and receiver.got == []
    [one] = served.http.get(HERE, headers=mine).json()["subscriptions"]
    assert one["ended_why"] == "revoked"
    refused = subscribe(served, mine)
    assert (refused.status_code, refused.json()["code"]) == (403, "grant_missing")


def test_it_is_looked_up_again_before_it_is_sent(served: Counter) -> None:
    """A name that was public when it subscribed, and is not any more."""
    served.grant(manner="subscription")
    mine = served.client()
    subscribe(served, mine, "http://127.0.0.1:9/")
    recorded(served, 5)
    settings = served.service.exchange.settings.model_copy(update={"webhook_insecure": False})
    store, clock = served.service.opened.store, served.clock
    called: list[Target] = []

    async def call(target: Target, *_: Any) -> int:
        called.append(target)
        return 200

    strict = Webhooks(NAME, store, settings, KEY, clock, lambda _h, _p: ["10.0.0.1"], call)
    assert strict.work() == 1 and called == []
    [one] = store.subscriptions.notices(NAME)
    assert (one.state, one.problem) == ("waiting", "webhook_address")


def test_who_may_subscribe(served: Counter) -> None:
    served.grant(manner="interface")
    mine = served.client()
    refused = subscribe(served, mine)
    assert (refused.status_code, refused.json()["code"]) == (403, "grant_manner")
    served.grant(manner="subscription")
    bad = subscribe(served, mine, "ftp://x/")
    assert (bad.status_code, bad.json()["code"]) == (422, "webhook_address")
    made = subscribe(served, mine, "http://127.0.0.1:9/").json()
    police = served.client("police")
    assert served.http.get(HERE, headers=police).json() == {"subscriptions": []}
    for headers, path in ((police, HERE), (mine, "/exchange/base.loose/subscriptions")):
        gone = served.http.delete(f"{path}/{made['id']}", headers=headers)
        assert (gone.status_code, gone.json()["code"]) == (404, "subscription_unknown")
    assert served.http.delete(f"{HERE}/{made['id']}", headers=mine).status_code == 204
    [one] = served.http.get(HERE, headers=mine).json()["subscriptions"]
    assert one["ended_why"] == "withdrawn"
    kinds = [one.detail["kind"] for one in served.audit() if one.action == "account"]
    added = "client_added"
    assert kinds == [added, "subscribe", "subscribe", "subscribe", added, "unsubscribe"]


def test_the_running_service_sends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    settings = "\n[exchange]\nwebhook_insecure = true\nwebhook_seconds = 0.05\n"
    with counter(tmp_path / "city", settings) as served, receiving() as (url, receiver):
        served.grant(manner="subscription")
        subscribe(served, served.client(), url)
        recorded(served, 5)
        over = threading.Event()
        for _ in range(200):
            if receiver.got:
                break
            over.wait(0.05)
        assert len(receiver.got) == 1
