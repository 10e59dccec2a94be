"""A portal that embeds the widget, its person, and the frame's half of the protocol by plain HTTP."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from idp.adapters.clock import QuietClock
from idp.domain.people.password_hashes import cost_of
from idp.domain.people.siret import Siret, display_siret
from idp.domain.portals.clients import Client, ClientAuthentication, ClientRegistry
from idp.domain.portals.registry_content import make_registry
from idp.domain.portals.widgets import Completion, Widget
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.quiet import quiet_app, quiet_deps
from tests.rows import make_account

ISSUER = "https://connexion.example.fr"
ORIGIN = "https://portail.example.fr"
PASSWORD = "Mire2026demo"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
SHOWN = display_siret(Siret("99900037500017"))
TYPED = {"siret": "999 000 375 00017", "family_name": "moutin", "given_name": "Claire", "password": PASSWORD}
SCRIPT = {"Origin": ISSUER, "Sec-Fetch-Site": "same-origin"}
NAVIGATION = {**SCRIPT, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
PORTAL = Client(
    "portail",
    client_name="Portail d’essai",
    redirect_uris=(f"{ORIGIN}/cb",),
    client_uri=f"{ORIGIN}/",
    token_endpoint_auth_method=ClientAuthentication.NONE,
    widget=Widget(origins=(ORIGIN,), completion=Completion.MESSAGE),
)


@dataclass
class Registry:
    """What clients.yaml says now; a test may change it."""

    client: Client = PORTAL

    def __call__(self) -> ClientRegistry:
        ours = make_registry(ISSUER, [], []).clients
        return ClientRegistry("d", {**ours, self.client.client_id: self.client})

    def change_widget(self, **changed: Any) -> None:
        assert self.client.widget is not None
        self.client = replace(self.client, widget=replace(self.client.widget, **changed))


@dataclass
class Visitor:
    """One browser before the portal's page."""

    deps: Deps
    registry: Registry
    app: Flask
    client: FlaskClient
    page: TestResponse | None = field(default=None)

    def asked(self, **more: str) -> dict[str, str]:
        """The parameters of a request."""
        sent = {
            "client_id": "portail", "response_type": "code", "scope": "openid", "redirect_uri": f"{ORIGIN}/cb",
            "state": "state-1", "nonce": "nonce-1", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
            "widget_origin": ORIGIN, **more,
        }  # fmt: skip
        return {name: value for name, value in sent.items() if value}

    def push(self, **more: str) -> TestResponse:
        """What the portal's back end sends."""
        return self.app.test_client().post("/par", data=self.asked(**more))

    def request_uri(self, **asked: str) -> str:
        pushed = self.push(**asked)
        assert pushed.status_code == 201, pushed.text
        return str(pushed.json["request_uri"])

    def frame(self, request_uri: str = "", headers: dict[str, str] | None = None, **query: str) -> TestResponse:
        """The frame of this request, or of a new one."""
        sent = {"client_id": "portail", "request_uri": request_uri or self.request_uri(), "ch": "a" * 32, **query}
        return self.client.get("/widget/frame", query_string=sent, headers=headers)

    def tx(self, **asked: str) -> str:
        """What the page of a new frame holds."""
        return tx_of(self.frame(self.request_uri(**asked)))

    def submit(self, tx: str, headers: dict[str, str] | None = None, **typed: str) -> TestResponse:
        sent = {"tx": tx, **TYPED, **typed}
        return self.client.post("/widget/submit", json=sent, headers=SCRIPT if headers is None else headers)

    def accepted(self, **asked: str) -> dict[str, str]:
        """What a frame is told that sent the right password: its ticket, and its next `tx`."""
        answer = self.submit(self.tx(**asked))
        assert answer.json["status"] == "ok", answer.text
        return dict(answer.json)

    def ticket(self, **asked: str) -> str:
        return self.accepted(**asked)["ticket"]

    def hand_over(self, ticket: str, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        sent = {"client_id": "portail", "ticket": ticket}
        return self.client.post("/widget/handover", data=sent, headers=NAVIGATION if headers is None else headers)

    def confirm(self, handed: TestResponse, keep: str = "yes", page: TestResponse | None = None) -> TestResponse:
        """Press a button of the page that the hand-over leads to; then go on to where it is answered."""
        address = handed.headers["Location"]
        assert address.startswith("/widget/continue?")
        found = re.search(r'name="form_token" value="([^"]+)"', (page or self.client.get(address)).text)
        assert found is not None
        return self.client.post(address, data={"form_token": found[1], "keep": keep})

    def message(self, accepted: dict[str, str]) -> TestResponse:
        sent = {name: accepted.get(name, "") for name in ("tx", "ticket")}
        return self.client.post("/widget/message", json=sent, headers=SCRIPT)

    def authorize(self, **asked: str) -> TestResponse:
        """The link beside the widget, with a new request."""
        named = {"client_id": "portail", "request_uri": self.request_uri(**asked)}
        return self.client.get("/authorize", query_string=named)

    def redeem(self, code: str) -> TestResponse:
        sent = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": f"{ORIGIN}/cb",
            "client_id": "portail", "code_verifier": VERIFIER,
        }  # fmt: skip
        return self.app.test_client().post("/token", data=sent)

    def wait(self, milliseconds: int) -> None:
        cast(QuietClock, self.deps.clock).advance(milliseconds)

    def cookie(self, name: str) -> str:
        found = self.client.get_cookie(f"__Host-{name}", "connexion.example.fr")
        return found.value if found else ""


def tx_of(page: TestResponse) -> str:
    found = re.search(r'data-tx="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def answered(response: TestResponse) -> dict[str, str]:
    """What came back to the redirect URI."""
    location = response.headers["Location"]
    assert location.startswith(f"{ORIGIN}/cb?"), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.fixture
def visitor(database: Database) -> Visitor:
    registry = Registry()
    deps = quiet_deps(database, registry=registry)
    stored = deps.hasher.hash(PASSWORD)
    make_account(deps, password_hash=stored, password_cost=cost_of(stored))
    app = quiet_app(deps)
    return Visitor(deps, registry, app, app.test_client())
