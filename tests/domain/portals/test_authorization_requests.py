"""Scopes, redirect URIs and the claims parameter, as pure rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.portals.clients import Client, GrantType
from idp.domain.portals.redirect_uris import is_registered_redirect
from idp.domain.portals.requests import ClaimsRequest, InvalidClaimsRequest, parse_claims_request
from idp.domain.portals.scopes import IDENTITY_SCOPES, granted_scopes

KNOWN = frozenset(IDENTITY_SCOPES)
CLIENT = Client("c", scopes=frozenset({"openid", "email", "offline_access", "odd"}))
NATIVE = Client("n", application_type="native", redirect_uris=("http://127.0.0.1/cb?x=1", "com.example.app:/cb"))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.sampled_from([*IDENTITY_SCOPES, "odd", "other"])), st.booleans())
def test_granted_scopes_are_asked_registered_known_and_each_once(asked: list[str], asks: bool) -> None:
    granted = granted_scopes(asked, CLIENT, KNOWN, asks_consent=asks)
    assert set(granted) == set(asked) & {"openid", "email"}
    assert list(granted) == sorted(set(granted), key=asked.index)


@pytest.mark.parametrize(("may_refresh", "asks"), [(True, True), (True, False), (False, True)])
def test_offline_access_needs_both_a_refreshing_client_and_a_question(may_refresh: bool, asks: bool) -> None:
    grants = frozenset({GrantType.REFRESH_TOKEN}) if may_refresh else frozenset()
    client = Client("c", scopes=CLIENT.scopes, grant_types=grants)
    assert (may_refresh and asks) == bool(granted_scopes(["offline_access"], client, KNOWN, asks_consent=asks))


@given(st.text(max_size=40))
def test_nothing_but_a_registered_uri_is_one(text: str) -> None:
    assert (text in NATIVE.redirect_uris) == is_registered_redirect(NATIVE, text) or text.startswith("http://127.")


@given(st.integers(min_value=0, max_value=99_999))
def test_the_port_of_a_loopback_uri_is_free(port: int) -> None:
    assert is_registered_redirect(NATIVE, f"http://127.0.0.1:{port}/cb?x=1")


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1:1/cb", "http://127.0.0.1:1/cb?x=1#f", "http://127.0.0.1:123456/cb?x=1", "http://127.0.0.1:/cb?x=1"],
)  # fmt: skip
def test_everything_else_of_it_is_not(uri: str) -> None:
    assert not is_registered_redirect(NATIVE, uri)


@given(anything)
def test_any_json_is_read_or_refused_with_our_own_error(value: Any) -> None:
    try:
        parsed = parse_claims_request(json.dumps(value))
    except InvalidClaimsRequest:
        return
    assert isinstance(parsed.essential_acrs, tuple)
    assert isinstance(parsed.subjects, frozenset)


@given(st.text())
def test_any_text_is_read_or_refused_with_our_own_error(text: str) -> None:
    try:
        parse_claims_request(text)
    except InvalidClaimsRequest:
        return


@pytest.mark.parametrize(
    ("acr", "expected"),
    [
        ({"essential": True, "values": ["a", "b"]}, ("a", "b")),
        ({"essential": True, "value": "a"}, ("a",)),
        ({"essential": True}, ()),
        ({"values": ["a"]}, ()),
        (None, ()),
        ({"essential": "true", "values": ["a"]}, ()),
    ],
    ids=str,
)
def test_only_an_essential_acr_demands(acr: object, expected: tuple[str, ...]) -> None:
    assert expected == parse_claims_request(json.dumps({"id_token": {"acr": acr}})).essential_acrs


@pytest.mark.parametrize(
    "demand", [{"value": 2}, {"values": ["eidas1", 2]}, {"value": None}, {"values": [{}]}], ids=str
)
@pytest.mark.parametrize("claim", ["acr", "sub"])
def test_a_level_or_subject_that_cannot_be_compared_is_refused_and_not_left_out(
    claim: str, demand: dict[str, object]
) -> None:
    """Left out, it would demand nothing of a portal that believes it demanded something."""
    with pytest.raises(InvalidClaimsRequest):
        parse_claims_request(json.dumps({"id_token": {claim: {"essential": True, **demand}}}))
    parse_claims_request(json.dumps({"id_token": {"email": {"essential": True, **demand}}}))


def test_asking_nothing_keeps_nothing() -> None:
    assert ClaimsRequest().as_json() is None
    assert parse_claims_request('{"other": {}}').as_json() is None
