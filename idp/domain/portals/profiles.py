"""Profiles: what a client must and may do, one named table each. Checked at start-up and at every request.

Owns the demands and their reasons. Does not own a client's own fields (clients.py), which may demand more and never
less, nor the places that enforce a demand: each reads it from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from idp.domain.platform.instants import HOUR, MINUTE
from idp.domain.platform.keys import SigningAlgorithm
from idp.domain.portals.authentication_methods import ClientAuthentication


class Profile(StrEnum):
    """The protocol profile that a client follows."""

    OIDC = "oidc"
    FAPI2_SECURITY = "fapi2_security"
    FAPI2_MESSAGE_SIGNING = "fapi2_message_signing"
    LEGACY = "legacy"


class AssertionAudience(StrEnum):
    """What `aud` of a client assertion may be."""

    ISSUER_ONLY = "issuer_only"
    """Our issuer, as a plain string."""
    ANY_OF_OURS = "any_of_ours"
    """One of issuer, token endpoint or the endpoint called; a string, or an array of that one string."""


class Pkce(StrEnum):
    """Whether a code challenge is sent (RFC 7636). A public client always sends one."""

    ALWAYS = "always"
    UNLESS_LIFTED = "unless_lifted"
    """`require_pkce: false` lifts it."""
    WHEN_REQUIRED = "when_required"
    """Only `require_pkce: true` demands it."""


@dataclass(frozen=True, slots=True)
class ProfileRules:
    """One table of demands. `reasons` has a sentence for each of the other names."""

    client_authentication: frozenset[ClientAuthentication]
    algorithms: frozenset[SigningAlgorithm]
    """What the client may sign with, and what is signed for it."""
    id_token_algorithm: SigningAlgorithm
    """When the client names none."""
    assertion_audience: AssertionAudience
    assertion_life: int
    """Milliseconds that an assertion may have to live: its jti is kept until then. Authlib's client asks an hour."""
    pkce: Pkce
    pushed_requests: bool
    """Authorization requests come by PAR only (RFC 9126)."""
    signed_requests: bool
    """Authorization requests come in a signed request object only (RFC 9101)."""
    sender_constrained: bool
    """Tokens are bound to a key of the client: DPoP (RFC 9449) or mutual TLS (RFC 8705)."""
    rotates_refresh_tokens: bool
    reasons: Mapping[str, str]

    @property
    def assertion_algorithms(self) -> frozenset[SigningAlgorithm]:
        """What a client assertion may be signed with."""
        return self.algorithms


METHOD = ClientAuthentication
STRONG = frozenset(SigningAlgorithm) - {SigningAlgorithm.RS256}

OIDC = ProfileRules(
    client_authentication=frozenset(METHOD),
    algorithms=frozenset(SigningAlgorithm),
    id_token_algorithm=SigningAlgorithm.RS256,
    assertion_audience=AssertionAudience.ANY_OF_OURS,
    assertion_life=HOUR,
    pkce=Pkce.UNLESS_LIFTED,
    pushed_requests=False,
    signed_requests=False,
    sender_constrained=False,
    rotates_refresh_tokens=True,
    reasons=MappingProxyType(
        {
            "client_authentication": "OpenID Connect Core section 9 and RFC 8705 section 2 name these methods",
            "algorithms": "RFC 8725 section 3.1: the list is ours; never none, never HMAC under a public key",
            "id_token_algorithm": "OpenID Connect Core section 3.1.3.7: RS256 unless the client registered another",
            "assertion_audience": "RFC 7523 section 3 item 3: the assertion is for this server and for no other",
            "assertion_life": "RFC 7523 section 3 item 4: not far in the future; common clients ask an hour",
            "pkce": "RFC 9700 section 2.1.1: every client should; require_pkce: false lifts it for a confidential one",
            "pushed_requests": "RFC 9126 section 6: only when the client or the server asks for it",
            "signed_requests": "RFC 9101 section 10.5: only when the client or the server asks for it",
            "sender_constrained": "RFC 9700 section 2.2.1: recommended, for clients that have a key to bind to",
            "rotates_refresh_tokens": "RFC 9700 section 4.14.2: a stolen refresh token shows itself when replayed",
        }
    ),
)

FAPI2_SECURITY = ProfileRules(
    client_authentication=frozenset({METHOD.PRIVATE_KEY_JWT, METHOD.TLS, METHOD.SELF_SIGNED_TLS}),
    algorithms=STRONG,
    id_token_algorithm=SigningAlgorithm.PS256,
    assertion_audience=AssertionAudience.ISSUER_ONLY,
    assertion_life=10 * MINUTE,
    pkce=Pkce.ALWAYS,
    pushed_requests=True,
    signed_requests=False,
    sender_constrained=True,
    rotates_refresh_tokens=False,
    reasons=MappingProxyType(
        {
            "client_authentication": "FAPI 2.0 Security Profile section 5.3.2.1 items 3, 6: confidential, by key only",
            "algorithms": "FAPI 2.0 Security Profile section 5.4.1: PS256, ES256 or EdDSA with Ed25519",
            "id_token_algorithm": "FAPI 2.0 Security Profile section 5.4.1: RS256 is not among the algorithms",
            "assertion_audience": "FAPI 2.0 Security Profile section 5.3.2.1 item 8: an assertion for another server"
            " cannot be passed on to this one",
            "assertion_life": "RFC 7523 section 3 item 4: made for one request; ten minutes forgive a slow queue, and a"
            " stolen one is soon worthless",
            "pkce": "FAPI 2.0 Security Profile section 5.3.2.2 item 5: S256 from every client",
            "pushed_requests": "FAPI 2.0 Security Profile section 5.3.2.2: a request that was not pushed is refused",
            "signed_requests": "a pushed request is authenticated already; Message Signing demands a signature",
            "sender_constrained": "FAPI 2.0 Security Profile section 5.3.2.1 items 4 and 5: by DPoP or mutual TLS",
            "rotates_refresh_tokens": "FAPI 2.0 Security Profile section 5.3.2.1 item 9: no gain for a confidential"
            " client whose tokens are bound, and a lost answer would end its access",
        }
    ),
)

FAPI2_MESSAGE_SIGNING = replace(
    FAPI2_SECURITY,
    signed_requests=True,
    reasons=MappingProxyType(
        {
            **FAPI2_SECURITY.reasons,
            "signed_requests": "FAPI 2.0 Message Signing section 5.3: what was asked can be shown to others afterwards",
        }
    ),
)

LEGACY = replace(
    OIDC,
    client_authentication=frozenset({METHOD.SECRET_BASIC, METHOD.SECRET_POST}),
    pkce=Pkce.WHEN_REQUIRED,
    reasons=MappingProxyType(
        {
            **OIDC.reasons,
            "client_authentication": "software of before 2018 knows a secret and nothing else; a client without"
            " a secret or with a key has no need of this profile",
            "pkce": "RFC 9700 section 2.1.1: a confidential client may rely on nonce instead; old software cannot send"
            " a challenge, but one that is sent is checked",
        }
    ),
)

RULES: Mapping[Profile, ProfileRules] = MappingProxyType(
    {
        Profile.OIDC: OIDC,
        Profile.FAPI2_SECURITY: FAPI2_SECURITY,
        Profile.FAPI2_MESSAGE_SIGNING: FAPI2_MESSAGE_SIGNING,
        Profile.LEGACY: LEGACY,
    }
)
"""Common to all, and so in no table: code flow only, exact redirect URIs, codes of 60 s at most and used once, `iss` in
the response, S256 and never plain."""
