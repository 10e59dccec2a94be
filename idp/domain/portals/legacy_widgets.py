"""The old widget of a partner: a form in its own page, sent here with the addresses to answer at.

Its wire contract is the gateway's predecessor's (DOMAIN.md section 2.4); what is registered here is ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_NAME = "jtd"
"""Under which name the token is posted when the form names none."""
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}", re.ASCII)
MARK = "jtd."
TOKEN = re.compile(r"jtd\.[A-Za-z0-9_-]{43}", re.ASCII)
TOKEN_TYPE = "legacy_widget"
"""`token_type` of what /introspect says."""


@dataclass(frozen=True, slots=True)
class LegacyWidget:
    """What clients.yaml says under `legacy_widget`."""

    enabled: bool = True
    origins: tuple[str, ...] = ()
    """Pages that may send the form."""
    success_urls: tuple[str, ...] = ()
    """`urlOK`: where tokens are posted."""
    failure_urls: tuple[str, ...] = ()
    """`urlKO`: where a refused person returns."""

    def answers_at(self, url_ok: str, url_ko: str) -> bool:
        """Whether both are its own, character by character."""
        return url_ok in self.success_urls and url_ko in self.failure_urls

    def may_be_sent_by(self, origin: str | None) -> bool:
        """Whether a page of that origin may send the form. Every browser says where a form comes from, so who says
        nothing is no browser, and nobody's page can have made it come; `null` is anybody's."""
        return origin is None or origin in self.origins


READ: Mapping[str, Callable[[Any], Any]] = {"enabled": bool}
"""How values are read that are no lists."""


def legacy_widget_from(written: Mapping[str, Any]) -> LegacyWidget:
    """The widget that this says, in the file or as it was kept."""
    values: dict[str, Any] = {name: READ.get(name, tuple)(value) for name, value in written.items()}
    return LegacyWidget(**values)


def is_token_name(name: str) -> bool:
    """Whether a token may be posted under that name."""
    return NAME.fullmatch(name) is not None


def is_legacy_token(text: str) -> bool:
    """Whether this has the form of one; no other token of ours has a first part like its own."""
    return text.startswith(MARK) and TOKEN.fullmatch(text) is not None
