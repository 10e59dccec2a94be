"""What a browser finds in the markup of a partner's page, of what the widget needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

ELEMENT = "mire-login"
MOST_FOUND = 50
"""Of each kind of element; a page that has more is not one that somebody integrates."""
LONGEST_ADDRESS = 2_048
PORTS = {"http": 80, "https": 443}
Attributes = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartnerPage:
    """The page as it came: where from, its headers in lower case, and what of its markup counts."""

    url: str
    headers: Mapping[str, str]
    scripts: tuple[Attributes, ...] = ()
    """Those with an address, which is made absolute."""
    elements: tuple[Attributes, ...] = ()
    """Each `<mire-login>`."""
    linked: bool = False
    """An element holds a link for who sees no frame."""
    policies: tuple[str, ...] = ()
    """Of `<meta http-equiv=Content-Security-Policy>`."""
    referrer: str = ""
    """Of `<meta name=referrer>`."""


@dataclass(slots=True)
class _Seen:
    scripts: list[Attributes] = field(default_factory=list)
    elements: list[Attributes] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    referrer: str = ""
    base: str = ""
    inside: bool = False
    linked: bool = False


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen = _Seen()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: (value or "").strip() for name, value in reversed(attrs)}  # the first of a name counts
        seen = self.seen
        if tag == ELEMENT and len(seen.elements) < MOST_FOUND:
            seen.elements.append(given)
            seen.inside = True
        elif tag == "script" and "src" in given and len(seen.scripts) < MOST_FOUND:
            seen.scripts.append(given)
        elif tag == "a" and seen.inside and given.get("href"):
            seen.linked = True
        elif tag == "base":
            seen.base = seen.base or given.get("href", "")
        elif tag == "meta":
            self._read_meta(given)

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """`<![` outside of foreign elements is a comment to browsers; the library would stop at it."""
        return self.parse_bogus_comment(i, bool(report))

    def handle_endtag(self, tag: str) -> None:
        if tag == ELEMENT:
            self.seen.inside = False

    def _read_meta(self, given: Attributes) -> None:
        if given.get("http-equiv", "").lower() == "content-security-policy" and len(self.seen.policies) < MOST_FOUND:
            self.seen.policies.append(given.get("content", ""))
        elif given.get("name", "").lower() == "referrer":
            self.seen.referrer = given.get("content", "")


def read_page(url: str, headers: Mapping[str, str], body: bytes) -> PartnerPage:
    """Read the markup, as far as the library can; what it leaves open at its end is not looked at."""
    reader = _Reader()
    with suppress(AssertionError, ValueError):  # what no browser minds and the library does not expect
        reader.feed(body.decode("utf-8", "replace"))
    seen = reader.seen
    base = absolute(url, seen.base)
    scripts = tuple({**given, "src": absolute(base, given["src"])} for given in seen.scripts)
    return PartnerPage(url, headers, scripts, tuple(seen.elements), seen.linked, tuple(seen.policies), seen.referrer)


def absolute(base: str, address: str) -> str:
    """Where an address of the page leads, or "" when it is none."""
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def page_address(typed: str, origins: Collection[str]) -> str:
    """The page that this names at one of these origins, or "". Written anew from its parts, so that nobody reads it
    differently from us."""
    typed = typed.strip()
    if not typed.isascii() or not typed.isprintable() or len(typed) > LONGEST_ADDRESS or {*typed} & {*' \\<>"@'}:
        return ""
    try:
        parts = urlsplit(typed)
        port = parts.port
    except ValueError:
        return ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    shown = "" if port in (None, PORTS.get(parts.scheme)) else f":{port}"
    origin = f"{parts.scheme}://{host}{shown}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{origin}{parts.path or '/'}{query}" if origin in origins else ""
