"""A partner's page with the widget, and what a person does there in Firefox."""

from __future__ import annotations

from threading import Event

from flask import Flask, request

from tests.interop.firefox import Firefox
from tests.interop.marionette import PATIENCE_SECONDS
from tests.interop.visitor import TRIPLET
from tests.widget.driving import document, script, widget
from tests.widget.places import Place
from tests.widget.relying_party import CALLBACK, RelyingParty, Served

REDEEMS = f"""<script>
document.addEventListener('mire-login:handover', () => document.body.append(document.createElement('hr')));
document.addEventListener('mire-login:success', (event) => {{
  const body = JSON.stringify(event.detail), headers = {{'Content-Type': 'application/json'}};
  fetch('{CALLBACK}', {{method: 'POST', headers, body}}).then((answer) => answer.json())
    .then((answer) => document.getElementById('said').textContent = answer.said);
}});
</script><p id=said></p>"""
"""What a partner's page adds: a rule for each hand-over that the frame tried, and what becomes of a code."""
WAY = ["/widget/frame", "/widget/submit"]
"""What a framed sign-in asks for before it leaves its frame."""


def visit(person: Firefox, place: Place, attributes: str = "start-url=/sso/start") -> None:
    """The partner's page with the form in it; whatever comes next happens in the form."""
    place.partner.pages["/login"] = Served(document(widget(place, attributes) + REDEEMS, script(place)))
    person.open(place.partner.origin + "/login")
    enter_form(person)


def enter_form(person: Firefox) -> None:
    """Whatever comes next happens in the form of this page."""
    person.enter_frame(host="mire-login")
    person.see("#password")


def submit(person: Firefox) -> None:
    """In the form: the four fields by keyboard, the button by mouse."""
    person.fill(TRIPLET)
    person.click("#submit")


def hand_overs_tried(person: Firefox) -> int:
    """How often the form on the page tried to leave its frame; back in the form afterwards."""
    person.leave_frames()
    tried = int(person.script("return document.querySelectorAll('hr').length"))
    person.enter_frame(host="mire-login")  # its password field may be hidden by now
    return tried


def keep_going(person: Firefox, place: Place) -> None:
    """A click on the gateway's own page, which a browser sees after its first framed sign-in."""
    person.arrive(place.issuer + "/widget/continue")
    person.click("button[name=keep][value=yes]")


def is_greeted(person: Firefox, place: Place, partner: RelyingParty | None = None) -> None:
    """The partner's page at its redirect URI knows who came."""
    person.arrive((partner or place.partner).origin + CALLBACK)
    assert person.text("#said") == "bonjour Moutin"


class SlowHash:
    """A gateway whose answer to a password takes as long as the test wants."""

    def __init__(self) -> None:
        self.ends = Event()

    def __call__(self, app: Flask) -> None:
        @app.before_request
        def hashes() -> None:
            if request.path == "/widget/submit":
                self.ends.wait(PATIENCE_SECONDS)
