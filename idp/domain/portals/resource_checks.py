"""What a resource demands of the clients it names."""

from __future__ import annotations

from idp.domain.portals.clients import ClientAuthentication
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


RESOURCE_CHECKS: tuple[Check, ...] = (
    resource_is_its_own,
    resource_is_safe,
    owner_can_introspect,
    resource_clients_exist,
)
