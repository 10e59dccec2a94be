"""A portal and a browser, as the protocol's tests need them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from idp.domain.platform.digests import token_hash
from idp.domain.portals.clients import Client, ClientRegistry, GrantType, Resource
from idp.domain.portals.registry_content import make_registry
from idp.domain.sign_in.journey import Act
from idp.domain.sign_in.sessions import LiveSession
from idp.store.database import Database
from idp.store.sign_in.sessions import find_live_session
from idp.store.sign_in.transactions import record_done
from idp.usecases.deps import Deps
from tests.hygiene import HygienicClient
from tests.quiet import quiet_app, quiet_deps
from tests.rows import make_account, make_session

ISSUER = "https://connexion.example.fr"
CALLBACK = "https://portail.example.fr/cb"
VERIFIER = "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
"""Base64url of the SHA-256 of VERIFIER."""
SCOPES = frozenset({"openid", "profile", "email", "phone", "offline_access"})
BOTH_GRANTS = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN})


def portal(client_id: str = "portail", **fields: Any) -> Client:
    """A confidential client that sends no PKCE, unless said otherwise."""
    values: dict[str, Any] = {
        "client_name": "Le portail",
        "redirect_uris": (CALLBACK, f"{CALLBACK}?dummy1=lorem"),
        "grant_types": BOTH_GRANTS,
        "scopes": SCOPES,
        "require_pkce": False,
        "client_uri": "https://portail.example.fr/",
    }
    return Client(client_id, **{**values, **fields})


def registry_of(*clients: Client, resources: tuple[Resource, ...] = ()) -> ClientRegistry:
    """A registry of these, and of the built-in client."""
    return make_registry(ISSUER, list(clients), list(resources))


def gateway(database: Database, *clients: Client, resources: tuple[Resource, ...] = (), **overrides: Any) -> Gateway:
    """An application that knows these clients, and one person."""
    registry = registry_of(*(clients or (portal(),)), resources=resources)
    return Gateway(quiet_deps(database, registry=lambda: registry, **overrides))


class Gateway:
    """The application, its doers, and browsers."""

    def __init__(self, deps: Deps) -> None:
        self.deps = deps
        self.app: Flask = quiet_app(deps)
        self.app.test_client_class = HygienicClient

    def browser(self) -> Browser:
        """A browser that has never been here."""
        return Browser(self)


class Browser:
    """A person's browser: its cookies, and what it sees."""

    def __init__(self, at: Gateway) -> None:
        self.deps = at.deps
        self.http: FlaskClient = at.app.test_client()

    def authorize(self, **parameters: Any) -> TestResponse:
        """GET /authorize as the portal would send it; None leaves a parameter out."""
        return self.http.get("/authorize", query_string=request_of(**parameters))

    def post_authorize(self, **parameters: Any) -> TestResponse:
        """POST /authorize from the portal's page."""
        return self.http.post("/authorize", data=request_of(**parameters))

    def resume(self, transaction_id: str) -> TestResponse:
        """Come back from a step."""
        return self.http.get("/authorize/resume", query_string={"t": transaction_id})

    def has_session(self, cookie: str = "session", **account: Any) -> LiveSession:
        """Someone is signed in here; the session's id and its cookie are the same text."""
        session = make_session(self.deps, make_account(self.deps, **account), cookie)
        self.http.set_cookie("__Host-mire_sid", cookie, domain="connexion.example.fr", secure=True)
        return session

    def signs_in(self, transaction_id: str, cookie: str = "session") -> None:
        """What the sign-in page leaves in the transaction of whoever has this session."""
        with self.deps.transaction() as connection:
            found = find_live_session(connection, token_hash(cookie), self.deps.clock.now(), self.deps.lifetimes)
            assert found is not None
            record_done(connection, transaction_id, Act.SIGN_IN, self.deps.clock.now(), found.id)


def request_of(**parameters: Any) -> dict[str, Any]:
    """A plain request of `portail`, with these parameters instead or besides."""
    plain = {
        "client_id": "portail",
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "state": "s t",
        "nonce": "n",
    }
    return {name: value for name, value in {**plain, **parameters}.items() if value is not None}


def location(answer: TestResponse) -> str:
    """Where a browser is sent."""
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def members(answer: TestResponse) -> dict[str, str]:
    """What the portal is told in the query of its redirect URI."""
    address = location(answer)
    assert address.startswith(CALLBACK), address
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True, strict_parsing=True))


def error(answer: TestResponse) -> str | None:
    """The error that the portal is told, if it is."""
    return members(answer).get("error")


def step(answer: TestResponse) -> str:
    """The page that a person is sent to."""
    return urlsplit(location(answer)).path


def transaction(answer: TestResponse) -> str:
    """The transaction that a person is sent to a page of."""
    return dict(parse_qsl(urlsplit(location(answer)).query))["t"]
