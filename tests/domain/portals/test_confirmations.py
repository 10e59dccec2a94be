"""What a token is bound to."""

from __future__ import annotations

from idp.domain.portals.confirmations import NO_CONFIRMATION, Confirmation, read_confirmation


def test_a_token_bound_to_nothing_says_nothing_and_is_a_bearer_token() -> None:
    assert ({}, "Bearer") == (NO_CONFIRMATION.claim, NO_CONFIRMATION.token_type)


def test_a_dpop_key_makes_a_dpop_token() -> None:
    """RFC 9449 sections 5 and 6.1."""
    bound = Confirmation(jkt="thumb")
    assert ({"cnf": {"jkt": "thumb"}}, "DPoP") == (bound.claim, bound.token_type)


def test_a_certificate_leaves_a_bearer_token() -> None:
    """RFC 8705 section 3.1."""
    bound = Confirmation(x5t_s256="digest")
    assert ({"cnf": {"x5t#S256": "digest"}}, "Bearer") == (bound.claim, bound.token_type)


def test_what_is_said_is_what_is_read() -> None:
    bound = Confirmation("thumb", "digest")
    assert (bound, NO_CONFIRMATION) == (read_confirmation(bound.claim), read_confirmation({}))


def test_everything_demanded_must_be_shown() -> None:
    bound = Confirmation("thumb", "digest")
    shown = (bound, Confirmation("thumb"), Confirmation("other", "digest"), NO_CONFIRMATION)
    assert [True, False, False, False] == [bound.is_met_by(one) for one in shown]
    assert NO_CONFIRMATION.is_met_by(bound)
