"""What is measured: one class a visitor, one method an operation; every server answers the same calls."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.browser import FORM, Browser
from bench.proofs import NONCE, PROOF, Proofs

REDIRECT_URI = "http://127.0.0.1:9999/cb"
SCOPE = "openid profile email"
ADDRESSES = itertools.count(1)
SIGN_IN = "sign-in apart from the password hash"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a server answers."""

    discovery: str
    jwks: str
    authorize: str
    token: str
    introspect: str
    userinfo: str
    push: str = ""
    """Of pushed authorization requests; empty: the server has none of the extensions."""
    device: str = ""
    frame: str = ""
    """Of the form that a partner's page frames."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server under measure, as its clients see it."""

    name: str
    base: str
    endpoints: Endpoints
    secret: str
    portal: str = "portal"
    machine: str = "machine"
    machine_scope: str = "api"
    fields: Mapping[str, str] = field(default_factory=dict)
    """What is typed into its forms; {number} is the visitor's."""
    connections: int | None = None
    """How many visitors it needs, when that is not for the run to say."""
    forgotten: str = ""
    """The cookie by which it counts what one browser types; the person at a device has one that was not seen yet."""
    token_interval: float = 0.0
    """Seconds a visitor must leave between two tokens, where the server cannot make them faster for one person."""

    def basic(self, client_id: str) -> dict[str, str]:
        """client_secret_basic."""
        credentials = base64.b64encode(f"{client_id}:{self.secret}".encode()).decode()
        return FORM | {"Authorization": f"Basic {credentials}"}


class Visitor:
    """One connection's worth of load: a browser, its session, and the tokens it holds."""

    def __init__(self, server: Server, number: int = 0) -> None:
        self.server = server
        self.fields = {name: value.format(number=number) for name, value in server.fields.items()}
        self.browser = self.new_browser()
        self.back_end = Browser(server.base)
        self.tokens: dict[str, Any] = {}
        self.stranger, self.form = self.new_browser(), ""
        self.proofs, self.bound = Proofs(), ""
        self.pushed = ("", float("-inf"))
        self._last_token = 0.0

    def prepare(self) -> None:
        """Sign in once and hold tokens."""
        self.browser = self.new_browser()
        self.tokens = self.redeem(*self.authorize(self.browser))

    def discovery(self) -> None:
        assert self._get(self.server.endpoints.discovery)["issuer"]

    def jwks(self) -> None:
        assert self._get(self.server.endpoints.jwks)["keys"]

    def client_credentials(self) -> None:
        body = {"grant_type": "client_credentials", "scope": self.server.machine_scope}
        assert self.token(self.server.machine, body)["access_token"]

    def introspection(self) -> None:
        answer = self.post(self.server.endpoints.introspect, self.server.portal, {"token": self.tokens["access_token"]})
        assert answer["active"] is True

    def userinfo(self) -> None:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        answer = self.back_end.request("GET", self.server.endpoints.userinfo, headers=headers)
        assert json.loads(answer.body)["sub"], answer

    def refresh(self) -> None:
        body = {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]}
        self.tokens |= self.token(self.server.portal, body)

    def silent(self) -> None:
        assert self.redeem(*self.authorize(self.browser))["id_token"]

    def sign_in(self) -> None:
        browser = self.new_browser()
        code, _ = self.authorize(browser)
        browser.close()
        assert code

    def page(self) -> None:
        if not self.form:  # only now: a server in memory forgets a page that waits while others sign in
            self.form, _ = self.stranger.open(self.sign_in_page())
        answer = self.stranger.request("GET", self.form)
        assert b"<form" in answer.body, answer

    def sign_in_page(self) -> str:
        """The address that starts a sign-in."""
        return self._authorization()[0]

    def new_browser(self) -> Browser:
        """A browser nobody has seen, at an address of its own."""
        return Browser(self.server.base, headers=self.new_address())

    def new_address(self) -> dict[str, str]:
        """The headers of a browser at an address that nobody has seen."""
        number = next(ADDRESSES)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return {"X-Forwarded-For": address, "Accept": "text/html"}

    def authorize(self, browser: Browser) -> tuple[str, str]:
        target, verifier = self._authorization()
        address = browser.follow(target, until=REDIRECT_URI, fields=self.fields)
        return parse_qs(urlsplit(address).query)["code"][0], verifier

    def _authorization(self) -> tuple[str, str]:
        query, verifier = self.asked()
        return f"{self.server.endpoints.authorize}?{urlencode(query)}", verifier

    def asked(self) -> tuple[dict[str, str], str]:
        """The parameters of a new authorization request, and the verifier of its code."""
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": self.server.portal,
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": REDIRECT_URI,
            "state": secrets.token_urlsafe(12),
            "nonce": secrets.token_urlsafe(12),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return query, verifier

    def redeem(self, code: str, verifier: str, *, proven: bool = False) -> dict[str, Any]:
        """The tokens for this code, bound to the visitor's key if it is to be proven."""
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": verifier,
        }
        return self.token(self.server.portal, body, proven=proven)

    def token(self, client_id: str, body: Mapping[str, str], *, proven: bool = False) -> dict[str, Any]:
        """What the token endpoint gives; with a proof it is asked once more when it wants its nonce in it."""
        if "client_credentials" not in body.values():
            time.sleep(max(0.0, self._last_token + self.server.token_interval - time.monotonic()))
        answer = self.post(self.server.endpoints.token, client_id, body, proven=proven)
        if answer.get("error") == "use_dpop_nonce":
            answer = self.post(self.server.endpoints.token, client_id, body, proven=proven)
        self._last_token = time.monotonic()
        assert "access_token" in answer, answer
        return answer

    def post(self, path: str, client_id: str, body: Mapping[str, str], *, proven: bool = False) -> dict[str, Any]:
        """The answer of an endpoint to this client."""
        headers = self.server.basic(client_id)
        if proven:
            headers[PROOF] = self.proofs.make(self.server.base + path)
        answer = self.back_end.request("POST", path, headers=headers, body=urlencode(body))
        self.proofs.nonce = answer.headers.get(NONCE) or self.proofs.nonce
        content: dict[str, Any] = json.loads(answer.body)
        return content

    def _get(self, path: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.back_end.request("GET", path).body)
        return content


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the table."""

    name: str
    call: Callable[[Visitor], None]
    most_of_oidc_provider: float | None = None
    """CPU per operation, as a multiple of oidc-provider's on PostgreSQL, that is allowed at most; None: no bound."""
    most_of_canaille: float | None = None
    needs: str = ""
    """The endpoint (a field of Endpoints) without which a server is not asked."""
    longer: int = 1
    """How many times as many turns it has as others."""

    def is_of(self, server: Server) -> bool:
        """Whether this server has it."""
        return not self.needs or bool(getattr(server.endpoints, self.needs))


OPERATIONS = (
    Operation("discovery", Visitor.discovery, 1.0, 0.05),
    Operation("JWKS", Visitor.jwks, 1.0, 0.05),
    Operation("client_credentials", Visitor.client_credentials, 1.2, 0.1),
    Operation("introspection", Visitor.introspection, 0.8, 0.2),
    Operation("userinfo", Visitor.userinfo, 1.2, 0.06),
    Operation("refresh", Visitor.refresh, 1.0, 0.1),
    Operation("silent authorize + code exchange", Visitor.silent, 0.9, 0.08),
    Operation("sign-in page", Visitor.page),
    # Some twenty of canaille's fit in a turn, and its turns differ by half: seven tell a ratio to a tenth only.
    Operation(SIGN_IN, Visitor.sign_in, 1.2, 0.12, longer=5),
)
