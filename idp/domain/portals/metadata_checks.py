"""What a client that registers itself must keep to beyond the rules of clients.yaml: nobody here has looked at it."""

from __future__ import annotations

from urllib.parse import urlsplit

from idp.domain.portals.client_checks import grants_of
from idp.domain.portals.clients import ClientAuthentication, GrantType
from idp.domain.portals.registry_entries import Complaint, Entry
from idp.domain.portals.registry_surroundings import Check, Complaints, Surroundings

DEFAULT_PORTS = {"https": 443, "http": 80}


def name_is_there(entry: Entry, _: Surroundings) -> Complaints:
    """People decide by it."""
    if not entry.text("client_name").strip():
        yield Complaint(0, "client_name: holds nothing to read; send what people call the software")


def needs_no_operator(entry: Entry, _: Surroundings) -> Complaints:
    """Whose authority vouches for a client's certificate is for an operator to say (RFC 8705 section 2.1)."""
    method = entry.text("token_endpoint_auth_method")
    if method == ClientAuthentication.TLS:
        instead = ClientAuthentication.SELF_SIGNED_TLS
        yield Complaint(0, f"token_endpoint_auth_method: {method} is only for clients.yaml; send {instead}")


def answers_fit_grants(entry: Entry, _: Surroundings) -> Complaints:
    """RFC 7591 section 2.1."""
    if ("code" in entry.items("response_types")) != (GrantType.AUTHORIZATION_CODE in grants_of(entry)):
        yield Complaint(0, "response_types: code and the grant type authorization_code go together; send both or none")


def sign_in_starts_by_https(entry: Entry, _: Surroundings) -> Complaints:
    """OpenID Connect Core section 4: initiate_login_uri must be https."""
    uri = entry.text("initiate_login_uri")
    if uri and not uri.startswith("https://"):
        yield Complaint(0, f"initiate_login_uri: {uri} is not https; send an https address")


def origins_are_its_own(entry: Entry, _: Surroundings) -> Complaints:
    """Who may read answers from a browser is whoever receives the codes, and nobody else."""
    own = {origin_of(uri) for uri in entry.items("redirect_uris")}
    for origin in entry.items("web_origins"):
        if origin_of(origin) not in own:
            yield Complaint(0, f"web_origins: {origin} is the origin of none of the redirect_uris; leave it out")


def origin_of(uri: str) -> str:
    """Scheme, host and port, the default port left out."""
    parts = urlsplit(uri)
    port = parts.port if parts.port != DEFAULT_PORTS.get(parts.scheme) else None
    return f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port else "")


METADATA_CHECKS: tuple[Check, ...] = (
    name_is_there,
    answers_fit_grants,
    sign_in_starts_by_https,
    origins_are_its_own,
)
