"""Networks that notices may be sent to, though they are not public: what an operator may name.

Some addresses are never called, whatever is named: those of this machine and of its link, of many
receivers at once, the ones by which a machine asks its cloud about itself, and IPv6 addresses within
which an IPv4 address is written, for it would go by another name than the one that was allowed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
METADATA: frozenset[Address] = frozenset(
    map(
        ipaddress.ip_address,
        (
            "168.63.129.16",
            "100.100.100.200",
            "169.254.169.254",
            "fd00:ec2::254",
            "fd20:ce::254",
        ),
    )
)
_NEVER: tuple[Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/96",
            "::ffff:0:0/96",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "2001::/23",
            "2002::/16",
            "fe80::/10",
            "ff00::/8",
        ),
    )
)


def networks_of(named: Iterable[str]) -> tuple[Network, ...]:
    """Networks as they are written, such as `10.20.0.0/16`.

    Raises:
        ValueError: one is none, or has addresses that are never called.
    """
    return tuple(map(_network_of, named))


def _network_of(text: str) -> Network:
    try:
        found = ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"'{text}' is no network: {error}") from None
    for never in _NEVER:
        if found.version == never.version and found.overlaps(never):
            raise ValueError(f"'{text}' has addresses of {never}, which are never called")
    if found.num_addresses == 1 and found.network_address in METADATA:
        raise ValueError(f"'{text}' is a cloud's own service, which is never called")
    return found


def is_named(address: Address, networks: Iterable[Network]) -> bool:
    """Whether an address is of one of these networks, and none that is never called."""
    if address in METADATA or any(address in never for never in _NEVER):
        return False
    return any(address in network for network in networks)
