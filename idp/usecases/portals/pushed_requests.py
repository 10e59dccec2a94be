"""Pushing an authorization request, and finding it when the browser comes with its name (RFC 9126)."""

from __future__ import annotations

from collections.abc import Mapping

from idp.domain.platform.actors import Actor
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import SECOND, after
from idp.domain.platform.limits import TooMany
from idp.domain.portals.clients import Client
from idp.domain.portals.pushed_requests import PREFIX, PushedRequest, handle_of
from idp.domain.portals.requests import AuthorizationRequest
from idp.store.portals.pushed_requests import find_pushed, insert_pushed_request
from idp.usecases.deps import Deps
from idp.usecases.platform.prefix_limits import count_stored_request


def push_request(deps: Deps, actor: Actor, asked: AuthorizationRequest) -> PushedRequest | TooMany:
    """Keep a checked request for its client: one insert. A public client's count for its network (section 7.3)."""
    handle, life = deps.random.token(), deps.lifetimes.pushed_request
    with deps.transaction() if asked.client.is_public else deps.single_write() as connection:
        limit = count_stored_request(connection, deps, actor) if asked.client.is_public else None
        if limit is not None:
            return limit
        ends = after(deps.clock.now(), life)
        insert_pushed_request(connection, token_hash(handle), asked.client.client_id, asked.parameters, ends)
    return PushedRequest(PREFIX + handle, life // SECOND)


def find_pushed_request(deps: Deps, client: Client, request_uri: str) -> tuple[Mapping[str, str], str] | None:
    """The parameters that this client pushed, and what marks the code that they get: one read.

    None: another client's, expired, answered with a code already, or never there.
    """
    handle = handle_of(request_uri)
    if not handle:
        return None
    digest = token_hash(handle)
    with deps.read() as connection:
        found = find_pushed(connection, digest, client.client_id, deps.clock.now())
    return None if found is None else (found, digest.hex())
