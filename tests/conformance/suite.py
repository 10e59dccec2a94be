"""The conformance suite's side: a client that speaks the protocol, and a browser without JavaScript."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from bench.browser import FirstForm
from tests.conformance.target import DEMO_PASSWORD, PERSON, Target
from tests.pages import Forms

SCOPE = "openid profile email phone"
FIELDS = {
    "siret": PERSON.siret,
    "family_name": PERSON.family_name,
    "given_name": PERSON.given_name,
    "password": DEMO_PASSWORD,
}


@dataclass(frozen=True)
class Arrival:
    """Where the browser came out: an address of the suite with its parameters, or a page of the gateway."""

    address: str
    parameters: dict[str, str]
    page: str = ""
    asked: tuple[str, ...] = ()
    """The pages where the person had to do something, by path."""


@dataclass
class Visitor:
    """A browser without JavaScript; fills what it is asked and goes on until it leaves the gateway."""

    target: Target
    http: httpx.Client
    asked: list[str] = field(default_factory=list)

    def go(
        self, address: str, *, cancel: bool = False, method: str = "GET", form: Mapping[str, str] | None = None
    ) -> Arrival:
        """Follow to the end; `cancel` presses the button that cancels wherever there is one."""
        self.asked = []
        answer = self.http.request(method, address, data=dict(form or {}) or None)
        for _ in range(12):
            if answer.is_redirect:
                address = urljoin(str(answer.url), answer.headers["Location"])
                if not address.startswith(self.target.issuer):
                    return Arrival(address, flat(urlsplit(address).query), asked=tuple(self.asked))
                answer = self.http.get(address)
                continue
            page = FirstForm(answer.text)
            action = urljoin(str(answer.url), page.action) if page.action is not None else ""
            if action and not action.startswith(self.target.issuer):  # response_mode=form_post: the page posts itself
                return Arrival(action, page.values, answer.text, tuple(self.asked))
            if not action:
                return Arrival(str(answer.url), {}, answer.text, tuple(self.asked))
            self.asked.append(urlsplit(str(answer.url)).path)
            typed = {name: value for name, value in FIELDS.items() if name in page.names}
            if cancel:
                action, typed = cancel_form(answer.text)
                answer = self.http.post(urljoin(str(answer.url), action), data=typed)
            else:
                answer = self.http.post(action, data={**page.values, **typed, **first_button(answer.text)})
        raise AssertionError(f"no end at {address}")

    def look(self, address: str) -> str:
        """Open a page and do nothing there; what it says."""
        answer = self.http.get(address, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text


def cancel_form(page: str) -> tuple[str, dict[str, str]]:
    """Where the form that cancels goes, and what it holds."""
    forms = Forms()
    forms.feed(page)
    return next((to, form) for form, to in zip(forms.found, forms.actions, strict=True) if to.startswith("/cancel"))


def first_button(page: str) -> dict[str, str]:
    """Name and value of the button that a person would press: the first of the form."""
    for tag in re.findall(r"<button[^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            return {name.group(1): value.group(1)}
    return {}


def flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}


@dataclass
class Suite:
    """One test's client: its registration, its metadata, its browser."""

    target: Target
    http: httpx.Client
    client: Mapping[str, Any]
    method: str
    metadata: Mapping[str, Any]
    browsers: ExitStack
    response_mode: str | None = None

    def visitor(self) -> Visitor:
        """A fresh browser."""
        return Visitor(self.target, self.browsers.enter_context(new_http(self.target)))

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.target.suite_port}"

    @property
    def callback(self) -> str:
        return f"{self.origin}/test/a/mire/callback"

    @property
    def back(self) -> str:
        """Where a sign-out comes back to."""
        return f"{self.origin}/test/a/mire/post_logout_redirect"

    def sign_out(self, visitor: Visitor, **parameters: str) -> Arrival:
        """RP-initiated logout of this browser."""
        return visitor.go(f"{self.metadata['end_session_endpoint']}?{urlencode(parameters)}")

    def is_signed_out(self, visitor: Visitor) -> bool:
        return visitor.go(self.request(prompt="none")).parameters.get("error") == "login_required"

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """Those of an authorization request; None leaves one out."""
        parameters: dict[str, str | None] = {
            "client_id": self.client["client_id"],
            "redirect_uri": self.callback,
            "scope": SCOPE,
            "state": secrets.token_urlsafe(12),
            "nonce": secrets.token_urlsafe(12),
            "response_type": "code",
            "response_mode": self.response_mode,
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def request(self, **changes: str | None) -> str:
        """An authorization request; None leaves a parameter out."""
        return f"{self.metadata['authorization_endpoint']}?{urlencode(self.parameters(**changes))}"

    def request_by_value(self, **changes: str | None) -> str:
        """The same in a signed request object (RFC 9101 section 4), with what OpenID Connect wants outside."""
        inside = self.parameters(**changes)
        outside = {name: inside[name] for name in ("client_id", "response_type", "scope", "redirect_uri")}
        now = int(time.time())
        claims = {**inside, "iss": inside["client_id"], "aud": self.target.issuer, "iat": now, "exp": now + 60}
        key = self.key
        signed = jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key, algorithms=["ES256"])
        return f"{self.metadata['authorization_endpoint']}?{urlencode({**outside, 'request': signed})}"

    def unsigned(self, changes: Mapping[str, Any]) -> str:
        """A request object that nobody signed (alg none)."""
        claims = {**self.parameters(), **changes}
        parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
        return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), ""])

    def token(self, **parameters: str) -> httpx.Response:
        """A token request, proven as this client proves itself."""
        headers, proof = self.proof()
        return self.http.post(self.metadata["token_endpoint"], data={**parameters, **proof}, headers=headers)

    def proof(self) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and parameters."""
        name = str(self.client["client_id"])
        if self.method == "client_secret_basic":
            pair = f"{quote(name, safe='')}:{quote(self.client['client_secret'], safe='')}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
        if self.method == "client_secret_post":
            return {}, {"client_id": name, "client_secret": self.client["client_secret"]}
        if self.method == "private_key_jwt":
            kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            return {}, {"client_assertion_type": kind, "client_assertion": self.assertion()}
        return {}, {"client_id": name}

    @property
    def key(self) -> ECKey:
        """The private key of a client that registered one."""
        return ECKey.import_key(dict(self.client["jwks"]["keys"][0]))

    def assertion(self) -> str:
        key = self.key
        now = int(time.time())
        name = self.client["client_id"]
        claims = {"iss": name, "sub": name, "aud": self.target.issuer, "iat": now, "exp": now + 60}
        header = {"alg": "ES256", "kid": key.kid}
        return jwt.encode(header, {**claims, "jti": secrets.token_urlsafe(12)}, key, algorithms=["ES256"])

    def code(self, arrival: Arrival) -> str:
        assert "code" in arrival.parameters, arrival
        assert arrival.parameters["iss"] == self.target.issuer
        return arrival.parameters["code"]

    def exchange(self, arrival: Arrival, **others: str) -> dict[str, Any]:
        answer = self.token(
            **{
                "grant_type": "authorization_code",
                "code": self.code(arrival),
                "redirect_uri": self.callback,
                **others,
            }
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        tokens: dict[str, Any] = answer.json()
        return tokens

    def id_token(self, tokens: Mapping[str, Any]) -> Mapping[str, Any]:
        """Its claims, once signature, issuer, audience and life are right."""
        keys = KeySet.import_key_set(self.http.get(self.metadata["jwks_uri"]).json())
        decoded = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"])
        assert decoded.header["alg"] == "RS256"
        assert decoded.claims["iss"] == self.target.issuer
        assert decoded.claims["aud"] == self.client["client_id"]
        assert decoded.claims["exp"] > time.time()
        return decoded.claims

    def header(self, token: str) -> dict[str, Any]:
        """The JOSE header of a token."""
        first = token.partition(".")[0]
        read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
        return read

    def bearer(self, tokens: Mapping[str, Any]) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens['access_token']}"}

    def userinfo(self, tokens: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.http.get(self.metadata["userinfo_endpoint"], headers=self.bearer(tokens))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def signed_in(self, visitor: Visitor, **changes: str | None) -> tuple[dict[str, Any], Mapping[str, Any]]:
        """Tokens and ID token of one sign-in."""
        tokens = self.exchange(visitor.go(self.request(**changes)))
        return tokens, self.id_token(tokens)


def challenge() -> tuple[str, str]:
    """A PKCE verifier and its S256 challenge."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).decode().rstrip("=")


def new_http(target: Target) -> httpx.Client:
    context = ssl.create_default_context(cafile=target.folder / "tls" / "ca.pem")
    return httpx.Client(verify=context, timeout=20, trust_env=False)


@contextmanager
def suite_of(
    target: Target, method: str = "client_secret_basic", client: str = "client", response_mode: str | None = None
) -> Iterator[Suite]:
    """The suite configured from the file that the target wrote for this authentication method."""
    written = json.loads((target.folder / f"{method}.json").read_text())
    with new_http(target) as http, ExitStack() as browsers:
        metadata = http.get(written["server"]["discoveryUrl"]).json()
        yield Suite(target, http, written[client], method, metadata, browsers, response_mode)
