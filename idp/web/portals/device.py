"""`/device`: the code that a device shows, who asks, and the person's yes or no (RFC 8628 section 3.3)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from idp.domain.platform.limits import TooMany
from idp.domain.portals.clients import Client
from idp.domain.portals.device_codes import DeviceAuthorization, read_user_code, shown_code
from idp.http.actors import anonymous_actor
from idp.http.cookies import Cookie, browser_cookie, write_cookie
from idp.http.csrf import BoundForm, FormScope
from idp.http.deps import current_deps
from idp.http.languages import current_language
from idp.http.page_errors import PageError
from idp.http.pages import error_page, render_ready_page
from idp.http.partners import partner_named
from idp.http.redirects import see_other
from idp.http.transactions import resume
from idp.usecases.portals.device_authorizations import begin_device_sign_in, deny_device, find_device
from idp.web.portals.consent import SCOPE_TEXTS

blueprint = Blueprint("device", __name__)
SCOPE = "device"
LONGEST_CODE = 64


class DeviceForm(BoundForm):
    """A field for the code, or the code that was shown."""

    form_name = "device"


@blueprint.get("/device")
def show() -> Response:
    """The field for the code, filled from verification_uri_complete; nothing is looked up yet."""
    token = browser_cookie(request) or current_deps().random.token()
    page = code_page(DeviceForm(FormScope(SCOPE, token)), request.args.get("user_code", "")[:LONGEST_CODE])
    write_cookie(page, Cookie.BROWSER, token)
    return page


@blueprint.post("/device")
def send() -> Response:
    """A code was typed, or the person has answered whether it is that of their device."""
    form = DeviceForm(FormScope(SCOPE, browser_cookie(request)), request.form)
    if not form.is_ours:
        return error_page(PageError.STALE_FORM)
    typed = request.form.get("user_code", "")[:LONGEST_CODE]
    deps, actor = current_deps(), anonymous_actor(request)
    device = find_device(deps, actor, typed, browser_cookie(request))
    if isinstance(device, TooMany):
        page = error_page(PageError.TOO_MANY_REQUESTS, status=429)
        page.headers["Retry-After"] = str(device.retry_after_seconds)
        return page
    client = partner_named(device.client_id) if device else None
    if device is None or client is None:
        return code_page(form, typed, wrong=True)
    match request.form.get("decision", ""):
        case "allow":
            begun = begin_device_sign_in(deps, device, browser_cookie(request), current_language())
            return resume(begun) if begun else code_page(form, typed, wrong=True)
        case "refuse":
            deny_device(deps, actor, device)
            return see_other(f"/device/denied?client_id={client.client_id}")
    return confirm_page(form, device, client, read_user_code(typed))


@blueprint.get("/device/<any(approved, denied):outcome>")
def done(outcome: str) -> Response:
    """The end of it: back to the device. It says nothing about anyone."""
    return done_page(partner_named(request.args.get("client_id", "")), outcome)


def code_page(form: DeviceForm, typed: str, *, wrong: bool = False) -> Response:
    """The field."""
    values, context = {"form_token": form.form_token.current_token}, {"wrong": wrong}
    return render_ready_page(
        "device.html", values, client=None, context=lambda: context, variant=str(wrong), typed={"typed": typed}
    )


def confirm_page(form: DeviceForm, device: DeviceAuthorization, client: Client, code: str) -> Response:
    """Who asks for what, and is this the code on your device? (section 5.4: remote phishing)"""

    def context() -> dict[str, Any]:
        scopes = device.scope.split()
        return {"wanted": [SCOPE_TEXTS.get(name) or gettext("L’accès « %(name)s »", name=name) for name in scopes]}

    values, typed = {"form_token": form.form_token.current_token}, {"code": shown_code(code)}
    return render_ready_page(
        "device_confirm.html", values, client=client, context=context, variant=device.scope, typed=typed
    )


def done_page(client: Client | None, outcome: str) -> Response:
    """Approved or denied."""
    context = {"approved": outcome == "approved"}
    return render_ready_page("device_done.html", {}, client=client, context=lambda: context, variant=outcome)
