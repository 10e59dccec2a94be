"""Rich authorization requests from the request to the token (RFC 9396)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from idp.domain.platform.instants import SECOND
from idp.domain.portals.clients import GrantType, Resource
from idp.domain.portals.token_exchange import ACCESS_TOKEN
from idp.store.database import Database
from idp.store.people.accounts import accounts
from idp.store.platform.audit import audit_events
from tests.oauth.conftest import SECRET, basic, secret
from tests.pages import token_of
from tests.portals import (
    CALLBACK,
    ISSUER,
    Browser,
    Gateway,
    error,
    gateway,
    location,
    members,
    portal,
    request_of,
    step,
    transaction,
)
from tests.rows import make_account

OWN = {"type": "acting_for", "siret": "99900037500017", "e_service": "paie"}
WHOLE = {"type": "acting_for", "siren": "999000375", "e_service": "paie"}
STRANGE = {"type": "acting_for", "siret": "97050551700072", "e_service": "paie"}
KEY = ECKey.generate_key("P-256", private=True)
API, NAME = "https://banque.example.fr/api", "authorization_details"
ACTING: dict[str, Any] = {"secrets": (secret(SECRET),), "authorization_details_types": ("acting_for",)}


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(
        database,
        portal(grant_types=frozenset(GrantType), may_exchange_for=("portail",), **ACTING),
        portal("other", **ACTING),
        portal("plain", secrets=(secret(SECRET),)),
        portal("signer", jwks={"keys": [KEY.as_dict(private=False)]}, **ACTING),
        resources=(Resource(API, "other", clients=frozenset({"portail"})),),
    )


@pytest.fixture
def browser(at: Gateway) -> Browser:
    browser = at.browser()
    browser.has_session(siret=OWN["siret"])
    return browser


def ask(browser: Browser, *details: Any, **more: Any) -> TestResponse:
    return browser.authorize(authorization_details=json.dumps(details), **more)


def decide(browser: Browser, sent: TestResponse, decision: str = "allow") -> TestResponse:
    page = browser.http.get(location(sent))
    form = {"form_token": token_of(page, "/consent"), "decision": decision}
    posted = browser.http.post("/consent", query_string={"t": transaction(sent)}, data=form)
    return browser.http.get(location(posted))


def token(at: Gateway, client_id: str = "portail", **form: str) -> Any:
    return at.app.test_client().post("/token", data=form, headers=basic(client_id))


def redeem(at: Gateway, answer: TestResponse, *wanted: Any, client_id: str = "portail") -> Any:
    asked = {"authorization_details": json.dumps(wanted)} if wanted else {}
    code = {"grant_type": "authorization_code", "code": members(answer)["code"], "redirect_uri": CALLBACK}
    return token(at, client_id, **code, **asked)


def refresh(at: Gateway, given: Any, *wanted: Any) -> Any:
    asked = {"authorization_details": json.dumps(wanted)} if wanted else {}
    return token(at, grant_type="refresh_token", refresh_token=given.json["refresh_token"], **asked)


def introspected(at: Gateway, given: Any) -> Any:
    form = {"token": given.json["access_token"]}
    return at.app.test_client().post("/introspect", data=form, headers=basic("portail")).json


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json.get("error", "")


def test_a_person_agrees_and_the_token_says_so_everywhere(at: Gateway, browser: Browser) -> None:
    """RFC 9396 sections 7, 9.1 and 9.2: in the response, in the token, at introspection."""
    sent = ask(browser, OWN)
    assert "/consent" == step(sent)
    given = redeem(at, decide(browser, sent))
    assert [OWN] == given.json["authorization_details"]
    assert [OWN] == introspected(at, given)["authorization_details"]


def test_without_details_nothing_is_said_of_them(at: Gateway, browser: Browser) -> None:
    given = redeem(at, browser.authorize())
    assert "authorization_details" not in given.json
    assert "authorization_details" not in introspected(at, given)


def test_the_page_says_for_whom_and_at_which_service(browser: Browser) -> None:
    """RFC 9396 section 12."""
    page = browser.http.get(location(ask(browser, OWN, WHOLE)))
    spoken = page.text.replace("\u00a0", " ")
    assert "Agir pour l’établissement 999 000 375 00017 auprès du service « paie »" in spoken
    assert "Agir pour l’entreprise 999 000 375 auprès du service « paie »" in spoken


def test_what_was_agreed_to_is_asked_once_and_anything_else_again(browser: Browser) -> None:
    decide(browser, ask(browser, OWN))
    assert "code" in members(ask(browser, OWN, prompt="none"))
    assert "consent_required" == error(ask(browser, WHOLE, prompt="none"))
    assert "consent_required" == error(ask(browser, OWN, client_id="other", prompt="none"))


def test_a_person_refuses(browser: Browser) -> None:
    assert "access_denied" == error(decide(browser, ask(browser, OWN), "refuse"))
    assert "/consent" == step(ask(browser, OWN))


def test_both_answers_are_audited_with_the_details(at: Gateway, browser: Browser) -> None:
    decide(browser, ask(browser, OWN))
    with at.deps.read() as connection:
        rows = connection.execute(select(audit_events).where(audit_events.c.event == "consent.given")).all()
    assert [[OWN]] == [json.loads(row.facts["authorization_details"]) for row in rows]


def test_nobody_acts_for_a_stranger(browser: Browser) -> None:
    """The policy. The control is the own establishment."""
    assert "access_denied" == error(ask(browser, STRANGE))
    assert "access_denied" == error(ask(browser, OWN, STRANGE))
    assert "/consent" == step(ask(browser, OWN))


def test_a_silent_request_does_not_learn_where_a_person_works(browser: Browser) -> None:
    """RFC 9396 section 12: the same answer about every establishment that this person has not agreed to act for."""
    for detail in (OWN, WHOLE, STRANGE):
        assert "consent_required" == error(ask(browser, detail, prompt="none"))
    decide(browser, ask(browser, OWN))
    assert "code" in members(ask(browser, OWN, prompt="none")), "the control"
    assert "consent_required" == error(ask(browser, OWN, STRANGE, prompt="none"))


def test_what_was_agreed_to_and_is_no_longer_allowed_is_refused_silently_too(at: Gateway, browser: Browser) -> None:
    """Then the refusal tells nothing that was not agreed to before."""
    decide(browser, ask(browser, OWN))
    make_account(at.deps, "Colleague", siret=STRANGE["siret"])
    with at.deps.transaction() as connection:
        connection.execute(update(accounts).values(siret=STRANGE["siret"]))
    assert "access_denied" == error(ask(browser, OWN, prompt="none"))


def test_the_policy_is_asked_again_when_a_token_is_given(at: Gateway, browser: Browser) -> None:
    """Who has left an establishment acts for it no more, whatever was granted."""
    given = redeem(at, decide(browser, ask(browser, OWN, scope="openid offline_access", prompt="consent")))
    assert [OWN] == given.json["authorization_details"]
    make_account(at.deps, "Colleague", siret=STRANGE["siret"])
    with at.deps.transaction() as connection:
        here = accounts.c.siret == OWN["siret"]
        assert 1 == connection.execute(update(accounts).where(here).values(siret=STRANGE["siret"])).rowcount
    again = refresh(at, given)
    assert 200 == again.status_code
    assert "authorization_details" not in again.json
    assert "authorization_details" not in introspected(at, again)
    # Who asks for it by name is told, instead of getting a token that says less (RFC 9396 section 6.1).
    assert (400, "invalid_authorization_details") == told(refresh(at, again, OWN))
    assert 200 == refresh(at, again).status_code, "the control: nothing was spent"


@pytest.mark.parametrize(
    "sent", ["{}", "[]", "x", json.dumps([{**OWN, "type": "x"}]), json.dumps([{**OWN, "more": 1}])]
)
def test_what_cannot_be_read_is_refused(at: Gateway, browser: Browser, sent: str) -> None:
    """RFC 9396 section 5, at each way in."""
    assert "invalid_authorization_details" == error(browser.authorize(authorization_details=sent))
    code = redeem(at, browser.authorize())
    form = {"grant_type": "refresh_token", "refresh_token": code.json["refresh_token"], "authorization_details": sent}
    assert (400, "invalid_authorization_details") == told(token(at, **form))


def test_a_client_asks_for_its_own_types_only(browser: Browser) -> None:
    """RFC 9396 section 10."""
    assert "invalid_authorization_details" == error(ask(browser, OWN, client_id="plain"))


def test_a_token_request_may_ask_for_less_and_never_for_more(at: Gateway, browser: Browser) -> None:
    """RFC 9396 section 6.1. The control is the same code with less."""
    answer = decide(browser, ask(browser, WHOLE))
    more = {**WHOLE, "e_service": "conges"}
    assert (400, "invalid_authorization_details") == told(redeem(at, answer, more))
    assert (400, "invalid_authorization_details") == told(redeem(at, answer, WHOLE, STRANGE))
    given = redeem(at, answer, OWN)
    assert [OWN] == given.json["authorization_details"]
    assert (400, "invalid_authorization_details") == told(refresh(at, given, more))
    assert [WHOLE] == refresh(at, given).json["authorization_details"]


def test_a_grant_without_details_cannot_be_widened(at: Gateway, browser: Browser) -> None:
    """The control is the test above."""
    given = redeem(at, browser.authorize())
    assert (400, "invalid_authorization_details") == told(refresh(at, given, OWN))


def test_another_clients_code_gives_no_details(at: Gateway, browser: Browser) -> None:
    answer = decide(browser, ask(browser, OWN))
    assert (400, "invalid_grant") == told(redeem(at, answer, OWN, client_id="other"))
    assert [OWN] == redeem(at, answer).json["authorization_details"], "the control"


def test_a_pushed_request_carries_them_and_the_query_changes_nothing(at: Gateway, browser: Browser) -> None:
    """RFC 9126 section 4: what is swapped beside the pushed request is not looked at."""
    form = {**request_of(), "authorization_details": json.dumps([OWN])}
    pushed: Any = at.app.test_client().post("/par", data=form, headers=basic("portail")).json
    swapped = json.dumps([WHOLE])
    sent = browser.http.get(
        "/authorize",
        query_string={
            "client_id": "portail",
            "request_uri": pushed["request_uri"],
            "authorization_details": swapped,
        },
    )
    assert [OWN] == redeem(at, decide(browser, sent)).json["authorization_details"]
    wrong = {**form, "authorization_details": "[]"}
    refused = at.app.test_client().post("/par", data=wrong, headers=basic("portail"))
    assert (400, "invalid_authorization_details") == told(refused)


def test_a_signed_request_carries_them_as_json(at: Gateway, browser: Browser) -> None:
    """RFC 9396 section 3, RFC 9101 section 4: inside it is an array and no text, and nothing beside it counts."""
    now = at.deps.clock.now() // SECOND
    inside = {**request_of(client_id="signer"), "iss": "signer", "aud": ISSUER, "exp": now + 60}

    def send(**more: Any) -> TestResponse:
        signed = jwt.encode({"alg": "ES256"}, {**inside, **more}, KEY, algorithms=["ES256"])
        return ask(browser, WHOLE, client_id="signer", request=signed)

    assert [OWN] == redeem(at, decide(browser, send(authorization_details=[OWN])), client_id="signer").json[NAME]
    for wrong in ([], OWN, [[OWN]], "x", 7, [{**OWN, "siret": int(OWN["siret"])}]):
        assert "invalid_authorization_details" == error(send(authorization_details=wrong)), wrong
    assert "code" in members(send()), "the control: what is beside it was not asked"


def test_an_exchanged_token_acts_for_nobody(at: Gateway, browser: Browser) -> None:
    """RFC 8693 section 2.1: what a person lets one client do is not passed on to another API."""
    given = redeem(at, decide(browser, ask(browser, OWN)))
    assert [OWN] == given.json[NAME], "the control"
    form = {"subject_token": given.json["access_token"], "subject_token_type": ACCESS_TOKEN, "audience": API}
    exchanged = token(at, grant_type=GrantType.TOKEN_EXCHANGE, **form)
    assert 200 == exchanged.status_code, exchanged.json
    claims = at.deps.signer.verify(exchanged.json["access_token"], typ="at+jwt")
    assert claims is not None
    assert NAME not in {*claims, *exchanged.json}


def test_nobody_asks_for_them_without_a_person_or_for_a_device(at: Gateway) -> None:
    """Machines act for nobody, and a device's code page shows scopes alone."""
    wanted = json.dumps([OWN])
    asks = at.app.test_client().post
    for path, form in (
        ("/token", {"grant_type": "client_credentials"}),
        ("/token", {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange"}),
        ("/token", {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"}),
        ("/device_authorization", {}),
    ):
        answer = asks(path, data={**form, "authorization_details": wanted}, headers=basic("portail"))
        assert (400, "invalid_authorization_details") == told(answer), form
    assert 200 == token(at, grant_type="client_credentials").status_code, "the control"


def test_the_types_are_announced(at: Gateway) -> None:
    """RFC 9396 section 10."""
    known: Any = at.app.test_client().get("/.well-known/openid-configuration").json
    assert ["acting_for"] == known["authorization_details_types_supported"]


def test_a_posted_request_carries_them(at: Gateway, browser: Browser) -> None:
    """RFC 9396 section 3: wherever an authorization request may come from."""
    posted = browser.post_authorize(authorization_details=json.dumps([OWN]))
    sent = browser.http.get(location(posted))
    assert "/consent" == step(sent)
    assert [OWN] == redeem(at, decide(browser, sent)).json["authorization_details"]


def test_the_access_token_itself_says_so_and_the_id_token_does_not(at: Gateway, browser: Browser) -> None:
    """RFC 9396 section 9.1."""
    given = redeem(at, decide(browser, ask(browser, OWN))).json
    said = {name: json.loads(base64url(given[name].split(".")[1])) for name in ("access_token", "id_token")}
    assert [OWN] == said["access_token"]["authorization_details"]
    assert "authorization_details" not in said["id_token"]


def test_the_page_speaks_english_too(browser: Browser) -> None:
    page = browser.http.get(location(ask(browser, OWN, ui_locales="en"))).text.replace("\u00a0", " ")
    assert "Act for the establishment 999 000 375 00017 at the service “paie”" in page


def base64url(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
