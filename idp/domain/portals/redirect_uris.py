"""Where an authorization response may be sent."""

from __future__ import annotations

import re

from idp.domain.portals.clients import Client

LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?((?:[/?].*)?)", re.ASCII)
"""RFC 8252 section 7.3: literal addresses; `localhost` may resolve to another machine and gets no freedom."""


def is_registered_redirect(client: Client, redirect_uri: str) -> bool:
    """Whether it is one of the client's redirect URIs, character by character (RFC 9700 section 2.1).

    Of a native client's loopback redirect URI only the port may differ (RFC 8252 section 7.3): the system gives it.
    """
    if redirect_uri in client.redirect_uris:
        return True
    sent = _without_port(redirect_uri) if client.application_type == "native" else None
    return sent is not None and any(_without_port(uri) == sent for uri in client.redirect_uris)


def _without_port(uri: str) -> tuple[str, str] | None:
    found = LOOPBACK.fullmatch(uri)
    return (found[1], found[2]) if found else None
