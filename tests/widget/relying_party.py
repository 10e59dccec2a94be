"""A partner as one writes it: pushed requests, S256, state, nonce, and an ID token that is looked at.

Its pages are whatever a test gives it, under the headers that the test gives them.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from flask import Flask, Response, jsonify, make_response, request
from joserfc import jwt
from joserfc.jwk import KeySet

COOKIE = "rp"
CALLBACK = "/sso/callback"


@dataclass(frozen=True)
class Served:
    """One page of a site. `REQUEST_URI` in it becomes a request pushed for this visitor."""

    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Waiting:
    """What one browser has begun here."""

    nonce: str
    verifier: str


class Refused(Exception):
    """Why nobody is signed in."""


@dataclass
class RelyingParty:
    """One partner: `origin` is where it lives, `now` gives seconds since 1970."""

    issuer: str
    origin: str
    client_id: str
    secret: str
    now: Callable[[], int]
    asks: dict[str, str] = field(default_factory=dict)
    """What it adds to every pushed request."""
    pages: dict[str, Served] = field(default_factory=dict)
    starts: int = 0
    """How often its pages asked for a request."""
    people: list[dict[str, Any]] = field(default_factory=list)
    """The claims of those who signed in."""
    codes: list[dict[str, str]] = field(default_factory=list)
    """Every answer that came, as it came."""
    waiting: dict[tuple[str, str], Waiting] = field(default_factory=dict)
    redeems: bool = True
    """Off: it keeps the code unused, for a test that wants to."""

    def push(self, browser: str = "", **more: str) -> dict[str, Any]:
        """What the gateway answers to a request pushed for that browser."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        self.waiting[browser, state] = Waiting(nonce, verifier)
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code", "scope": "openid", "redirect_uri": self.origin + CALLBACK, "state": state,
            "nonce": nonce, "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256", **self.asks, **more,
        }  # fmt: skip
        answer = self.post("/par", {name: value for name, value in asked.items() if value})
        assert answer.status_code == 201, answer.text
        pushed: dict[str, Any] = answer.json()
        return pushed

    def post(self, path: str, data: Mapping[str, str]) -> httpx.Response:
        """A call of its back end to the gateway."""
        return httpx.post(self.issuer + path, data=dict(data), auth=(self.client_id, self.secret))

    def redeem(self, code: str, verifier: str, **more: str) -> httpx.Response:
        """The code's exchange."""
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.origin + CALLBACK}
        return self.post("/token", {**asked, "code_verifier": verifier, **more})

    def receive(self, browser: str, answer: Mapping[str, str]) -> dict[str, Any]:
        """Who an authorization response names.

        Raises:
            Refused: it is none of this browser's, of another issuer, or does not hold.
        """
        self.codes.append(dict(answer))
        if "error" in answer:
            raise Refused(answer["error"])
        if answer.get("iss") != self.issuer:
            raise Refused("iss")
        waiting = self.waiting.get((browser, answer.get("state", "")))
        if waiting is None:
            raise Refused("state")
        if not self.redeems:
            raise Refused("kept")
        tokens = self.redeem(answer["code"], waiting.verifier)
        if tokens.status_code != 200:
            raise Refused(tokens.json()["error"])
        del self.waiting[browser, answer["state"]]
        self.people.append(self.claims(tokens.json()["id_token"], waiting.nonce))
        return self.people[-1]

    def claims(self, id_token: str, nonce: str) -> dict[str, Any]:
        """Those of an ID token that holds (OpenID Connect Core section 3.1.3.7)."""
        keys = KeySet.import_key_set(httpx.get(self.issuer + "/jwks").json())
        token = jwt.decode(id_token, keys, algorithms=["RS256"])
        jwt.JWTClaimsRegistry(
            now=self.now(),
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            nonce={"essential": True, "value": nonce},
            exp={"essential": True},
        ).validate(token.claims)
        return dict(token.claims)


def partner_app(party: RelyingParty) -> Flask:
    """Its web site."""
    app = Flask("partner")

    @app.post("/sso/start")
    def start() -> Response:
        party.starts += 1
        browser = request.cookies.get(COOKIE) or secrets.token_urlsafe(16)
        return known(browser, jsonify(party.push(browser)))

    @app.route(CALLBACK, methods=["GET", "POST"])
    def come_back() -> Response:
        answer = request.get_json() if request.is_json else request.values
        try:
            said = f"bonjour {party.receive(request.cookies.get(COOKIE, ''), answer)['sub']}"
        except Refused as refused:
            said = f"refused: {refused}"
        return jsonify(said=said) if request.is_json else make_response(plain(said))

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)

    @app.get("/<path:path>")
    def page(path: str) -> Response:
        browser = request.cookies.get(COOKIE) or secrets.token_urlsafe(16)
        served = party.pages["/" + path]
        html = served.html
        while "REQUEST_URI" in html:
            html = html.replace("REQUEST_URI", party.push(browser)["request_uri"], 1)
        return known(browser, Response(html, headers=dict(served.headers)))

    return app


def known(browser: str, response: Response) -> Response:
    response.set_cookie(COOKIE, browser, httponly=True, samesite="Lax")
    return response


def plain(said: str) -> str:
    return f"<!doctype html><html lang=fr><title>Portail</title><p id=said>{said}</p>"
