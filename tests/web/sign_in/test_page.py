"""The sign-in page: what it takes, what it says, and whose it is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from sqlalchemy import insert, select, update
from werkzeug.test import TestResponse

from idp.adapters.hasher import QuietHasher
from idp.domain.platform.audit_events import AuditEvent
from idp.domain.platform.instants import MINUTE, SECOND
from idp.domain.portals.clients import Match
from idp.domain.portals.subjects import client_subject
from idp.domain.sign_in.journey import Act
from idp.oauth import authorize
from idp.store import pipeline
from idp.store.people.accounts import accounts
from idp.store.people.legal_units import establishments, legal_units
from idp.store.portals.authorizations import authorizations
from idp.store.sign_in.sessions import sessions
from idp.store.sign_in.transactions import close_transaction, record_done
from idp.usecases.deps import Deps, StoreUnavailable
from idp.usecases.platform.housekeeping import delete_everything_expired
from idp.usecases.portals import authorizations as authorizations_usecase
from idp.usecases.sign_in.sessions import find_session
from tests.quiet import quiet_app
from tests.rows import SIRET, make_account, make_session
from tests.web.sign_in.conftest import HOST, PASSWORD, PORTAL, TYPED, Person, someone, token_of, trail, wait

EXACT = replace(PORTAL, match=Match.EXACT)


def answered(answer: TestResponse) -> dict[str, str]:
    """What the portal is told."""
    assert 303 == answer.status_code, answer.text
    address, _, query = answer.headers["Location"].partition("?")
    assert PORTAL.redirect_uris[0] == address
    return dict(parse_qsl(query))


def test_the_right_four_come_back_to_the_portal_at_once(deps: Deps, claire: Person) -> None:
    """The dispatcher is asked without the way to /authorize/resume and back; its answer is the same."""
    assert {"code", "state", "iss"} == answered(claire.send(claire.begin())).keys()
    session = find_session(deps, claire.cookie("mire_sid"))
    assert session is not None
    assert "Moutin" == session.subject
    assert claire.cookie("mire_device")


def test_a_session_older_than_its_account_allows_gets_no_code(deps: Deps, claire: Person) -> None:
    """A password that was changed a moment ago, by a clock that is ahead of ours: the browser is asked again."""
    with deps.transaction() as connection:
        connection.execute(update(accounts).values(valid_from=deps.clock.now() + SECOND))
    response = claire.send(claire.begin())
    assert response.headers["Location"].startswith("/authorize/resume?")
    assert find_session(deps, claire.cookie("mire_sid")) is None
    with deps.read() as connection:
        assert [] == connection.execute(select(authorizations)).all()


def test_a_sign_in_goes_twelve_times_to_postgresql(deps: Deps, claire: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decision 0012: two for the request, one for the page, nine for the password and the answer."""
    claire.send(claire.begin())  # statements are prepared once
    trips = 0
    alone, together = pipeline._alone, pipeline._together

    def counting(send: Any) -> Any:
        def counted(*arguments: Any) -> Any:
            nonlocal trips
            trips += 1
            return send(*arguments)

        return counted

    monkeypatch.setattr(pipeline, "_alone", counting(alone))
    monkeypatch.setattr(pipeline, "_together", counting(together))
    for cookie in ("sid", "device"):
        claire.client.delete_cookie(f"__Host-mire_{cookie}", domain=HOST)
    answered(claire.send(claire.begin()))
    assert (0 if deps.database.is_sqlite else 12) == trips


def test_a_sign_in_waits_once_for_the_disk(deps: Deps, claire: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decision 0013: for the session and its answer; neither for the page's request nor for the count of the try."""
    asked: list[bool] = []
    real = deps.database.transaction

    def noting(*, durable: bool = True) -> Any:
        asked.append(durable)
        return real(durable=durable)

    monkeypatch.setattr(deps.database, "transaction", noting)
    answered(claire.send(claire.begin()))
    assert [False, False, True] == asked
    claire.send(claire.begin(prompt="login"), password="Autre2026demo")
    assert [False, False, True] == asked[3:], "the trace of a refusal is durable too"


@pytest.mark.parametrize("mode", ["form_post", "form_post.jwt"])
def test_an_answer_that_is_a_page_is_come_for(claire: Person, mode: str) -> None:
    """Loading the page of a post again would send the password again."""
    transaction = claire.begin(response_mode=mode)
    answer = claire.send(transaction)
    assert (303, f"/authorize/resume?t={transaction}") == (answer.status_code, answer.location)
    assert 200 == claire.client.get(answer.location).status_code, "the control: it is a page"


def test_a_step_that_is_left_is_gone_to_at_once(claire: Person) -> None:
    transaction = claire.begin(prompt="consent")
    assert claire.send(transaction).location.startswith(f"/consent?t={transaction}&")


def test_the_answer_is_of_who_signed_in_and_not_of_who_was_signed_in_before(deps: Deps, claire: Person) -> None:
    """The browser still sends the other one's cookie; the control is the session that it names."""
    other = make_account(deps, "Faye")
    make_session(deps, other, "of-faye")
    claire.client.set_cookie("__Host-mire_sid", "of-faye", domain=HOST, secure=True, path="/")
    before = find_session(deps, "of-faye")
    assert before is not None
    assert "Faye" == before.subject
    answered(claire.send(claire.begin(prompt="login")))
    with deps.read() as connection:
        (owner,) = connection.execute(select(authorizations.c.account_id)).scalars()
    assert owner != other
    assert find_session(deps, "of-faye") is None


def test_the_same_form_sent_again_after_its_answer_starts_nothing(claire: Person) -> None:
    """What the page's script keeps from happening by a second press: it was answered once."""
    transaction = claire.begin()
    form_token = token_of(claire.open(transaction))
    answered(claire.send(transaction, form_token=form_token))
    again = claire.send(transaction, form_token=form_token)
    assert 410 == again.status_code
    assert PORTAL.client_uri in again.text, "a way to start again"


def test_a_database_that_fails_at_the_answer_has_kept_nothing_and_the_form_can_be_sent_again(
    deps: Deps, claire: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Session and answer are one transaction; the form was not answered, and is still good."""

    def fail(*_arguments: Any, **_facts: Any) -> None:
        raise StoreUnavailable

    transaction = claire.begin()
    with monkeypatch.context() as patched:
        patched.setattr(authorizations_usecase, "insert_authorization", fail)
        assert 503 == claire.send(transaction).status_code
    assert not claire.cookie("mire_sid")
    assert AuditEvent.SIGN_IN_ACCEPTED not in trail(deps)
    with deps.read() as connection:
        assert [] == list(connection.execute(select(sessions.c.id)))
    assert "code" in answered(claire.send(transaction))
    events = trail(deps)
    assert events.index(AuditEvent.SIGN_IN_ACCEPTED) < events.index(AuditEvent.AUTHORIZATION_GRANTED)


def test_an_answer_that_fails_after_the_commit_costs_neither_the_session_nor_the_device(
    claire: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old cookie is dead by then: the new one must go out, whatever became of the answer."""

    def fail(*_arguments: Any, **_facts: Any) -> None:
        raise StoreUnavailable

    transaction = claire.begin()
    monkeypatch.setattr(authorize, "respond", fail)
    answer = claire.send(transaction)
    assert (303, f"/authorize/resume?t={transaction}") == (answer.status_code, answer.location)
    assert claire.cookie("mire_sid")
    assert claire.cookie("mire_device")


@pytest.mark.parametrize("prompt", ["login", "login consent"])
def test_the_salt_of_pairwise_subjects_is_opened_before_the_transaction_that_needs_it(deps: Deps, prompt: str) -> None:
    """A process opens it once, in a transaction of its own: inside of the sign-in's, SQLite's one writer would wait
    for itself. Also at /authorize/resume, after a page that was asked in between."""
    opened: list[bool] = []

    def salt() -> bytes:
        if not opened:
            with deps.transaction() as connection:
                opened.append(bool(connection.execute(select(accounts.c.id)).all()))
        return b"s" * 32

    here = replace(deps, pairwise_salt=salt)
    claire = someone(here, quiet_app(here), "claire")
    claims = json.dumps({"id_token": {"sub": {"value": client_subject(PORTAL, "Moutin", b"s" * 32)}}})
    transaction = claire.begin(claims=claims, prompt=prompt)
    answer = claire.send(transaction)
    assert [True] == opened
    if "consent" in prompt:
        opened.clear()
        record_consent(here, transaction)
        answer = claire.client.get(f"/authorize/resume?t={transaction}")
        assert [True] == opened
    assert "code" in answered(answer)


def record_consent(deps: Deps, transaction: str) -> None:
    with deps.transaction() as connection:
        (session,) = connection.execute(select(sessions.c.id)).scalars()
        record_done(connection, transaction, Act.CONSENT, deps.clock.now(), session)


def test_what_another_tab_has_answered_is_answered_once(
    deps: Deps, claire: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed between the page and the password: the address says so."""
    transaction = claire.begin()
    real = deps.hasher.work

    def closed_meanwhile(task: Any, patience: float | None = None) -> Any:
        with deps.transaction() as connection:
            close_transaction(connection, transaction, deps.clock.now())
        return real(task, patience)

    monkeypatch.setattr(deps.hasher, "work", closed_meanwhile)
    answer = claire.send(transaction)
    assert (303, f"/authorize/resume?t={transaction}") == (answer.status_code, answer.location)
    assert 410 == claire.client.get(answer.location).status_code


def test_a_refusal_says_one_thing_of_all_four_and_keeps_all_but_the_password(claire: Person) -> None:
    page = claire.send(claire.begin(), password="Autre2026demo")
    assert 200 == page.status_code
    assert page.text.count('aria-invalid="true"') == 4
    assert 'value="999 000 375 00017"' in page.text
    assert "Autre2026demo" not in page.text
    assert "Ces quatre informations" in page.text


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("siret", "", "Saisissez le SIRET"),
        ("siret", "999000375", "Ce numéro a 9 chiffres"),
        ("siret", "9990003750001A", "Un SIRET compte 14 chiffres"),
        ("family_name", "", "Saisissez votre nom"),
        ("given_name", "  ", "Saisissez votre prénom"),
        ("password", "", "Saisissez votre mot de passe"),
    ],
)
def test_an_error_is_tied_to_its_field(deps: Deps, claire: Person, field: str, value: str, message: str) -> None:
    page = claire.send(claire.begin(), **{field: value}).text
    assert re.search(rf'id="{field}-error" role="alert">{message}', page)
    tag = re.search(rf'<input id="{field}"[^>]+>', page)
    assert tag is not None
    for attribute in ('aria-invalid="true"', "autofocus", f"{field}-error"):
        assert attribute in tag[0]
    assert trail(deps) == [], "nothing was tried"


def test_too_many_tries_say_when_to_come_back(deps: Deps, claire: Person) -> None:
    transaction = claire.begin()
    answers = [claire.send(transaction, password="Autre2026demo") for _ in range(12)]
    assert 429 == answers[-1].status_code
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert re.search(r"Revenez à \d+\sh\s\d\d, dans \d+\s(seconde|minute)s?", answers[-1].text)


def test_a_full_queue_is_a_503_that_keeps_what_was_typed(deps: Deps) -> None:
    claire = someone(deps, quiet_app(replace(deps, hasher=QuietHasher(places=0))), "claire")
    page = claire.send(claire.begin())
    assert 503 == page.status_code
    assert int(page.headers["Retry-After"]) > 0
    assert 'value="moutin"' in page.text
    assert PASSWORD not in page.text


def test_a_closed_siret_names_its_successor(deps: Deps, claire: Person) -> None:
    with deps.transaction() as connection:
        closed = update(establishments).where(establishments.c.siret == SIRET)
        connection.execute(insert(legal_units).values(siren="970505517", label="SUCCESSEUR"))
        successor = {"siret": "97050551700072", "siren": "970505517", "label": "SUCCESSEUR"}
        connection.execute(insert(establishments).values(successor))
        connection.execute(closed.values(closed_at=1, successor_siret="97050551700072"))
    transaction = claire.begin()
    page = claire.send(transaction)
    assert "970\u00a0505\u00a0517\u00a000072" in page.text
    assert claire.cookie("mire_sid") == ""
    again = claire.client.get(f"/sign-in?t={transaction}&siret=97050551700072").text
    assert 'value="970\u00a0505\u00a0517\u00a000072"' in again


def test_nothing_is_asked_of_the_browser_but_the_form(claire: Person) -> None:
    """No-break spaces, as phones and spreadsheets paste them."""
    assert 303 == claire.send(claire.begin(), siret="999\u202f000\u202f375\u00a000017").status_code


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        ("99900037500017", 'value="999\u00a0000\u00a0375\u00a000017"'),
        ("99900037500017;MOUTIN;CLAIRE", 'value="MOUTIN"'),
        ("someone@example.fr", 'value=""'),
        ('99900037500017;"><script>', "&#34;&gt;&lt;script&gt;"),
    ],
)
def test_a_login_hint_only_fills_fields(claire: Person, hint: str, value: str) -> None:
    assert value in claire.open(claire.begin(login_hint=hint)).text


def test_a_device_remembers_the_triplet_when_asked_and_never_the_password(claire: Person) -> None:
    claire.send(claire.begin(), remember="y")
    page = claire.open(claire.begin()).text
    assert 'value="moutin"' in page
    assert re.search(r'id="remember"[^>]+checked', page)
    claire.send(claire.begin())
    assert 'value="moutin"' not in claire.open(claire.begin()).text


@pytest.mark.parametrize("value", ["x", "W10=", "WzEsMiwzXQ==", "e30=", "a" * 2000, "WyI5OTkiLCJhIiwiYiJd"])
def test_a_remembered_cookie_of_someone_elses_making_is_ignored(claire: Person, value: str) -> None:
    claire.client.set_cookie("__Host-mire_remembered", value, domain="connexion.example.fr", secure=True, path="/")
    assert 200 == claire.open(claire.begin()).status_code


def test_a_form_that_outlived_its_transaction_leads_back_to_the_portal(deps: Deps, claire: Person) -> None:
    """The transaction is deleted; the address of the form still says whose it was."""
    transaction = claire.begin()
    page = claire.open(transaction)
    actions = re.findall(r'action="([^"]+)"', page.text)
    assert len(actions) >= 2
    wait(deps, deps.lifetimes.transaction)
    delete_everything_expired(deps)
    for action in actions:
        answer = claire.client.post(unescape(action), data={**TYPED, "form_token": token_of(page)})
        assert 404 == answer.status_code
        assert f'href="{PORTAL.client_uri}"' in answer.text


@pytest.mark.parametrize("client_id", ["stranger", "https://evil.example", ""])
def test_the_address_of_a_form_sends_nobody_to_what_no_portal_registered(claire: Person, client_id: str) -> None:
    answer = claire.client.post("/sign-in", query_string={"t": "gone", "client_id": client_id})
    assert 404 == answer.status_code
    assert 'class="button"' not in answer.text


def test_cancelling_goes_back_to_the_dispatcher(deps: Deps, claire: Person) -> None:
    transaction = claire.begin()
    token = token_of(claire.open(transaction), "/cancel")
    answer = claire.client.post(f"/cancel?t={transaction}", data={"form_token": token})
    assert (303, f"/authorize/resume?t={transaction}") == (answer.status_code, answer.location)
    assert ["sign_in.cancelled"] == trail(deps)


def test_a_form_without_our_token_does_nothing(deps: Deps, claire: Person) -> None:
    """The control is test_the_right_four_come_back_to_the_portal_at_once: with the token the same post signs in."""
    transaction = claire.begin()
    for token in ("", "x.y", token_of(claire.open(transaction), "/cancel"), token_of(claire.open(claire.begin()))):
        answer = claire.send(transaction, form_token=token)
        assert 400 == answer.status_code
    assert 400 == claire.client.post(f"/cancel?t={transaction}").status_code
    assert trail(deps) == []
    assert claire.cookie("mire_sid") == ""


def test_a_transaction_is_worthless_in_another_browser(deps: Deps, claire: Person, mallory: Person) -> None:
    """Mallory uses Claire's link; the control is that Claire can."""
    transaction = claire.begin()
    form_token = token_of(claire.open(transaction))
    assert 403 == mallory.open(transaction).status_code
    assert 403 == mallory.send(transaction, form_token=form_token).status_code
    assert 403 == mallory.client.post(f"/cancel?t={transaction}", data={"form_token": form_token}).status_code
    assert mallory.cookie("mire_sid") == ""
    assert 303 == claire.send(transaction, form_token=form_token).status_code


def test_the_page_of_each_browser_names_its_own_transaction_alone(claire: Person, mallory: Person) -> None:
    """The page is kept ready between them; the first one fills it, the others find it."""
    begun = [person.begin() for person in (claire, mallory, claire)]
    for person, own in zip((claire, mallory, claire), begun, strict=True):
        page = person.open(own).text
        assert page.count(own) >= 2, "the form and the way out"
        assert not [other for other in begun if other != own and other in page]


def test_a_link_that_mallory_prepared_signs_nobody_in(deps: Deps, claire: Person, mallory: Person) -> None:
    """The other direction, login CSRF: Claire would act in a session that Mallory's transaction ends in."""
    prepared = mallory.begin()
    form_token = token_of(mallory.open(prepared))
    page = claire.open(prepared)
    assert 403 == page.status_code
    assert "https://portail.example.fr/" in page.text, "a way to start again"
    assert 403 == claire.send(prepared, form_token=form_token).status_code
    assert 303 == mallory.send(prepared, form_token=form_token).status_code


def test_a_browser_without_cookies_is_a_foreign_browser(app: Flask, claire: Person) -> None:
    assert 403 == app.test_client().get(f"/sign-in?t={claire.begin()}").status_code


def test_two_tabs_do_not_disturb_one_another(claire: Person) -> None:
    first, second = claire.begin(state="first"), claire.begin(state="second")
    first_token, second_token = token_of(claire.open(first)), token_of(claire.open(second))
    assert "second" == answered(claire.send(second, form_token=second_token))["state"]
    assert "first" == answered(claire.send(first, form_token=first_token))["state"]


def test_a_bookmarked_or_expired_form_offers_to_start_again(deps: Deps, claire: Person) -> None:
    transaction = claire.begin()
    wait(deps, 31 * MINUTE)
    page = claire.open(transaction)
    assert 410 == page.status_code
    assert "a expiré" in page.text
    assert 'href="https://portail.example.fr/"' in page.text
    assert 404 == claire.open("nothing").status_code
    assert 404 == claire.client.get("/sign-in").status_code


def test_a_removed_partner_is_not_served(deps: Deps, claire: Person) -> None:
    transaction = claire.begin()
    gone = replace(deps, registry=lambda: replace(deps.registry(), clients={}))
    assert 400 == someone(gone, quiet_app(gone), "claire").open(transaction).status_code


def test_the_language_is_that_of_the_request_then_of_the_browser(claire: Person) -> None:
    assert '<html lang="en">' in claire.open(claire.begin(ui_locales="de en-GB fr")).text
    assert '<html lang="fr">' in claire.open(claire.begin(ui_locales="fr"), **{"Accept-Language": "en"}).text
    assert '<html lang="en">' in claire.open(claire.begin(), **{"Accept-Language": "en-US,en"}).text
    assert "Family name" in claire.open(claire.begin(ui_locales="en")).text


def test_the_form_may_end_only_at_this_portal(claire: Person) -> None:
    policy = claire.open(claire.begin()).headers["Content-Security-Policy"]
    assert "form-action 'self' https://portail.example.fr;" in policy


def test_the_portals_texts_are_linked(claire: Person) -> None:
    page = claire.open(claire.begin()).text
    assert "https://portail.example.fr/donnees" in page
    assert "https://portail.example.fr/conditions" in page


@pytest.mark.parametrize("field", ["siret", "family_name", "given_name", "password"])
def test_an_endless_value_is_refused_and_costs_nothing(claire: Person, field: str) -> None:
    values = {**TYPED, field: "9" * 14 if field == "siret" else "a" * 5_000}
    assert 200 == claire.send(claire.begin(), **values).status_code


def test_markup_in_a_field_stays_text(claire: Person) -> None:
    page = claire.send(claire.begin(), family_name='"><script>alert(1)</script>')
    assert "<script>alert" not in page.text


def test_a_client_that_compares_exactly_says_so(deps: Deps, claire: Person) -> None:
    exact = replace(deps, registry=lambda: replace(deps.registry(), clients={"portail": EXACT}))
    page = someone(exact, quiet_app(exact), "claire").open(claire.begin()).text
    assert "accents compris" in page
    assert "accents compris" not in claire.open(claire.begin()).text
