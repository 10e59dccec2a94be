"""What `legacy_widget` demands: an address names one client, and that client can prove itself at /introspect."""

from __future__ import annotations

from collections.abc import Iterator

from idp.domain.portals.clients import ClientAuthentication
from idp.domain.portals.profile_checks import rules_of
from idp.domain.portals.registry_addresses import origin_problem, redirect_problem
from idp.domain.portals.registry_entries import Complaint, Entry
from idp.domain.portals.registry_surroundings import Check, Complaints, Surroundings, method_of

KEY = "legacy_widget"
RETURNS = ("success_urls", "failure_urls")
LISTS = ("origins", *RETURNS)


def written(entry: Entry, name: str) -> list[str]:
    """A list inside the key."""
    return list(entry.values.get(KEY, {}).get(name, ()))


def returns_of(entry: Entry) -> Iterator[tuple[str, int, str]]:
    """Every return address, and where it is written."""
    for name in RETURNS:
        for index, url in enumerate(written(entry, name)):
            yield name, index, url


def is_on(entry: Entry) -> bool:
    return KEY in entry.values and entry.values[KEY].get("enabled", True)


def legacy_widget_is_whole(entry: Entry, _: Surroundings) -> Complaints:
    for name in LISTS if is_on(entry) else ():
        if not written(entry, name):
            yield Complaint(entry.line_of(KEY), f"{KEY}.{name} is missing; write it, or enabled: false")


def legacy_returns_are_safe(entry: Entry, around: Surroundings) -> Complaints:
    for name, index, url in returns_of(entry):
        if problem := redirect_problem(url, native=False, loopback=around.loopback):
            yield Complaint(entry.line_of(KEY, f"{name}.{index}"), f"{KEY}.{name}: {url} {problem}")
    for index, origin in enumerate(written(entry, "origins")):
        if problem := origin_problem(origin, loopback=around.loopback):
            yield Complaint(entry.line_of(KEY, f"origins.{index}"), f"{KEY}.origins: {origin} {problem}")


def legacy_returns_name_one_client(entry: Entry, around: Surroundings) -> Complaints:
    """Nothing else in the form says whose it is."""
    own = entry.text("client_id")
    others = {
        url: name for name, other in around.clients.items() if name != own for _, _, url in returns_of(other)
    }  # fmt: skip
    for name, index, url in returns_of(entry):
        if url in others:
            message = f"{KEY}.{name}: {url} is also {others[url]}'s; an address belongs to one client"
            yield Complaint(entry.line_of(KEY, f"{name}.{index}"), message)


def legacy_tokens_can_be_redeemed(entry: Entry, _: Surroundings) -> Complaints:
    if not is_on(entry):
        return
    line = entry.line_of(KEY)
    if method_of(entry) == ClientAuthentication.NONE:
        yield Complaint(line, f"{KEY}: its tokens are told to who proves itself; write a secret or jwks")
    if rules_of(entry).pushed_requests:
        yield Complaint(line, f"{KEY}: this profile takes pushed requests only; take one of the two out")
    if entry.values.get("require_consent"):
        yield Complaint(line, f"{KEY}: nobody can be asked there; take it out, or require_consent")


LEGACY_WIDGET_CHECKS: tuple[Check, ...] = (
    legacy_widget_is_whole,
    legacy_returns_are_safe,
    legacy_returns_name_one_client,
    legacy_tokens_can_be_redeemed,
)
