"""What a client may be granted of what it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from idp.domain.portals.clients import Client, ClientRegistry, GrantType

OPENID = "openid"
OFFLINE_ACCESS = "offline_access"

IDENTITY_SCOPES = (
    OPENID, "profile", "email", "phone", "organization", "roles", OFFLINE_ACCESS,
    "given_name", "usual_name", "uid", "siret", "siren",
)  # fmt: skip
"""Ours, then ProConnect's scopes of one claim each. Every other scope belongs to a resource."""


def known_scopes(registry: ClientRegistry) -> frozenset[str]:
    """Every scope that means something here."""
    return frozenset(IDENTITY_SCOPES).union(*(resource.scopes for resource in registry.resources.values()))


def granted_scopes(
    asked: Sequence[str], client: Client, known: Iterable[str], *, asks_consent: bool
) -> tuple[str, ...]:
    """The scopes to grant, in the order they were asked for, each once. Unknown and unregistered ones are ignored.

    `offline_access` needs a client that may refresh and a person who was asked (OpenID Connect Core section 11).
    """
    allowed = client.scopes & frozenset(known)
    if not (asks_consent and client.may_use(GrantType.REFRESH_TOKEN)):
        allowed -= {OFFLINE_ACCESS}
    return tuple(dict.fromkeys(scope for scope in asked if scope in allowed))


def consent_scopes(asked: str, client: Client, registry: ClientRegistry) -> tuple[str, ...]:
    """What a consent page asks about: the scopes that this request would be granted."""
    return granted_scopes(words_of(asked), client, known_scopes(registry), asks_consent=True)


def words_of(text: str) -> tuple[str, ...]:
    """The words of a space-delimited parameter: U+0020 parts them and nothing else does (RFC 6749 section 3.3).

    `str.split()` would also part at a tab or a no-break space, where another reader sees one word.
    """
    return tuple(word for word in text.split(" ") if word)


def scope_text(scopes: Iterable[str]) -> str:
    """Scopes as they are stored and sent (RFC 6749 section 3.3)."""
    return " ".join(scopes)
