"""The public keys of a client: those in its registration, or those it publishes at its jwks_uri.

Never call these inside a transaction: they may wait for another host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from idp.adapters.key_sets import read_key_set
from idp.adapters.outbound import OutboundAnswer
from idp.domain.portals.clients import Client
from idp.domain.portals.key_sets import HeldKeys, life_of
from idp.usecases.deps import Deps

OK = 200


def client_keys(deps: Deps, client: Client) -> Mapping[str, Any] | None:
    """The client's JWK Set; None when it has none, or its host gives none."""
    if not client.jwks_uri:
        return client.jwks
    held, _ = deps.client_keys.held(client.jwks_uri)
    if not held.is_good(deps.clock.now()):
        held = _look(deps, client, early=False)
    return held.jwks if held.is_good(deps.clock.now()) else None


def fresh_client_keys(deps: Deps, client: Client, kid: object) -> Mapping[str, Any] | None:
    """The client's JWK Set, asked for once more when it lacks this kid, as often as the limit allows."""
    return client_keys_where(deps, client, lambda known: any(key.get("kid") == kid for key in known["keys"]))


def client_keys_where(
    deps: Deps, client: Client, serves: Callable[[Mapping[str, Any]], bool]
) -> Mapping[str, Any] | None:
    """The client's JWK Set, asked for once more when it does not serve, as often as the limit allows."""
    keys = client_keys(deps, client)
    if keys is None or not client.jwks_uri or serves(keys):
        return keys
    return _look(deps, client, early=True, known=keys).jwks


def _look(deps: Deps, client: Client, *, early: bool, known: Mapping[str, Any] | None = None) -> HeldKeys:
    """What is known after asking, if it is time to ask. One thread asks for an address; the others wait for it, who
    thereby learn what it learnt."""
    address = client.jwks_uri
    _, asking = deps.client_keys.held(address)
    with asking:
        held, _ = deps.client_keys.held(address)
        now = deps.clock.now()
        learnt_meanwhile = held.is_good(now) and (not early or held.jwks is not known)
        if learnt_meanwhile or not held.may_look(now, early=early):
            return held
        if early:
            deps.client_keys.change(address, lambda old: old.looked_early(now))
        return _ask(deps, client)


def _ask(deps: Deps, client: Client) -> HeldKeys:
    answer = deps.outbound.get(client.jwks_uri)
    now = deps.clock.now()
    if isinstance(answer, OutboundAnswer):
        keys = read_key_set(answer.body) if answer.status == OK else None
        reason = f"status_{answer.status}" if answer.status != OK else "no_usable_key_set"
        if keys is not None:
            life = life_of(answer.headers)
            return deps.client_keys.change(client.jwks_uri, lambda old: old.found(keys, life, now))
    else:
        reason = answer.reason
    host = urlsplit(client.jwks_uri).hostname or ""
    deps.log.event("client_keys.unavailable", {"client_id": client.client_id, "host": host, "reason": reason})
    return deps.client_keys.change(client.jwks_uri, lambda old: old.failed(now))
