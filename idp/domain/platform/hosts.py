"""Which names can only be this machine."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback_name(host: str) -> bool:
    """Whether `host` can only be this machine: localhost, *.localhost (RFC 6761 section 6.3) or a loopback address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
