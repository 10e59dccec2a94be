"""What a resource asks of a sign-in, and what meets it (RFC 9470)."""

from __future__ import annotations

import pytest

from idp.domain.platform.instants import SECOND, Instant
from idp.domain.portals.step_up import ANY_SIGN_IN, NEVER, RequiredSignIn, levels_for, strictest_age
from idp.domain.sign_in.assurance import Acr

NOW = Instant(1_000 * SECOND)
HIGH, LOW = RequiredSignIn(Acr.EIDAS1), RequiredSignIn(Acr.EIDAS0)


@pytest.mark.parametrize(
    ("required", "acr", "age", "met"),
    [
        (ANY_SIGN_IN, "eidas0", 900, True),
        (HIGH, "eidas1", 900, True),
        (HIGH, "eidas0", 0, False),
        (HIGH, "", 0, False),
        (LOW, "eidas1", 900, True),
        (RequiredSignIn(max_age=60), "eidas0", 59, True),
        (RequiredSignIn(max_age=60), "eidas0", 60, False),
        (RequiredSignIn(Acr.EIDAS1, 60), "eidas1", 60, False),
        (RequiredSignIn(Acr.EIDAS1, 60), "eidas0", 1, False),
    ],
)
def test_a_sign_in_meets_level_and_age(required: RequiredSignIn, acr: str, age: int, met: bool) -> None:
    assert required.is_met_by(acr, Instant(NOW - age * SECOND), NOW) is met


def test_the_challenge_says_what_would_do() -> None:
    """RFC 9470 section 3."""
    assert RequiredSignIn(Acr.EIDAS1, 60).challenge == ', acr_values="eidas1", max_age="60"'
    assert LOW.challenge == ', acr_values="eidas0 eidas1"'
    assert ANY_SIGN_IN.challenge == ""


def test_the_strictest_age_counts() -> None:
    assert strictest_age([None, 300, 60]) == 60
    assert strictest_age([None, 0, 60]) == 0
    assert strictest_age([None]) is None


def test_a_level_satisfies_request_and_resource() -> None:
    assert levels_for((), []) == ()
    assert levels_for(("eidas3",), []) == ("eidas3",)
    assert levels_for((), [LOW, HIGH, ANY_SIGN_IN]) == ("eidas1",)
    assert levels_for(("eidas3", "eidas1"), [HIGH]) == ("eidas1",)
    assert levels_for(("eidas3",), [HIGH]) == NEVER
