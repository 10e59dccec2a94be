"""A client whose profile keeps its refresh token keeps it (FAPI 2.0 Security Profile section 5.3.2.1 item 9)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import DAY, SECOND
from idp.domain.portals.clients import Client, ClientAuthentication
from idp.domain.portals.confirmations import Confirmation
from idp.domain.portals.grants import TokenRefusal
from idp.domain.portals.profiles import Profile
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.store.portals.authorizations import refresh_families
from idp.store.portals.spending import revoke_grant
from idp.usecases.deps import Deps
from idp.usecases.portals.refreshing import refresh
from idp.usecases.portals.tokens import find_code, redeem_code
from tests.oauth.assertions import JWKS
from tests.oauth.conftest import ISSUER, Codes, partner
from tests.quiet import quiet_deps
from tests.statements import counted

ACTOR = Actor(ActorRole.CLIENT, "bank")
BOUND = Confirmation(jkt="0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
KEYED: dict[str, Any] = {
    "secrets": (),
    "jwks": JWKS,
    "token_endpoint_auth_method": ClientAuthentication.PRIVATE_KEY_JWT,
}
BANK = partner("bank", profile=Profile.FAPI2_SECURITY, **KEYED)
PLAIN = partner("bank", **KEYED)


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = make_registry(ISSUER, [BANK], [])
    return quiet_deps(database, registry=lambda: registry)


@pytest.fixture
def held(deps: Deps, give_code: Codes) -> str:
    """A refresh token of the bank's."""
    grant = find_code(deps, give_code("bank", offline=True, scope="openid offline_access"))
    assert grant is not None
    given = redeem_code(deps, ACTOR, BANK, grant, confirmation=BOUND)
    assert isinstance(given, bytes)
    return str(json.loads(given)["refresh_token"])


def refreshed(deps: Deps, token: str, client: Client = BANK) -> dict[str, Any] | TokenRefusal:
    given = refresh(deps, ACTOR, client, token, confirmation=BOUND)
    return json.loads(given) if isinstance(given, bytes) else given


def test_the_same_refresh_token_comes_back_each_time(deps: Deps, held: str) -> None:
    """FAPI 2.0 Security Profile section 5.3.2.1 item 9: no rotation."""
    answers = [refreshed(deps, held) for _ in range(3)]
    assert [held] * 3 == [answer["refresh_token"] for answer in answers if isinstance(answer, dict)]
    assert 3 == len({answer["access_token"] for answer in answers if isinstance(answer, dict)})


def test_the_control_a_client_of_profile_oidc_gets_another(deps: Deps, held: str) -> None:
    """RFC 9700 section 4.14.2."""
    answer = refreshed(deps, held, PLAIN)
    assert isinstance(answer, dict)
    assert held != answer["refresh_token"]


def test_a_refresh_token_that_stays_costs_three_statements(deps: Deps, held: str) -> None:
    with counted(deps.database) as sent:
        assert isinstance(refreshed(deps, held), dict)
    assert ["SELECT", "UPDATE", "INSERT"] == [statement.split()[0] for statement in sent]


def test_sixteen_simultaneous_uses_all_succeed_and_end_nothing(deps: Deps, held: str) -> None:
    """A second use is no sign of a thief when the token never changes."""
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: refreshed(deps, held), range(16)))
    assert {held} == {answer["refresh_token"] for answer in answers if isinstance(answer, dict)}
    assert 16 == len(answers) - answers.count(TokenRefusal.INVALID_GRANT)


def test_its_use_is_remembered(deps: Deps, held: str) -> None:
    """A family that is used does not count as idle."""
    deps.clock.advance(5 * SECOND)  # type: ignore[attr-defined]
    refreshed(deps, held)
    with deps.read() as connection:
        row = connection.execute(select(refresh_families)).mappings().one()
    assert (1, deps.clock.now()) == (row["generation"], row["last_used_at"])


def test_a_guess_of_its_secret_gives_nothing_and_ends_nothing(deps: Deps, held: str) -> None:
    """RFC 6749 section 10.10."""
    guess = f"{held.rpartition('.')[0]}.{'x' * 43}"
    assert TokenRefusal.INVALID_GRANT is refreshed(deps, guess)
    assert isinstance(refreshed(deps, held), dict)


def test_it_ends_with_its_grant_and_with_its_time(deps: Deps, held: str) -> None:
    """RFC 6749 section 5.2: expired or revoked is invalid_grant."""
    deps.clock.advance(90 * DAY - SECOND)  # type: ignore[attr-defined]
    assert isinstance(refreshed(deps, held), dict)
    with deps.transaction() as connection:
        revoke_grant(connection, "grant-1", deps.clock.now())
    assert TokenRefusal.INVALID_GRANT is refreshed(deps, held)


def test_it_ends_at_the_end_of_its_family(deps: Deps, held: str) -> None:
    """RFC 6749 section 5.2: using it does not lengthen its life."""
    deps.clock.advance(90 * DAY)  # type: ignore[attr-defined]
    assert TokenRefusal.INVALID_GRANT is refreshed(deps, held)


def test_a_token_replaced_before_the_client_had_this_profile_still_tells_of_a_thief(deps: Deps, held: str) -> None:
    """RFC 9700 section 4.14.2."""
    moved = refreshed(deps, held, PLAIN)
    deps.clock.advance(11 * SECOND)  # type: ignore[attr-defined]
    assert TokenRefusal.INVALID_GRANT is refreshed(deps, held)
    assert isinstance(moved, dict)
    assert TokenRefusal.INVALID_GRANT is refreshed(deps, moved["refresh_token"])


@pytest.mark.parametrize("bound", ["dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens"])
def test_any_client_whose_tokens_are_bound_keeps_its_refresh_token(deps: Deps, held: str, bound: str) -> None:
    """RFC 9700 section 4.14.2: sender-constrained, or rotated."""
    answer = refreshed(deps, held, replace(PLAIN, **{bound: True}))  # type: ignore[arg-type]
    assert isinstance(answer, dict)
    assert held == answer["refresh_token"]
