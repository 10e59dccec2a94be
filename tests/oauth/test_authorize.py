"""/authorize: the answer at once when nobody must be asked, else the way through a transaction and back."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select

from idp.domain.platform.limits import RULES, Limit, LimitRule
from idp.store.database import Database, StoreUnavailable
from idp.store.portals.authorizations import authorizations
from idp.store.sign_in.transactions import authorization_transactions, posted_requests
from tests.portals import CALLBACK, Gateway, error, gateway, location, members, portal, step, transaction


@pytest.fixture
def at(database: Database) -> Gateway:
    return gateway(database, portal())


def rows(at: Gateway, table: object) -> int:
    with at.deps.read() as connection:
        return len(connection.execute(select(table)).all())  # type: ignore[call-overload]


def test_a_person_with_a_session_is_not_asked_anything(at: Gateway) -> None:
    browser = at.browser()
    browser.has_session()
    told = members(browser.authorize())
    assert {"code", "state", "iss"} == set(told)
    assert ("s t", "https://connexion.example.fr") == (told["state"], told["iss"])


def test_the_code_is_kept_as_a_hash_for_sixty_seconds(at: Gateway) -> None:
    browser = at.browser()
    browser.has_session()
    code = members(browser.authorize())["code"]
    with at.deps.read() as connection:
        row = connection.execute(select(authorizations)).one()
    assert row.code_hash == hashlib.sha256(code.encode()).digest()
    assert row.code_expires_at == at.deps.clock.now() + 60_000


def test_a_silent_answer_stores_no_transaction_and_sets_no_cookie(at: Gateway) -> None:
    browser = at.browser()
    browser.has_session()
    answer = browser.authorize()
    assert (0, []) == (rows(at, authorization_transactions), answer.headers.getlist("Set-Cookie"))


def test_a_person_without_a_session_signs_in_and_comes_back_with_a_code(at: Gateway) -> None:
    browser = at.browser()
    sent = browser.authorize()
    assert "/sign-in" == step(sent)
    browser.has_session()
    browser.signs_in(transaction(sent))
    assert "code" in members(browser.resume(transaction(sent)))


def test_a_transaction_is_answered_once(at: Gateway) -> None:
    browser = at.browser()
    sent = browser.authorize()
    browser.has_session()
    browser.resume(transaction(sent))
    again = browser.resume(transaction(sent))
    assert (410, 1) == (again.status_code, rows(at, authorizations))
    assert "https://portail.example.fr/" in again.text


def test_coming_back_without_having_signed_in_asks_again(at: Gateway) -> None:
    browser = at.browser()
    sent = browser.authorize()
    assert "/sign-in" == step(browser.resume(transaction(sent)))


def test_a_posted_request_reads_no_cookie_and_sets_none(at: Gateway) -> None:
    browser = at.browser()
    browser.has_session()
    answer = browser.post_authorize()
    assert "/authorize/resume" == step(answer)
    assert [] == answer.headers.getlist("Set-Cookie")


def test_a_posted_request_is_answered_when_the_browser_comes_for_it(at: Gateway) -> None:
    browser = at.browser()
    browser.has_session()
    assert "code" in members(browser.http.get(location(browser.post_authorize())))


def test_a_posted_request_begins_a_transaction_like_any_other(at: Gateway) -> None:
    browser = at.browser()
    assert "/sign-in" == step(browser.http.get(location(browser.post_authorize())))


def test_a_handle_works_once(at: Gateway) -> None:
    browser = at.browser()
    handle = location(browser.post_authorize())
    browser.http.get(handle)
    assert 404 == browser.http.get(handle).status_code


def test_a_wrong_posted_request_is_answered_at_once_and_not_stored(at: Gateway) -> None:
    answer = at.browser().post_authorize(response_type="token")
    assert ("unsupported_response_type", 0) == (error(answer), rows(at, posted_requests))


def test_the_query_of_a_registered_redirect_uri_stays(at: Gateway) -> None:
    browser = at.browser()
    browser.has_session()
    address = location(browser.authorize(redirect_uri=f"{CALLBACK}?dummy1=lorem"))
    assert address.startswith(f"{CALLBACK}?dummy1=lorem&code=")


def test_the_built_in_client_signs_people_in_to_our_own_pages(at: Gateway) -> None:
    browser = at.browser()
    sent = browser.http.get("/account/sessions")
    assert "/sign-in" == step(browser.http.get(location(sent)))


def test_of_resumes_at_the_same_moment_one_gets_the_code(at: Gateway) -> None:
    browser = at.browser()
    sent = transaction(browser.authorize())
    browser.has_session()
    cookies = "; ".join(
        f"{name}={cookie.value}"
        for name in ("__Host-mire_sid", "__Host-mire_browser")
        if (cookie := browser.http.get_cookie(name, domain="connexion.example.fr"))
    )
    together = Barrier(8)

    def come_back() -> int:
        client = at.app.test_client(use_cookies=False)
        together.wait()
        return client.get("/authorize/resume", query_string={"t": sent}, headers={"Cookie": cookies}).status_code

    with ThreadPoolExecutor(8) as threads:
        answers = [item.result() for item in [threads.submit(come_back) for _ in range(8)]]
    assert [303] + [410] * 7 == sorted(answers)
    assert 1 == rows(at, authorizations)


def test_a_network_that_stored_too_much_is_told_at_the_portal(at: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, Limit.REQUESTS, LimitRule(free=1, window=600_000))
    browser = at.browser()
    browser.authorize()
    told = members(browser.authorize())
    assert ("temporarily_unavailable", "s t") == (told["error"], told["state"])
    assert "temporarily_unavailable" == error(browser.post_authorize())
    assert (1, 0) == (rows(at, authorization_transactions), rows(at, posted_requests))


def test_who_has_a_session_is_not_held_up_by_a_full_network(at: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, Limit.REQUESTS, LimitRule(free=0, window=600_000))
    browser = at.browser()
    browser.has_session()
    assert "code" in members(browser.authorize())


def test_pages_speak_the_language_that_the_request_asks_for(at: Gateway) -> None:
    answer = at.browser().authorize(ui_locales="de en", redirect_uri="https://evil.example/")
    assert '<html lang="en">' in answer.text


def test_an_absent_database_is_a_page_and_nothing_is_half_written(at: Gateway) -> None:
    browser = at.browser()
    browser.has_session()

    def away() -> None:
        raise StoreUnavailable

    absent = Gateway(replace(at.deps, database=cast(Any, SimpleNamespace(read=away, transaction=away)))).browser()
    absent.http._cookies = browser.http._cookies
    answer = absent.authorize()
    assert (503, True) == (answer.status_code, "Retry-After" in answer.headers)
    assert 0 == rows(at, authorizations)
