"""Signing in at a portal and signing out of all: the browser's half of the protocol."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

from flask import Blueprint, redirect, request, session
from werkzeug.wrappers import Response

from demo.here import gateway, own, page, place, problem, store
from demo.relying_party import keep_tokens
from demo.sessions import PortalSession
from demo.tokens import Refused

pages = Blueprint("sign_in", __name__)


@pages.get("/login")
def login() -> Response:
    """Start a sign-in; also the initiate_login_uri (OpenID Connect Core section 4: check `iss`)."""
    if request.args.get("iss", place().issuer) != place().issuer:
        return problem("Cette demande de connexion vient d'un service inconnu.", 400)
    wishes = {name: request.args[name] for name in ("prompt", "login_hint", "ui_locales") if name in request.args}
    session["next"] = local_path(request.args.get("next", ""))
    return cast(Response, gateway().authorize_redirect(own("/callback"), **wishes))


def local_path(wanted: str) -> str:
    """The wanted page if it is one of this portal's, else /me: no open redirect."""
    parts = urlsplit(wanted)
    safe = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return wanted if safe else "/me"


@pages.get("/callback")
def callback() -> Response:
    """The answer comes back: `iss` first (RFC 9207: mix-up), then state, PKCE, nonce and signature by Authlib."""
    if request.args.get("iss") != place().issuer:
        return problem("La réponse ne vient pas du service de connexion attendu.", 400)
    tokens = gateway().authorize_access_token()
    remember(tokens, dict(tokens["userinfo"]))
    return redirect(session.pop("next", "/me"))


def remember(tokens: dict[str, Any], id_token_claims: dict[str, Any]) -> None:
    """Sign the person in here, under a new session identifier."""
    claims = dict(gateway().userinfo(token=tokens))
    if claims.get("sub") != id_token_claims["sub"]:
        raise Refused("userinfo speaks of someone else (OpenID Connect Core section 5.3.2)")
    kept = session.pop("next", "/me")
    session.clear()
    session["next"] = kept
    session["sub"] = id_token_claims["sub"]
    session["sid"] = id_token_claims.get("sid", "")
    session["me"] = claims
    session["id_token_claims"] = id_token_claims
    session["id_token"] = tokens["id_token"]
    keep_tokens(tokens)
    store().renew(cast(PortalSession, session._get_current_object()))  # type: ignore[attr-defined]


@pages.route("/logout", methods=["GET", "POST"])
def logout() -> Response:
    """Sign out here, then everywhere (OpenID Connect RP-Initiated Logout 1.0)."""
    hint = session.get("id_token")
    session.clear()
    if hint is None:
        return redirect("/signed-out")
    return cast(Response, gateway().logout_redirect(own("/signed-out"), id_token_hint=hint))


@pages.get("/signed-out")
def signed_out() -> Response:
    """Where the gateway sends the browser back; `state` shows that it answers our own request."""
    answered = False
    if "state" in request.args:
        gateway().validate_logout_response()
        answered = True
    return page("signed_out.html", answered=answered)
