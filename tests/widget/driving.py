"""A partner's page with the widget in it, and what a person does there."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, Frame, FrameLocator, Page, expect

from tests.widget.places import PASSWORD, Place
from tests.widget.relying_party import Served

LISTEN = """
if (window === top) {
  window.heard = [];
  for (const name of ['ready', 'resize', 'success', 'handover', 'error', 'blocked'])
    document.addEventListener('mire-login:' + name, (event) => heard.push([name, event.detail]));
}
"""
TRIPLET = {"siret": "99900037500017", "family_name": "moutin", "given_name": "Claire"}


def widget(place: Place, attributes: str = "start-url=/sso/start", *, client_id: str = "portail") -> str:
    """The element as partners write it."""
    address = f"{place.issuer}/authorize?client_id={client_id}&amp;request_uri=REQUEST_URI"
    return (
        f"<mire-login issuer='{place.issuer}' client-id='{client_id}' {attributes}>"
        f"<a href='{address}'>Se connecter avec mon compte entreprise</a></mire-login>"
    )


def script(place: Place, attributes: str = "") -> str:
    return f"<script src='{place.issuer}/w/1.0.0/mire-login.js' crossorigin=anonymous {attributes}></script>"


def document(body: str, head: str = "") -> str:
    """A page of the partner that is in order otherwise."""
    return (
        "<!doctype html><html lang=fr><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Portail</title><link rel=icon href='data:,'>{head}"
        f"<main><h1>Portail</h1><p><input id=before aria-label=Avant>{body}<p><input id=after aria-label=Apr&egrave;s>"
        "</main>"
    )


def login_page(place: Place, attributes: str = "start-url=/sso/start", **headers: str) -> str:
    """The address of the partner's page with the widget."""
    written = {name.replace("_", "-"): value for name, value in headers.items()}
    place.partner.pages["/login"] = Served(document(widget(place, attributes), script(place)), written)
    return place.partner.origin + "/login"


def opened(context: BrowserContext, address: str) -> Page:
    """That page, with every event of the widget remembered."""
    page = context.new_page()
    page.add_init_script(LISTEN)
    page.goto(address)
    return page


def heard(page: Page, name: str = "") -> list[Any]:
    """Details of the widget's events of that name; all of them, with their names, without one."""
    events = page.evaluate("heard")
    return [detail for kind, detail in events if kind == name] if name else events


def hears(page: Page, name: str) -> Any:
    """The detail of its first event of that name, once it comes."""
    page.wait_for_function("name => heard.some((event) => event[0] === name)", arg=name)
    return heard(page, name)[0]


def form(page: Page) -> FrameLocator:
    """The framed form."""
    return page.frame_locator("mire-login iframe")


def frame_of(page: Page, path: str = "/widget/frame") -> Frame:
    """Our document in that page."""
    form(page).locator("#password").wait_for()
    return next(frame for frame in page.frames if path in frame.url)


def fill(inside: FrameLocator | Page | Frame, password: str = PASSWORD, **more: str) -> None:
    for name, value in {**TRIPLET, **more}.items():
        inside.locator(f"#{name}").fill(value)
    inside.locator("#password").fill(password)


def submit(inside: FrameLocator | Page | Frame) -> None:
    inside.locator("#sign-in [type=submit]").click()


def sign_in(inside: FrameLocator | Page | Frame, password: str = PASSWORD) -> None:
    fill(inside, password)
    submit(inside)


def keep_going(page: Page) -> None:
    """The gateway's own page after a first sign-in in a browser."""
    page.wait_for_url(re.compile("/widget/continue"))
    page.locator("button[name=keep][value=yes]").click()


def arrives(page: Page, said: str = "bonjour Moutin") -> None:
    """The partner's own page says so."""
    expect(page.locator("#said")).to_have_text(said)
