"""Requests to addresses that others have named: none but the address that was checked is called.

Whoever names a URL to be called could have the service call its own neighbours (SSRF, server-side
request forgery). So a host is resolved once, and every address it has must be public or of a network
that the operator has named, and none may be where the service itself listens; the connection goes to one
of these: what the name means a moment later does not matter (DNS rebinding). Redirects are not followed.
A refusal does not say why: it would tell which names the city's own network knows.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import httpx

from pipelines.exchange.networks import METADATA, Address, Network, is_named
from portal.errors import PortalError

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 15.0
Resolve = Callable[[str, int], Sequence[str]]
# IPv6 networks within which IPv4 addresses are written.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")  # of IPv6, what is given out
# Of IANA's special-purpose registries, what the standard library of an older Python does not know.
_CLOSED: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20"))
)
_ANY = frozenset(map(ipaddress.ip_address, ("0.0.0.0", "::")))  # to listen at every address


@dataclass(frozen=True, slots=True)
class Target:
    """A URL whose host was looked up.

    Attributes:
        addresses: what the host means; all of them are allowed.
        path: with the query.
    """

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]

    @property
    def authority(self) -> str:
        """The header Host."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        standard = 443 if self.scheme == "https" else 80
        return shown if self.port == standard else f"{shown}:{self.port}"


@dataclass(frozen=True, slots=True)
class Rules:
    """Where requests may go.

    Attributes:
        hosts: only to these hosts (and to their subdomains, written `.example`); empty: to any.
        insecure: also by HTTP, and to addresses that are not public: for tests.
        networks: to these, too, though they are not public.
        listening: the address at which the service listens; never to this one.
    """

    hosts: tuple[str, ...] = ()
    insecure: bool = False
    networks: tuple[Network, ...] = ()
    listening: str = ""


def resolved(host: str, port: int) -> Sequence[str]:
    """All addresses of a host, by the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


def target_of(url: str, rules: Rules, resolve: Resolve = resolved) -> Target:
    """A URL that may be called.

    Raises:
        PortalError: `webhook_address`.
    """
    scheme, host, port, path = _parts(url)
    if scheme != "https" and not (rules.insecure and scheme == "http"):
        raise PortalError("webhook_address")
    if rules.hosts and not any(_listed(host, one) for one in rules.hosts):
        raise PortalError("webhook_address")
    try:
        addresses = tuple(resolve(host, port))
    except (OSError, UnicodeError):
        raise PortalError("webhook_address") from None
    if not addresses:
        raise PortalError("webhook_address")
    if not rules.insecure and not all(_may(address, rules) for address in addresses):
        raise PortalError("webhook_address")
    return Target(scheme, host, port, path, addresses)


def _parts(url: str) -> tuple[str, str, int, str]:
    if any(ord(letter) <= 32 or ord(letter) == 127 or letter == "\\" for letter in url):
        raise PortalError("webhook_address")
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = (parts.hostname or "").rstrip(".").encode("idna").decode().lower()
    except ValueError:  # UnicodeError, of a host that is none, is one too
        raise PortalError("webhook_address") from None
    if not host or "@" in parts.netloc or "%" in host:
        raise PortalError("webhook_address")
    path = parts.path or "/"
    return parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path


def _listed(host: str, allowed: str) -> bool:
    named = allowed.lower()
    return host == named or (named.startswith(".") and host.endswith(named))


def _may(address: str, rules: Rules) -> bool:
    plain, scope, _ = address.partition("%")
    try:
        found = ipaddress.ip_address(plain)
    except ValueError:
        return False
    if any(_is_ours(one, rules.listening) for one in (found, *_within(found))):
        return False
    # One with a scope is of a link, and no network that somebody has named.
    return is_public(address) or (not scope and is_named(found, rules.networks))


def _is_ours(found: Address, listening: str) -> bool:
    """Whether the service listens at an address."""
    if not listening:
        return False
    at = ipaddress.ip_address(listening)
    return _of_this_machine(found) if at in _ANY else found == at


def _of_this_machine(found: Address) -> bool:
    family = socket.AF_INET if found.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(found), 0))  # only one's own address can be taken
    except OSError:
        return False
    return True


def is_public(address: str) -> bool:
    """Whether an address is one of the public network, whichever way it is written."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(map(_plain_public, (found, *_within(found))))


def _within(found: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(found, ipaddress.IPv4Address):
        return []
    inner: list[Address] = [one for one in (found.ipv4_mapped, found.sixtofour) if one is not None]
    inner += found.teredo or ()
    if found in _NAT64 or found in _COMPATIBLE:
        inner.append(ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF))
    return inner


def _plain_public(found: Address) -> bool:
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return True  # what it leads to is looked at by itself
    return found.is_global and not (
        found.is_multicast
        or (found.is_reserved and found not in _NAT64)
        or found.is_link_local
        or found.is_loopback
        or found.is_unspecified
        or found in METADATA
        or any(found in network for network in _CLOSED)
        or (found.version == 6 and found not in _UNICAST and found not in _NAT64)
    )


def trusted(certificates: Path | None) -> ssl.SSLContext:
    """Whose certificates are believed: those of public authorities, and of a file.

    Raises:
        PortalError: `webhook_ca`.
    """
    made = httpx.create_ssl_context(trust_env=False)
    if certificates is not None:
        try:
            made.load_verify_locations(certificates)
        except (OSError, ssl.SSLError) as error:
            problem = type(error).__name__
            raise PortalError("webhook_ca", path=certificates, problem=problem) from None
    return made


async def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    verify: ssl.SSLContext | None = None,
) -> int:
    """Send a body to the address that was checked; the status of the answer, whose body is not read.

    Args:
        verify: whose certificates are believed; None: those of public authorities.

    Raises:
        httpx.HTTPError, OSError: it was not reached; TimeoutError: not within `WHOLE_SECONDS`.
    """
    address = target.addresses[0]
    shown = f"[{address}]" if ":" in address else address
    url = f"{target.scheme}://{shown}:{target.port}{target.path}"
    sent = {"Host": target.authority, "User-Agent": "citybrain", **headers}
    with anyio.fail_after(WHOLE_SECONDS):
        # `trust_env`: no proxy of the environment, which would resolve the name itself.
        async with httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=CONNECT_SECONDS,
            verify=verify or True,
        ) as client:
            # The certificate is checked for the host that was named.
            extensions = {"sni_hostname": target.host}
            request = client.build_request(
                "POST", url, content=body, headers=sent, extensions=extensions
            )
            answer = await client.send(request, stream=True)
            await answer.aclose()
            return answer.status_code
