"""`/sign-in/link`: where the mail to a delayed owner leads. Opening it changes nothing; the button does.

Mailboxes and virus scanners fetch every address they find in a mail: a GET that spent the link would leave none.
"""

from __future__ import annotations

from flask import Flask, Response, request
from wtforms import HiddenField

from idp.http.actors import anonymous_actor
from idp.http.cookies import Cookie, browser_cookie, device_cookie, set_device_cookie, write_cookie
from idp.http.csrf import BoundForm, FormScope
from idp.http.deps import current_deps
from idp.http.page_errors import PageError
from idp.http.pages import error_page, render_page, restart_uri
from idp.http.partners import partner_named
from idp.usecases.sign_in.sign_in_links import LINK_PATH, LinkOpened, LinkRefused, open_sign_in_link

SCOPE = "sign-in-link"
LONGEST_KEY = 64


class LinkForm(BoundForm):
    """The key from the address, carried to the POST."""

    form_name = "sign_in_link"
    k = HiddenField()


def register(app: Flask) -> None:
    """Add the page."""
    app.add_url_rule(LINK_PATH, "sign_in_link", show, methods=["GET"])
    app.add_url_rule(LINK_PATH, "sign_in_link_posted", spend, methods=["POST"])


def show() -> Response:
    """One button. Whether the key is good is not looked up: the page is the same for all."""
    token = browser_cookie(request) or current_deps().random.token()
    key = request.args.get("k", "")[:LONGEST_KEY]
    page = asking_page(LinkForm(FormScope(SCOPE, token), k=key))
    write_cookie(page, Cookie.BROWSER, token)
    return page


def spend() -> Response:
    """Make this browser a known one, once."""
    form = LinkForm(FormScope(SCOPE, browser_cookie(request)), request.form)
    if not form.is_ours:
        return error_page(PageError.STALE_FORM)
    key = (form.k.data or "")[:LONGEST_KEY]
    opened = open_sign_in_link(current_deps(), anonymous_actor(request), key, device_cookie(request))
    if isinstance(opened, LinkRefused):
        return error_page(PageError.SPENT_LINK, status=410)
    return opened_page(opened)


def asking_page(form: LinkForm) -> Response:
    """What the link is for, and the button."""
    return render_page("sign_in_link.html", form=form)


def opened_page(opened: LinkOpened) -> Response:
    """Go back and try again: at the portal the person was at, or at our own pages."""
    client = partner_named(opened.client_id)
    page = render_page("sign_in_link_opened.html", client=client, restart_uri=restart_uri(client))
    set_device_cookie(page, opened.device_token)
    return page
