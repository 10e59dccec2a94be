"""The frame: who may show it, what it holds, and that it works without a cookie (WIDGET: no third-party state)."""

from __future__ import annotations

import gzip
import re

import pytest
from sqlalchemy import select

from idp.domain.platform.audit_events import AuditEvent
from idp.domain.platform.limits import RULES, Limit
from idp.store.platform.rate_limits import rate_limits
from tests.web.portals.conftest import ISSUER, ORIGIN, SCRIPT, SHOWN, Visitor, tx_of
from tests.web.sign_in.conftest import trail


def policy(page: object) -> str:
    return str(page.headers["Content-Security-Policy"])  # type: ignore[attr-defined]


def test_the_form_may_be_framed_by_exactly_one_origin(visitor: Visitor) -> None:
    """RFC 9700 section 4.16: also of the client's origins only the one of this transaction."""
    visitor.registry.change_widget(origins=(ORIGIN, "https://autre.example.fr"))
    page = visitor.frame(visitor.request_uri(widget_origin="https://autre.example.fr"))
    assert "frame-ancestors https://autre.example.fr;" in policy(page)
    assert ORIGIN not in policy(page).partition("frame-ancestors")[2]


def test_its_headers_let_it_live_in_a_strictly_isolated_page(visitor: Visitor) -> None:
    """Widget case 40: the frame's part."""
    page = visitor.frame()
    wanted = {
        "Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "cross-origin",
        "Referrer-Policy": "same-origin", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": None, "Cross-Origin-Opener-Policy": None, "Set-Cookie": None,
    }  # fmt: skip
    assert {name: page.headers.get(name) for name in wanted} == wanted
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy(page))
    assert nonce is not None
    assert policy(page) == (
        f"default-src 'none'; script-src 'nonce-{nonce[1]}'; style-src 'nonce-{nonce[1]}'; img-src 'self'; "
        f"font-src 'self'; connect-src 'self'; form-action 'self' {ORIGIN}; frame-ancestors {ORIGIN}; "
        "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def test_no_cookie_is_read_or_set(visitor: Visitor) -> None:
    """Widget case 4: an answer is the same whatever cookies come along."""
    for name in ("mire_browser", "mire_sid", "mire_device"):
        visitor.client.set_cookie(f"__Host-{name}", "x" * 43, domain="connexion.example.fr", secure=True)
    page = visitor.frame()
    answer = visitor.submit(tx_of(page))
    assert answer.json["status"] == "ok"
    assert [] == page.headers.getlist("Set-Cookie") + answer.headers.getlist("Set-Cookie")


def test_a_page_of_another_origin_is_refused_by_its_referrer_too(visitor: Visitor) -> None:
    page = visitor.frame(headers={"Referer": "https://evil.example/"})
    assert (page.status_code, "frame-ancestors 'none'" in policy(page)) == (403, True)
    assert visitor.frame(headers={"Referer": f"{ORIGIN}/"}).status_code == 200  # the control


def test_opened_as_a_page_it_goes_to_the_authorization_endpoint(visitor: Visitor) -> None:
    uri = visitor.request_uri()
    page = visitor.frame(uri, headers={"Sec-Fetch-Dest": "document"})
    assert page.headers["Location"].startswith("/authorize?client_id=portail&request_uri=urn")
    assert visitor.client.get(page.headers["Location"]).headers["Location"].startswith("/sign-in?t=")


@pytest.mark.parametrize("missing", ["state", "nonce", "code_challenge", "widget_origin"])
def test_a_request_that_would_let_the_page_use_the_code_is_refused(visitor: Visitor, missing: str) -> None:
    """RFC 10017: PKCE, state and nonce are the back end's; without them no form is framed."""
    asked = {missing: ""} | ({"code_challenge_method": ""} if missing == "code_challenge" else {})
    if missing == "widget_origin":
        visitor.registry.change_widget(origins=(ORIGIN, "https://autre.example.fr"))
        assert visitor.frame(visitor.request_uri(**asked)).status_code == 403
    else:
        assert (visitor.push(**asked).status_code, visitor.push(**asked).json["error"]) == (400, "invalid_request")


def test_the_only_origin_of_a_client_need_not_be_named(visitor: Visitor) -> None:
    assert f"frame-ancestors {ORIGIN};" in policy(visitor.frame(visitor.request_uri(widget_origin="")))


def test_an_origin_that_is_not_registered_is_refused_when_it_is_pushed(visitor: Visitor) -> None:
    pushed = visitor.push(widget_origin="https://evil.example")
    assert (pushed.status_code, pushed.json["error"]) == (400, "invalid_request")


def test_an_origin_goes_with_a_pushed_request_only(visitor: Visitor) -> None:
    """What is in an address anybody could have written."""
    asked = {"client_id": "portail", "response_type": "code", "scope": "openid", "redirect_uri": f"{ORIGIN}/cb"}
    pkce = {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWBuGJSstw-cM", "code_challenge_method": "S256"}
    answer = visitor.client.get("/authorize", query_string={**asked, **pkce, "widget_origin": ORIGIN})
    assert "error=invalid_request" in answer.headers["Location"]
    control = visitor.client.get("/authorize", query_string={**asked, **pkce})
    assert control.headers["Location"].startswith("/sign-in?")


def test_a_switched_off_widget_shows_no_form(visitor: Visitor) -> None:
    uri = visitor.request_uri()
    visitor.registry.change_widget(enabled=False)
    page = visitor.frame(uri)
    assert (page.status_code, "data-tx" in page.text) == (403, False)
    # The link beside it goes on working, with the same request.
    there = visitor.client.get("/authorize", query_string={"client_id": "portail", "request_uri": uri})
    assert there.headers["Location"].startswith("/sign-in?")


def test_an_open_frame_of_a_switched_off_widget_leads_to_the_top(visitor: Visitor) -> None:
    tx = visitor.tx()
    visitor.registry.change_widget(enabled=False)
    answer = visitor.submit(tx)
    assert (answer.json["status"], answer.json["error"]) == ("top", "interaction_required")
    assert answer.json["page"].startswith("/widget/page?tx=")


def test_a_request_may_be_shown_again_until_it_is_answered(visitor: Visitor) -> None:
    """RFC 9126 section 4: pages are reloaded. Once its code is given it is spent."""
    uri = visitor.request_uri(response_mode="web_message")
    first, second = visitor.frame(uri), visitor.frame(uri)
    assert visitor.message(visitor.submit(tx_of(second)).json).json["status"] == "ok"
    assert visitor.frame(uri).status_code == 400
    late = visitor.submit(tx_of(first))
    assert late.json["status"] == "ok"  # a right password; but its request has its one code
    assert visitor.message(late.json).json == {"status": "error", "error": "expired"}


def test_an_expired_request_tells_its_page_to_ask_for_another(visitor: Visitor) -> None:
    uri = visitor.request_uri()
    visitor.wait(visitor.deps.lifetimes.pushed_request)
    page = visitor.frame(uri)
    assert (page.status_code, 'data-state="expired"' in page.text) == (400, True)
    assert f"frame-ancestors {ORIGIN};" in policy(page)


def test_an_open_form_outlives_its_request_while_somebody_is_at_it(visitor: Visitor) -> None:
    """RGAA 13.1, WCAG 2.2.1: the form renews itself silently, for eight hours at most."""
    tx, life = visitor.tx(), visitor.deps.lifetimes
    for _ in range(4):
        visitor.wait(life.transaction - 1)
        assert visitor.client.post("/widget/renew", json={"tx": tx}, headers=SCRIPT).json == {"status": "ok"}
    assert visitor.submit(tx).json["status"] == "ok"


def test_a_form_that_nobody_renews_expires(visitor: Visitor) -> None:
    tx = visitor.tx()
    visitor.wait(visitor.deps.lifetimes.transaction)
    renewed = visitor.client.post("/widget/renew", json={"tx": tx}, headers=SCRIPT)
    assert (renewed.status_code, renewed.json["error"]) == (403, "expired")
    assert visitor.submit(tx).json["error"] == "expired"


def test_it_speaks_the_language_that_the_page_asks_for(visitor: Visitor) -> None:
    """Widget case 20: one that we do not speak is French, whatever the browser prefers."""
    english = {"Accept-Language": "en"}
    assert '<html lang="en"' in visitor.frame(lang="en-GB").text
    assert '<html lang="fr"' in visitor.frame(lang="zz", headers=english).text
    assert '<html lang="en"' in visitor.frame(headers=english).text  # the control
    assert visitor.submit(visitor.tx(), password="wrong", lang="en").json["title"] == "Sign-in refused."


def test_a_scheme_is_one_of_two_words(visitor: Visitor) -> None:
    assert 'data-theme="dark"' in visitor.frame(scheme="dark").text
    assert "data-theme" not in visitor.frame(scheme='dark" onload="x').text


@pytest.mark.parametrize("channel", ["A" * 32, "a" * 31, '"><script>', "a" * 33])
def test_a_channel_is_32_hexadecimal_digits(visitor: Visitor, channel: str) -> None:
    """Widget case 36: nothing of an address comes into the page but what it can be."""
    page = visitor.frame(ch=channel)
    assert 'data-channel=""' in page.text
    assert channel not in page.text


def test_the_document_is_light(visitor: Visitor) -> None:
    """At most 20 kB gzipped with its style and its script, in two requests beside the document."""
    page = visitor.frame()
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert len(files) == 2
    bodies = [page.data, *(visitor.client.get(path).data for path in files)]
    assert sum(len(gzip.compress(body)) for body in bodies) <= 20_000


def test_an_office_that_opens_pages_uses_up_nothing_of_those_who_sign_in(visitor: Visitor) -> None:
    """A framed form is there before anybody wants it: it counts for itself, five times as generously."""
    uri, rules = visitor.request_uri(), RULES
    assert rules[Limit.FRAMES].free == 5 * rules[Limit.REQUESTS].free
    for _ in range(3):
        visitor.frame(uri)
    with visitor.deps.read() as connection:
        counted = connection.execute(select(rate_limits.c.bucket, rate_limits.c.count)).all()
    told = {row.bucket: row[1] for row in counted}
    assert (told[Limit.FRAMES], told[Limit.WIDE_FRAMES]) == (3, 3)
    assert told[Limit.REQUESTS] == 1  # the public client's push


def test_a_login_hint_fills_the_fields(visitor: Visitor) -> None:
    page = visitor.frame(visitor.request_uri(login_hint="99900037500017;MOUTIN;CLAIRE"))
    assert f'value="{SHOWN}"' in page.text


def test_a_replayed_tx_leaves_a_trace(visitor: Visitor) -> None:
    tx = visitor.tx()
    assert visitor.submit(tx, password="wrong").json["error"] == "invalid_credentials"
    assert visitor.submit(tx).json == {"status": "error", "error": "expired"}
    assert AuditEvent.TRANSACTION_FOREIGN_BROWSER in trail(visitor.deps)
    assert ISSUER == visitor.deps.issuer
