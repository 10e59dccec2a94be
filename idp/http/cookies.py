"""Our cookies: their names, their attributes, and nothing of what they mean.

On https every name carries `__Host-`: no other host of the domain can set or shadow it (RFC 6265bis section 4.1.3.2).
On http, which only a loopback issuer may use, prefix and Secure are lost, because browsers refuse them there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from flask import Request, Response

from idp.domain.platform.instants import SECOND
from idp.http.deps import current_deps
from idp.http.login_status import note_signed_in, note_signed_out

LONGEST_TOKEN = 64
WRITTEN = re.compile(r"[A-Za-z0-9._~=-]*", re.ASCII)
"""Every value of ours; nothing of it would have to be quoted."""


class Cookie(StrEnum):
    """Every cookie we set, without its prefix."""

    SESSION = "mire_sid"
    BROWSER = "mire_browser"
    DEVICE = "mire_device"
    REMEMBERED = "mire_remembered"
    SEEN = "mire_seen"
    """Whoever uses this browser has clicked on a page of ours at its top level."""


PLAIN_NAMES = {cookie: cookie.value for cookie in Cookie}
SECURE_NAMES = {cookie: f"__Host-{cookie.value}" for cookie in Cookie}


def session_cookie(request: Request) -> str:
    """The session token this browser sent, or ""."""
    return read_cookie(request, Cookie.SESSION)


def set_session_cookie(response: Response, token: str) -> None:
    """A session cookie of this browser run; how long it is worth something is for the sessions table to say."""
    write_cookie(response, Cookie.SESSION, token)
    note_signed_in(response, token)


def clear_session_cookie(response: Response) -> None:
    """The browser forgets its session."""
    clear_cookie(response, Cookie.SESSION)
    note_signed_out(response)


def device_cookie(request: Request) -> str:
    """The known-device token this browser sent, or ""."""
    return read_cookie(request, Cookie.DEVICE)


def set_device_cookie(response: Response, token: str) -> None:
    """This browser is known for as long as the device row lives."""
    write_cookie(response, Cookie.DEVICE, token, lifetime=current_deps().lifetimes.device)


def clear_device_cookie(response: Response) -> None:
    """The browser forgets that it was known."""
    clear_cookie(response, Cookie.DEVICE)


def browser_cookie(request: Request) -> str:
    """What binds transactions and forms to this browser, or "" when it has none yet."""
    return read_cookie(request, Cookie.BROWSER)


def has_seen_us(request: Request) -> bool:
    """Whether a person has clicked on a page of ours in this browser, in the last month."""
    return bool(read_cookie(request, Cookie.SEEN))


def set_seen_cookie(response: Response) -> None:
    """They have, now."""
    write_cookie(response, Cookie.SEEN, "1", lifetime=current_deps().lifetimes.seen)


def forget_seen(response: Response) -> None:
    """The next framed sign-in in this browser shows our page again."""
    clear_cookie(response, Cookie.SEEN)


def ensure_browser_cookie(response: Response, request: Request) -> str:
    """The binding token of this browser; a new one is set on `response` when it had none."""
    token = browser_cookie(request)
    if not token:
        token = current_deps().random.token()
        write_cookie(response, Cookie.BROWSER, token)
    return token


def cookie_name(cookie: Cookie) -> str:
    """The name as browsers see it."""
    return _names()[cookie]


def read_cookie(request: Request, cookie: Cookie, longest: int = LONGEST_TOKEN) -> str:
    """The value sent, or "" when there is none or it is none that we ever set."""
    value = request.cookies.get(cookie_name(cookie), "")
    return value if len(value) <= longest and WRITTEN.fullmatch(value) else ""


def write_cookie(response: Response, cookie: Cookie, value: str, *, lifetime: int | None = None) -> None:
    """Set it; `lifetime` in milliseconds, or until the browser closes.

    Raises:
        ValueError: the value is none of ours.
    """
    if not WRITTEN.fullmatch(value):
        raise ValueError
    until = "" if lifetime is None else f"; Max-Age={lifetime // SECOND}"
    names = _names()
    secure = "; Secure" if names is SECURE_NAMES else ""
    response.headers.add("Set-Cookie", f"{names[cookie]}={value}{until}{secure}; HttpOnly; Path=/; SameSite=Lax")


def clear_cookie(response: Response, cookie: Cookie) -> None:
    """Unset it, with the attributes it was set with (else a `__Host-` cookie stays)."""
    names = _names()
    response.delete_cookie(names[cookie], path="/", secure=names is SECURE_NAMES, httponly=True, samesite="Lax")


def _names() -> Mapping[Cookie, str]:
    return SECURE_NAMES if current_deps().issuer.startswith("https://") else PLAIN_NAMES
