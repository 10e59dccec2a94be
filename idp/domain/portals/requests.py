"""An authorization request once it is read and checked (OpenID Connect Core section 3.1.2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from idp.domain.platform.errors import DomainError
from idp.domain.platform.plain_json import read_plain_json
from idp.domain.portals.authorization_details import Details
from idp.domain.portals.clients import Client, ResponseMode


class Prompt(StrEnum):
    """What `prompt` may ask for."""

    NONE = "none"
    LOGIN = "login"
    CONSENT = "consent"
    SELECT_ACCOUNT = "select_account"


class InvalidClaimsRequest(DomainError):
    """The claims parameter is not what OpenID Connect Core section 5.5 describes."""

    code = "invalid_claims_request"


ClaimDemand = Mapping[str, Any]
WE_COMPARE = frozenset({"acr", "sub"})
"""Claims whose demanded values decide what is answered: one that cannot be compared must not pass for none."""


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """The claims parameter, by place. A claim without demands maps to an empty mapping."""

    id_token: Mapping[str, ClaimDemand] = field(default_factory=lambda: MappingProxyType({}))
    userinfo: Mapping[str, ClaimDemand] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def essential_acrs(self) -> tuple[str, ...]:
        """The values of which one must be reached (section 5.5.1.1); empty when any will do."""
        demand = self.id_token.get("acr", {})
        if demand.get("essential") is not True:
            return ()
        values = demand.get("values", [demand["value"]] if "value" in demand else [])
        return tuple(value for value in values if isinstance(value, str))

    @property
    def subjects(self) -> frozenset[str]:
        """The `sub` that this request is about (section 5.5.1); empty when it is about anyone."""
        wanted = (place.get("sub", {}).get("value") for place in (self.id_token, self.userinfo))
        return frozenset(value for value in wanted if isinstance(value, str))

    def as_json(self) -> dict[str, Any] | None:
        """What the authorization keeps; None when nothing was asked."""
        if not self.id_token and not self.userinfo:
            return None
        return {"id_token": dict(self.id_token), "userinfo": dict(self.userinfo)}


def parse_claims_request(text: str) -> ClaimsRequest:
    """Read the claims parameter; members we do not know are ignored.

    Raises:
        InvalidClaimsRequest: not JSON that all read alike, or not objects where objects belong, or a level or
            subject that is no text.
    """
    try:
        asked = read_plain_json(text)
    except ValueError:
        raise InvalidClaimsRequest from None
    if not isinstance(asked, dict):
        raise InvalidClaimsRequest
    return ClaimsRequest(id_token=_place(asked, "id_token"), userinfo=_place(asked, "userinfo"))


def _place(asked: Mapping[str, Any], name: str) -> Mapping[str, ClaimDemand]:
    claims = {} if asked.get(name) is None else asked[name]
    if not isinstance(claims, dict):
        raise InvalidClaimsRequest
    return MappingProxyType({claim: _demand(claim, demand) for claim, demand in claims.items()})


def _demand(claim: str, demand: Any) -> ClaimDemand:
    if demand is None:
        return {}
    if not isinstance(demand, dict) or not isinstance(demand.get("values", []), list):
        raise InvalidClaimsRequest
    asked = {name: demand[name] for name in ("essential", "value", "values") if name in demand}
    if claim in WE_COMPARE and not all(
        isinstance(one, str) for one in (asked.get("value", ""), *asked.get("values", ()))
    ):
        raise InvalidClaimsRequest
    return asked


@dataclass(frozen=True, slots=True)
class SubjectHint:
    """Whom an id_token_hint names, as the client it was issued to knows them."""

    client: Client
    subject: str


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a client asks, every rule of the protocol checked."""

    client: Client
    redirect_uri: str
    response_mode: ResponseMode = ResponseMode.QUERY
    state: str = ""
    nonce: str = ""
    scopes: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    details: Details = ()
    """authorization_details (RFC 9396), each in its one spelling."""
    code_challenge: str = ""
    """S256, the only method; empty when none was sent."""
    dpop_jkt: str = ""
    """Thumbprint of the one DPoP key that may redeem the code (RFC 9449 section 10)."""
    prompts: frozenset[Prompt] = frozenset()
    max_age: int | None = None
    """Seconds; the client's default_max_age when the request says nothing."""
    acr_values: tuple[str, ...] = ()
    claims: ClaimsRequest = ClaimsRequest()
    hint: SubjectHint | None = None
    login_hint: str = ""
    ui_locales: str = ""
    display: str = "page"
    widget_origin: str = ""
    """The one page origin that may frame our form for this request; empty: the client's only one, if any."""
    pushed: str = ""
    """The mark of the pushed request that this is; its one code carries it."""
    for_browser: bool = False
    """The browser's own dialogue waits for the answer (FedCM), and nobody else gets it."""
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """As sent, by name, several resources separated by spaces: what a transaction keeps. Never a token."""

    def answered_by(self, code: str, issuer: str) -> Mapping[str, str]:
        """What the client is told (RFC 6749 section 4.1.2, RFC 9207 section 2)."""
        return {"code": code, **({"state": self.state} if self.state else {}), "iss": issuer}
