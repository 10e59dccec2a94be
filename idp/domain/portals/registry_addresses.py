"""Which addresses a partner may register. A redirect URI is where codes go: a loose one gives them away."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from idp.domain.platform.hosts import is_loopback_name

SCRIPT_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})


def web_address_problem(address: str, *, loopback: bool) -> str:
    """What to write instead of this web address, or "". `loopback`: the gateway itself is on this machine."""
    parts = _split(address)
    if parts is None or not parts.hostname:
        return "is not an address; write the whole address, such as https://portail.example.fr/page"
    if not address.isascii() or "@" in parts.netloc:
        return "holds a user name or letters outside ASCII; write the host alone (internationalised names as xn--)"
    if parts.scheme == "https":
        return ""
    if not is_loopback_name(parts.hostname):
        return "is not https; write https"
    return "" if loopback else "is on this machine, and the gateway is not; write the portal's https address"


def redirect_problem(address: str, *, native: bool, loopback: bool) -> str:
    """What to write instead of this redirect URI, or "" (RFC 6749 section 3.1.2, RFC 9700 section 2.1, RFC 8252)."""
    parts = _split(address)
    if parts is None:
        return "is not an address; write the whole address, such as https://portail.example.fr/callback"
    if parts.scheme in SCRIPT_SCHEMES:
        return f"begins with {parts.scheme}:, which runs in the browser; write https"
    if any(segment in (".", "..") for segment in parts.path.lower().replace("%2e", ".").split("/")):
        return "holds . or .. in its path; write the path as the browser asks for it"
    if not native and parts.scheme not in ("https", "http"):
        return "is not https; write https (a scheme of its own is for application_type: native)"
    if not native:
        return web_address_problem(address, loopback=loopback)
    return _native_problem(address, parts)


def _native_problem(address: str, parts: SplitResult) -> str:
    if parts.scheme == "http":
        if parts.hostname in ("127.0.0.1", "::1"):
            return ""
        return "is http; a native client listens on http://127.0.0.1/ or http://[::1]/ (any port), not on a name"
    if parts.scheme == "https":
        return web_address_problem(address, loopback=False)
    if "." not in parts.scheme:
        return f"has the scheme {parts.scheme}, which anyone may claim; write a domain reversed: fr.example:/callback"
    return ""


def origin_problem(origin: str, *, loopback: bool) -> str:
    """What to write instead of this origin, or ""."""
    return web_address_problem(origin, loopback=loopback)


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts
