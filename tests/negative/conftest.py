"""A portal that knows every way in, a neighbour, and people's browsers: the attacks of the texts are tried on them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from idp.domain.platform.instants import SECOND
from idp.domain.portals.clients import ClientAuthentication, GrantType, SecretDigest
from idp.store.database import Database
from tests.oauth.conftest import SECRET, basic
from tests.portals import CALLBACK, CHALLENGE, ISSUER, Browser, Gateway, gateway, members, portal, request_of

KEY = ECKey.generate_key("P-256", {"kid": "k1"}, private=True)
SECRETS = (SecretDigest(hashlib.sha256(SECRET.encode()).digest(), "sha256"),)
HOME = "https://portail.example.fr"
FIELDS: Mapping[str, Any] = {
    "secrets": SECRETS,
    "jwks": {"keys": [KEY.as_dict(private=False)]},
    "web_origins": (HOME,),
    "post_logout_redirect_uris": (f"{HOME}/bye",),
}
CLIENTS = (
    portal(**FIELDS),
    portal("strict", **{**FIELDS, "require_pkce": True}),
    portal("neighbour", secrets=SECRETS),
    portal("Moutin", secrets=SECRETS, grant_types=frozenset({GrantType.CLIENT_CREDENTIALS})),
    portal("spa", token_endpoint_auth_method=ClientAuthentication.NONE),
    portal("native", application_type="native", redirect_uris=("http://127.0.0.1/cb", "http://[::1]/cb"), **FIELDS),
)
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(database, *CLIENTS)


@pytest.fixture
def browser(at: Gateway) -> Browser:
    """Of somebody who is signed in: a right request is answered at once."""
    browser = at.browser()
    browser.has_session()
    return browser


def signed(browser: Browser, parameters: Mapping[str, Any]) -> str:
    """These parameters as a request object of their client (RFC 9101)."""
    client_id, now = parameters["client_id"], browser.deps.clock.now() // SECOND
    claims = {**parameters, "iss": client_id, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300}
    return jwt.encode({"alg": "ES256", "kid": "k1"}, claims, KEY, algorithms=["ES256"])


def by_get(browser: Browser, **parameters: Any) -> TestResponse:
    return browser.authorize(**parameters)


def by_post(browser: Browser, **parameters: Any) -> TestResponse:
    """Posted, and fetched as the browser would."""
    answer = browser.post_authorize(**parameters)
    address = answer.headers.get("Location", "")
    return browser.http.get(address) if address.startswith("/") else answer


def by_par(browser: Browser, **parameters: Any) -> TestResponse:
    return brought(browser, request_of(**parameters), request_of(**parameters)["client_id"])


def by_object(browser: Browser, **parameters: Any) -> TestResponse:
    asked = request_of(**parameters)
    sent = {"client_id": asked["client_id"], "request": signed(browser, asked)}
    return browser.http.get("/authorize", query_string=sent)


def by_pushed_object(browser: Browser, **parameters: Any) -> TestResponse:
    asked = request_of(**parameters)
    return brought(browser, {"client_id": asked["client_id"], "request": signed(browser, asked)}, asked["client_id"])


def brought(browser: Browser, form: Mapping[str, Any], client_id: str) -> TestResponse:
    """Pushed, and brought by the browser when it was taken."""
    answer = push(browser, form, client_id)
    if answer.status_code != 201:
        return answer
    sent = {"client_id": client_id, "request_uri": (answer.json or {})["request_uri"]}
    return browser.http.get("/authorize", query_string=sent)


def push(browser: Browser, form: Mapping[str, Any], client_id: str) -> TestResponse:
    headers = {} if client_id == "spa" else basic(client_id)
    return browser.http.post("/par", data=form, headers=headers)


Door = Callable[..., TestResponse]
DOORS: Mapping[str, Door] = {
    "get": by_get, "post": by_post, "par": by_par, "object": by_object, "pushed object": by_pushed_object,
}  # fmt: skip
"""Each way that an authorization request may come."""


def code_of(answer: TestResponse) -> str:
    """The code that the portal is given."""
    told = members(answer)
    assert "code" in told, told
    return told["code"]


def redeem(browser: Browser, code: str, client_id: str = "portail", **changes: Any) -> TestResponse:
    """What /token says to this code; None leaves a field out. The verifier is only sent when it is named."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **changes}
    return to_token(browser, form, client_id)


def to_token(browser: Browser, form: Mapping[str, Any], client_id: str = "portail") -> TestResponse:
    """A request of this client, as it is registered to authenticate."""
    named = {"client_id": client_id} if client_id == "spa" else {}
    sent = {name: value for name, value in {**form, **named}.items() if value is not None}
    return browser.http.post("/token", data=sent, headers={} if named else basic(client_id))


def refusal(answer: TestResponse) -> str:
    """The error of a back-channel answer."""
    assert answer.status_code in (400, 401), answer.text
    return str((answer.json or {})["error"])
