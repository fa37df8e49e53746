"""Requests that leave the city's network: to public addresses only, and to the address that was checked.

Whoever names a URL to be called could have the service call its own neighbours (SSRF, server-side
request forgery). So a host is resolved once, every address it has must be public, and the connection
goes to one of these: what the name means a moment later does not matter (DNS rebinding). Redirects are
not followed. A refusal does not say why: it would tell which names the city's own network knows.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import anyio
import httpx

from portal.errors import PortalError

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 15.0
Resolve = Callable[[str, int], Sequence[str]]
# Public by their numbers, and yet the way into a cloud's own services.
METADATA = frozenset(
    map(ipaddress.ip_address, ("168.63.129.16", "100.100.100.200", "169.254.169.254"))
)
# IPv6 networks within which IPv4 addresses are written.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")  # of IPv6, what is given out
# Of IANA's special-purpose registries, what the standard library of an older Python does not know.
_CLOSED: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20"))
)
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


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
    """

    hosts: tuple[str, ...] = ()
    insecure: bool = False


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
    if not rules.insecure and not all(map(is_public, addresses)):
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


def is_public(address: str) -> bool:
    """Whether an address is one of the public network, whichever way it is written."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(map(_plain_public, (found, *_within(found))))


def _within(found: _Address) -> list[_Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(found, ipaddress.IPv4Address):
        return []
    inner: list[_Address] = [one for one in (found.ipv4_mapped, found.sixtofour) if one is not None]
    inner += found.teredo or ()
    if found in _NAT64 or found in _COMPATIBLE:
        inner.append(ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF))
    return inner


def _plain_public(found: _Address) -> bool:
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


async def post(target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    """Send a body to the address that was checked; the status of the answer, whose body is not read.

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
            trust_env=False, follow_redirects=False, timeout=CONNECT_SECONDS
        ) as client:
            # The certificate is checked for the host that was named.
            extensions = {"sni_hostname": target.host}
            request = client.build_request(
                "POST", url, content=body, headers=sent, extensions=extensions
            )
            answer = await client.send(request, stream=True)
            await answer.aclose()
            return answer.status_code
