"""The suite's side of FAPI 2.0: pushed requests, signed requests, bound tokens, by key or by certificate."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from tests.conformance.suite import Arrival, Visitor, challenge, new_http
from tests.conformance.target import Target

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPE = "openid profile email phone"


@dataclass(frozen=True)
class Variant:
    """One way to be a FAPI client."""

    profile: str
    """`security` or `signing`."""
    authentication: str
    """`key` (private_key_jwt) or `tls`."""
    binding: str
    """`dpop` or `tls`."""
    jarm: bool = False

    def __str__(self) -> str:
        return f"{self.profile}-{self.authentication}-{self.binding}{'-jarm' if self.jarm else ''}"

    @property
    def shows_certificate(self) -> bool:
        return "tls" in (self.authentication, self.binding)


WAYS = [(authentication, binding) for authentication in ("key", "tls") for binding in ("dpop", "tls")]
SECURITY = [Variant("security", *way) for way in WAYS]
SIGNING = [Variant("signing", *way, jarm) for way in WAYS for jarm in (False, True)]


@dataclass
class Pushed:
    """One pushed request: its answer, and what only the client knows."""

    answer: httpx.Response
    verifier: str
    sent: Mapping[str, Any]

    @property
    def request_uri(self) -> str:
        assert self.answer.status_code == 201, self.answer.text
        told: dict[str, Any] = self.answer.json()
        assert told["expires_in"] > 0
        return str(told["request_uri"])

    @property
    def error(self) -> str:
        assert 400 <= self.answer.status_code < 500, self.answer.text
        return str(self.answer.json()["error"])


@dataclass
class FapiClient:
    """A client of one variant, with its browser."""

    target: Target
    variant: Variant
    number: int
    http: httpx.Client
    metadata: Mapping[str, Any]
    browsers: ExitStack
    dpop_key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", private=True))
    nonces: dict[str, str] = field(default_factory=dict)

    @property
    def client_id(self) -> str:
        return f"fapi-{self.variant.profile}-{self.variant.authentication}-{self.variant.binding}-{self.number}"

    @property
    def key(self) -> ECKey:
        """Signs assertions and request objects."""
        return ECKey.import_key(json.loads((self.target.folder / f"{self.client_id}.key.json").read_text()))

    @property
    def callback(self) -> str:
        return f"https://localhost:{self.target.suite_port}/test/a/mire/callback"

    @property
    def jkt(self) -> str:
        return self.dpop_key.thumbprint()

    def visitor(self) -> Visitor:
        """A fresh browser."""
        return Visitor(self.target, self.browsers.enter_context(new_http(self.target)))

    def endpoint(self, name: str) -> str:
        """Where this client calls: a certificate is only asked for at the aliases (RFC 8705 section 5)."""
        if self.variant.shows_certificate:
            return str(self.metadata["mtls_endpoint_aliases"][name])
        return str(self.metadata[name])

    def sign(self, claims: Mapping[str, Any], key: ECKey | None = None, **header: str) -> str:
        key = key or self.key
        return jwt.encode({"alg": "ES256", "kid": str(key.kid), **header}, dict(claims), key, algorithms=["ES256"])

    def assertion(self, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.target.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + 60,
            "jti": secrets.token_urlsafe(12),
            **changes,
        }
        return self.sign({name: value for name, value in claims.items() if value is not None})

    def proof(self, assertion: str = "") -> dict[str, str]:
        """What proves this client in a form; with a certificate its name is enough."""
        if self.variant.authentication == "tls":
            return {"client_id": self.client_id}
        return {
            "client_id": self.client_id,
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion or self.assertion(),
        }

    def dpop(self, method: str, url: str, *, token: str = "", key: ECKey | None = None, **changes: Any) -> str:
        """A DPoP proof (RFC 9449 section 4.2); None leaves a claim out."""
        key = key or self.dpop_key
        claims: dict[str, Any] = {
            "htm": method,
            "htu": url,
            "iat": int(time.time()),
            "jti": secrets.token_urlsafe(12),
            "nonce": self.nonces.get(url),
            **({"ath": half_open(hashlib.sha256(token.encode()).digest())} if token else {}),
            **changes,
        }
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
        said = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(header, said, key, algorithms=["ES256"])

    def post(self, name: str, form: Mapping[str, str], *, dpop: Mapping[str, Any] | None = None) -> httpx.Response:
        """A form to this endpoint; with a proof when the variant wants one, and again when a nonce is asked for.

        `dpop` changes the proof's claims.
        """
        url = self.endpoint(name)
        answer = self.http.post(url, data=dict(form), headers=self._proof_header(url, dpop))
        if "use_dpop_nonce" in answer.text:
            self.nonces[url] = answer.headers["DPoP-Nonce"]
            answer = self.http.post(url, data=dict(form), headers=self._proof_header(url, dpop))
        return answer

    def _proof_header(self, url: str, changes: Mapping[str, Any] | None) -> dict[str, str]:
        if self.variant.binding != "dpop" or changes is None:
            return {}
        return {"DPoP": self.dpop("POST", url, **changes)}

    def parameters(self, **changes: Any) -> dict[str, Any]:
        """Of an authorization request; None leaves one out."""
        parameters: dict[str, Any] = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self.callback,
            "scope": SCOPE,
            "state": secrets.token_urlsafe(12),
            "nonce": secrets.token_urlsafe(12),
            "code_challenge_method": "S256",
            **({"response_mode": "jwt"} if self.variant.jarm else {}),
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def request_object(self, parameters: Mapping[str, Any], **changes: Any) -> str:
        """A signed request (RFC 9101 section 4); None leaves a claim out."""
        now = int(time.time())
        claims = {
            **parameters,
            "iss": self.client_id,
            "aud": self.target.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            **changes,
        }
        return self.sign({name: value for name, value in claims.items() if value is not None})

    def push(
        self,
        *,
        inside: Mapping[str, Any] | None = None,
        outside: Mapping[str, str] | None = None,
        assertion: str = "",
        request: str | None = None,
        dpop: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Pushed:
        """Push a request: plain, or signed where the variant signs. `inside` changes claims of the request object,
        `outside` adds to the form, `request` replaces the whole object."""
        verifier, sent = challenge()
        parameters = self.parameters(**{"code_challenge": sent, **changes})
        form: dict[str, str] = {name: str(value) for name, value in parameters.items()}
        if self.variant.profile == "signing":
            form = {"request": request or self.request_object(parameters, **(inside or {}))}
        form |= {**self.proof(assertion), **(outside or {})}
        answer = self.post("pushed_authorization_request_endpoint", form, dpop=dpop)
        return Pushed(answer, verifier, parameters)

    def authorize(self, request_uri: str, *, visitor: Visitor | None = None, **others: str) -> Arrival:
        """Where the browser comes out; a JARM response is opened."""
        query = urlencode({"client_id": self.client_id, "request_uri": request_uri, **others})
        arrival = (visitor or self.visitor()).go(f"{self.metadata['authorization_endpoint']}?{query}")
        return self.opened(arrival) if "response" in arrival.parameters else arrival

    def look_at(self, request_uri: str) -> None:
        """Open the page that it leads to, and do nothing there."""
        query = urlencode({"client_id": self.client_id, "request_uri": request_uri})
        self.visitor().look(f"{self.metadata['authorization_endpoint']}?{query}")

    def cancel(self, request_uri: str) -> Arrival:
        """Where the browser comes out when the person presses the button that cancels."""
        query = urlencode({"client_id": self.client_id, "request_uri": request_uri})
        arrival = self.visitor().go(f"{self.metadata['authorization_endpoint']}?{query}", cancel=True)
        return self.opened(arrival) if "response" in arrival.parameters else arrival

    def opened(self, arrival: Arrival) -> Arrival:
        """JARM section 2.4: signed by the issuer for this client."""
        assert set(arrival.parameters) == {"response"}
        decoded = jwt.decode(arrival.parameters["response"], self.issuer_keys(), algorithms=["PS256", "ES256", "EdDSA"])
        claims = dict(decoded.claims)
        assert (claims.pop("iss"), claims.pop("aud")) == (self.target.issuer, self.client_id)
        assert time.time() < claims.pop("exp") <= time.time() + 600
        claims.pop("iat", None)
        return Arrival(arrival.address, {**claims, "iss": self.target.issuer}, arrival.page, arrival.asked)

    def issuer_keys(self) -> KeySet:
        return KeySet.import_key_set(self.http.get(self.metadata["jwks_uri"]).json())

    def code(self, pushed: Pushed, **others: str) -> str:
        """The code of a request that succeeds, its answer checked."""
        arrival = self.authorize(pushed.request_uri, **others)
        assert "code" in arrival.parameters, arrival
        assert arrival.parameters["iss"] == self.target.issuer
        assert arrival.parameters.get("state") == pushed.sent.get("state")
        return arrival.parameters["code"]

    def redeem(
        self, code: str, verifier: str, *, assertion: str = "", dpop: Mapping[str, Any] | None = None, **changes: str
    ) -> httpx.Response:
        """Try the code at the token endpoint."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.callback}
        sent = {**form, "code_verifier": verifier, **self.proof(assertion), **changes}
        return self.post("token_endpoint", {k: v for k, v in sent.items() if v}, dpop=dpop or {})

    def tokens(self, pushed: Pushed | None = None, **changes: Any) -> dict[str, Any]:
        """The whole flow."""
        pushed = pushed or self.push(**changes)
        answer = self.redeem(self.code(pushed), pushed.verifier)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        assert told["token_type"].lower() == ("dpop" if self.variant.binding == "dpop" else "bearer")
        return told

    def id_token(self, tokens: Mapping[str, Any]) -> Mapping[str, Any]:
        decoded = jwt.decode(tokens["id_token"], self.issuer_keys(), algorithms=["PS256", "ES256", "EdDSA"])
        assert (decoded.claims["iss"], decoded.claims["aud"]) == (self.target.issuer, self.client_id)
        return decoded.claims

    def resource(
        self, tokens: Mapping[str, Any], *, scheme: str = "", proof: str | None = None, **changes: Any
    ) -> httpx.Response:
        """The protected resource of the plan: userinfo."""
        url = self.endpoint("userinfo_endpoint")
        token = str(tokens["access_token"])
        by_dpop = self.variant.binding == "dpop"
        headers = {"Authorization": f"{scheme or ('DPoP' if by_dpop else 'Bearer')} {token}"}
        for _ in range(2):
            if by_dpop:
                headers["DPoP"] = proof or self.dpop("GET", url, token=token, **changes)
            answer = self.http.get(url, headers=headers)
            if "use_dpop_nonce" not in answer.headers.get("WWW-Authenticate", ""):
                break
            self.nonces[url] = answer.headers["DPoP-Nonce"]
        return answer


def half_open(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def show_certificate(context: ssl.SSLContext, target: Target, name: str) -> None:
    """Let connections show the certificate of this client."""
    made = json.loads((target.folder / f"{name}.certificate.json").read_text())
    with NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(made["cert"] + made["key"])
        file.flush()
        context.load_cert_chain(file.name)


@contextmanager
def fapi_client(target: Target, variant: Variant, number: int = 1) -> Iterator[FapiClient]:
    """A client of this variant."""
    context = ssl.create_default_context(cafile=target.folder / "tls" / "ca.pem")
    name = f"fapi-{variant.profile}-{variant.authentication}-{variant.binding}-{number}"
    if variant.shows_certificate:
        show_certificate(context, target, name)
    with httpx.Client(verify=context, timeout=20, trust_env=False) as http, ExitStack() as browsers:
        metadata = http.get(f"{target.issuer}/.well-known/openid-configuration").json()
        yield FapiClient(target, variant, number, http, metadata, browsers)
