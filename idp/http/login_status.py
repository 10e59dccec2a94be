"""What a browser keeps for FedCM: whether someone is signed in here (https://w3c-fedid.github.io/login-status/), and a
cookie that its own requests carry.

The session's cookie does not travel with them (SameSite=Lax), so this one names the session by the digest of that
cookie, under our hash: whoever holds it, or reads the database, cannot make the session's cookie of it, and a new
sign-in leaves it worthless. It is looked at only in requests that a page cannot make (oauth/fedcm.py). Its prefix and
Secure stay on http: browsers take both from loopback.
"""

from __future__ import annotations

import base64
import binascii

from flask import Request, Response

from idp.domain.platform.digests import token_hash
from idp.domain.portals.fedcm import is_offered
from idp.http.deps import current_deps

COOKIE = "__Secure-mire_fedcm"
PATH = "/fedcm"
HEADER = "Set-Login"
PURPOSE = "fedcm"
LONGEST = 96


def note_signed_in(response: Response, session_token: str) -> None:
    """The browser may offer this session's person to portals, if any wants that."""
    deps = current_deps()
    if not is_offered(deps.registry()):
        return
    digest = token_hash(session_token)
    value = f"{_text(digest)}.{_text(deps.keyed_hash.of(PURPOSE, digest.hex()))}"
    response.headers[HEADER] = "logged-in"
    response.set_cookie(COOKIE, value, path=PATH, secure=True, httponly=True, samesite="None")


def note_signed_out(response: Response) -> None:
    """The browser asks us nothing more until somebody signs in."""
    if is_offered(current_deps().registry()):
        response.headers[HEADER] = "logged-out"
        response.delete_cookie(COOKIE, path=PATH, secure=True, httponly=True, samesite="None")


def session_digest(request: Request) -> bytes:
    """The digest of the session's cookie that this request names, or b"" when it names none that we wrote."""
    value = request.cookies.get(COOKIE, "")
    named, _, proof = value.partition(".")
    if len(value) > LONGEST or not value.isascii():
        return b""
    try:
        digest, given = _bytes(named), _bytes(proof)
    except (binascii.Error, ValueError):
        return b""
    return digest if current_deps().keyed_hash.matches(given, PURPOSE, digest.hex()) else b""


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
