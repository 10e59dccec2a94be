"""A partner tests its own page: fetched once, for it, by the one outbound client; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from idp.adapters.outbound import OutboundAnswer
from idp.domain.platform.actors import Actor
from idp.domain.platform.limits import Limit, TooMany
from idp.domain.portals.clients import Client
from idp.domain.portals.partner_pages import PartnerPage, page_address, read_page
from idp.domain.portals.widget_check import judge_page
from idp.domain.portals.widget_findings import Expected, Finding
from idp.domain.portals.widgets import Completion, Widget
from idp.usecases.deps import Deps
from idp.usecases.platform.prefix_limits import count_prefixes

MARKUP = ("text/html", "application/xhtml+xml")


class Unjudged(StrEnum):
    """Why there is nothing to say of a page."""

    NO_WIDGET = "no_widget"
    ELSEWHERE = "elsewhere"
    """Not at a registered origin: nothing was fetched."""
    UNREAD = "unread"
    """One word for every failure: an address inside is not told from one that is silent."""


def check_widget_page(
    deps: Deps, actor: Actor, client: Client | None, typed: str, loader: Mapping[str, str]
) -> list[Finding] | Unjudged | TooMany:
    """What is right and wrong with the page at `typed`. `loader`: where ours is served, with its integrity."""
    if client is None or client.widget is None:
        return Unjudged.NO_WIDGET
    widget = client.widget
    address = page_address(typed, widget.origins)
    if not address:
        return Unjudged.ELSEWHERE
    with deps.transaction() as connection:
        waiting = count_prefixes(connection, deps, actor, Limit.WIDGET_CHECKS, Limit.WIDE_WIDGET_CHECKS)
    if waiting:
        return waiting
    page = _fetched(deps, client.client_id, address)
    return judge_page(page, expected_of(deps.issuer, client.client_id, widget, loader)) if page else Unjudged.UNREAD


def expected_of(issuer: str, client_id: str, widget: Widget, loader: Mapping[str, str]) -> Expected:
    """What the page should say."""
    return Expected(
        issuer,
        client_id,
        loader,
        enabled=widget.enabled,
        by_message=widget.completion is Completion.MESSAGE,
        fedcm=widget.fedcm,
        popup=widget.popup,
    )


def _fetched(deps: Deps, client_id: str, address: str) -> PartnerPage | None:
    answer = deps.outbound.get_page(address)
    if not isinstance(answer, OutboundAnswer):
        reason = str(answer.reason)
    elif answer.status != 200:
        reason = f"status {answer.status}"
    elif answer.headers.get("content-type", "").partition(";")[0].strip().lower() not in MARKUP:
        reason = "not a page"
    else:
        return read_page(address, answer.headers, answer.body)
    facts: dict[str, str | int] = {"client_id": client_id, "host": urlsplit(address).hostname or "", "reason": reason}
    deps.log.event("widget.page_not_read", facts)
    return None
