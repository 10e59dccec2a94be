"""The language of a page, and what fills its texts."""

from __future__ import annotations

import pytest
from flask import Flask

from idp.http.languages import current_language, current_phrases, use_ui_locales
from idp.store.database import Database
from tests.quiet import quiet_app, quiet_deps


@pytest.fixture
def app(database: Database) -> Flask:
    return quiet_app(quiet_deps(database))


@pytest.mark.parametrize(
    ("ui_locales", "accept", "language"),
    [
        ("", "", "fr"),
        ("", "en-GB,en;q=0.9", "en"),
        ("", "de,it", "fr"),
        ("", "de,en;q=0.2,fr;q=0.8", "fr"),
        ("fr-CA", "en", "fr"),
        ("de EN", "fr", "en"),
        ("xx " * 500, "en", "en"),
        ("../../etc", "en", "en"),
    ],
)
def test_the_request_decides_then_the_browser_then_french(
    app: Flask, ui_locales: str, accept: str, language: str
) -> None:
    with app.test_request_context(headers={"Accept-Language": accept}):
        use_ui_locales(ui_locales)
        assert language == current_language()


def test_a_language_learned_later_holds_from_then_on(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert ("fr", "Mot de passe") == (current_language(), current_phrases()("Mot de passe"))
        use_ui_locales("en")
        assert ("en", "Password") == (current_language(), current_phrases()("Mot de passe"))


def test_what_fills_a_text_is_escaped(app: Flask) -> None:
    with app.test_request_context():
        assert "Réseau &lt;b&gt;." == current_phrases()("Réseau %(network)s.", network="<b>")
