"""Only hosts of the public Internet, however their address is dressed, and exactly what the operator listed."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from idp.domain.platform.outbound_rules import AllowedDestinations, is_public

PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
NOT_PUBLIC = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.8",
    "::1", "::", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "64:ff9b:1::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1",
    "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_no_other_address_may_be_called_even_inside_another(address: str) -> None:
    assert not is_public(ip_address(address))


def test_a_listed_name_is_admitted_with_its_port_only() -> None:
    allowed = AllowedDestinations.parse(["portal.internal:8443"])
    assert allowed.admits("portal.internal", 8443, "10.0.0.5", must_be_listed=False)
    assert allowed.admits("PORTAL.internal", 8443, "10.0.0.5", must_be_listed=True)
    assert not allowed.admits("portal.internal", 22, "10.0.0.5", must_be_listed=False)
    assert not allowed.admits("other.internal", 8443, "10.0.0.5", must_be_listed=False)


def test_a_listed_network_is_admitted_on_every_port_and_its_neighbours_are_not() -> None:
    allowed = AllowedDestinations.parse(["127.0.0.1/32", "fd00::/8"])
    assert allowed.admits("a", 8001, "127.0.0.1", must_be_listed=True)
    assert allowed.admits("a", 1, "fd12::1", must_be_listed=True)
    assert not allowed.admits("a", 8001, "127.0.0.2", must_be_listed=False)


def test_public_addresses_need_no_listing_unless_the_call_is_plain_http() -> None:
    nothing = AllowedDestinations.parse([])
    assert nothing.admits("a", 443, "8.8.8.8", must_be_listed=False)
    assert not nothing.admits("a", 80, "8.8.8.8", must_be_listed=True)


@pytest.mark.parametrize("item", ["nonsense", "host:", ":80", "10.0.0.1/8", "host:80/24"])
def test_what_cannot_be_read_stops_the_start(item: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        AllowedDestinations.parse([item])


def test_a_bracketed_ipv6_name_and_a_bare_address_are_read() -> None:
    assert AllowedDestinations.parse(["[::1]:8443"]).admits("::1", 8443, "::1", must_be_listed=True)
    assert AllowedDestinations.parse(["10.0.0.1"]).admits("a", 80, "10.0.0.1", must_be_listed=True)
