"""Signed authorization requests: whose they are, and what they ask (RFC 9101)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from idp.adapters.assertions import read_assertion
from idp.adapters.outbound import OutboundAnswer
from idp.domain.portals.clients import Client
from idp.domain.portals.request_objects import object_problem
from idp.usecases.deps import Deps
from idp.usecases.portals.client_keys import fresh_client_keys

OK = 200


@dataclass(frozen=True, slots=True)
class RequestObjectRefused:
    """Why it is not taken, in words for the client's developer."""

    problem: str


def read_request_object(deps: Deps, client: Client, text: str) -> Mapping[str, Any] | RequestObjectRefused:
    """The claims of a request object that this client signed for us, now.

    Never called inside a transaction: the client's keys may have to be fetched.
    """
    read = read_assertion(text)
    if read is None:
        return RequestObjectRefused("it cannot be read")
    algorithm, only = read.header.get("alg"), client.request_object_signing_alg
    if algorithm not in client.rules.algorithms or (only is not None and algorithm != only):
        return RequestObjectRefused("its algorithm is not one that this client may use")
    keys = fresh_client_keys(deps, client, read.header.get("kid"))
    if not deps.assertions.verify(read, keys, only, among=client.rules.algorithms):
        return RequestObjectRefused("its signature is not by a key of the client")
    skew = deps.lifetimes.clock_skew
    problem = object_problem(read.header, read.claims, client, deps.issuer, deps.clock.now(), skew)
    return RequestObjectRefused(problem) if problem else read.claims


def fetch_request_object(deps: Deps, client: Client, address: str) -> str | None:
    """What a registered request_uri holds; None when it is not registered, or its host gives nothing."""
    if address not in client.request_uris:
        return None
    answer = deps.outbound.get(address.partition("#")[0])
    if isinstance(answer, OutboundAnswer) and answer.status == OK:
        return answer.body.decode("ascii", "replace").strip()
    reason = f"status_{answer.status}" if isinstance(answer, OutboundAnswer) else answer.reason
    host = urlsplit(address).hostname or ""
    deps.log.event("request_uri.unavailable", {"client_id": client.client_id, "host": host, "reason": reason})
    return None
