"""RFC 9700 section 4.13, RFC 8414 section 3.3: we are who is configured, whatever name a request was sent to."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from idp.adapters.clock import QuietClock
from idp.domain.platform.instants import SECOND
from idp.usecases.deps import Deps
from tests.oauth.conftest import CALLBACK, ISSUER, Codes, Posts, basic
from tests.oauth.conftest import account_id as account_id
from tests.oauth.conftest import clock as clock
from tests.oauth.conftest import deps as deps
from tests.oauth.conftest import give_code as give_code
from tests.oauth.conftest import redeem as redeem
from tests.oauth.conftest import session_id as session_id
from tests.oauth.conftest import web as web
from tests.oauth.dpop import ProofMaker

EVIL = "evil.example"
TRICKS: Mapping[str, Mapping[str, str]] = {
    "Host": {"Host": EVIL},
    "Host with a port": {"Host": f"connexion.example.fr:1@{EVIL}"},
    "Host twice in one": {"Host": f"connexion.example.fr, {EVIL}"},
    "an empty Host": {"Host": ""},
    "a Host that is none": {"Host": f"{EVIL}/?"},
    "X-Forwarded-Host": {"X-Forwarded-Host": EVIL},
    "X-Forwarded-Server": {"X-Forwarded-Server": EVIL},
    "X-Forwarded-Proto": {"X-Forwarded-Proto": "http"},
    "X-Forwarded-Port": {"X-Forwarded-Port": "8443"},
    "X-Forwarded-Prefix": {"X-Forwarded-Prefix": f"//{EVIL}"},
    "X-Forwarded-Scheme": {"X-Forwarded-Scheme": "http"},
    "Forwarded": {"Forwarded": f"host={EVIL};proto=http"},
    "X-Host": {"X-Host": EVIL},
    "X-Original-URL": {"X-Original-URL": f"https://{EVIL}/"},
    "X-Rewrite-URL": {"X-Rewrite-URL": f"//{EVIL}/"},
    "X-HTTP-Host-Override": {"X-HTTP-Host-Override": EVIL},
    "Origin": {"Origin": f"https://{EVIL}"},
    "Referer": {"Referer": f"https://{EVIL}/"},
    "all": {"Host": EVIL, "X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "http", "Forwarded": f"host={EVIL}"},
}
PAGES = (
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource/userinfo",
    "/jwks",
    "/authorize?client_id=portal&response_type=code&scope=openid",
    f"/authorize?client_id=portal&response_type=code&scope=openid&state=s&redirect_uri={CALLBACK}",
    "/sign-in",
    "/userinfo",
    "/end-session",
    "/nowhere",
)
PEERS = ("127.0.0.1", "203.0.113.9")


def told(answer: TestResponse) -> str:
    """Everything that an answer says, headers included."""
    return f"{answer.headers}{answer.text}".lower()


def test_no_answer_repeats_a_name_that_we_were_called_by(web: FlaskClient) -> None:
    """RFC 9700 section 4.13, RFC 9110 section 4.2.2: discovery, redirects, pages and challenges, our hop or not."""
    for page in PAGES:
        plain = web.get(page)
        for trick, peer in product(TRICKS, PEERS):
            answer = web.get(page, headers=TRICKS[trick], environ_base={"REMOTE_ADDR": peer})
            assert plain.status_code == answer.status_code, (page, trick, "the control: the same answer as without")
            assert EVIL not in told(answer), (page, trick)
            assert "http://connexion" not in told(answer), (page, trick)


def test_metadata_says_the_same_to_everybody(web: FlaskClient) -> None:
    """RFC 8414 section 3.3: the issuer is the one that clients were told."""
    for page, trick in product(PAGES[:4], TRICKS):
        assert web.get(page).json == web.get(page, headers=TRICKS[trick]).json, (page, trick)
    assert ISSUER == (web.get(PAGES[0]).json or {})["issuer"]


def test_a_proof_is_about_our_address(web: FlaskClient, deps: Deps) -> None:
    """RFC 9449 section 4.3, check 9: htu is compared with the issuer's address, not with what the sender wrote."""
    maker = ProofMaker(cast(QuietClock, deps.clock).now() / SECOND, ISSUER)
    form = {"grant_type": "client_credentials"}

    def ask(trick: str, **changes: Any) -> int:
        headers = {**TRICKS[trick], **basic(), "DPoP": maker.proof(**changes)}
        return web.post("/token", data=form, headers=headers).status_code

    for trick in TRICKS:
        assert [400, 400] == [ask(trick, htu=f"{scheme}://{EVIL}/token") for scheme in ("https", "http")], trick
        assert 400 == ask(trick, htu="http://connexion.example.fr/token"), trick
        assert 200 == ask(trick), "the control"


def test_tokens_are_issued_in_our_name(web: FlaskClient, give_code: Codes, redeem: Posts) -> None:
    """OpenID Connect Core section 2, RFC 9068 section 2.2: `iss` is the issuer."""
    token = redeem(give_code()).json["access_token"]
    form = {"grant_type": "client_credentials"}
    for trick in TRICKS.values():
        mine = web.post("/token", data=form, headers={**basic(), **trick}).json or {}
        for text in (token, mine["access_token"]):
            about = web.post("/introspect", data={"token": text}, headers={**basic(), **trick}).json or {}
            assert (True, ISSUER) == (about["active"], about["iss"])


@pytest.mark.parametrize("target", [f"https://{EVIL}/jwks", f"http://{EVIL}/jwks", f"//{EVIL}/jwks"])
def test_an_absolute_target_is_no_other_name(web: FlaskClient, target: str) -> None:
    """RFC 9112 section 3.2.2: servers hand over the target as it was written; it changes no answer of ours."""
    for page in PAGES:
        builder = EnvironBuilder(page, base_url=f"https://{EVIL}", environ_overrides={"REQUEST_URI": target})
        body, _, headers = run_wsgi_app(web.application, builder.get_environ(), buffered=True)
        assert EVIL not in f"{headers}{b''.join(body).decode()}", page
    assert web.get("/jwks").json, "the control"
