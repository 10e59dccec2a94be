"""What every answer says to browsers about itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Response

HSTS = "max-age=63072000; includeSubDomains"
ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),  # no-referrer would send `Origin: null` with our own forms
    (
        "Permissions-Policy",
        "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), "
        "encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), "
        "idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), "
        "picture-in-picture=(), publickey-credentials-get=(self), screen-wake-lock=(), serial=(), "
        "storage-access=(), usb=(), xr-spatial-tracking=()",
    ),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
NOT_A_PAGE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HOST = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.ASCII)


def csp_source(uri: str) -> str:
    """The CSP source that admits the origin of `uri`, or "" when it has none that CSP can write.

    CSP's grammar has no IPv6 hosts (https://www.w3.org/TR/CSP3/#grammardef-host-part), so `http://[::1]:1234` and a
    native client's own scheme are admitted by scheme.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    scheme, host = parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()
    if not SCHEME.fullmatch(scheme) or scheme in ("javascript", "data"):
        return ""
    if scheme in ("http", "https") and not host.startswith("["):
        return f"{scheme}://{host}" if HOST.fullmatch(host) else ""
    return f"{scheme}:"


def page_policy(nonce: str, form_action: Iterable[str] = ()) -> str:
    """The policy of one page. Chromium holds a form's whole redirect chain to form-action, so it names where
    a successful post ends: the portal's origin and what the client says comes after it."""
    targets = dict.fromkeys(["'self'", *filter(None, map(csp_source, form_action))])
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; font-src 'self'; "
        f"form-action {' '.join(targets)}; frame-ancestors 'none'; base-uri 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def harden(response: Response, *, secure: bool) -> Response:
    """Every header that a view has not already decided for itself."""
    headers = response.headers
    for name, value in ALWAYS:
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", NOT_A_PAGE)
    headers.setdefault("Cache-Control", "no-store")
    if secure:
        headers.setdefault("Strict-Transport-Security", HSTS)
    if 300 <= response.status_code < 400:
        response.set_data(b"")  # Werkzeug's little page repeats the address, which may hold a code
    return response
