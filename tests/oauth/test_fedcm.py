"""FedCM: what browsers find, who is offered, and that only a browser is told."""

from __future__ import annotations

import base64
from typing import Any, cast

import pytest

from idp.adapters.clock import QuietClock
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import Instant
from idp.domain.portals.clients import SubjectType
from idp.domain.portals.subjects import client_subject
from idp.store.database import Database
from idp.store.people.accounts import accounts as account_rows
from idp.store.sign_in.sessions import end_session, sessions
from tests.fedcm import (
    COOKIE,
    HOST,
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
from tests.portals import ISSUER, Browser, Gateway, gateway, location, portal
from tests.rows import SIRET, make_authorization, make_session
from tests.statements import counted

OTHER = fedcm_portal("autre", origins=(OTHER_PAGE,))


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(
        database,
        fedcm_portal(origins=(PAGE, SECOND_PAGE), policy_uri=f"{PAGE}/donnees", tos_uri=f"{PAGE}/conditions"),
        OTHER,
        fedcm_portal("pair", subject_type=SubjectType.PAIRWISE, sector_identifier="pair.example.fr"),
        portal("plain"),
    )


@pytest.fixture
def browser(at: Gateway) -> Browser:
    return signed_in(at)


def test_the_domain_names_its_only_provider(at: Gateway) -> None:
    """FedCM section "IdP well-known"."""
    answer = at.browser().http.get("/.well-known/web-identity")
    assert answer.json == {
        "provider_urls": [f"{ISSUER}/fedcm/config.json"],
        "accounts_endpoint": f"{ISSUER}/fedcm/accounts",
        "login_url": f"{ISSUER}/fedcm/login",
    }
    assert answer.headers["Content-Type"] == "application/json"


def test_every_address_of_the_configuration_answers(at: Gateway) -> None:
    """FedCM section "IdP config file": all at one origin, no redirect."""
    document = cast(dict[str, str], at.browser().http.get("/fedcm/config.json").json)
    rules = {rule.rule for rule in at.app.url_map.iter_rules()}
    assert {"accounts_endpoint", "id_assertion_endpoint", "login_url"} <= set(document)
    assert {address.removeprefix(ISSUER) for address in document.values()} <= rules


def test_the_account_is_told_with_what_people_know_it_by(browser: Browser) -> None:
    """FedCM section "accounts endpoint"; no e-mail address is given."""
    (account,) = cast(dict[str, Any], accounts(browser).json)["accounts"]
    assert account.pop("id")
    assert account == {
        "name": "Claire Moutin",
        "given_name": "Claire",
        "username": "SIRET 999\u00a0000\u00a0375\u00a000017",
        "login_hints": [SIRET],
        "approved_clients": [],
    }


def test_the_name_of_an_account_is_no_name_that_portals_know(at: Gateway, browser: Browser) -> None:
    name, salt = account_id(browser), at.deps.pairwise_salt()
    with at.deps.read() as connection:
        row = connection.execute(account_rows.select()).one()
    subjects = [client_subject(client, row.subject, salt) for client in at.deps.registry().clients.values()]
    assert name not in {*subjects, row.subject, row.person_id, row.siret, str(row.id)}
    assert len(name) == 43


def test_it_lasts_from_session_to_session(at: Gateway, browser: Browser) -> None:
    name = account_id(browser)
    ended(at)
    with at.deps.read() as connection:
        account = connection.execute(account_rows.select()).one().id
    make_session(at.deps, account, "another")
    other = at.browser()
    other.http.set_cookie("__Host-mire_sid", "another", domain=HOST, secure=True)
    assert other.http.get("/fedcm/login").status_code == 200
    assert account_id(other) == name


def test_two_people_have_two_names(at: Gateway, browser: Browser) -> None:
    assert account_id(browser) != account_id(signed_in(at, name="Autre", siret=SIRET, cookie="second"))


def test_approved_are_the_clients_where_this_person_signed_in(at: Gateway, browser: Browser) -> None:
    """FedCM section "accounts endpoint": what makes somebody a returning person."""
    told(assertion(browser, push(at)))
    (account,) = cast(dict[str, Any], accounts(browser).json)["accounts"]
    assert account["approved_clients"] == ["portail"]


def test_a_client_without_fedcm_is_not_told_among_them(at: Gateway, browser: Browser) -> None:
    other = at.browser()
    row = other.has_session("third", name="Tiers")
    make_authorization(at.deps, row, "plain")
    make_authorization(at.deps, row, "autre")
    assert other.http.get("/fedcm/login").status_code == 200
    (account,) = cast(dict[str, Any], accounts(other).json)["accounts"]
    assert account["approved_clients"] == ["autre"]


def test_accounts_cost_two_statements_of_one_read(at: Gateway, browser: Browser) -> None:
    with counted(at.deps.database) as sent:
        assert accounts(browser).status_code == 200
    assert [statement.split()[0] for statement in sent] == ["SELECT", "SELECT"]


@pytest.mark.parametrize("dest", [None, "empty", "iframe", "image", "document", "script", "webidentity2"])
def test_only_the_browser_itself_is_told_who_is_signed_in(browser: Browser, dest: str | None) -> None:
    """Fetch Metadata: a page that fetches, frames or shows the address, cookie and all, gets nothing.

    The control: the browser's own request, with the same cookie, is answered.
    """
    answer = accounts(browser, dest)
    assert (refusal(answer), readers(answer)) == ("access_denied", (None, None))
    assert "Claire" not in answer.text
    assert accounts(browser).status_code == 200


@pytest.mark.parametrize("address", ["/fedcm/assertion", "/fedcm/disconnect"])
@pytest.mark.parametrize("dest", [None, "empty", "iframe", "document"])
def test_nor_does_anybody_else_get_a_code_or_disconnect(
    at: Gateway, browser: Browser, address: str, dest: str | None
) -> None:
    """Fetch Metadata. The control: what the browser posts itself is answered."""
    form = {"client_id": "portail", "account_hint": account_id(browser), "account_id": account_id(browser)}
    form["params"] = f'{{"request_uri": "{push(at)}"}}'
    answer = browser.http.post(address, data=form, headers=headers(PAGE, dest))
    assert (refusal(answer), readers(answer)) == ("access_denied", (None, None))
    answer = browser.http.post(address, data=form, headers=headers())
    assert (answer.status_code, readers(answer)) == (200, (PAGE, "true"))


def test_nobody_signed_in_is_401_and_says_nothing_of_the_login_status(at: Gateway) -> None:
    """FedCM section "accounts endpoint"."""
    answer = accounts(at.browser())
    assert (refusal(answer, 401), answer.headers.get("Set-Login")) == ("login_required", None)


def ended(at: Gateway) -> None:
    with at.deps.transaction() as connection:
        row = connection.execute(account_rows.select()).one()
        assert end_session(connection, "session", row.id, at.deps.clock.now())


def suspended(at: Gateway) -> None:
    with at.deps.transaction() as connection:
        connection.execute(account_rows.update().values(state="suspended"))


def with_another_password(at: Gateway) -> None:
    with at.deps.transaction() as connection:
        connection.execute(account_rows.update().values(valid_from=Instant(at.deps.clock.now() + 1)))


def idle(at: Gateway) -> None:
    cast(QuietClock, at.deps.clock).advance(at.deps.lifetimes.session_idle + 1)


@pytest.mark.parametrize("happens", [ended, suspended, with_another_password, idle])
def test_when_the_session_holds_no_more_nobody_is_signed_in(at: Gateway, browser: Browser, happens: Any) -> None:
    name = account_id(browser)
    happens(at)
    assert refusal(accounts(browser), 401) == "login_required"
    assert refusal(assertion(browser, push(at), account_id=name)) == "login_required"


def test_a_new_sign_in_leaves_the_old_cookie_worthless(at: Gateway, browser: Browser) -> None:
    """Session fixation: a value from before a sign-in never is one from after it."""
    with at.deps.transaction() as connection:
        connection.execute(sessions.update().values(token_hash=token_hash("rotated")))
    assert refusal(accounts(browser), 401) == "login_required"


def forged(browser: Browser, value: str) -> None:
    browser.http.set_cookie(COOKIE, value, domain=HOST, path="/fedcm", secure=True)


def test_the_digest_of_a_session_alone_makes_no_cookie(at: Gateway, browser: Browser) -> None:
    """Whoever reads the database signs nobody in. The control: the browser's own cookie names the same digest."""
    cookie = browser.http.get_cookie(COOKIE, domain=HOST, path="/fedcm")
    assert cookie is not None
    digest = base64.urlsafe_b64encode(token_hash("session")).rstrip(b"=").decode()
    named, _, proof = cookie.value.partition(".")
    assert named == digest
    for value in (digest, f"{digest}.", f"{digest}.{digest}", f"{digest}.{proof[:-4]}AAAA", "é", "." * 500, "a.b.c"):
        forged(browser, value)
        assert refusal(accounts(browser), 401) == "login_required"
    forged(browser, f"{digest}.{proof}")
    assert accounts(browser).status_code == 200


def test_the_sessions_own_cookie_is_not_looked_at(at: Gateway) -> None:
    """It never travels with such a request; a forged one that brings it gets nothing either."""
    browser = at.browser()
    browser.has_session()
    assert refusal(accounts(browser), 401) == "login_required"


def test_a_client_says_where_its_terms_are(at: Gateway) -> None:
    """FedCM section "client metadata endpoint": no cookie, and only that client's pages read it."""
    ask = at.browser().http.get
    answer = ask("/fedcm/client?client_id=portail", headers=headers())
    assert answer.json == {
        "privacy_policy_url": f"{PAGE}/donnees", "terms_of_service_url": f"{PAGE}/conditions",
    }  # fmt: skip
    assert readers(answer) == (PAGE, None)
    for address, origin in {
        "/fedcm/client?client_id=portail": OTHER_PAGE, "/fedcm/client?client_id=autre": PAGE,
        "/fedcm/client?client_id=plain": PAGE, "/fedcm/client": PAGE, "/fedcm/client?client_id=reg.x": PAGE,
    }.items():  # fmt: skip
        answer = ask(address, headers=headers(origin))
        assert (refusal(answer), readers(answer)) == ("access_denied", (None, None))


def test_a_person_without_a_session_signs_in_and_the_dialogue_goes_on(at: Gateway) -> None:
    """FedCM section "login URL": the browser opens it; signed in, it is closed and the accounts are asked again."""
    browser = at.browser()
    sent = browser.http.get(f"/fedcm/login?login_hint={SIRET}")
    assert location(sent).startswith("/account/login?")
    assert "/authorize?client_id=mire" in location(browser.http.get(location(sent)))
    assert COOKIE not in str(sent.headers)
    browser.has_session()
    back = browser.http.get("/account/callback?code=c&state=/fedcm/login")
    assert location(back) == "/fedcm/login"
    page = browser.http.get("/fedcm/login")
    assert ("logged-in", 'data-token=""' in page.text) == (page.headers["Set-Login"], True)
    assert accounts(browser).status_code == 200
