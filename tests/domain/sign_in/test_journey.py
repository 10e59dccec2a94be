"""The one table that decides what is next in a sign-in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.domain.platform.instants import SECOND, Instant
from idp.domain.sign_in.journey import Act, Answer, Ask, Demands, Done, DoneAct, Refuse, next_step
from idp.domain.sign_in.sessions import LiveSession

NOW = Instant(1_790_000_000_000)
SESSION = LiveSession(
    id="s1",
    account_id=1,
    subject="anna",
    given_name="Anna",
    family_name="Noyer",
    siret="99900037500017",
    auth_time=Instant(NOW - 100 * SECOND),
    acr="eidas1",
    amr=("pwd",),
    created_at=Instant(NOW - 100 * SECOND),
    last_seen_at=NOW,
    expires_at=Instant(NOW + 3600 * SECOND),
)
NOTHING = Done()


def done(*acts: Act, session_id: str = "s1") -> Done:
    return Done({act: DoneAct(NOW, session_id) for act in acts})


def test_without_a_session_a_person_signs_in() -> None:
    assert next_step(Demands(), NOTHING, None, NOW) == Ask.SIGN_IN


def test_with_a_session_and_no_demand_the_answer_is_given_at_once() -> None:
    assert next_step(Demands(), NOTHING, SESSION, NOW) == Answer(SESSION)


def test_prompt_login_asks_again_whoever_has_a_session() -> None:
    assert next_step(Demands(login=True), NOTHING, SESSION, NOW) == Ask.SIGN_IN


def test_prompt_login_is_met_by_a_sign_in_of_this_transaction() -> None:
    assert next_step(Demands(login=True), done(Act.SIGN_IN), SESSION, NOW) == Answer(SESSION)


def test_what_another_session_did_counts_for_nothing() -> None:
    assert next_step(Demands(login=True), done(Act.SIGN_IN, session_id="s0"), SESSION, NOW) == Ask.SIGN_IN


@pytest.mark.parametrize(
    ("max_age", "expected"),
    [(101, Answer(SESSION)), (100, Ask.SIGN_IN), (1, Ask.SIGN_IN), (0, Ask.SIGN_IN), (None, Answer(SESSION))],
)
def test_max_age_asks_only_who_signed_in_longer_ago(max_age: int | None, expected: object) -> None:
    assert next_step(Demands(max_age=max_age), NOTHING, SESSION, NOW) == expected


def test_max_age_is_met_by_an_act_of_this_transaction_however_long_the_next_pages_take() -> None:
    fresh = replace(SESSION, auth_time=Instant(NOW - 60 * SECOND))
    assert next_step(Demands(max_age=0), done(Act.SIGN_IN), fresh, NOW) == Answer(fresh)


def test_a_hint_at_somebody_else_asks_to_sign_in() -> None:
    assert next_step(Demands(somebody_else=True), NOTHING, SESSION, NOW) == Ask.SIGN_IN


def test_signing_in_as_somebody_else_than_hinted_is_refused() -> None:
    assert next_step(Demands(somebody_else=True), done(Act.SIGN_IN), SESSION, NOW) == Refuse.LOGIN_REQUIRED


def test_select_account_asks_whoever_has_a_session() -> None:
    assert next_step(Demands(select_account=True), NOTHING, SESSION, NOW) == Ask.SELECT_ACCOUNT


@pytest.mark.parametrize("act", [Act.SELECT_ACCOUNT, Act.SIGN_IN])
def test_select_account_is_met_by_choosing_or_by_signing_in(act: Act) -> None:
    assert next_step(Demands(select_account=True), done(act), SESSION, NOW) == Answer(SESSION)


def test_prompt_consent_asks_also_who_consented_before() -> None:
    assert next_step(Demands(consent=True), NOTHING, SESSION, NOW) == Ask.CONSENT


def test_prompt_consent_is_met_in_this_transaction() -> None:
    assert next_step(Demands(consent=True), done(Act.CONSENT), SESSION, NOW) == Answer(SESSION)


def test_a_missing_consent_is_asked() -> None:
    assert next_step(Demands(consent_missing=True), NOTHING, SESSION, NOW) == Ask.CONSENT


def test_signing_in_comes_before_consent() -> None:
    assert next_step(Demands(login=True, consent=True), NOTHING, SESSION, NOW) == Ask.SIGN_IN


def test_an_essential_acr_that_was_not_reached_is_refused() -> None:
    demands = Demands(essential_acrs=("eidas1",))
    candidate = replace(SESSION, acr="eidas0")
    assert next_step(demands, NOTHING, candidate, NOW) == Refuse.UNMET_AUTHENTICATION_REQUIREMENTS


def test_an_essential_acr_that_nothing_of_ours_reaches_asks_nobody() -> None:
    demands = Demands(essential_acrs=("eidas3",))
    assert next_step(demands, NOTHING, None, NOW) == Refuse.UNMET_AUTHENTICATION_REQUIREMENTS


def test_an_essential_acr_that_was_reached_is_answered() -> None:
    assert next_step(Demands(essential_acrs=("eidas3", "eidas1")), NOTHING, SESSION, NOW) == Answer(SESSION)


@pytest.mark.parametrize(
    ("demands", "session", "expected"),
    [
        (Demands(), None, Refuse.LOGIN_REQUIRED),
        (Demands(max_age=1), SESSION, Refuse.LOGIN_REQUIRED),
        (Demands(somebody_else=True), SESSION, Refuse.LOGIN_REQUIRED),
        (Demands(consent_missing=True), SESSION, Refuse.CONSENT_REQUIRED),
        (Demands(select_account=True), SESSION, Refuse.ACCOUNT_SELECTION_REQUIRED),
        (Demands(), SESSION, Answer(SESSION)),
    ],
)
def test_prompt_none_never_asks(demands: Demands, session: LiveSession | None, expected: object) -> None:
    assert next_step(replace(demands, silent=True), NOTHING, session, NOW) == expected


def test_who_cancelled_is_not_asked_again() -> None:
    assert next_step(Demands(login=True), done(Act.CANCEL, session_id=""), SESSION, NOW) == Refuse.ACCESS_DENIED
