"""What a resource demands of the clients it names."""

from __future__ import annotations

from idp.domain.platform.keys import SigningAlgorithm
from idp.domain.portals.clients import ClientAuthentication
from idp.domain.portals.profile_checks import profile_of, rules_of
from idp.domain.portals.registry_addresses import web_address_problem
from idp.domain.portals.registry_entries import Complaint, Entry
from idp.domain.portals.registry_surroundings import (
    Check,
    Complaints,
    Surroundings,
    method_of,
    nearest,
    unknown_clients,
)


def resource_is_its_own(entry: Entry, around: Surroundings) -> Complaints:
    name, line = entry.text("identifier"), entry.line_of("identifier")
    first = around.resources.get(name, entry)
    if first is not entry:
        yield Complaint(line, f"identifier: already written at line {first.line_of('identifier')}; write another")
    if name == around.issuer:
        yield Complaint(line, "identifier: is the gateway itself; write the API's own address")


def resource_is_safe(entry: Entry, around: Surroundings) -> Complaints:
    name = entry.text("identifier")
    if name.startswith("http") and (problem := web_address_problem(name, loopback=around.loopback)):
        yield Complaint(entry.line_of("identifier"), f"identifier: {name} {problem}")


def owner_can_introspect(entry: Entry, around: Surroundings) -> Complaints:
    owner, line = entry.text("owner"), entry.line_of("owner")
    client = around.clients.get(owner)
    if owner and client is None:
        yield Complaint(line, f"owner: there is no client {owner}; {nearest(owner, list(around.clients))}")
    elif client is not None and method_of(client) == ClientAuthentication.NONE:
        yield Complaint(line, f"owner: {owner} does not prove itself, so it may not introspect; write another client")


def resource_clients_exist(entry: Entry, around: Surroundings) -> Complaints:
    yield from unknown_clients(entry, "clients", around)


def tokens_are_signed_as_profiles_demand(entry: Entry, around: Surroundings) -> Complaints:
    """FAPI 2.0 Security Profile section 5.4.1: access tokens are JWTs too."""
    alg = entry.text("signing_alg", SigningAlgorithm.ES256)
    for index, name in enumerate(entry.items("clients")):
        client = around.clients.get(name)
        if client is not None and alg not in rules_of(client).algorithms:
            message = f"clients: {name} has the profile {profile_of(client)}, which does not take {alg}"
            yield Complaint(entry.line_of("clients", index), f"{message}; write signing_alg: ES256")


RESOURCE_CHECKS: tuple[Check, ...] = (
    resource_is_its_own,
    resource_is_safe,
    owner_can_introspect,
    resource_clients_exist,
    tokens_are_signed_as_profiles_demand,
)
