"""A partner as Authlib's checks see it."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256

from authlib.oauth2.rfc6749 import ClientMixin

from idp.domain.portals.clients import Client
from idp.domain.portals.redirect_uris import is_registered_redirect
from idp.domain.portals.scopes import words_of


class OAuthClient(ClientMixin):  # type: ignore[misc]
    """Wraps a registry entry; holds nothing of its own."""

    __slots__ = ("entry",)

    def __init__(self, entry: Client) -> None:
        self.entry = entry

    @property
    def client_id(self) -> str:
        return self.entry.client_id

    def get_client_id(self) -> str:
        return self.entry.client_id

    def get_default_redirect_uri(self) -> str:
        """None: a redirect URI is always sent, even when only one is registered."""
        return ""

    def get_allowed_scope(self, scope: str | None) -> str:
        """Of the asked scopes those that it is registered for; unknown ones are ignored."""
        return " ".join(item for item in words_of(scope or "") if item in self.entry.scopes)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return is_registered_redirect(self.entry, redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        return matches_secret(self.entry, (client_secret,))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """A registered method is the only one accepted, at every endpoint."""
        return self.entry.token_endpoint_auth_method == method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.entry.grant_types


def matches_secret(client: Client, candidates: Iterable[str]) -> bool:
    """Whether one of these is one of the client's secrets (two while it changes). Every digest is compared."""
    matched = False
    for candidate in candidates:
        digest = sha256(candidate.encode()).digest()
        for secret in client.secrets:
            matched |= hmac.compare_digest(digest, secret.digest)
    return matched
