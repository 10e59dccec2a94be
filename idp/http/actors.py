"""Who is asking, before anybody has proven anything."""

from __future__ import annotations

from flask import Request

from idp.domain.platform.actors import Actor, ActorRole
from idp.http.deps import current_deps, current_request


def request_id() -> str:
    """One random name of the running request: in its audit rows, its log lines and on its error pages."""
    request = current_request()
    if not request.request_id:
        request.request_id = current_deps().random.token(12)
    return request.request_id


def anonymous_actor(request: Request) -> Actor:
    """Someone at the peer's address (proxies already resolved), in this request."""
    return Actor(ActorRole.ANONYMOUS, address=request.remote_addr or "", request_id=request_id())


def person_actor(request: Request, subject: str, organisation: str = "") -> Actor:
    """The person a live session speaks for."""
    return Actor(ActorRole.PERSON, subject, request.remote_addr or "", request_id(), organisation)


def client_actor(request: Request, client_id: str) -> Actor:
    """A partner that has authenticated."""
    return Actor(ActorRole.CLIENT, client_id, request.remote_addr or "", request_id())
