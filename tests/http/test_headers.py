"""The policy of a page, and what can be written into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.http.headers import csp_source, page_policy


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://portail.example.fr/cb?x=1", "https://portail.example.fr"),
        ("https://Portail.example.fr:8443/cb", "https://portail.example.fr:8443"),
        ("https://user:secret@portail.example.fr/cb", "https://portail.example.fr"),
        ("http://127.0.0.1:51004/cb", "http://127.0.0.1:51004"),
        ("http://[::1]:51004/cb", "http:"),
        ("fr.example.app:/cb", "fr.example.app:"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://a;script-src *", ""),
        ("https://a b", ""),
        ("https://*", ""),
        ("/relative", ""),
        ("", ""),
    ],
)
def test_an_address_becomes_its_origin_or_nothing(uri: str, source: str) -> None:
    assert source == csp_source(uri)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_address_can_add_a_directive(before: str, after: str) -> None:
    for uri in (before + after, f"https://{before}", f"{before}://{after}"):
        policy = page_policy("nonce", [uri])
        assert policy.count(";") == page_policy("nonce").count(";")
        assert policy.isascii()
        assert "*" not in policy
