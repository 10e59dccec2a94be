"""A browser that asks by itself, as FedCM has it: what it sends where, with the one cookie that goes along."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from werkzeug.test import TestResponse

from idp.domain.portals.clients import Client, SecretDigest
from idp.domain.portals.widgets import Widget
from tests.oauth.conftest import basic
from tests.portals import CHALLENGE, Browser, Gateway, portal, request_of

PAGE = "https://portail.example.fr"
SECOND_PAGE = "https://espace.example.fr"
"""Of the same client."""
OTHER_PAGE = "https://autre.example.fr"
SECRET = "portal-secret-of-at-least-forty-three-characters"
SECRETS = (SecretDigest(hashlib.sha256(SECRET.encode()).digest(), "sha256"),)
COOKIE = "__Secure-mire_fedcm"
HOST = "connexion.example.fr"


def fedcm_portal(client_id: str = "portail", *, origins: tuple[str, ...] = (PAGE,), **fields: Any) -> Client:
    """A portal whose pages may ask the browser."""
    widget = {"origins": origins, "fedcm": True, **fields.pop("widget", {})}
    return portal(client_id, secrets=SECRETS, widget=Widget(**widget), **fields)


def push(at: Gateway, client_id: str = "portail", **changes: Any) -> str:
    """The name of a request that this client's back end pushed for one of its pages."""
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256", "widget_origin": PAGE, **changes}
    sent = request_of(client_id=client_id, **asked)
    answer = at.app.test_client().post("/par", data=sent, headers=basic(client_id))
    assert answer.status_code == 201, answer.text
    return str(answer.json["request_uri"])  # type: ignore[index]


def headers(origin: str | None = PAGE, dest: str | None = "webidentity") -> dict[str, str]:
    """What the browser writes itself."""
    written = {"Sec-Fetch-Dest": dest, "Origin": origin}
    return {name: value for name, value in written.items() if value is not None}


def accounts(browser: Browser, dest: str | None = "webidentity") -> TestResponse:
    return browser.http.get("/fedcm/accounts", headers=headers(None, dest))


def account_id(browser: Browser) -> str:
    """By what the browser knows who is signed in."""
    return str(accounts(browser).json["accounts"][0]["id"])  # type: ignore[index]


def assertion(
    browser: Browser, request_uri: str, *, origin: str | None = PAGE, dest: str | None = "webidentity", **changes: Any
) -> TestResponse:
    """What the browser posts when somebody chooses the account; None leaves a field out."""
    sent = {
        "client_id": "portail", "account_id": "", "disclosure_text_shown": "false", "is_auto_selected": "false",
        "mode": "passive", "params": json.dumps({"request_uri": request_uri}), **changes,
    }  # fmt: skip
    if "account_id" not in changes:
        sent["account_id"] = account_id(browser)
    body = {name: value for name, value in sent.items() if value is not None}
    return browser.http.post("/fedcm/assertion", data=body, headers=headers(origin, dest))


def told(answer: TestResponse) -> dict[str, str]:
    """The answer in the token, which its page may read."""
    assert answer.status_code == 200, answer.text
    assert readers(answer) == (PAGE, "true")
    token: dict[str, str] = json.loads(answer.json["token"])  # type: ignore[index]
    return token


def readers(answer: TestResponse) -> tuple[str | None, str | None]:
    """Which page may read it, and whether with cookies."""
    said = answer.headers
    return said.get("Access-Control-Allow-Origin"), said.get("Access-Control-Allow-Credentials")


def refusal(answer: TestResponse, status: int = 403) -> str:
    """Why nothing is given."""
    assert (answer.status_code, set(answer.json or {})) == (status, {"error"}), answer.text
    return str(answer.json["error"]["code"])  # type: ignore[index]


def signed_in(at: Gateway, **account: Any) -> Browser:
    """A browser whose person has signed in since FedCM was on."""
    browser = at.browser()
    browser.has_session(**account)
    assert browser.http.get("/fedcm/login").status_code == 200
    return browser
