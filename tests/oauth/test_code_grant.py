"""A code gives tokens once, to whom it was made for (RFC 6749 section 4.1, RFC 7636)."""

from __future__ import annotations

from idp.usecases.deps import Deps
from tests.oauth.conftest import Codes, Posts


def test_a_code_gives_an_access_token_an_id_token_and_a_refresh_token(
    deps: Deps, give_code: Codes, redeem: Posts
) -> None:
    answer = redeem(give_code())
    assert answer.status_code == 200
    assert {"access_token", "id_token", "refresh_token", "token_type", "expires_in", "scope"} == set(answer.json)
    assert ("Bearer", 300, "openid email profile") == tuple(
        answer.json[name] for name in ("token_type", "expires_in", "scope")
    )
    assert answer.headers["Cache-Control"] == "no-store"
