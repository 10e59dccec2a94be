"""Permissions-Policy as a browser reads it: to whom a page leaves a feature (W3C Permissions Policy section 5.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

ENTRY = re.compile(r"\s*([a-z-]+)\s*=\s*(\*|self|\([^)]*\))[^,]*", re.ASCII)
"""One member of the structured dictionary: a feature, and everybody, the page, or a list."""


def read_permissions(header: str) -> dict[str, frozenset[str]]:
    """Each feature that the header names, with "*", "self" and the origins that may have it."""
    entries = filter(None, map(ENTRY.fullmatch, header.split(",")))
    return {entry[1]: frozenset(entry[2].strip("()").replace('"', " ").split()) for entry in entries}


def leaves(permissions: Mapping[str, frozenset[str]], feature: str, to: str) -> bool:
    """Whether a page with that header leaves the feature to this origin (or to "self"): unnamed, the frame's own
    `allow` decides."""
    allowed = permissions.get(feature)
    return allowed is None or not allowed.isdisjoint(("*", to))
