"""`/widget/check`: a partner tests the page where it embeds the widget, and the browser it looks with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import cast

from flask import Blueprint, Flask, Response, request

from idp.domain.platform.limits import TooMany
from idp.domain.portals.clients import Client
from idp.domain.portals.widget_findings import Finding
from idp.http.actors import anonymous_actor
from idp.http.cookies import Cookie, browser_cookie, write_cookie
from idp.http.csrf import BoundForm, FormScope
from idp.http.deps import current_deps, current_extensions
from idp.http.page_errors import PageError
from idp.http.pages import error_page, render_page
from idp.http.partners import partner_named
from idp.usecases.portals.widget_check import Unjudged, check_widget_page
from idp.web.portals.widget_check_texts import MARKS, SENTENCES, UNJUDGED
from idp.web.portals.widget_loader import loader_addresses

blueprint = Blueprint("widget_check", __name__)
SCOPE = "widget-check"
LONGEST_TYPED = 2_048
EXTENSION = "mire.widget_checks"
SOON = TooMany(5)


class CheckForm(BoundForm):
    """Which client, and where its page is."""

    form_name = "widget-check"


@dataclass(frozen=True, slots=True)
class Checking:
    """What the page of one application needs."""

    loader: Mapping[str, str] = field(default_factory=loader_addresses)
    one_at_a_time: Lock = field(default_factory=Lock)
    """Of all that this process serves, one check at most waits for a partner's server."""


def register(app: Flask) -> None:
    """Put the page on the application."""
    app.extensions[EXTENSION] = Checking()
    app.register_blueprint(blueprint)


@blueprint.get("/widget/check")
def show() -> Response:
    """The empty form, filled with a client_id that a link names."""
    token = browser_cookie(request) or current_deps().random.token()
    client_id = request.args.get("client_id", "")[:LONGEST_TYPED]
    typed = {"client_id": client_id, "address": ""}
    page = check_page(CheckForm(FormScope(SCOPE, token)), partner_named(client_id), typed)
    write_cookie(page, Cookie.BROWSER, token)
    return page


@blueprint.post("/widget/check")
def send() -> Response:
    """Fetch and judge. Only from our own form: nobody else's page makes a visitor spend what its network may."""
    form = CheckForm(FormScope(SCOPE, browser_cookie(request)), request.form)
    if not form.is_ours:
        return error_page(PageError.STALE_FORM)
    typed = {name: request.form.get(name, "")[:LONGEST_TYPED].strip() for name in ("client_id", "address")}
    client = partner_named(typed["client_id"])
    outcome = _alone(client, typed["address"])
    if isinstance(outcome, TooMany):
        page = error_page(PageError.TOO_MANY_REQUESTS, client=client, status=429)
        page.headers["Retry-After"] = str(outcome.retry_after_seconds)
        return page
    return check_page(form, client, typed, outcome)


def _alone(client: Client | None, address: str) -> Sequence[Finding] | Unjudged | TooMany:
    checking = cast(Checking, current_extensions()[EXTENSION])
    if not checking.one_at_a_time.acquire(blocking=False):
        return SOON
    try:
        return check_widget_page(current_deps(), anonymous_actor(request), client, address, checking.loader)
    finally:
        checking.one_at_a_time.release()


def check_page(
    form: CheckForm,
    client: Client | None,
    typed: Mapping[str, str],
    outcome: Sequence[Finding] | Unjudged | None = None,
) -> Response:
    """The form, and what was found."""
    findings = [] if outcome is None or isinstance(outcome, Unjudged) else outcome
    counted = Counter(finding.mark for finding in findings)
    return render_page(
        "widget_check.html",
        client=client,
        form_token=form.form_token.current_token,
        typed=typed,
        problem=outcome if isinstance(outcome, Unjudged) else "",
        problems=UNJUDGED,
        findings=findings,
        counts=[(mark, counted[mark]) for mark in MARKS if counted[mark]],
        marks=MARKS,
        sentences=SENTENCES,
    )
