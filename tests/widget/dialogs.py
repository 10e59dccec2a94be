"""The browser's own sign-in dialogue (FedCM), as a person uses it and as its page waits for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import CDPSession, Page

from tests.widget.places import PASSWORD, Place
from tests.widget.relying_party import Served

ASK = """
async ([issuer, clientId, mode, mediation, pushed]) => {
  const request_uri = pushed || (await (await fetch('/sso/start', {method: 'POST'})).json()).request_uri;
  const provider = {configURL: issuer + '/fedcm/config.json', clientId, fields: [], params: {request_uri}};
  window.answer = {};
  navigator.credentials
    .get({mediation, identity: {mode, context: 'signin', providers: [provider]}})
    .then(given => { window.answer = {token: given.token, selected: given.isAutoSelected}; })
    .catch(error => { window.answer = {failed: error.name, said: String(error.error || ''), why: error.message}; });
}
"""
SEND = """
async answer => (await (await fetch('/sso/callback', {
  method: 'POST', headers: {'Content-Type': 'application/json'}, body: answer,
})).json()).said
"""


@dataclass
class Dialogs:
    """What this page's dialogues show; nothing is delayed."""

    page: Page
    place: Place
    shown: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.devtools: CDPSession = self.page.context.new_cdp_session(self.page)
        self.devtools.on("FedCm.dialogShown", lambda dialog: self.shown.append(dialog))
        self.devtools.send("FedCm.enable", {"disableRejectionDelay": True})

    def ask(self, mode: str = "passive", mediation: str = "optional", pushed: str = "") -> None:
        """The page asks the browser, for the request of that name or one that its back end pushes now."""
        self.page.evaluate(ASK, [self.place.issuer, "portail", mode, mediation, pushed])

    def wait(self, kind: str) -> dict[str, Any]:
        """The next dialogue, which is of this kind."""
        for _ in range(500):
            if self.shown:
                break
            self.page.wait_for_timeout(20)
        assert self.shown, self.page.evaluate("window.answer")
        dialog = self.shown.pop(0)
        assert dialog["dialogType"] == kind, dialog
        return dialog

    def choose(self, kind: str = "AccountChooser") -> dict[str, Any]:
        """Take the only account that is offered; what the dialogue says of it."""
        dialog = self.wait(kind)
        self.devtools.send("FedCm.selectAccount", {"dialogId": dialog["dialogId"], "accountIndex": 0})
        (account,) = dialog["accounts"]
        shown: dict[str, Any] = account
        return shown

    def press(self, dialog: dict[str, Any], button: str) -> None:
        self.devtools.send("FedCm.clickDialogButton", {"dialogId": dialog["dialogId"], "dialogButton": button})

    def answer(self) -> dict[str, Any]:
        """What the page is given in the end."""
        self.page.wait_for_function("Object.keys(window.answer || {}).length")
        given: dict[str, Any] = self.page.evaluate("window.answer")
        return given

    def receive(self) -> str:
        """What the partner's back end makes of the token."""
        return self.sent(json.loads(self.answer()["token"]))

    def sent(self, answer: dict[str, Any]) -> str:
        """What the partner's back end makes of an answer that its page got."""
        said: str = self.page.evaluate(SEND, json.dumps(answer))
        return said


def open_page(page: Page, place: Place, **headers: str) -> Dialogs:
    """The partner's page, and what it shows."""
    place.partner.pages["/page"] = Served("<!doctype html><title>Portail</title><p>ready", headers)
    page.goto(place.partner.origin + "/page")
    return Dialogs(page, place)


def sign_in(page: Page, place: Place) -> None:
    """Once, on our own page, sent by the partner."""
    place.partner.pages["/login"] = Served(
        f"<a href='{place.issuer}/authorize?client_id=portail&amp;request_uri=REQUEST_URI'>Se connecter</a>"
    )
    page.goto(place.partner.origin + "/login")
    page.click("a")
    fill_in(page)
    page.wait_for_selector("#said")


def fill_in(page: Page) -> None:
    """What a person types on our page."""
    for name, value in {"siret": "99900037500017", "family_name": "moutin", "given_name": "Claire"}.items():
        page.fill(f"#{name}", value)
    page.fill("#password", PASSWORD)
    page.click("#sign-in [type=submit]")
