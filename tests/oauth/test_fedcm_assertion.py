"""/fedcm/assertion and /fedcm/disconnect: for whom a code is given, and for whom not.

Every refusal stands beside the same request with the one right value, which is answered.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, cast

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.adapters.clock import QuietClock
from idp.adapters.outbound import OutboundAnswer, QuietOutbound
from idp.domain.platform.instants import MINUTE, SECOND
from idp.domain.portals.clients import SubjectType
from idp.domain.portals.subjects import client_subject
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.store.portals.authorizations import authorizations, consents
from tests.fedcm import (
    OTHER_PAGE,
    PAGE,
    SECOND_PAGE,
    account_id,
    accounts,
    assertion,
    fedcm_portal,
    headers,
    push,
    readers,
    refusal,
    signed_in,
    told,
)
from tests.oauth.conftest import basic
from tests.pages import token_of
from tests.portals import (
    CALLBACK,
    CHALLENGE,
    ISSUER,
    VERIFIER,
    Browser,
    Gateway,
    gateway,
    location,
    portal,
    request_of,
    step,
    transaction,
)
from tests.statements import counted

NOBODY = (None, None)
KEY = ECKey.generate_key("P-256", {"kid": "k1"}, private=True)
JWKS = {"keys": [KEY.as_dict(private=False)]}
OBJECT = f"{PAGE}/request.jwt"


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(
        database,
        fedcm_portal(origins=(PAGE, SECOND_PAGE)),
        fedcm_portal("autre", origins=(OTHER_PAGE,)),
        fedcm_portal("consenting", require_consent=True),
        fedcm_portal("pair", subject_type=SubjectType.PAIRWISE, sector_identifier="pair.example.fr"),
        fedcm_portal("referring", request_uris=(OBJECT,), jwks=JWKS),
        fedcm_portal("without", widget={"fedcm": False}),
        fedcm_portal("switched-off", widget={"enabled": False}),
    )


@pytest.fixture
def browser(at: Gateway) -> Browser:
    return signed_in(at)


def refused(answer: TestResponse, code: str, reader: str | None = None) -> bool:
    """Nothing is given, for this reason, which `reader` may read and nobody else."""
    assert (refusal(answer), readers(answer)) == (code, (reader, "true") if reader else NOBODY)
    return True


def redeemed(at: Gateway, code: str, client_id: str = "portail") -> TestResponse:
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
    }  # fmt: skip
    return at.app.test_client().post("/token", data=form, headers=basic(client_id))


def count(at: Gateway) -> int:
    with at.deps.read() as connection:
        return len(connection.execute(select(authorizations)).all())


def test_the_token_is_one_text_with_code_state_and_issuer(at: Gateway, browser: Browser) -> None:
    """FedCM section "ID assertion endpoint"; older browsers hand on no other token than a text."""
    answer = assertion(browser, push(at))
    assert isinstance(cast(dict[str, Any], answer.json)["token"], str)
    assert told(answer) == {"code": told(answer)["code"], "state": "s t", "iss": ISSUER}
    assert (answer.headers["Vary"], answer.headers["Cache-Control"]) == ("Origin", "no-store")


def test_the_code_is_redeemed_like_any_other_and_says_where_it_came_from(at: Gateway, browser: Browser) -> None:
    tokens = redeemed(at, told(assertion(browser, push(at)))["code"])
    assert tokens.status_code == 200
    claims = at.deps.signer.verify(cast(dict[str, str], tokens.json)["id_token"], typ="JWT")
    assert claims is not None
    assert (claims["sub"], claims["nonce"], claims["acr"], claims["channel"]) == ("Moutin", "n", "eidas1", "fedcm")


def test_an_assertion_costs_four_statements(at: Gateway, browser: Browser) -> None:
    name, request_uri = account_id(browser), push(at)
    with counted(at.deps.database) as sent:
        told(assertion(browser, request_uri, account_id=name))
    assert [statement.split()[0] for statement in sent] == ["SELECT", "SELECT", "INSERT", "INSERT"]


@pytest.mark.parametrize("origin", [None, "null", OTHER_PAGE, "https://evil.example", PAGE + ":444", ISSUER])
def test_only_the_clients_own_page_gets_a_code(at: Gateway, browser: Browser, origin: str | None) -> None:
    """FedCM section "ID assertion endpoint": the Origin is the client's. Nobody else may even read that nothing is
    given. Widget case 34."""
    request_uri = push(at)
    assert refused(assertion(browser, request_uri, origin=origin), "access_denied")
    assert count(at) == 0
    told(assertion(browser, request_uri))


def test_only_the_page_that_the_request_was_pushed_for(at: Gateway, browser: Browser) -> None:
    """Another registered page of the same client is another page."""
    request_uri = push(at)
    assert refused(assertion(browser, request_uri, origin=SECOND_PAGE), "access_denied")
    told(assertion(browser, request_uri))


def test_a_client_with_one_page_need_not_name_it(at: Gateway, browser: Browser) -> None:
    request_uri = push(at, "pair", widget_origin=None)
    told(assertion(browser, request_uri, client_id="pair"))


def test_a_request_that_names_no_page_of_several_is_for_none(at: Gateway, browser: Browser) -> None:
    assert refused(assertion(browser, push(at, widget_origin=None)), "access_denied")
    told(assertion(browser, push(at)))


def test_another_clients_request_gets_nothing(at: Gateway, browser: Browser) -> None:
    """Each page asks for its own client, with what that client pushed."""
    theirs = push(at, "autre", widget_origin=OTHER_PAGE)
    assert refused(assertion(browser, theirs), "invalid_request", PAGE)
    assert refused(assertion(browser, theirs, client_id="autre"), "access_denied")
    assert count(at) == 0
    answer = assertion(browser, theirs, client_id="autre", origin=OTHER_PAGE)
    assert (answer.status_code, readers(answer)) == (200, (OTHER_PAGE, "true"))


def test_an_account_that_is_not_signed_in_gets_nothing(at: Gateway, browser: Browser) -> None:
    """FedCM section "ID assertion endpoint": the account chosen is the session's."""
    request_uri, other = push(at), signed_in(at, name="Autre", cookie="second")
    for name in (account_id(other), "Moutin", "", "é"):
        assert refused(assertion(browser, request_uri, account_id=name), "access_denied", PAGE)
    assert refused(assertion(browser, request_uri, account_id=None), "access_denied", PAGE)
    told(assertion(browser, request_uri))


def test_nobody_signed_in_gets_nothing(at: Gateway, browser: Browser) -> None:
    request_uri, name = push(at), account_id(browser)
    assert refused(assertion(at.browser(), request_uri, account_id=name), "login_required", PAGE)
    told(assertion(browser, request_uri))


def test_a_request_is_answered_once(at: Gateway, browser: Browser) -> None:
    """RFC 9126 section 4."""
    request_uri = push(at)
    told(assertion(browser, request_uri))
    assert refused(assertion(browser, request_uri), "invalid_request", PAGE)
    assert count(at) == 1


def test_two_assertions_at_the_same_moment_give_one_code(at: Gateway, browser: Browser) -> None:
    request_uri, name, barrier = push(at), account_id(browser), Barrier(4)
    cookie = browser.http.get_cookie("__Secure-mire_fedcm", domain="connexion.example.fr", path="/fedcm")
    assert cookie is not None

    def ask(_: int) -> int:
        mine = at.browser()
        mine.http.set_cookie(
            "__Secure-mire_fedcm", cookie.value, domain="connexion.example.fr", path="/fedcm", secure=True
        )
        barrier.wait()
        return assertion(mine, request_uri, account_id=name).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(ask, range(4))) == [200, 403, 403, 403]
    assert count(at) == 1


def test_a_request_dies_after_five_minutes(at: Gateway, browser: Browser) -> None:
    clock, early, late = cast(QuietClock, at.deps.clock), push(at), push(at)
    clock.advance(5 * MINUTE - 1)
    told(assertion(browser, early))
    clock.advance(1)
    assert refused(assertion(browser, late), "invalid_request", PAGE)


@pytest.mark.parametrize(
    "params",
    [
        None, "", "urn", "[]", "{}", '{"request_uri": 1}', '{"request_uri": ["x"]}', '{"request_uri": null}',
        '{"request_uri": "https://portail.example.fr/object"}', '{"request_uri": "urn:ietf:params:oauth:request_uri:"}',
        '{"request_uri": "urn:ietf:params:oauth:request_uri:x", "request_uri": "y"}', "[" * 5_000,
    ],
)  # fmt: skip
def test_parameters_that_name_no_pushed_request(at: Gateway, browser: Browser, params: str | None) -> None:
    """Nothing is fetched for a browser either: only our own names count."""
    assert refused(assertion(browser, "", params=params), "invalid_request", PAGE)
    told(assertion(browser, push(at)))


def test_a_request_elsewhere_is_not_fetched(at: Gateway, browser: Browser) -> None:
    """What a page names was pushed before, or is nothing. The control: at /authorize the same object is fetched."""
    now = at.deps.clock.now() // SECOND
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    claims = {**request_of(client_id="referring", **asked), "iss": "referring", "aud": ISSUER}
    signed = jwt.encode({"alg": "ES256", "kid": "k1"}, {**claims, "iat": now, "nbf": now, "exp": now + 300}, KEY)
    outbound = cast(QuietOutbound, at.deps.outbound)
    outbound.answers[OBJECT] = OutboundAnswer(200, signed.encode(), {})
    assert refused(assertion(browser, OBJECT, client_id="referring"), "invalid_request", PAGE)
    assert (outbound.calls, count(at)) == ([], 0)
    query = {"client_id": "referring", "request_uri": OBJECT}
    assert "code=" in location(browser.http.get("/authorize", query_string=query))


def test_a_field_sent_twice_is_not_believed(at: Gateway, browser: Browser) -> None:
    request_uri, name = push(at), account_id(browser)
    good = {"client_id": "portail", "account_id": name, "params": json.dumps({"request_uri": request_uri})}
    for field in good:
        doubled = {**good, field: ["x", good[field]]}
        assert refused(browser.http.post("/fedcm/assertion", data=doubled, headers=headers()), "access_denied")
    told(browser.http.post("/fedcm/assertion", data=good, headers=headers()))


@pytest.mark.parametrize("client_id", ["without", "switched-off", "unknown", "mire"])
def test_a_client_that_does_not_offer_it_gets_nothing(at: Gateway, browser: Browser, client_id: str) -> None:
    """`widget.fedcm`, and the kill switch."""
    pushed = {"without": None, "switched-off": None}
    request_uri = push(at, client_id) if client_id in pushed else push(at)
    assert refused(assertion(browser, request_uri, client_id=client_id), "access_denied")
    told(assertion(browser, push(at)))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"prompt": "login"}, "login_required"),
        ({"prompt": "select_account"}, "account_selection_required"),
        ({"max_age": "60"}, "login_required"),
        ({"claims": '{"id_token": {"acr": {"essential": true, "value": "eidas2"}}}'},
         "unmet_authentication_requirements"),
        ({"claims": '{"id_token": {"sub": {"value": "Somebody"}}}'}, "login_required"),
    ],
)  # fmt: skip
def test_what_the_request_demands_holds_here_too(
    at: Gateway, browser: Browser, asked: dict[str, str], why: str
) -> None:
    """OpenID Connect Core section 3.1.2.1. The control: the same without the demand."""
    cast(QuietClock, at.deps.clock).advance(MINUTE)
    assert refused(assertion(browser, push(at, **asked)), why, PAGE)
    told(assertion(browser, push(at)))
    told(assertion(browser, push(at, max_age="61")))


def test_a_client_that_wants_signed_answers_gets_none_in_plain_words(at: Gateway, browser: Browser) -> None:
    """JARM section 2: what was asked for signed is not told unsigned."""
    assert refused(assertion(browser, push(at, response_mode="jwt")), "invalid_request", PAGE)
    told(assertion(browser, push(at)))


def test_who_must_agree_is_asked_at_the_top_level_and_the_browser_gets_the_code(at: Gateway, browser: Browser) -> None:
    """FedCM, `continue_on`: the same dispatcher, whose answer goes to the browser and not to the redirect URI."""
    answer = assertion(browser, push(at, "consenting"), client_id="consenting")
    assert (set(answer.json or {}), readers(answer)) == ({"continue_on"}, (PAGE, "true"))
    address = cast(dict[str, str], answer.json)["continue_on"]
    assert address.startswith(f"{ISSUER}/authorize/resume?t=")
    sent = browser.http.get(address)
    assert step(sent) == "/consent"
    page = browser.http.get(location(sent))
    form = {"form_token": token_of(page, "/consent"), "decision": "allow"}
    back = browser.http.post("/consent", query_string={"t": transaction(sent)}, data=form)
    end = browser.http.get(location(back))
    assert (end.status_code, f'data-account="{account_id(browser)}"' in end.text) == (200, True)
    token = json.loads(end.text.partition('data-token="')[2].partition('"')[0].replace("&#34;", '"'))
    assert (token["state"], token["iss"]) == ("s t", ISSUER)
    tokens = redeemed(at, token["code"], "consenting")
    claims = at.deps.signer.verify(cast(dict[str, str], tokens.json)["id_token"], typ="JWT")
    assert claims is not None
    assert claims["channel"] == "fedcm"
    assert set(told(assertion(browser, push(at, "consenting"), client_id="consenting"))) == {"code", "state", "iss"}


def test_who_does_not_agree_gives_nothing_and_the_dialogue_is_closed(at: Gateway, browser: Browser) -> None:
    answer = assertion(browser, push(at, "consenting"), client_id="consenting")
    sent = browser.http.get(cast(dict[str, str], answer.json)["continue_on"])
    page = browser.http.get(location(sent))
    form = {"form_token": token_of(page, "/consent"), "decision": "refuse"}
    back = browser.http.post("/consent", query_string={"t": transaction(sent)}, data=form)
    end = browser.http.get(location(back))
    assert (end.status_code, 'data-token=""' in end.text, count(at)) == (200, True, 0)


def test_where_the_dialogue_goes_on_is_opened_once(at: Gateway, browser: Browser) -> None:
    """Nobody else finds what the browser is asked for: the name is unguessable, and spent when it is used."""
    answer = assertion(browser, push(at, "consenting"), client_id="consenting")
    address = cast(dict[str, str], answer.json)["continue_on"]
    assert step(browser.http.get(address)) == "/consent"
    assert browser.http.get(address).status_code == 404


def test_nobody_marks_a_request_as_the_browsers(at: Gateway, browser: Browser) -> None:
    """What is told to the browser never goes to a redirect URI, and the other way round, whatever a client sends."""
    assert "code" in location(browser.authorize(fedcm="yes", client_id="pair"))
    told_by_redirect = browser.http.get(
        "/authorize", query_string={"client_id": "portail", "request_uri": push(at, fedcm="yes"), "fedcm": "yes"}
    )
    assert location(told_by_redirect).startswith(CALLBACK)


def test_a_silent_request_is_not_asked_for_consent(at: Gateway, browser: Browser) -> None:
    silent = push(at, "consenting", prompt="none")
    assert refused(assertion(browser, silent, client_id="consenting"), "consent_required", PAGE)


def disconnect(browser: Browser, hint: str, *, origin: str | None = PAGE, client_id: str = "portail") -> TestResponse:
    form = {"client_id": client_id, "account_hint": hint}
    return browser.http.post("/fedcm/disconnect", data=form, headers=headers(origin))


def approved(browser: Browser) -> list[str]:
    (account,) = cast(dict[str, Any], accounts(browser).json)["accounts"]
    return cast(list[str], account["approved_clients"])


def test_disconnecting_forgets_the_client_and_ends_what_it_was_given(at: Gateway, browser: Browser) -> None:
    """FedCM section "disconnect endpoint"."""
    code = told(assertion(browser, push(at)))["code"]
    with at.deps.transaction() as connection:
        account = connection.execute(select(authorizations.c.account_id)).scalar_one()
        now = at.deps.clock.now()
        row = {"account_id": account, "client_id": "portail", "scope": "openid", "given_at": now, "updated_at": now}
        connection.execute(consents.insert().values(row))
    name = account_id(browser)
    assert approved(browser) == ["portail"]
    answer = disconnect(browser, name)
    assert (answer.json, readers(answer)) == ({"account_id": name}, (PAGE, "true"))
    assert approved(browser) == []
    assert redeemed(at, code).status_code == 400
    with at.deps.read() as connection:
        assert connection.execute(select(consents)).all() == []
        last = connection.execute(select(audit_events).order_by(audit_events.c.id.desc())).first()
    assert last is not None
    assert (last.event, last.subject, last.client_id) == ("consent.withdrawn", "Moutin", "portail")


def test_a_portal_names_the_person_as_it_knows_them(at: Gateway, browser: Browser) -> None:
    told(assertion(browser, push(at, "pair"), client_id="pair"))
    client = at.deps.registry().clients["pair"]
    answer = disconnect(browser, client_subject(client, "Moutin", at.deps.pairwise_salt()), client_id="pair")
    assert (answer.json, approved(browser)) == ({"account_id": account_id(browser)}, [])


def test_nobody_disconnects_another_client_or_person(at: Gateway, browser: Browser) -> None:
    name = account_id(browser)
    told(assertion(browser, push(at)))
    assert refused(disconnect(browser, name, origin=OTHER_PAGE), "access_denied")
    assert refused(disconnect(browser, "Somebody"), "access_denied", PAGE)
    assert refused(disconnect(browser, ""), "access_denied", PAGE)
    assert refused(disconnect(at.browser(), name), "access_denied", PAGE)
    assert disconnect(browser, name, client_id="autre", origin=OTHER_PAGE).status_code == 200
    assert approved(browser) == ["portail"]
    assert disconnect(browser, name).status_code == 200
    assert approved(browser) == []


def test_a_portal_that_no_page_of_ours_knows_gets_no_preflight(at: Gateway, browser: Browser) -> None:
    """No page fetches it with a type of its own: nothing is allowed beforehand."""
    answer = browser.http.options("/fedcm/assertion", headers={"Origin": PAGE, "Access-Control-Request-Method": "POST"})
    assert readers(answer) == NOBODY
    assert portal().widget is None
