"""The token exchange grant of /token (RFC 8693)."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, grants
from flask import request as flask_request

from idp.domain.portals.scopes import words_of
from idp.domain.portals.token_exchange import ACCESS_TOKEN, ID_TOKEN, AskedExchange
from idp.http.actors import client_actor
from idp.oauth.client_authentication import PROVEN
from idp.oauth.details import refuse_details
from idp.oauth.grants import answered, asked_resources, authenticate_for
from idp.usecases.portals.token_exchange import exchange


class TokenExchangeGrant(grants.BaseGrant, grants.TokenEndpointMixin):  # type: ignore[misc]
    """Section 2: clients that prove themselves only; one access token comes out."""

    GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
    TOKEN_ENDPOINT_AUTH_METHODS = PROVEN

    def validate_token_request(self) -> None:
        """Section 2.1, parameter by parameter."""
        self.request.client = authenticate_for(self)
        refuse_details(self.request)
        form = self.request.form
        if "subject_token" not in form:
            raise InvalidRequestError("Missing 'subject_token' in request.")
        if form.get("subject_token_type") not in (ACCESS_TOKEN, ID_TOKEN):
            raise InvalidRequestError("'subject_token_type' must be of an access token or an ID token.")
        if form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            raise InvalidRequestError("'requested_token_type' must be of an access token.")
        if ("actor_token" in form) != ("actor_token_type" in form):
            raise InvalidRequestError("'actor_token' and 'actor_token_type' belong together.")
        if form.get("actor_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            raise InvalidRequestError("'actor_token_type' must be of an access token.")

    def create_token_response(self) -> tuple[int, bytes, Any]:
        client, form = self.request.client.entry, self.request.form
        targets = (*asked_resources(self.request), *self.request.payload.datalist.get("audience", ()))
        asked = AskedExchange(
            subject_token=form["subject_token"],
            subject_token_type=form["subject_token_type"],
            actor_token=form.get("actor_token", ""),
            scopes=frozenset(words_of(self.request.payload.scope or "")),
            targets=tuple(dict.fromkeys(targets)),
        )
        actor = client_actor(flask_request, client.client_id)
        return answered(exchange(self.server.deps, actor, client, asked, confirmation=self.request.confirmation))
