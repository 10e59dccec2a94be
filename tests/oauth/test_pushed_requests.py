"""POST /par: a client pushes its request, the browser brings only its name (RFC 9126)."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, cast

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.adapters.clock import QuietClock
from idp.domain.platform.instants import MINUTE, SECOND
from idp.domain.platform.limits import RULES, Limit, LimitRule
from idp.domain.portals.clients import ClientAuthentication, SecretDigest
from idp.domain.portals.portal_rules import PortalRules
from idp.store.database import Database
from idp.store.portals.pushed_requests import pushed_requests
from tests.oauth.conftest import basic
from tests.portals import CALLBACK, CHALLENGE, Browser, Gateway, error, gateway, members, portal, request_of, step
from tests.portals import transaction as transaction_of
from tests.statements import counted

SECRET = "portal-secret-of-at-least-forty-three-characters"
SECRETS = (SecretDigest(hashlib.sha256(SECRET.encode()).digest(), "sha256"),)
PUSHING = portal(secrets=SECRETS)
OTHER = portal("other", secrets=SECRETS)
DEMANDING = portal("demanding", secrets=SECRETS, require_pushed_authorization_requests=True)
PUBLIC = portal("public", token_endpoint_auth_method=ClientAuthentication.NONE)


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(database, PUSHING, OTHER, DEMANDING, PUBLIC)


@pytest.fixture
def browser(at: Gateway) -> Browser:
    browser = at.browser()
    browser.has_session()
    return browser


def push(at: Gateway, client_id: str = "portail", headers: Any = None, **changes: Any) -> TestResponse:
    sent = request_of(client_id=client_id, **changes)
    return at.app.test_client().post("/par", data=sent, headers=basic(client_id) if headers is None else headers)


def pushed(at: Gateway, client_id: str = "portail", **changes: Any) -> str:
    answer = push(at, client_id, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json["request_uri"])  # type: ignore[index]


def bring(browser: Browser, request_uri: str, client_id: str = "portail", **others: str) -> TestResponse:
    return browser.http.get("/authorize", query_string={"client_id": client_id, "request_uri": request_uri, **others})


def refused(answer: TestResponse) -> str:
    assert answer.is_json, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return str(answer.json["error"])  # type: ignore[index]


def test_a_pushed_request_gets_a_name_for_five_minutes(at: Gateway) -> None:
    """RFC 9126 section 2.2."""
    answer = push(at)
    told = cast(dict[str, Any], answer.json)
    assert (answer.status_code, set(told), told["expires_in"]) == (201, {"request_uri", "expires_in"}, 300)
    assert told["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert len(told["request_uri"].rpartition(":")[2]) == 43


def test_only_the_hash_of_the_name_is_stored(at: Gateway) -> None:
    uri = pushed(at)
    with at.deps.read() as connection:
        row = connection.execute(select(pushed_requests)).one()
    assert row.handle_hash == hashlib.sha256(uri.rpartition(":")[2].encode()).digest()


def test_the_browser_brings_the_name_and_gets_the_code(at: Gateway, browser: Browser) -> None:
    """RFC 9126 section 4."""
    told = members(bring(browser, pushed(at, state="pushed state")))
    assert (set(told), told["state"]) == ({"code", "state", "iss"}, "pushed state")


def test_what_comes_beside_the_name_is_not_looked_at(at: Gateway, browser: Browser) -> None:
    """RFC 9101 section 6.3: nobody in the middle changes what was pushed."""
    uri = pushed(at, state="pushed")
    told = members(bring(browser, uri, state="changed", scope="openid email", redirect_uri="https://evil.example/"))
    assert told["state"] == "pushed"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"redirect_uri": "https://evil.example/cb"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"code_challenge": "v" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"state": "x" * 1025}, "invalid_request"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"state": ["one", "two"]}, "invalid_request"),
    ],
)
def test_a_wrong_request_is_refused_when_it_is_pushed(at: Gateway, changes: dict[str, Any], expected: str) -> None:
    """RFC 9126 section 2.3: the error the browser would have brought, as JSON and at once."""
    answer = push(at, **changes)
    assert (answer.status_code, refused(answer)) == (400, expected)


def test_a_client_proves_itself_first(at: Gateway) -> None:
    """RFC 9126 section 2: with the control that the same request with its secret is taken."""
    assert refused(push(at, headers={})) == "invalid_client"
    assert push(at).status_code == 201


def test_a_public_client_pushes_under_its_name(at: Gateway) -> None:
    """RFC 9126 section 2: the rules of the token endpoint."""
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    assert push(at, "public", headers={}, **pkce).status_code == 201
    assert refused(push(at, "public", headers={})) == "invalid_request"


def test_only_post_is_answered(at: Gateway) -> None:
    """RFC 9126 section 2.3: 405."""
    assert at.app.test_client().get("/par").status_code == 405


def no_code(answer: TestResponse) -> bool:
    return answer.status_code == 400 and "code=" not in answer.headers.get("Location", "")


def test_the_name_is_worth_nothing_to_another_client(at: Gateway, browser: Browser) -> None:
    """RFC 9126 section 4."""
    uri = pushed(at)
    assert no_code(bring(browser, uri, "other"))
    assert "code" in members(bring(browser, uri))


def test_a_name_gets_one_code(at: Gateway, browser: Browser) -> None:
    """RFC 9126 section 7.3: a replay of the authorization request."""
    uri = pushed(at)
    assert "code" in members(bring(browser, uri))
    assert no_code(bring(browser, uri))


def test_of_sixteen_browsers_at_once_one_gets_the_code(at: Gateway) -> None:
    uri, barrier = pushed(at), Barrier(16)
    browsers = [at.browser() for _ in range(16)]
    browsers[0].has_session()
    for browser in browsers:  # sixteen tabs
        browser.http.set_cookie("__Host-mire_sid", "session", domain="connexion.example.fr", secure=True)

    def go(browser: Browser) -> int:
        barrier.wait()
        return bring(browser, uri).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(go, browsers))
    assert statuses.count(303) == 1, statuses


def test_a_reload_before_the_sign_in_is_served(at: Gateway) -> None:
    """RFC 9126 section 7.3: a person may reload; whichever page is finished first gets the code."""
    browser, uri = at.browser(), pushed(at)
    first, second = bring(browser, uri), bring(browser, uri)
    assert (step(first), step(second)) == ("/sign-in", "/sign-in")
    browser.has_session()
    for sent in (first, second):
        browser.signs_in(transaction_of(sent))
    answers = [browser.resume(transaction_of(sent)) for sent in (first, second)]
    assert [answer.status_code for answer in answers] == [303, 410]


def test_a_name_that_nobody_opened_dies_after_five_minutes(at: Gateway, browser: Browser) -> None:
    uri = pushed(at)
    clock = cast(QuietClock, at.deps.clock)
    clock.advance(299 * SECOND)
    assert step(bring(at.browser(), uri)) == "/sign-in"
    clock.advance(SECOND)
    assert no_code(bring(browser, uri))


def test_a_transaction_that_it_opened_lives_its_own_life(at: Gateway) -> None:
    browser = at.browser()
    sent = bring(browser, pushed(at))
    cast(QuietClock, at.deps.clock).advance(600 * SECOND)
    browser.has_session()
    browser.signs_in(transaction_of(sent))
    assert "code" in members(browser.resume(transaction_of(sent)))


def test_a_posted_name_is_served_too(at: Gateway, browser: Browser) -> None:
    sent = browser.http.post("/authorize", data={"client_id": "portail", "request_uri": pushed(at)})
    assert "code" in members(browser.http.get(sent.headers["Location"]))


@pytest.mark.parametrize("uri", ["urn:ietf:params:oauth:request_uri:", "urn:ietf:params:oauth:request_uri:" + "x" * 99])
def test_an_invented_name_is_a_page_that_says_where_to_start_again(browser: Browser, uri: str) -> None:
    answer = bring(browser, uri)
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "https://portail.example.fr/" in answer.text


def test_a_client_may_demand_it(at: Gateway, browser: Browser) -> None:
    """RFC 9126 section 6: require_pushed_authorization_requests."""
    assert error(browser.authorize(client_id="demanding")) == "invalid_request"
    assert "code" in members(bring(browser, pushed(at, "demanding"), "demanding"))


def test_the_server_may_demand_it(database: Database) -> None:
    """RFC 9126 section 5, and discovery says so."""
    at = gateway(database, PUSHING, portal_rules=PortalRules(require_pushed_requests=True))
    browser = at.browser()
    browser.has_session()
    assert error(browser.authorize()) == "invalid_request"
    assert "code" in members(bring(browser, pushed(at)))
    told = cast(dict[str, Any], browser.http.get("/.well-known/openid-configuration").json)
    assert told["require_pushed_authorization_requests"] is True


def test_a_request_cannot_claim_to_have_been_pushed(at: Gateway, browser: Browser) -> None:
    """Attack: what we note of a pushed request is no parameter."""
    assert error(browser.authorize(client_id="demanding", pushed="00" * 32, signed="yes")) == "invalid_request"


def test_a_pushed_hint_is_kept_as_whom_it_names_and_not_as_a_token(at: Gateway, browser: Browser) -> None:
    assert push(at, id_token_hint="not a token").status_code == 400


def test_pushing_costs_one_statement_and_so_does_finding(at: Gateway, browser: Browser) -> None:
    """PAR adds one statement to an operation: the insert at /par, the look-up at /authorize."""
    with counted(at.deps.database) as sent:
        uri = pushed(at)
    assert [statement.split()[0] for statement in sent] == ["INSERT"]
    with counted(at.deps.database) as plain:
        assert "code" in members(browser.authorize())
    with counted(at.deps.database) as by_name:
        assert "code" in members(bring(browser, uri))
    assert len(by_name) == len(plain) + 1


def test_the_redirect_uri_of_the_token_request_is_the_pushed_one(at: Gateway, browser: Browser) -> None:
    code = members(bring(browser, pushed(at)))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    assert at.app.test_client().post("/token", data=form, headers=basic("portail")).status_code == 200


def test_nobody_fills_the_table_of_requests_from_one_network(at: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9126 sections 2.3 and 7.3: a public client proves nothing, so its network pays; others do not."""
    monkeypatch.setitem(RULES, Limit.REQUESTS, LimitRule(free=2, window=10 * MINUTE))
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    answers = [push(at, "public", headers={}, **pkce) for _ in range(3)]
    assert [201, 201, 429] == [answer.status_code for answer in answers]
    assert "600" == answers[-1].headers["Retry-After"]
    with at.deps.read() as connection:
        assert 2 == len(connection.execute(select(pushed_requests)).all())
    assert 201 == push(at).status_code
