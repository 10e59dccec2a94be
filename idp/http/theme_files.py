"""Images of themes, served from memory under names that carry their digest."""

from __future__ import annotations

from flask import Flask, Response, abort

from idp.domain.portals.themes import Theme
from idp.http.deps import current_deps
from idp.http.headers import NOT_A_PAGE
from idp.http.static_files import FOREVER

ONLY_AN_IMAGE = f"{NOT_A_PAGE}; sandbox"
"""An SVG opened as a page of its own must be able to do nothing at all."""


def register_theme_files(app: Flask) -> None:
    """`/themes/THEME/FILE`, and `theme_file_url` in templates."""
    app.add_url_rule("/themes/<theme>/<name>", "theme_file", theme_file)
    app.add_template_global(theme_file_url)


def theme_file_url(theme: Theme, name: str) -> str:
    """Where the browser finds that file of a theme."""
    return f"/themes/{theme.name}/{theme.files[name].name}"


def theme_file(theme: str, name: str) -> Response:
    """One image. A page rendered just before a reload may ask for a name that is gone: 404."""
    found = current_deps().themes().themes.get(theme)
    file = found.files.get(name) if found else None
    if file is None:
        abort(404)
    response = Response(file.content, content_type=file.content_type)
    response.headers["Cache-Control"] = FOREVER
    response.headers["Content-Security-Policy"] = ONLY_AN_IMAGE
    return response
