"""A time-stamping authority for tests: openssl's, behind HTTP, with a certificate made for the test."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Answer = Callable[[bytes], bytes]  # of a request

CONFIG = """
[tsa]
default_tsa = tsa1
[tsa1]
serial = serial
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """A throw-away CA and a TSA under it, in a folder.

    Attributes:
        roots: the file with the CA's certificate, for who trusts it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.roots = folder / "ca.pem"
        ca_key, tsa_key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        ca_name, tsa_name = _name(f"CA {folder.name}"), _name("TSA")
        ca = _certificate(ca_name, ca_name, ca_key, ca_key)
        ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        base = _certificate(tsa_name, ca_name, tsa_key, ca_key)
        usages = (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)
        right, wrong = (base.add_extension(x509.ExtendedKeyUsage([one]), True) for one in usages)
        self._right, self._wrong = (
            one.sign(ca_key, hashes.SHA256()).public_bytes(form.Encoding.DER)
            for one in (right, wrong)
        )
        self.roots.write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(form.Encoding.PEM))
        certificate = x509.load_der_x509_certificate(self._right)
        (folder / "tsa.pem").write_bytes(certificate.public_bytes(form.Encoding.PEM))
        key = tsa_key.private_bytes(
            form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
        )
        (folder / "tsa.key").write_bytes(key)
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(CONFIG)

    def answer(self, request: bytes) -> bytes:
        """What `openssl ts -reply` answers to a request (both DER)."""
        (self.folder / "request.tsq").write_bytes(request)
        command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request.tsq"]
        made = subprocess.run(
            [*command, "-out", "answer.tsr"], cwd=self.folder, capture_output=True, check=False
        )
        assert made.returncode == 0, made.stderr
        return (self.folder / "answer.tsr").read_bytes()

    def misused(self, request: bytes) -> bytes:
        """The same with another certificate of the same key and number, which is not for timestamps."""
        made = self.answer(request)
        assert made.count(self._right) == 1 and len(self._right) == len(self._wrong)
        return made.replace(self._right, self._wrong)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, signer: rsa.RSAPrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(identifier, critical=False)
    )


@contextmanager
def served(answer: Answer, status: int = 200) -> Iterator[str]:
    """An address at which requests are answered so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
