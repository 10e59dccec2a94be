"""The triplet this device remembers when asked to: never the password, and nothing is stored on our side.

A cookie and not localStorage, because the page must work without JavaScript; HttpOnly, so no script can read who works
here. It proves nothing: it fills fields.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from flask import Request, Response

from idp.domain.people.siret import InvalidSiret, parse_siret
from idp.http.cookies import Cookie, clear_cookie, read_cookie, write_cookie
from idp.http.deps import current_deps

LONGEST_VALUE = 1_200


@dataclass(frozen=True, slots=True)
class Remembered:
    """Who usually signs in here."""

    siret: str
    family_name: str
    given_name: str


def read_remembered(request: Request) -> Remembered | None:
    """What the cookie says, or None when there is none that we could have written."""
    value = read_cookie(request, Cookie.REMEMBERED, LONGEST_VALUE)
    if not value:
        return None
    try:
        siret, family_name, given_name = json.loads(base64.urlsafe_b64decode(value))
        if isinstance(family_name, str) and isinstance(given_name, str):
            return Remembered(parse_siret(siret), family_name, given_name)
    except (ValueError, TypeError, AttributeError, binascii.Error, InvalidSiret):
        pass
    return None


def remember(response: Response, triplet: Remembered) -> None:
    """Keep it on this device as long as a known device is known."""
    text = json.dumps([triplet.siret, triplet.family_name, triplet.given_name], ensure_ascii=False)
    value = base64.urlsafe_b64encode(text.encode()).decode()
    if len(value) <= LONGEST_VALUE:
        write_cookie(response, Cookie.REMEMBERED, value, lifetime=current_deps().lifetimes.device)


def forget(response: Response) -> None:
    """Not asked to, or not any more."""
    clear_cookie(response, Cookie.REMEMBERED)
