"""Content-Security-Policy as a browser reads it: what a partner's page lets through (CSP Level 3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}
SCHEME_SOURCE = re.compile(r"[a-z][a-z0-9+.-]*:", re.ASCII)
FALLBACKS = {
    "script-src-elem": ("script-src-elem", "script-src", "default-src"),
    "frame-src": ("frame-src", "child-src", "default-src"),
    "connect-src": ("connect-src", "default-src"),
}
"""Which directive decides when the one before it is absent (section 6.8.3)."""


@dataclass(frozen=True, slots=True)
class ContentPolicy:
    """One policy: its directives, each by its first mention (section 2.2.1)."""

    directives: Mapping[str, tuple[str, ...]]

    def sources(self, directive: str) -> tuple[str, ...] | None:
        """The source list that decides about this kind of thing; None: nothing is said of it."""
        for name in FALLBACKS.get(directive, (directive,)):
            if name in self.directives:
                return self.directives[name]
        return None

    def admits(self, directive: str, url: str, page: str) -> bool:
        """Whether this policy of `page` lets `url` through."""
        sources = self.sources(directive)
        return sources is None or any(source_admits(source, url, page) for source in sources)


def read_policies(values: Iterable[str]) -> list[ContentPolicy]:
    """The policies of these header values; a page obeys every one of them."""
    serialized = [text for value in values for text in value.split(",")]
    return [policy for policy in map(_read_policy, serialized) if policy.directives]


def _read_policy(text: str) -> ContentPolicy:
    directives: dict[str, tuple[str, ...]] = {}
    for directive in text.split(";"):
        name, *values = directive.split() or [""]
        if name:
            directives.setdefault(name.lower(), tuple(values))
    return ContentPolicy(directives)


def source_admits(source: str, url: str, page: str) -> bool:
    """Whether a source expression of `page` matches `url` (section 6.7.2.8); nonces and digests do not."""
    source, wanted, here = source.lower(), urlsplit(url), urlsplit(page)
    if source == "'self'":
        return wanted[:2] == here[:2]
    if source == "*":
        return wanted.scheme in PORTS
    if SCHEME_SOURCE.fullmatch(source):
        return _scheme_admits(source[:-1], wanted.scheme)
    scheme, separator, rest = source.partition("://")
    if not separator:
        scheme, rest = here.scheme, source
    host, slash, path = rest.partition("/")
    return _scheme_admits(scheme, wanted.scheme) and _host_admits(host, wanted) and _path_admits(slash + path, wanted)


def _scheme_admits(allowed: str, scheme: str) -> bool:
    return allowed == scheme or (allowed, scheme) == ("http", "https")


def _host_admits(allowed: str, wanted: SplitResult) -> bool:
    name, _, port = allowed.partition(":")
    host = wanted.hostname or ""
    fits = host.endswith(name[1:]) if name.startswith("*.") else name in ("*", host)
    default = PORTS.get(wanted.scheme)
    actual = wanted.port or default
    return fits and (port in ("*", str(actual)) or (port in ("", "80") and actual == default))


def _path_admits(allowed: str, wanted: SplitResult) -> bool:
    if allowed in ("", "/"):
        return True
    return wanted.path.startswith(allowed) if allowed.endswith("/") else wanted.path == allowed
