"""OpenID Connect Core section 4: sign-ins that begin elsewhere, at us and at the portals we send people to."""

from __future__ import annotations

from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from idp.domain.portals.clients import Client, GrantType
from idp.domain.portals.initiated_login import initiation_uri
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.quiet import quiet_app, quiet_deps
from tests.rows import make_account, make_session

ISSUER = "https://connexion.example.fr"
OURS = f"{ISSUER}/account"
START = "https://formation.example.fr/connexion?langue=fr"
FORMATION = Client(
    "formation", "Compte formation", initiate_login_uri=START, client_uri="https://formation.example.fr/"
)
PAYROLL = Client("payroll", "Guichet paie", client_uri="https://paie.example.fr/")
MACHINE = Client(
    "machine", "Machine", client_uri="https://m.example.fr/", grant_types=frozenset({GrantType.CLIENT_CREDENTIALS})
)
NOWHERE = Client("nowhere", "Nulle part")


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = make_registry(ISSUER, [FORMATION, PAYROLL, MACHINE, NOWHERE], [])
    return quiet_deps(database, registry=lambda: registry)


@pytest.fixture
def web(deps: Deps) -> FlaskClient:
    return quiet_app(deps).test_client()


def asked(location: str | None) -> dict[str, str]:
    assert location is not None
    assert location.startswith(f"{ISSUER}/authorize?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_sign_in_to_our_own_pages_can_begin_elsewhere(web: FlaskClient, method: str) -> None:
    sent = {"iss": ISSUER, "login_hint": "99900037500017", "target_link_uri": OURS}
    place = {"query_string": sent} if method == "GET" else {"data": sent}
    answer = web.open("/account/login", method=method, **place)
    request = asked(answer.location)
    assert (303, "mire", "99900037500017", "/account") == (
        answer.status_code, request["client_id"], request["login_hint"], request["state"],
    )  # fmt: skip
    assert f"{ISSUER}/account/callback" == request["redirect_uri"]


def test_without_a_target_it_leads_to_our_first_page(web: FlaskClient) -> None:
    assert "/account/sessions" == asked(web.get("/account/login", query_string={"iss": ISSUER}).location)["state"]


@pytest.mark.parametrize("iss", ["", "https://evil.example", f"{ISSUER}/", ISSUER.upper(), f"{ISSUER}@evil.example"])
def test_another_issuer_is_refused(web: FlaskClient, iss: str) -> None:
    answer = web.get("/account/login", query_string={"iss": iss})
    assert (400, None) == (answer.status_code, answer.location)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/account",
        "//evil.example/account",
        f"{ISSUER}.evil.example/account",
        f"{ISSUER}@evil.example/account",
        f"{OURS}/../authorize",
        f"{OURS}?next=https://evil.example",
        f"{OURS}#x",
        f"{ISSUER}/end-session",
        f"{OURS}/login?iss={ISSUER}",
        "javascript:alert(1)",
        "/account",
    ],
)
def test_a_target_that_is_no_page_of_ours_is_refused(web: FlaskClient, target: str) -> None:
    """Section 4: target_link_uri is verified against open redirection. The control is above."""
    answer = web.get("/account/login", query_string={"iss": ISSUER, "target_link_uri": target})
    assert (400, None) == (answer.status_code, answer.location)


def test_a_repeated_parameter_is_refused(web: FlaskClient) -> None:
    assert 400 == web.get(f"/account/login?iss={ISSUER}&iss={ISSUER}").status_code
    assert 400 == web.post(f"/account/login?iss={ISSUER}", data={"iss": "https://evil.example"}).status_code


def test_a_strangers_page_that_begins_a_sign_in_changes_nothing(deps: Deps, web: FlaskClient) -> None:
    """Login CSRF: whoever is signed in stays so, and no cookie is set before /authorize is visited."""
    make_session(deps, make_account(deps))
    web.set_cookie("__Host-mire_sid", "session", domain="connexion.example.fr", secure=True)
    answer = web.post("/account/login", data={"iss": ISSUER}, headers={"Origin": "https://evil.example"})
    assert [] == answer.headers.getlist("Set-Cookie")
    assert 200 == web.get("/account").status_code


def test_a_portal_is_sent_people_with_our_name() -> None:
    begun = urlsplit(initiation_uri(FORMATION, ISSUER, login_hint="99900037500017"))
    assert {"langue": ["fr"], "iss": [ISSUER], "login_hint": ["99900037500017"]} == parse_qs(begun.query)
    assert ("https", "formation.example.fr", "/connexion") == begun[:3]
    assert "" == initiation_uri(PAYROLL, ISSUER)


def test_a_target_goes_along_only_at_the_portals_own_origin() -> None:
    for target, passed in (
        ("https://formation.example.fr/dossier/7", True),
        ("https://evil.example/dossier/7", False),
        ("http://formation.example.fr/dossier/7", False),
        ("https://formation.example.fr:444/", False),
    ):
        begun = parse_qs(urlsplit(initiation_uri(FORMATION, ISSUER, target_link_uri=target)).query)
        assert ([target] if passed else None) == begun.get("target_link_uri")


def test_the_page_of_portals_lists_those_that_people_can_open(deps: Deps, web: FlaskClient) -> None:
    make_session(deps, make_account(deps))
    web.set_cookie("__Host-mire_sid", "session", domain="connexion.example.fr", secure=True)
    page = unescape(web.get("/account").text)
    assert initiation_uri(FORMATION, ISSUER) in page
    assert 'href="https://paie.example.fr/"' in page
    assert ("Machine" in page, "Nulle part" in page) == (False, False)


def test_nobody_signed_in_comes_back_to_the_page_of_portals(web: FlaskClient) -> None:
    assert "/account" == asked(web.get("/account").location)["state"]


def test_a_page_that_went_wrong_starts_again_at_the_portal_with_our_name(web: FlaskClient) -> None:
    page = unescape(web.get("/sign-in?t=unknown&client_id=formation").text)
    assert initiation_uri(FORMATION, ISSUER) in page
