"""The frame's own requests as a program makes them: a program forges every header, so nothing may rest on those."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx

from tests.widget.driving import TRIPLET
from tests.widget.parents import frame_address
from tests.widget.places import PASSWORD, Place
from tests.widget.relying_party import RelyingParty

NAVIGATION = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def new_tx(place: Place, party: RelyingParty | None = None, request_uri: str = "") -> str:
    """The token of a fresh form."""
    party = party or place.partner
    page = httpx.get(frame_address(place, request_uri or party.push()["request_uri"], party.client_id))
    assert page.status_code == 200, page.text
    found = re.search(r'data-tx="([^"]+)"', page.text)
    assert found is not None
    return html.unescape(found[1])


def typed(tx: str, password: str = PASSWORD, **more: str) -> dict[str, str]:
    return {**TRIPLET, "password": password, "tx": tx, **more}


def send(place: Place, tx: str, password: str = PASSWORD, **more: str) -> dict[str, Any]:
    """What the gateway answers to the form's script."""
    answer = httpx.post(
        place.issuer + "/widget/submit",
        json=typed(tx, password, **more),
        headers={"Origin": place.issuer, "Sec-Fetch-Site": "same-origin"},
    )
    said: dict[str, Any] = answer.json()
    return said


def new_ticket(place: Place, party: RelyingParty | None = None) -> str:
    """What the right password gives to a frame."""
    return str(send(place, new_tx(place, party))["ticket"])


def hand_over(place: Place, ticket: str, client: httpx.Client | None = None, **headers: str) -> httpx.Response:
    """The frame's last form, as a browser's top level would post it."""
    said = {"Origin": place.issuer, **NAVIGATION, **{key.replace("_", "-"): value for key, value in headers.items()}}
    poster = client or httpx.Client()
    return poster.post(
        place.issuer + "/widget/handover",
        data={"ticket": ticket, "client_id": "portail"},
        headers={name: value for name, value in said.items() if value},
    )


def keep(place: Place, browser: httpx.Client, asked: httpx.Response) -> str:
    """Where a browser is sent in the end, whose person clicks on the page of the hand-over."""
    page = browser.get(place.issuer + asked.headers["Location"]).text
    action = re.search(r'action="(/widget/continue[^"]+)"', page)
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert action is not None
    assert token is not None
    browser.post(place.issuer + action[1], data={"form_token": token[1], "keep": "yes"})
    answer = browser.get(place.issuer + "/authorize/resume?" + action[1].partition("?")[2])
    return answer.headers.get("Location", "")
