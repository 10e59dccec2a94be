"""/register: clients that register themselves (RFC 7591) and manage what they registered (RFC 7592)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import TooManyRequests

from idp.domain.platform.plain_json import read_plain_json
from idp.domain.platform.storable import is_storable
from idp.domain.portals.client_metadata import MetadataError, MetadataProblem
from idp.domain.portals.client_registration import ClientInformation, NotInvited
from idp.http.actors import anonymous_actor
from idp.http.deps import current_deps
from idp.oauth.answers import NO_STORE, to_response
from idp.usecases.portals.registration import register_client
from idp.usecases.portals.registration_limits import count_registration
from idp.usecases.portals.registration_management import (
    change_registration,
    read_registration,
    remove_own_registration,
)

JSON = "application/json"
blueprint = Blueprint("registration", __name__)


@blueprint.before_request
def count() -> None:
    """Whoever guesses tokens or fills the table is slowed down, network by network."""
    limit = count_registration(current_deps(), anonymous_actor(request))
    if limit is not None:
        raise TooManyRequests(retry_after=limit.retry_after_seconds)


@blueprint.post("/register")
def register() -> Response:
    """201 and the client (RFC 7591 section 3.2.1)."""
    sent = metadata()
    if isinstance(sent, MetadataProblem):
        return answer(sent)
    return answer(register_client(current_deps(), anonymous_actor(request), bearer(), sent), status=201)


@blueprint.get("/register/<client_id>")
def read(client_id: str) -> Response:
    """What is registered (RFC 7592 section 2.1)."""
    return answer(read_registration(current_deps(), anonymous_actor(request), client_id, bearer()))


@blueprint.put("/register/<client_id>")
def change(client_id: str) -> Response:
    """What is registered from now on (section 2.2)."""
    sent = metadata()
    if isinstance(sent, MetadataProblem):
        return answer(sent)
    return answer(change_registration(current_deps(), anonymous_actor(request), client_id, bearer(), sent))


@blueprint.delete("/register/<client_id>")
def remove(client_id: str) -> Response:
    """204: the client is no more (section 2.3)."""
    refusal = remove_own_registration(current_deps(), anonymous_actor(request), client_id, bearer())
    return answer(refusal) if refusal else Response(status=204)


def answer(outcome: ClientInformation | MetadataProblem | NotInvited, status: int = 200) -> Response:
    """The client, or the error of RFC 7591 section 3.2.2, or of RFC 6750 section 3.1 for a wrong token."""
    if isinstance(outcome, ClientInformation):
        return to_response(status, outcome.body(current_deps().issuer))
    if isinstance(outcome, NotInvited):
        challenge = 'Bearer error="invalid_token"' if bearer() else "Bearer"
        return to_response(401, {"error": "invalid_token"}, [*NO_STORE, ("WWW-Authenticate", challenge)])
    described = outcome.sentence.encode("ascii", "replace").decode()
    return to_response(400, {"error": outcome.error, "error_description": described})


def bearer() -> str:
    """The token of this request, in its header only (RFC 6750 section 2.1), or ""."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def metadata() -> Mapping[str, Any] | MetadataProblem:
    """The JSON object of the body, each member written once, of text that can be kept."""
    if request.mimetype != JSON:
        return _unreadable(f"send the metadata as {JSON}")
    try:
        sent = read_plain_json(request.get_data())
    except ValueError:
        return _unreadable("the metadata is no JSON, or writes a member twice")
    if not isinstance(sent, dict) or not is_storable(sent):
        return _unreadable("send the metadata as one JSON object of storable text")
    return sent


def _unreadable(sentence: str) -> MetadataProblem:
    return MetadataProblem(MetadataError.INVALID_CLIENT_METADATA, sentence)
