"""One portal, one person, and browsers at the sign-in page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.adapters.clock import QuietClock
from idp.domain.people.password_hashes import cost_of
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.portals.clients import Client, ClientRegistry
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.usecases.deps import Deps
from idp.usecases.sign_in.transactions import begin_transaction
from tests.portals import request_of
from tests.quiet import quiet_app, quiet_deps
from tests.rows import SIRET, make_account

PASSWORD = "Mire2026demo"
HOST = "connexion.example.fr"
TYPED = {"siret": "999 000 375 00017", "family_name": "moutin", "given_name": "Claire", "password": PASSWORD}
PORTAL = Client(
    "portail",
    client_name="Portail d’essai",
    redirect_uris=("https://portail.example.fr/cb",),
    client_uri="https://portail.example.fr/",
    require_pkce=False,
    policy_uri="https://portail.example.fr/donnees",
    tos_uri="https://portail.example.fr/conditions",
)


@dataclass(frozen=True)
class Person:
    """Someone at one browser. `token` is the browser cookie."""

    deps: Deps
    client: FlaskClient
    token: str

    def begin(self, **request: str) -> str:
        """A transaction of this browser."""
        asked = {**request_of(client_id=PORTAL.client_id, redirect_uri=PORTAL.redirect_uris[0]), **request}
        return begin_transaction(self.deps, Actor(ActorRole.ANONYMOUS), PORTAL.client_id, asked, self.token).id

    def open(self, transaction: str, **headers: str) -> TestResponse:
        return self.client.get(f"/sign-in?t={transaction}", headers=headers)

    def send(self, transaction: str, form_token: str | None = None, **fields: str) -> TestResponse:
        token = form_token if form_token is not None else token_of(self.open(transaction))
        return self.client.post(f"/sign-in?t={transaction}", data={**TYPED, "form_token": token, **fields})

    def cookie(self, name: str) -> str:
        found = self.client.get_cookie(f"__Host-{name}", HOST)
        return found.value if found else ""


def token_of(page: TestResponse, form: str = "/sign-in") -> str:
    """The form token written in the form that posts to `form`."""
    found = re.search(rf'action="{form}\?[^>]+>\s*<input type="hidden" name="form_token" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def trail(deps: Deps) -> list[str]:
    with deps.read() as connection:
        return list(connection.execute(select(audit_events.c.event).order_by(audit_events.c.id)).scalars())


def wait(deps: Deps, milliseconds: int) -> None:
    cast(QuietClock, deps.clock).advance(milliseconds)


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = ClientRegistry("d", {PORTAL.client_id: PORTAL})
    deps = quiet_deps(database, registry=lambda: registry)
    add_person(deps)
    return deps


def add_person(deps: Deps, siret: str = SIRET, **columns: Any) -> int:
    stored = deps.hasher.hash(PASSWORD)
    return make_account(deps, siret=siret, password_hash=stored, password_cost=cost_of(stored), **columns)


@pytest.fixture
def app(deps: Deps) -> Flask:
    return quiet_app(deps)


@pytest.fixture
def claire(deps: Deps, app: Flask) -> Person:
    return someone(deps, app, "claire")


@pytest.fixture
def mallory(deps: Deps, app: Flask) -> Person:
    return someone(deps, app, "mallory")


def someone(deps: Deps, app: Flask, token: str) -> Person:
    client = app.test_client()
    client.set_cookie("__Host-mire_browser", token, domain=HOST, secure=True, path="/")
    return Person(deps, client, token)
