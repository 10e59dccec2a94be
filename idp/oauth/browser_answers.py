"""Pages that end what a browser's own dialogue has opened (FedCM: IdentityProvider.resolve and close)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from flask import Response

from idp.domain.portals.clients import Client
from idp.domain.portals.fedcm import account_name
from idp.domain.sign_in.sessions import LiveSession
from idp.http.deps import current_deps
from idp.http.pages import render_page


def token_of(members: Mapping[str, str]) -> str:
    """The answer as the one text that every browser hands on: older ones know no other token."""
    return json.dumps(dict(members), separators=(",", ":"))


def resolved(client: Client, members: Mapping[str, str], session: LiveSession) -> Response:
    """The answer goes to the page that called the dialogue; only the browser knows which that is."""
    account = account_name(session.subject, current_deps().pairwise_salt())
    return render_page("fedcm_end.html", client=client, token=token_of(members), account=account)


def closed(client: Client | None = None) -> Response:
    """The dialogue goes on without an answer: the page still has its form."""
    return render_page("fedcm_end.html", client=client, token="", account="")
