"""`idp themes preview`: the overview, and every sample page in a theme. Never registered in the gateway itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Flask, Response, abort, request

from idp.domain.portals.themes import DEFAULT_THEME
from idp.web.samples import SAMPLES, dressed, overview_page

Themes = Callable[[], tuple[Sequence[str], Sequence[str]]]
"""The names of the themes that are right, and the problems of the others, as they are now."""


def register(app: Flask, themes: Themes) -> None:
    """Add `/preview` and `/preview/PAGE?theme=NAME`."""

    def overview() -> Response:
        names, problems = themes()
        return overview_page(names, problems, dressed(DEFAULT_THEME))

    def sample(name: str) -> Response:
        if name not in SAMPLES:
            abort(404)
        return SAMPLES[name].render(dressed(request.args.get("theme", DEFAULT_THEME)))

    app.add_url_rule("/preview", "preview", overview)
    app.add_url_rule("/preview/<name>", "preview_sample", sample)
