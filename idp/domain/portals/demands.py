"""Every demand in force for one client: what, where it comes from, and why. What `idp clients explain` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from idp.domain.platform.instants import SECOND
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.portals.authentication_methods import WIRED
from idp.domain.portals.clients import Client, ClientAuthentication
from idp.domain.portals.encryption import ENCRYPTED
from idp.domain.portals.profiles import RULES, AssertionAudience, Profile

EVERYONE = "every client"
SIGNED = (ClientAuthentication.PRIVATE_KEY_JWT, ClientAuthentication.SECRET_JWT)


@dataclass(frozen=True, slots=True)
class Demand:
    """One line of the explanation."""

    says: str
    source: str
    """The profile, the client's own key, or every client."""
    why: str


Explained = Iterator[Demand]


def authentication(client: Client, _: Lifetimes) -> Explained:
    """How it proves itself."""
    method = client.token_endpoint_auth_method
    why = client.rules.reasons["client_authentication"]
    yield Demand(f"proves itself by {method}, at every endpoint", _own("token_endpoint_auth_method", method), why)
    allowed = ", ".join(item for item in ClientAuthentication if item in client.rules.client_authentication & WIRED)
    yield Demand(f"may be registered with {allowed}", _profile(client), why)


def assertions(client: Client, _: Lifetimes) -> Explained:
    """What its assertions are."""
    if client.token_endpoint_auth_method not in SIGNED:
        return
    rules, only = client.rules, client.token_endpoint_auth_signing_alg
    if only is not None:
        source = _own("token_endpoint_auth_signing_alg", only)
        yield Demand(f"signs assertions with {only}", source, "nothing else is accepted from it")
    elif client.token_endpoint_auth_method is ClientAuthentication.PRIVATE_KEY_JWT:
        names = ", ".join(sorted(rules.algorithms))
        yield Demand(f"signs assertions with one of {names}", _profile(client), rules.reasons["algorithms"])
    else:
        why = "RFC 7518 section 3.2: with a secret as long as the hash or longer"
        yield Demand("signs assertions with HS256, HS384 or HS512", _profile(client), why)
    issuer_only = rules.assertion_audience is AssertionAudience.ISSUER_ONLY
    audience = "the issuer, as a plain string" if issuer_only else "the issuer, the token endpoint or the one called"
    yield Demand(f"aud of an assertion: {audience}", _profile(client), rules.reasons["assertion_audience"])
    life = f"an assertion lives {rules.assertion_life // SECOND} s at most, and is used once"
    yield Demand(life, _profile(client), rules.reasons["assertion_life"])


def keys(client: Client, _: Lifetimes) -> Explained:
    """Where its keys are."""
    if client.jwks_uri:
        why = "fetched when a key is needed, kept between a minute and a day as its headers say"
        yield Demand(f"its keys are at {client.jwks_uri}", "its own jwks_uri", why)
    elif client.jwks:
        yield Demand(f"its keys: {len(client.jwks['keys'])}", "its own jwks", "in the registry; a reload changes them")


def pkce(client: Client, _: Lifetimes) -> Explained:
    """Whether it sends a challenge."""
    says = "sends a code_challenge" if client.demands_pkce else "may leave the code_challenge out"
    if client.is_public:
        yield Demand(says, EVERYONE, "RFC 9700 section 2.1.1: public clients must")
    elif client.require_pkce is not None and client.demands_pkce == client.require_pkce:
        why = client.rules.reasons["pkce"]
        yield Demand(says, f"its own require_pkce: {'true' if client.require_pkce else 'false'}", why)
    else:
        yield Demand(says, _profile(client), client.rules.reasons["pkce"])


def requests(client: Client, _: Lifetimes) -> Explained:
    """How authorization requests come. The server may demand pushed ones of all (a setting, told by discovery)."""
    rules = client.rules
    pushed = (
        "pushes every authorization request" if client.demands_pushed_requests else "may push authorization requests"
    )
    field = "require_pushed_authorization_requests"
    own = client.demands_pushed_requests and not rules.pushed_requests
    yield Demand(pushed, _own(field, "true") if own else _profile(client), rules.reasons["pushed_requests"])
    signed = "signs every authorization request"
    signed = signed if client.demands_signed_requests else "need not sign authorization requests"
    own = client.demands_signed_requests and not rules.signed_requests
    source = _own("require_signed_request_object", "true") if own else _profile(client)
    yield Demand(signed, source, rules.reasons["signed_requests"])


WHAT_IS_ENCRYPTED = ("ID and logout tokens", "userinfo answers", "JARM responses", "introspection answers as a JWT")


def tokens(client: Client, _: Lifetimes) -> Explained:
    """What it gets."""
    rules = client.rules
    bound = "gets tokens bound to its key only" if client.is_sender_constrained else "may have tokens bound to its key"
    yield Demand(bound, _binding(client), rules.reasons["sender_constrained"])
    if client.rotates_refresh_tokens:
        yield Demand("gets a new refresh token at each use", _profile(client), rules.reasons["rotates_refresh_tokens"])
    else:
        kept = RULES[Profile.FAPI2_SECURITY].reasons["rotates_refresh_tokens"]
        yield Demand("keeps its refresh token", _binding(client), kept)
    alg = client.id_token_signed_response_alg
    is_default = alg is rules.id_token_algorithm
    source = _profile(client) if is_default else _own("id_token_signed_response_alg", alg)
    yield Demand(f"gets ID tokens signed with {alg}", source, rules.reasons["id_token_algorithm"])
    for kind, what in zip(ENCRYPTED, WHAT_IS_ENCRYPTED, strict=True):
        field = f"{kind}_encrypted_response_alg"
        if alg := getattr(client, field):
            yield Demand(f"gets {what} encrypted with {alg}", _own(field, alg), "OpenID Connect Core section 10.2")


def consent(client: Client, _: Lifetimes) -> Explained:
    """Whether the person is asked."""
    if client.require_consent:
        yield Demand(
            "people are asked before anything is told", "its own require_consent: true", "the operator's choice"
        )


def common(_: Client, lifetimes: Lifetimes) -> Explained:
    """What no table holds, since nobody is let off."""
    for says, why in (
        ("redirect_uri is one of its redirect_uris, character by character", "RFC 9700 section 2.1"),
        ("response_type is code", "RFC 9700 section 2.1.2: tokens do not travel in addresses"),
        ("code_challenge_method is S256", "RFC 9700 section 2.1.1: plain shows the verifier"),
        (f"a code lives {lifetimes.code // SECOND} s and is used once", "RFC 6749 section 4.1.2"),
        ("every answer carries iss", "RFC 9207 section 2: who mixes servers up finds out"),
    ):
        yield Demand(says, EVERYONE, why)


TABLE: tuple[Callable[[Client, Lifetimes], Explained], ...] = (
    authentication, assertions, keys, pkce, requests, tokens, consent, common,
)  # fmt: skip


def demands_on(client: Client, lifetimes: Lifetimes) -> list[Demand]:
    """Every demand in force, in the order of the table."""
    return [demand for part in TABLE for demand in part(client, lifetimes)]


def _binding(client: Client) -> str:
    """What binds its tokens: its profile before its own key."""
    if client.dpop_bound_access_tokens and not client.rules.sender_constrained:
        return "its own dpop_bound_access_tokens: true"
    if client.tls_client_certificate_bound_access_tokens and not client.rules.sender_constrained:
        return "its own tls_client_certificate_bound_access_tokens: true"
    return _profile(client)


def _profile(client: Client) -> str:
    return f"profile {client.profile}"


def _own(key: str, value: str) -> str:
    return f"its own {key}: {value}"
