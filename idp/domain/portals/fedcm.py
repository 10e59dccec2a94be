"""FedCM (https://w3c-fedid.github.io/FedCM/): what the browser is told, so that it can offer an account by itself.

Every address is ours. The browser asks without saying for whom, so an account is known to it by one name that no
portal ever sees.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from idp.domain.people.siret import Siret, display_siret
from idp.domain.platform.plain_json import read_plain_json
from idp.domain.portals.clients import Client, ClientRegistry
from idp.domain.portals.widgets import Widget, framing_origin
from idp.domain.sign_in.sessions import LiveSession

WELL_KNOWN = "/.well-known/web-identity"
CONFIG = "/fedcm/config.json"
ACCOUNTS = "/fedcm/accounts"
CLIENT = "/fedcm/client"
ASSERTION = "/fedcm/assertion"
DISCONNECT = "/fedcm/disconnect"
LOGIN = "/fedcm/login"
MARK = "fedcm"
"""Kept of a request that the browser's own dialogue waits for: its answer is for that, and goes nowhere else."""


class FedcmRefusal(StrEnum):
    """Why nothing is given, beside the codes of a dispatcher's refusal; browsers know these and explain them."""

    INVALID_REQUEST = "invalid_request"
    ACCESS_DENIED = "access_denied"
    UNAVAILABLE = "temporarily_unavailable"


def web_identity(issuer: str) -> Mapping[str, Any]:
    """What must be found at the registrable domain: that domain's only provider is this one."""
    return {
        "provider_urls": [issuer + CONFIG],
        "accounts_endpoint": issuer + ACCOUNTS,
        "login_url": issuer + LOGIN,
    }


def configuration(issuer: str) -> Mapping[str, Any]:
    """Where the browser finds everything else."""
    return {
        "accounts_endpoint": issuer + ACCOUNTS,
        "client_metadata_endpoint": issuer + CLIENT,
        "id_assertion_endpoint": issuer + ASSERTION,
        "disconnect_endpoint": issuer + DISCONNECT,
        "login_url": issuer + LOGIN,
    }


def offers(client: Client | None) -> bool:
    """Whether this client's pages may ask the browser."""
    return _widget(client) is not None


def offers_at(client: Client, origin: str) -> bool:
    """Whether a page of that origin may, for this client."""
    widget = _widget(client)
    return widget is not None and widget.may_be_framed_by(origin)


def _widget(client: Client | None) -> Widget | None:
    widget = client.widget if client else None
    return widget if widget and widget.enabled and widget.fedcm else None


def is_for_page(client: Client, request: Mapping[str, str], origin: str) -> bool:
    """Whether this pushed request is for a page of that origin."""
    return bool(origin) and framing_origin(client.widget, request) == origin


def is_offered(registry: ClientRegistry) -> bool:
    """Whether browsers are told anything at all: some client wants them to be."""
    return any(map(offers, registry.clients.values()))


def account_name(subject: str, pairwise_salt: bytes) -> str:
    """By what the browser knows this account: neither `sub`, `uid` nor SIRET, and it lasts as long as the salt.

    No portal's pairwise subject is ever the same: neither sector nor subject holds a line feed (subjects.py).
    """
    message = f"\nfedcm\n{subject}".encode()
    return urlsafe_b64encode(hmac.digest(pairwise_salt, message, "sha256")).rstrip(b"=").decode()


def account(session: LiveSession, name: str, approved: Collection[str]) -> Mapping[str, Any]:
    """One account, as the browser's chooser shows it."""
    return {
        "id": name,
        "name": f"{session.given_name} {session.family_name}",
        "given_name": session.given_name,
        "username": f"SIRET {display_siret(Siret(session.siret))}",
        "login_hints": [session.siret],
        "approved_clients": sorted(approved),
    }


def pushed_name(params: str) -> str:
    """The request_uri that a page sent as `params`; "" when they are anything else."""
    try:
        sent = read_plain_json(params)
    except ValueError:
        return ""
    named = sent.get("request_uri") if isinstance(sent, dict) else None
    return named if isinstance(named, str) else ""
