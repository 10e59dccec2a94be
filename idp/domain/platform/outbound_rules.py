"""Which addresses we may call: public ones, and exactly what the operator listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
NAT64 = ip_network("64:ff9b::/96")
NEVER_PUBLIC = tuple(
    ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "100::/64", "2001:2::/48", "5f00::/16")
)
"""Special registries (RFC 6890 and later) that some versions of Python call global."""


def is_public(address: Address) -> bool:
    """Whether the address is a host of the public Internet, also after any IPv4 address inside it is unwrapped."""
    if isinstance(address, IPv6Address):
        inner = _wrapped(address)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    if any(address in network for network in NEVER_PUBLIC):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a mapped, compatible, 6to4, Teredo or NAT64 address leads to."""
    if address in NAT64 or int(address) >> 32 == 0:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


@dataclass(frozen=True, slots=True)
class AllowedDestinations:
    """IDP_OUTBOUND_ALLOW: names with a port, and networks, that may be private and plain http."""

    endpoints: frozenset[tuple[str, int]] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, items: Sequence[str]) -> AllowedDestinations:
        """Read `host:port`, `[v6]:port` or CIDR items.

        Raises:
            ValueError: an item is neither.
        """
        endpoints, networks = set(), []
        for item in items:
            host, _, port = item.rpartition(":")
            if host and port.isdigit() and "/" not in item and (host.startswith("[") or ":" not in host):
                endpoints.add((host.strip("[]").lower(), int(port)))
            else:
                networks.append(ip_network(item))
        return cls(frozenset(endpoints), tuple(networks))

    def lists(self, host: str, port: int, address: Address) -> bool:
        """Whether the operator named this destination."""
        return (host.lower(), port) in self.endpoints or any(address in network for network in self.networks)

    def may_admit_plain(self, host: str, port: int) -> bool:
        """Whether http could be admitted for this host: it is named, or its address may be in a named network."""
        return (host.lower(), port) in self.endpoints or bool(self.networks)

    def admits(self, host: str, port: int, resolved: str, *, must_be_listed: bool) -> bool:
        """Whether we may connect to `resolved`, the address of `host`."""
        address = ip_address(resolved.partition("%")[0])
        return self.lists(host, port, address) or (not must_be_listed and is_public(address))
