"""Network prefixes: what an address is counted and traced by."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

NARROW = (32, 64)
WIDE = (24, 48)


@lru_cache(4096)
def address_prefix(address: str, widths: tuple[int, int] = NARROW) -> str:
    """The network of `address` (IPv4 width, IPv6 width) as text; "" when there is no readable address.

    An IPv4-mapped IPv6 address counts as its IPv4 address, else one host would have two prefixes.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    width = widths[0] if ip.version == 4 else widths[1]
    return str(ip_network((ip, width), strict=False))
