"""`/widget/frame`: the sign-in form inside a partner's page. No cookie is read or set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from idp.domain.platform.limits import TooMany
from idp.domain.portals.clients import Client
from idp.domain.portals.pushed_requests import MARK
from idp.domain.portals.widgets import Completion, framing_origin
from idp.domain.sign_in.transactions import OpenTransaction
from idp.http.actors import anonymous_actor
from idp.http.csrf import FormScope
from idp.http.deps import current_deps
from idp.http.framing import FramedStep, page_address, tx_of
from idp.http.headers import csp_source
from idp.http.languages import speak, use_ui_locales
from idp.http.page_errors import PageError
from idp.http.pages import error_page, render_page, render_ready_page
from idp.http.partners import partner_named
from idp.http.redirects import see_other
from idp.http.transactions import Step
from idp.usecases.portals.pushed_requests import find_pushed_request
from idp.usecases.sign_in.transactions import begin_transaction
from idp.web.sign_in.form import SignInForm, prefilled

blueprint = Blueprint("widget_frame", __name__)
CHANNEL = re.compile(r"[0-9a-f]{32}", re.ASCII)
SCHEMES = ("light", "dark")
WEB_MESSAGE = "web_message"


@dataclass(frozen=True, slots=True)
class Shown:
    """How a loader wants the form: under which name they speak, in which language and colours."""

    channel: str
    scheme: str

    @classmethod
    def asked(cls) -> Shown:
        """What this request says; what we do not know counts as not said."""
        channel, scheme = request.args.get("ch", ""), request.args.get("scheme", "")
        return cls(channel if CHANNEL.fullmatch(channel) else "", scheme if scheme in SCHEMES else "")


@blueprint.get("/widget/frame")
def show() -> Response:
    """The form of a pushed request, for the one origin that may frame it."""
    client = partner_named(request.args.get("client_id", ""))
    request_uri = request.args.get("request_uri", "")
    if client is None:
        return error_page(PageError.UNKNOWN_CLIENT, status=403)
    if request.headers.get("Sec-Fetch-Dest", "iframe") != "iframe":
        return see_other("/authorize?" + urlencode({"client_id": client.client_id, "request_uri": request_uri}))
    if client.widget is None or not client.widget.enabled:
        return error_page(PageError.WIDGET_OFF, client=client, status=403)
    shown = Shown.asked()
    speak(request.args.get("lang", ""))
    found = find_pushed_request(current_deps(), client, request_uri)
    if found is None:
        return expired_frame(client, shown)
    asked, mark = found
    if "lang" not in request.args:
        use_ui_locales(asked.get("ui_locales", ""))
    origin = framing_origin(client.widget, asked)
    if not origin or is_elsewhere(origin):
        return error_page(PageError.WIDGET_OFF, client=client, status=403)
    return begin(client, {**asked, MARK: mark}, origin, shown)


def is_elsewhere(origin: str) -> bool:
    """The page says that it is of another origin; frame-ancestors would tell it the same, later. Our own
    is the frame's, loaded again."""
    return request.headers.get("Referer", "").rstrip("/") not in ("", origin, current_deps().issuer)


def begin(client: Client, asked: dict[str, str], origin: str, shown: Shown) -> Response:
    """A transaction that only the page we answer holds."""
    deps, secret = current_deps(), current_deps().random.token()
    begun = begin_transaction(deps, anonymous_actor(request), client.client_id, asked, secret, framed=True)
    if isinstance(begun, TooMany):
        page = error_page(PageError.TOO_MANY_REQUESTS, client=client, status=429)
        page.headers["Retry-After"] = str(begun.retry_after_seconds)
        return page
    return frame_page(framed(client, begun, secret, origin), shown)


def framed(client: Client, transaction: OpenTransaction, secret: str, origin: str) -> FramedStep:
    """The step of this transaction in its frame."""
    return FramedStep(Step(transaction, client, FormScope(transaction.id, secret)), origin)


def frame_page(framed: FramedStep, shown: Shown) -> Response:
    """The form; most people meet it empty, and then it is ready but for its tokens."""
    step = framed.step
    values = prefilled(step.transaction.request.get("login_hint", ""), None)
    form = SignInForm(step.scope, MultiDict(values)) if values else SignInForm(step.scope)
    tx = tx_of(step.scope)
    tokens = {"tx": tx, "page": page_address(tx, step.client.client_id)}
    context = {
        "step": step, "form": form, "notice": "", "framed": True, "scheme": shown.scheme, "parent": framed.origin,
        "completion": completion_of(framed),
    }  # fmt: skip
    policy = {"client": step.client, "form_action": step.form_action, "framed_by": framed.origin}
    if values:
        return render_page("widget_frame.html", channel=shown.channel, **tokens, **context, **policy)  # type: ignore[arg-type]
    return render_ready_page(
        "widget_frame.html",
        tokens,
        client=step.client,
        form_action=step.form_action,
        framed_by=framed.origin,
        context=lambda: context,
        variant=f"{shown.scheme} {framed.origin} {context['completion']}",
        typed={"channel": shown.channel},
    )


def completion_of(framed: FramedStep) -> Completion:
    """How this one ends: as its back end pushed it."""
    by_message = framed.transaction.request.get("response_mode") == WEB_MESSAGE
    return Completion.MESSAGE if by_message else Completion.REDIRECT


def expired_frame(client: Client, shown: Shown) -> Response:
    """The request was used, has expired or never was: its page may ask its back end for another.

    Whose page it is only the browser can say now; it is told nothing but that.
    """
    assert client.widget is not None
    said = csp_source(request.headers.get("Referer", ""))
    origins = client.widget.origins
    origin = said if said in origins else origins[0] if len(origins) == 1 else ""
    return expired_page(client, origin, shown) if origin else error_page(PageError.UNTRUSTED_REQUEST, client=client)


def expired_page(client: Client, origin: str, shown: Shown, *, status: int = 400) -> Response:
    """The page, for the one that frames it."""
    return render_page(
        "widget_expired.html",
        client=client,
        status=status,
        framed_by=origin,
        parent=origin,
        channel=shown.channel,
        scheme=shown.scheme,
    )
