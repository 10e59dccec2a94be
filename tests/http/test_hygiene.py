"""What holds for every answer, whatever is asked."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask, Response

from idp.adapters.hash_threads import HasherUnavailable
from idp.domain.portals.clients import Client
from idp.http.limits import FORM
from idp.http.page_errors import PageError
from idp.http.pages import render_page
from idp.store.database import Database, StoreUnavailable
from idp.wiring import open_database
from tests.quiet import quiet_app, quiet_deps


@pytest.fixture
def app(database: Database) -> Flask:
    app = quiet_app(quiet_deps(database))

    @app.get("/boom")
    def boom() -> str:
        raise RuntimeError("the password is hunter2")

    @app.get("/full")
    def full() -> str:
        raise StoreUnavailable

    @app.get("/stalled")
    def stalled() -> str:
        raise HasherUnavailable

    @app.get("/refused")
    def refused() -> Response:
        return Response(
            '{"error":"invalid_token"}', 401, {"WWW-Authenticate": "Bearer"}, content_type="application/json"
        )

    @app.get("/par")
    def back_channel() -> str:
        raise StoreUnavailable

    return app


def test_an_unknown_address_is_a_page(app: Flask) -> None:
    answer = app.test_client().get("/nowhere")
    assert (404, "text/html") == (answer.status_code, answer.mimetype)


def test_a_defect_says_nothing_of_itself(app: Flask) -> None:
    answer = app.test_client().get("/boom")
    assert 500 == answer.status_code
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("address", ["/full", "/stalled"])
def test_an_absent_database_or_hasher_is_a_page_that_says_when_to_come_back(app: Flask, address: str) -> None:
    answer = app.test_client().get(address)
    assert (503, "5", "text/html") == (answer.status_code, answer.headers["Retry-After"], answer.mimetype)


def test_a_back_channel_gets_the_protocols_json(app: Flask) -> None:
    answer = app.test_client().get("/par")
    assert (503, "5") == (answer.status_code, answer.headers["Retry-After"])
    assert {"error": "temporarily_unavailable"} == answer.json


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Mode": "navigate"}, {"Accept": "text/html,application/xml"}])
def test_a_browser_never_gets_json(app: Flask, headers: dict[str, str]) -> None:
    assert "text/html" == app.test_client().get("/par", headers=headers).mimetype


def test_the_wrong_scheme_is_our_own_400(app: Flask) -> None:
    answer = app.test_client().get("/nowhere", base_url="http://connexion.example.fr")
    assert 400 == answer.status_code
    assert "adresse officielle" in answer.text


def test_a_probe_comes_past_the_proxy(app: Flask) -> None:
    assert 200 == app.test_client().get("/health/live", base_url="http://127.0.0.1:8000").status_code


@pytest.mark.parametrize("query", ["a=%00", "a=%ff", "&".join(["a=1"] * 101)], ids=["nul", "not utf-8", "too many"])
def test_unreadable_parameters_are_refused(app: Flask, query: str) -> None:
    assert 400 == app.test_client().get(f"/boom?{query}").status_code


def test_a_request_line_of_sixteen_kib_is_the_limit(app: Flask) -> None:
    client = app.test_client()
    assert 404 == client.get("/x?a=" + "a" * (16 * 1024 - 4)).status_code
    assert 414 == client.get("/x?a=" + "a" * (16 * 1024)).status_code


def test_a_body_beyond_the_limit_is_refused(app: Flask) -> None:
    assert 413 == app.test_client().post("/nowhere", data="a=" + "a" * 70_000).status_code


def test_the_answer_speaks_the_browsers_language(app: Flask) -> None:
    client = app.test_client()
    assert '<html lang="en">' in client.get("/nowhere", headers={"Accept-Language": "de, en;q=0.5"}).text
    assert '<html lang="fr">' in client.get("/nowhere", headers={"Accept-Language": "de"}).text


def test_form_action_names_the_redirect_and_what_comes_after(app: Flask) -> None:
    client = Client("c", form_action_origins=("https://suite.example.fr",))
    with app.test_request_context():
        answer = render_page(
            "error.html",
            client=client,
            form_action=["https://portail.example.fr/cb?x=1"],
            title="",
            text="",
            restart_uri="",
            request_id="",
        )
    expected = "form-action 'self' https://portail.example.fr https://suite.example.fr;"
    assert expected in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Mode": "navigate"}, {"Accept": "text/html,application/xml"}])
def test_a_protocol_refusal_becomes_a_page_for_a_browser(app: Flask, headers: dict[str, str]) -> None:
    answer = app.test_client().get("/refused", headers=headers)
    assert (401, "text/html", "Bearer") == (answer.status_code, answer.mimetype, answer.headers["WWW-Authenticate"])


def test_and_stays_what_it_is_for_a_program(app: Flask) -> None:
    """The control; a page's own fetch is a program too."""
    assert {"error": "invalid_token"} == app.test_client().get("/refused", headers={"Sec-Fetch-Mode": "cors"}).json


def test_multipart_bodies_are_not_taken(app: Flask) -> None:
    assert 415 == app.test_client().post("/nowhere", data={"a": (b"", "file")}).status_code


def test_ui_locales_reaches_pages_without_a_transaction(app: Flask) -> None:
    assert '<html lang="en">' in app.test_client().get("/nowhere?ui_locales=en", headers={"Accept-Language": "fr"}).text


EVIL = "https://evil.example/"
LURES = (
    "next", "url", "return_to", "continue", "redirect", "redirect_uri", "post_logout_redirect_uri", "target_link_uri",
    "t", "state", "k",
)  # fmt: skip


def addresses(app: Flask) -> list[str]:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    return sorted({rule.rule for rule in rules})


def test_no_address_of_ours_sends_a_browser_to_a_stranger(app: Flask) -> None:
    client = app.test_client()
    for path in addresses(app):
        for lure in (EVIL, "//evil.example/", "/\\evil.example", "\thttps://evil.example"):
            answer = client.get(path, query_string=dict.fromkeys(LURES, lure))
            assert "evil.example" not in urlsplit(answer.headers.get("Location", "")).netloc, path
            assert f'href="{lure}"' not in answer.text, path


def test_a_redirect_repeats_nothing(app: Flask) -> None:
    answer = app.test_client().get("/account/sessions")
    assert (303, b"") == (answer.status_code, answer.data)


def test_a_body_without_a_length_has_the_same_limit(app: Flask) -> None:
    """Chunked, as an attacker would send it."""
    body = BytesIO(b"a=" + b"a" * 70_000)
    answer = app.test_client().post(
        "/nowhere", input_stream=body, content_type=FORM, environ_overrides={"wsgi.input_terminated": True}
    )
    assert 413 == answer.status_code


ASKING = (
    "/authorize?client_id=mire&response_type=code&scope=openid&code_challenge_method=S256"
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWBuGJSstw-cM"
    "&redirect_uri=https%3A%2F%2Fconnexion.example.fr%2Faccount%2Fcallback"
)


@pytest.mark.parametrize("path", ["/sign-in?t=x", ASKING, "/account/sessions"])
def test_without_a_database_every_page_says_come_back(path: str, tmp_path: Path) -> None:
    deps = quiet_deps(open_database(f"sqlite:///{tmp_path}/gone/mire.sqlite3"))
    client = quiet_app(deps).test_client()
    for cookie in ("mire_browser", "mire_sid"):
        client.set_cookie(f"__Host-{cookie}", "x", domain="connexion.example.fr", secure=True, path="/")
    answer = client.get(path)
    assert (503, "5", "text/html") == (answer.status_code, answer.headers["Retry-After"], answer.mimetype)
    deps.database.close()


@pytest.mark.parametrize("error", PageError)
def test_every_error_page_is_shown_by_someone(error: PageError) -> None:
    """A closed list: nobody invents one in a view, and none outlives its use."""
    sources = [path.read_text() for path in Path("idp").rglob("*.py") if path.name != "page_errors.py"]
    assert any(f"PageError.{error.name}" in source for source in sources)
