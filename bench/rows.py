"""The rows of the table: the operations of every server, and those beyond OpenID Connect Core, which not all have."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.browser import path_of
from bench.operations import OPERATIONS, REDIRECT_URI, SCOPE, Operation, Visitor
from bench.proofs import decoded

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
EXCHANGED_SCOPE = "email"
EXCHANGED_RESOURCE = "https://orders.bench.test"


def pushed(visitor: Visitor) -> None:
    """Push with the key's name, the browser that is signed in, and the exchange with a proof that has the nonce."""
    query, verifier = visitor.asked()
    server = visitor.server
    answer = visitor.post(server.endpoints.push, server.portal, query | {"dpop_jkt": visitor.proofs.jkt})
    named = {"client_id": server.portal, "request_uri": answer["request_uri"]}
    start = f"{server.endpoints.authorize}?{urlencode(named)}"
    address = visitor.browser.follow(start, until=REDIRECT_URI, fields={})
    given = visitor.redeem(parse_qs(urlsplit(address).query)["code"][0], verifier, proven=True)
    assert {"id_token", "refresh_token"} <= given.keys(), given
    assert given["token_type"] == "DPoP", given


def introspection_of_bound(visitor: Visitor) -> None:
    """Of a token that is bound to a key: the answer names the key."""
    if not visitor.bound:
        visitor.bound = visitor.redeem(*visitor.authorize(visitor.browser), proven=True)["access_token"]
    server = visitor.server
    answer = visitor.post(server.endpoints.introspect, server.portal, {"token": visitor.bound})
    assert (True, visitor.proofs.jkt) == (answer["active"], answer["cnf"]["jkt"]), answer


def exchange(visitor: Visitor) -> None:
    """The portal's own access token for a narrower one, a JWT for an API."""
    body = {
        "grant_type": EXCHANGE_GRANT,
        "subject_token": visitor.tokens["access_token"],
        "subject_token_type": ACCESS_TOKEN,
        "scope": EXCHANGED_SCOPE,
        "resource": EXCHANGED_RESOURCE,
    }
    given = visitor.token(visitor.server.portal, body)
    claims = json.loads(decoded(given["access_token"].split(".")[1]))
    assert (EXCHANGED_SCOPE, EXCHANGED_RESOURCE) == (claims["scope"], claims["aud"]), claims
    assert visitor.server.portal == claims["act"]["sub"], claims


def device(visitor: Visitor) -> None:
    """Two codes, a poll too early, the yes of a person who is signed in on a network not seen yet, the poll for all."""
    server = visitor.server
    codes = visitor.post(server.endpoints.device, server.portal, {"client_id": server.portal, "scope": SCOPE})
    poll = {"grant_type": DEVICE_GRANT, "device_code": codes["device_code"]}
    early = visitor.post(server.endpoints.token, server.portal, poll)
    assert early["error"] == "authorization_pending", early
    _approve(visitor, path_of(codes["verification_uri_complete"]))
    given = visitor.token(server.portal, poll)
    assert {"id_token", "refresh_token"} <= given.keys(), given


def _approve(visitor: Visitor, target: str) -> None:
    """The page with the code filled in, the page that asks whether it is the right device, and the yes."""
    browser = visitor.browser
    browser.headers = visitor.new_address()
    browser.cookies.pop(visitor.server.forgotten, None)
    target, page = browser.open(target)
    for _ in range(2):
        page = browser.submit(target, page, {"decision": "allow"})
    while page.location:
        page = browser.request("GET", path_of(page.location))
    assert page.status == 200, page


ROWS = (
    *OPERATIONS,
    Operation("PAR + DPoP code flow", pushed, 1.3, needs="push"),
    Operation("introspection of a DPoP-bound token", introspection_of_bound, 1.3, needs="push"),
    Operation("token exchange", exchange, 1.3, needs="push"),
    Operation("device flow", device, 1.3, needs="push"),
)
