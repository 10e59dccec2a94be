"""The language of a page: what the request asks (`ui_locales`), else the browser, else French.

Catalogues are read as text when the application starts: nothing to compile, and no binary file to forget or to merge.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, cast

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, Request
from flask_babel import Babel, Domain, refresh
from markupsafe import Markup

from idp.domain.portals.scopes import words_of
from idp.http.deps import ANSWERED, current_extensions, current_request

LOCALES = ("fr", "en")
"""French is the language of the source; every other one has its catalogue."""
EXTENSION = "mire.phrases"
CATALOGUES = Path(__file__).resolve().parents[1] / "web" / "translations"


class TextCatalogues(Babel):  # type: ignore[misc]
    """Flask-Babel with one Domain per application, already loaded (its own reads the files again at every request)."""

    def __init__(self) -> None:
        super().__init__()
        self._domain = Domain()
        for locale in LOCALES:
            self._domain.cache[locale, "messages"] = load_catalogue(locale)

    @property
    def domain_instance(self) -> Domain:
        return self._domain


class Phrases:
    """`_()` of a page: each text is translated once per process. Flask-Babel looks the language up again for each,
    which was a third of what a page cost."""

    def __init__(self, catalogue: Translations) -> None:
        self._catalogue = catalogue
        self._known: dict[str, Markup] = {}

    def __call__(self, text: str, **facts: Any) -> Markup:
        """The text in this language, filled with escaped `facts`. Texts are ours, so their marks are kept."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = Markup(self._catalogue.gettext(text))  # noqa: S704
        return known % facts if facts else known


def load_catalogue(locale: str) -> Translations:
    """The catalogue of this locale; French needs none."""
    if locale == LOCALES[0]:
        return Translations()
    binary = io.BytesIO()
    with (CATALOGUES / locale / "LC_MESSAGES" / "messages.po").open("rb") as text:
        write_mo(binary, read_po(text, locale=locale))
    binary.seek(0)
    return Translations(binary)


def register_languages(app: Flask) -> None:
    """Give templates `_()` and views `gettext`."""
    catalogues = TextCatalogues()
    catalogues.init_app(app, default_locale=LOCALES[0], locale_selector=current_language)
    app.extensions[EXTENSION] = {
        locale: Phrases(catalogues.domain_instance.cache[locale, "messages"]) for locale in LOCALES
    }


def current_phrases() -> Phrases:
    """What templates say `_()` by in this request."""
    return cast(dict[str, Phrases], current_extensions()[EXTENSION])[current_language()]


def current_language() -> str:
    """The language of the running request; outside of one, French."""
    request = ANSWERED.get(None)
    if request is None:
        return LOCALES[0]
    if not request.language:
        request.language = choose_language(request.ui_locales or request.args.get("ui_locales", ""), request)
    return request.language


def choose_language(ui_locales: str, request: Request) -> str:
    """The first language of `ui_locales` (space separated, OpenID Connect Core section 3.1.2.1) that we speak, else the
    browser's best."""
    for tag in words_of(ui_locales.lower())[:20]:
        if tag.partition("-")[0] in LOCALES:
            return tag.partition("-")[0]
    if not request.headers.get("Accept-Language"):
        return LOCALES[0]
    return request.accept_languages.best_match(LOCALES) or LOCALES[0]


def speak(tag: str) -> None:
    """The language that a partner's page asks for; French when we do not speak it. Nothing is asked by ""."""
    if tag:
        use_ui_locales(f"{tag[:35]} {LOCALES[0]}")


def use_ui_locales(ui_locales: str) -> None:
    """From here on this request speaks the language its authorization request asks for."""
    request = current_request()
    if ui_locales != request.ui_locales:
        request.ui_locales, request.language = ui_locales, ""
        refresh()
