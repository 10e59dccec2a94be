"""The sign-in widget of a partner: which of its pages may frame the form, and how a framed sign-in ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from idp.domain.sign_in.assurance import Acr

NEEDED = ("state", "nonce", "code_challenge", "redirect_uri")
"""What a pushed request must say before its form may be framed: the code is worthless to the page that shows it."""


class Completion(StrEnum):
    """How a framed sign-in ends."""

    REDIRECT = "redirect"
    """The browser is handed over to the gateway, which gets a session, and goes to the redirect URI."""
    MESSAGE = "message"
    """The partner's page may ask for the code as a message (`response_mode=web_message`); no session is kept."""


@dataclass(frozen=True, slots=True)
class Widget:
    """What clients.yaml says under `widget`."""

    origins: tuple[str, ...] = ()
    enabled: bool = True
    completion: Completion = Completion.REDIRECT
    fedcm: bool = False
    popup: bool = False
    acr_ceiling: Acr = Acr.EIDAS1
    """The highest level that a password typed in a frame reaches."""

    def may_be_framed_by(self, origin: str) -> bool:
        """Whether a page of that origin may show the form."""
        return self.enabled and origin in self.origins


READ: Mapping[str, Callable[[Any], Any]] = {"origins": tuple, "completion": Completion, "acr_ceiling": Acr}
"""How values are read that are no switches."""


def widget_from(written: Mapping[str, Any]) -> Widget:
    """The widget that this says, in the file or as it was kept."""
    return Widget(**{name: READ.get(name, bool)(value) for name, value in written.items()})


def framing_origin(widget: Widget | None, request: Mapping[str, str]) -> str:
    """The one origin that may frame the form of this pushed request; "" when none may.

    A client with one origin need not name it.
    """
    if widget is None or any(not request.get(name) for name in NEEDED):
        return ""
    named = request.get("widget_origin") or (widget.origins[0] if len(widget.origins) == 1 else "")
    return named if widget.may_be_framed_by(named) else ""
