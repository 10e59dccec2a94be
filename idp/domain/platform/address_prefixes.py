"""Network prefixes: what an address is counted and traced by."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

NARROW = (32, 64)
WIDE = (24, 48)


@lru_cache(4096)
def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address, or None; kept, because a person comes back several times.

    An IPv4-mapped IPv6 address is its IPv4 address, else one host would have two prefixes.
    """
    try:
        ip = ip_address(text)
    except ValueError:
        return None
    return (ip.ipv4_mapped if isinstance(ip, IPv6Address) else None) or ip


@lru_cache(4096)
def address_prefix(address: str, widths: tuple[int, int] = NARROW) -> str:
    """The network of `address` (IPv4 width, IPv6 width) as text; "" when there is no readable address."""
    ip = parse_address(address)
    if ip is None:
        return ""
    width = widths[0] if ip.version == 4 else widths[1]
    rest = ip.max_prefixlen - width
    return f"{type(ip)(int(ip) >> rest << rest)}/{width}"
