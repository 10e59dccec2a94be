"""Images of themes: served by name and digest, as images and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from idp.adapters.theme_files import load_themes
from idp.domain.portals.clients import Client
from idp.domain.portals.themes import ThemeSet
from idp.http.pages import render_page
from idp.store.database import Database
from tests.quiet import quiet_app, quiet_deps


@pytest.fixture
def themes() -> ThemeSet:
    return load_themes(Path(__file__).parents[2] / "themes", loopback=True).themes


@pytest.fixture
def app(database: Database, themes: ThemeSet) -> Flask:
    app = quiet_app(quiet_deps(database, themes=lambda: themes))

    @app.get("/dressed/<theme>")
    def dressed(theme: str) -> object:
        return render_page(
            "error.html", client=Client("x", theme=theme), title="T", text="", restart_uri="", request_id=""
        )

    return app


def test_a_logo_is_an_image_for_ever_and_can_do_nothing(app: Flask, themes: ThemeSet) -> None:
    logo = themes.find("guichet-paie").logo
    assert logo is not None
    answer = app.test_client().get(f"/themes/guichet-paie/{logo.file}")
    assert ("image/svg+xml", "public, max-age=31536000, immutable") == (
        answer.mimetype,
        answer.headers["Cache-Control"],
    )
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["default/logo.svg", "default/theme.yaml", "nobody/logo.svg", "../clients.yaml"])
def test_nothing_else_of_the_folder_is_served(app: Flask, path: str) -> None:
    assert 404 == app.test_client().get(f"/themes/{path}").status_code


def test_a_page_wears_the_style_sheet_and_logo_of_its_own_client_only(app: Flask, themes: ThemeSet) -> None:
    client = app.test_client()
    pages = {name: client.get(f"/dressed/{name}").text for name in ("guichet-paie", "compte-formation", "guichet-paie")}
    for name, page in pages.items():
        theme = themes.find(name)
        assert theme.css in page
        assert theme.logo is not None
        assert f'src="/themes/{name}/{theme.logo.file}"' in page
