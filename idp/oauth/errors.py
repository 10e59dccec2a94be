"""Protocol errors that Authlib has no class for. Descriptions are for the portal's developers, never of internals."""

from __future__ import annotations

from authlib.oauth2 import OAuth2Error


class InvalidTarget(OAuth2Error):  # type: ignore[misc]
    """The resource is unknown, malformed, or not this client's to ask for (RFC 8707 section 2)."""

    error = "invalid_target"


class InvalidAuthorizationDetails(OAuth2Error):  # type: ignore[misc]
    """They are malformed, of a type that is not this client's, or more than was granted (RFC 9396 sections 5, 6)."""

    error = "invalid_authorization_details"


class TemporarilyUnavailable(OAuth2Error):  # type: ignore[misc]
    """Too much at once; a redirect cannot say 503 (RFC 6749 section 4.1.2.1)."""

    error = "temporarily_unavailable"


class Refused(OAuth2Error):  # type: ignore[misc]
    """The journey ended unanswered (idp/domain/sign_in/journey.py: Refuse)."""

    def __init__(self, code: str, redirect_uri: str) -> None:
        super().__init__(error=code, redirect_uri=redirect_uri)
