"""What this deployment demands of every portal, from its settings."""

from __future__ import annotations

from dataclasses import dataclass

from idp.domain.portals.step_up import ANY_SIGN_IN, RequiredSignIn


@dataclass(frozen=True, slots=True)
class PortalRules:
    """The parts of the settings that rules about portals need."""

    require_pushed_requests: bool = False
    """Authorization requests are taken only when pushed, whatever a client says (RFC 9126 section 5)."""
    userinfo: RequiredSignIn = ANY_SIGN_IN
    """What userinfo asks of the sign-in behind a token (RFC 9470)."""
