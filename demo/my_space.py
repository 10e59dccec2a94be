"""The pages of someone who is signed in: the claims, a refresh, the portal's own protected resource."""

from __future__ import annotations

from typing import cast

import requests
from flask import Blueprint, jsonify, redirect, session, url_for
from werkzeug.wrappers import Response

from demo.here import gateway, here, page, place
from demo.relying_party import keep_tokens, refresh

pages = Blueprint("my_space", __name__)


@pages.get("/me")
def me() -> Response:
    """The claims that were received; a visitor is sent to sign in."""
    if "me" not in session:
        return redirect(url_for("sign_in.login", next="/me"))
    return page("me.html", id_token_claims=session["id_token_claims"], notice=session.pop("notice", ""))


@pages.get("/me.json")
def me_json() -> Response:
    """The same for programs: claims of the ID token, then those of userinfo."""
    if "me" not in session:
        return cast(Response, jsonify(error="not_signed_in")), 401  # type: ignore[return-value]
    answer = jsonify({**session["id_token_claims"], **session["me"]})
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.post("/refresh")
def refresh_tokens() -> Response:
    """Trade the refresh token for new tokens and ask userinfo again."""
    if "me" not in session:
        return redirect("/login")
    tokens = refresh(gateway(), session["refresh_token"])
    keep_tokens(tokens)
    session["me"] = dict(gateway().userinfo(token=tokens))
    session["notice"] = "Jeton rafraîchi : les informations viennent d'être relues."
    return redirect("/me")


@pages.post("/dossier")
def dossier() -> Response:
    """Call this portal's own protected resource with an access token addressed to it and to nothing else."""
    if "me" not in session:
        return redirect("/login")
    tokens = refresh(gateway(), session["refresh_token"], resource=here().resource(place().base_port))
    keep_tokens(tokens)
    answer = requests.get(
        f"http://127.0.0.1:{place().base_port + here().offset}{here().resource_path}",
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
        timeout=5,
    )
    answer.raise_for_status()
    return page("dossier.html", dossier=answer.json())
