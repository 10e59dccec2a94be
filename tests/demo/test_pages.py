"""What people see of a portal, and what it refuses before it trusts an answer."""

from __future__ import annotations

from dataclasses import fields
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from demo.portal import moment
from demo.portals import PORTALS, Place, Portal
from demo.sign_in import local_path
from demo.themes import write_themes
from idp.adapters.theme_files import load_themes
from tests.demo.portal_app import ISSUER, PortalUnderTest, portal_under_test, sign_in


@pytest.fixture(params=PORTALS, ids=lambda portal: portal.client_id)
def portal(request: pytest.FixtureRequest, tmp_path: Path) -> PortalUnderTest:
    each: Portal = request.param
    return portal_under_test(tmp_path, each)


def test_the_public_page_needs_no_sign_in_and_links_the_others(portal: PortalUnderTest) -> None:
    text = portal.app.test_client().get("/").text
    assert portal.portal.tagline in text or portal.portal.title in text
    others = [other.origin(8000) for other in PORTALS if other is not portal.portal]
    assert [origin for origin in others if f'href="{origin}/"' not in text] == []


def test_every_link_of_its_theme_leads_to_a_page_of_its_own(portal: PortalUnderTest, tmp_path: Path) -> None:
    themes = load_themes(write_themes(Place(ISSUER, 8000, tmp_path / "d")), loopback=True)
    assert themes.problems == ()
    links = themes.themes.find(portal.portal.client_id).links
    addresses = [getattr(links, field.name) for field in fields(links) if getattr(links, field.name)]
    assert addresses
    for address in addresses:
        assert address.startswith(f"{portal.portal.origin(8000)}/")
        assert portal.app.test_client().get(urlsplit(address).path).status_code == 200


def test_the_demos_themes_name_no_invented_host(tmp_path: Path) -> None:
    written = [path.read_text() for path in write_themes(Place(ISSUER, 9000, tmp_path / "d")).rglob("*.yaml")]
    assert [text for text in written if ".example/" in text] == []
    assert any("http://guichet-paie.localhost:9003/aide" in text for text in written)


def test_no_page_runs_script_or_is_framed(portal: PortalUnderTest) -> None:
    browser = portal.app.test_client()
    sign_in(portal, browser)
    for path in ("/", "/me", "/mails/", "/signed-out", "/confidentialite", "/conditions", "/aide", "/nowhere"):
        answer = browser.get(path)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "<script" not in answer.text
        assert " style=" not in answer.text


def test_login_sends_pkce_state_and_nonce(portal: PortalUnderTest) -> None:
    asked = urlsplit(portal.app.test_client().get("/login").location)
    sent = {name: values[0] for name, values in parse_qs(asked.query).items()}
    assert f"{asked.scheme}://{asked.netloc}{asked.path}" == f"{ISSUER}/authorize"
    assert (sent["response_type"], sent["client_id"], sent["code_challenge_method"], sent["redirect_uri"]) == (
        "code",
        portal.portal.client_id,
        "S256",
        portal.own("/callback"),
    )
    assert min(len(sent[name]) for name in ("state", "nonce", "code_challenge")) >= 20


def test_a_sign_in_started_by_a_stranger_is_refused(portal: PortalUnderTest) -> None:
    assert portal.app.test_client().get("/login?iss=https://elsewhere.example").status_code == 400


def test_an_answer_of_another_issuer_is_refused(portal: PortalUnderTest) -> None:
    """RFC 9207 section 2.4: before the code is sent anywhere."""
    browser = portal.app.test_client()
    state = parse_qs(urlsplit(browser.get("/login").location).query)["state"][0]
    for iss in ("&iss=http://localhost:6666", ""):
        answer = browser.get(f"/callback?code=abc&state={state}{iss}")
        assert (answer.status_code, "attendu" in answer.text) == (400, True)


def test_an_answer_to_another_browser_is_refused(portal: PortalUnderTest) -> None:
    """Login CSRF: the state belongs to the browser that asked."""
    state = parse_qs(urlsplit(portal.app.test_client().get("/login").location).query)["state"][0]
    answer = portal.app.test_client().get(f"/callback?code=abc&state={state}&iss={ISSUER}")
    assert answer.status_code == 400


def test_cancelling_is_said_and_starts_no_session(portal: PortalUnderTest) -> None:
    browser = portal.app.test_client()
    state = parse_qs(urlsplit(browser.get("/login").location).query)["state"][0]
    assert "annulé" in browser.get(f"/callback?error=access_denied&state={state}&iss={ISSUER}").text
    assert browser.get("/me.json").status_code == 401


def test_a_visitor_of_me_is_sent_to_sign_in(portal: PortalUnderTest) -> None:
    answer = portal.app.test_client().get("/me")
    assert (answer.status_code, answer.location) == (302, "/login?next=/me")


def test_the_claims_are_shown_to_people_and_programs(portal: PortalUnderTest) -> None:
    browser = portal.app.test_client()
    sign_in(portal, browser)
    assert "999 000 375 00017" in browser.get("/me").text
    told = browser.get("/me.json").get_json()
    assert (told["siret"], told["sid"], told["roles"]) == ("99900037500017", "sid-1", ["administrateur"])


def test_logout_ends_the_session_here_and_then_at_the_gateway(portal: PortalUnderTest) -> None:
    browser = portal.app.test_client()
    sign_in(portal, browser)
    asked = urlsplit(browser.get("/logout").location)
    sent = {name: values[0] for name, values in parse_qs(asked.query).items()}
    assert f"{asked.scheme}://{asked.netloc}{asked.path}" == f"{ISSUER}/end-session"
    assert (sent["id_token_hint"], sent["post_logout_redirect_uri"]) == ("an ID token", portal.own("/signed-out"))
    assert browser.get("/me.json").status_code == 401
    assert "tous les portails" in browser.get(f"/signed-out?state={sent['state']}").text
    assert browser.get("/signed-out?state=another").status_code == 400


def test_the_gateway_out_of_reach_is_one_sentence(portal: PortalUnderTest) -> None:
    portal.app.extensions["gateway"].server_metadata.clear()
    portal.app.extensions["gateway"]._server_metadata_url = "http://127.0.0.1:9/.well-known/openid-configuration"
    answer = portal.app.test_client().get("/login")
    assert (answer.status_code, "ne répond pas" in answer.text) == (503, True)


@pytest.mark.parametrize("wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", ""])
def test_after_the_sign_in_nobody_is_sent_elsewhere(wanted: str) -> None:
    assert local_path(wanted) == "/me"


def test_mails_are_listed_newest_first_and_shown_as_text(portal: PortalUnderTest) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["To"], mail["From"] = "Réinitialisation", "claire@example.fr", "mire@localhost"
    mail.set_content("Suivez http://localhost:8000/x\n<b>pas de gras</b>")
    (portal.place.mails / "1.eml").write_bytes(bytes(mail))
    browser = portal.app.test_client()
    assert "Réinitialisation" in browser.get("/mails/").text
    shown = browser.get("/mails/1.eml").text
    assert "&lt;b&gt;pas de gras" in shown
    assert 'href="http://localhost:8000/x"' in shown
    with browser.get("/mails/1.eml/file") as file:
        assert file.mimetype == "message/rfc822"
    assert browser.get("/mails/..%2fguichet-paie.pem").status_code == 404


def test_each_portal_has_a_look_of_its_own() -> None:
    styles = [Path("demo/static", f"{portal.client_id}.css").read_text() for portal in PORTALS]
    assert len(set(styles)) == 3
    assert [style for style in styles if "url(" in style or "@import" in style] == []


def test_a_portal_tells_the_time_of_the_gateways_pages() -> None:
    assert "21/09/2026 à 16:13:20" == moment(1_790_000_000)
