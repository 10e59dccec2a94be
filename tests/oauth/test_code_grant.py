"""A code gives tokens once, to whom it was made for (RFC 6749 section 4.1, RFC 7636)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from idp.adapters.clock import QuietClock
from idp.domain.platform.instants import HOUR, MINUTE, SECOND
from idp.store.people.accounts import accounts
from idp.store.platform.audit import audit_events
from idp.store.portals.authorizations import authorizations, client_cutoffs
from idp.store.sign_in.sessions import end_session
from idp.usecases.deps import Deps
from tests.oauth.conftest import CALLBACK, VERIFIER, Codes, Posts, basic
from tests.quiet import quiet_app

Tokens = Callable[..., dict[str, Any]]


def events(deps: Deps) -> list[str]:
    with deps.read() as connection:
        return list(connection.execute(select(audit_events.c.event).order_by(audit_events.c.id)).scalars())


def userinfo_status(web: FlaskClient, token: str) -> int:
    return web.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_code_gives_an_access_token_an_id_token_and_a_refresh_token(give_code: Codes, redeem: Posts) -> None:
    answer = redeem(give_code())
    assert 200 == answer.status_code
    assert {"access_token", "id_token", "refresh_token", "token_type", "expires_in", "scope"} == set(answer.json)
    shown = tuple(answer.json[name] for name in ("token_type", "expires_in", "scope"))
    assert ("Bearer", 300, "openid email profile") == shown
    assert ("no-store", "application/json") == (answer.headers["Cache-Control"], answer.mimetype)


def test_a_redeemed_code_is_audited_without_its_text(deps: Deps, give_code: Codes, redeem: Posts) -> None:
    redeem(give_code())
    with deps.read() as connection:
        (row,) = connection.execute(select(audit_events)).mappings()
    assert ("code.redeemed", "client", "portal", "s1") == (
        row["event"],
        row["actor_role"],
        row["actor"],
        row["subject"],
    )
    assert {"authorization": "grant-1"} == row["facts"]


def test_a_client_that_is_not_registered_for_refreshing_gets_no_refresh_token(tokens: Tokens) -> None:
    assert "refresh_token" not in tokens("no-refresh")


def test_without_openid_there_is_no_id_token(tokens: Tokens) -> None:
    assert "id_token" not in tokens(scope="profile")


def test_a_code_cannot_be_used_twice_and_the_second_use_ends_what_the_first_gave(
    deps: Deps, web: FlaskClient, give_code: Codes, redeem: Posts
) -> None:
    code = give_code()
    first = redeem(code).json
    assert 200 == userinfo_status(web, first["access_token"])
    again = redeem(code)
    assert (400, "invalid_grant") == (again.status_code, again.json["error"])
    assert 401 == userinfo_status(web, first["access_token"])
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert "invalid_grant" == web.post("/token", data=form, headers=basic()).json["error"]
    assert ["code.redeemed", "code.replayed"] == events(deps)


def test_a_late_replay_still_revokes(web: FlaskClient, clock: QuietClock, give_code: Codes, redeem: Posts) -> None:
    code = give_code()
    first = redeem(code).json
    clock.advance(4 * MINUTE)  # the code itself lives 60 seconds
    assert 200 == userinfo_status(web, first["access_token"])
    assert "invalid_grant" == redeem(code).json["error"]
    assert 401 == userinfo_status(web, first["access_token"])


def test_spending_a_code_does_not_shorten_its_row(deps: Deps, tokens: Tokens) -> None:
    """The row tells late replays, and at sign-out which portals the session reached."""
    until = deps.clock.now() + HOUR
    for client_id in ("portal", "no-refresh"):
        tokens(client_id, expires_at=until)
    with deps.read() as connection:
        assert {until} == set(connection.execute(select(authorizations.c.expires_at)).scalars())


def test_a_code_dies_after_sixty_seconds(clock: QuietClock, give_code: Codes, redeem: Posts) -> None:
    young, old = give_code(), give_code()
    clock.advance(60 * SECOND - 1)
    assert 200 == redeem(young).status_code
    clock.advance(1)
    assert "invalid_grant" == redeem(old).json["error"]


def test_a_code_is_only_for_the_client_it_was_made_for(give_code: Codes, redeem: Posts) -> None:
    code = give_code("portal")
    assert "invalid_grant" == redeem(code, "other").json["error"]
    assert 200 == redeem(code, "portal").status_code, "the control: and the attempt spent nothing"


def test_the_redirect_uri_is_the_one_of_the_request(give_code: Codes, redeem: Posts) -> None:
    code = give_code()
    for wrong in ("https://evil.example/", CALLBACK + "/", None):
        assert "invalid_grant" == redeem(code, redirect_uri=wrong).json["error"]
    assert 200 == redeem(code).status_code


def test_the_verifier_is_the_one_of_the_challenge(give_code: Codes, redeem: Posts) -> None:
    code = give_code()
    assert "invalid_grant" == redeem(code, code_verifier="w" * 43).json["error"]
    assert 400 == redeem(code, code_verifier=None).status_code
    assert 200 == redeem(code).status_code


def test_the_challenge_itself_is_no_verifier(give_code: Codes, redeem: Posts) -> None:
    """`plain`: the attacker who saw the authorization request knows the challenge."""
    code = give_code(code_challenge=VERIFIER)
    assert "invalid_grant" == redeem(code).json["error"]


def test_a_verifier_without_a_challenge_is_refused(give_code: Codes, redeem: Posts) -> None:
    code = give_code(code_challenge="")
    assert 400 == redeem(code).status_code
    assert 200 == redeem(code, code_verifier=None).status_code


def test_a_public_client_never_redeems_a_code_without_a_challenge(give_code: Codes, redeem: Posts) -> None:
    assert "invalid_grant" == redeem(give_code("spa", code_challenge=""), "spa", code_verifier=None).json["error"]
    assert 200 == redeem(give_code("spa"), "spa").status_code


def test_a_code_of_an_ended_session_gives_nothing(
    deps: Deps, account_id: int, session_id: str, give_code: Codes, redeem: Posts
) -> None:
    code = give_code()
    with deps.transaction() as connection:
        end_session(connection, session_id, account_id, deps.clock.now())
    assert "invalid_grant" == redeem(code).json["error"]


@pytest.mark.parametrize("change", [{"state": "suspended"}, {"valid_from": 9_000_000_000_000}])
def test_a_code_of_a_suspended_or_renewed_account_gives_nothing(
    deps: Deps, give_code: Codes, redeem: Posts, change: dict[str, Any]
) -> None:
    code = give_code()
    with deps.transaction() as connection:
        connection.execute(update(accounts).values(change))
    assert "invalid_grant" == redeem(code).json["error"]


def test_a_code_older_than_its_clients_cutoff_gives_nothing(
    deps: Deps, clock: QuietClock, give_code: Codes, redeem: Posts
) -> None:
    code = give_code()
    with deps.transaction() as connection:
        connection.execute(client_cutoffs.insert().values(client_id="portal", valid_from=deps.clock.now() + 1))
    assert "invalid_grant" == redeem(code).json["error"]
    clock.advance(1)
    assert 200 == redeem(give_code()).status_code


def test_sixteen_simultaneous_redemptions_give_tokens_once(deps: Deps, give_code: Codes) -> None:
    code, app = give_code(), quiet_app(deps)

    def redeem_once(_: int) -> int:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
        }  # fmt: skip
        return app.test_client().post("/token", data=form, headers=basic()).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = sorted(pool.map(redeem_once, range(16)))
    assert [200] + [400] * 15 == statuses
