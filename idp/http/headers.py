"""What every answer says to browsers about itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
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


def page_policy(nonce: str, form_action: Iterable[str] = (), framed_by: str = "") -> str:
    """The policy of one page. Chromium holds a form's whole redirect chain to form-action, so it names where
    a successful post ends: the portal's origin and what the client says comes after it. `framed_by`: the one origin
    whose page may frame it, or nobody's; there, what a page would post is fetched."""
    frame = csp_source(framed_by)
    ancestors = frame or "'none'"
    connect = "connect-src 'self'; " if frame else ""
    targets = dict.fromkeys(["'self'", *filter(None, map(csp_source, form_action))])
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; font-src 'self'; "
        f"{connect}form-action {' '.join(targets)}; frame-ancestors {ancestors}; base-uri 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


FRAMED = (("Cross-Origin-Embedder-Policy", "require-corp"), ("Cross-Origin-Resource-Policy", "cross-origin"))
"""Of a page that a partner's may frame, however strictly that one isolates itself."""
NOT_WRITTEN = "-"


def allow_framing(headers: Any) -> None:
    """Of a page whose policy names who may frame it: X-Frame-Options could not, and so is not sent."""
    headers.extend(FRAMED)
    headers["X-Frame-Options"] = NOT_WRITTEN


class Hardened:
    """WSGI middleware: every header that the application has not already decided for itself.

    Below Flask, on plain lists: it costs a tenth of Flask's after_request, and no answer gets around it.
    """

    def __init__(self, application: WSGIApplication, *, secure: bool) -> None:
        self._application = application
        always = dict(ALWAYS) | {"Content-Security-Policy": NOT_A_PAGE, "Cache-Control": "no-store"}
        if secure:
            always["Strict-Transport-Security"] = HSTS
        self._always = [(name, name.lower(), value) for name, value in always.items()]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            given = {name.lower() for name, _ in headers}
            headers += [(name, value) for name, lower, value in self._always if lower not in given]
            if ("X-Frame-Options", NOT_WRITTEN) in headers:
                headers.remove(("X-Frame-Options", NOT_WRITTEN))
            return start_response(status, headers, *error)

        return self._application(environ, start)
