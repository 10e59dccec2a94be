"""Rendering a page: in the theme of a client, in the reader's language, under a policy of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Response, render_template
from flask_babel import gettext

from idp.domain.portals.clients import Client
from idp.domain.portals.initiated_login import start_uri
from idp.domain.portals.themes import DEFAULT_THEME, Theme
from idp.http.actors import request_id
from idp.http.deps import current_deps
from idp.http.headers import allow_framing, page_policy
from idp.http.languages import current_language, current_phrases
from idp.http.page_errors import TEXTS, PageError
from idp.http.ready_pages import ready_page


def render_page(
    template: str,
    *,
    client: Client | None = None,
    status: int = 200,
    form_action: Sequence[str] = (),
    framed_by: str = "",
    **context: Any,
) -> Response:
    """The page `template`, dressed for `client`.

    `form_action`: URIs whose origins a form of this page may end at, beside our own and the client's
    `form_action_origins`. `framed_by`: the one origin that may frame it; nobody's by default.
    """
    nonce = current_deps().random.token(16)
    html = _html(template, client, theme_of(client), nonce, context)
    return _page(html, nonce, client, status, form_action, framed_by)


def render_ready_page(
    template: str,
    values: Mapping[str, str],
    *,
    client: Client | None,
    form_action: Sequence[str] = (),
    context: Callable[[], Mapping[str, Any]] = dict,
    variant: str = "",
    typed: Mapping[str, str] = {},
    framed_by: str = "",
) -> Response:
    """The page `template` that is the same for everybody at this client, in one language, but for `values`.

    These are random tokens; what somebody `typed`, and may stand in the page anyway, goes there. They and the
    `context`, which is made only when the page must be rendered, are the template's; a context that is not always the
    same says so in `variant`.
    """
    nonce, theme = current_deps().random.token(16), theme_of(client)

    def render(stand_ins: Sequence[str]) -> str:
        return _html(
            template, client, theme, nonce, {**context(), **values, **dict(zip(typed, stand_ins, strict=True))}
        )

    key = (template, client.client_id if client else "", current_language(), variant)
    html = ready_page(key, (client, theme), (nonce, *values.values()), render, tuple(typed.values()))
    return _page(html, nonce, client, 200, form_action, framed_by)


def theme_of(client: Client | None) -> Theme:
    """How pages look that are shown for this client."""
    return current_deps().themes().find(client.theme if client else DEFAULT_THEME)


def _html(template: str, client: Client | None, theme: Theme, nonce: str, context: Mapping[str, Any]) -> str:
    # Both names are asked for: a loader that looked at the current request would show the first partner's template
    # to the second, because Jinja caches templates by name.
    return render_template(
        [f"{theme.name}/{template}", template],
        client=client,
        theme=theme,
        nonce=nonce,
        language=current_language(),
        _=current_phrases(),
        **context,
    )


def _page(
    html: str, nonce: str, client: Client | None, status: int, form_action: Sequence[str], framed_by: str = ""
) -> Response:
    response = Response(html, status)
    targets = [*form_action, *(client.form_action_origins if client else ())]
    response.headers["Content-Security-Policy"] = page_policy(nonce, targets, framed_by)
    if framed_by:
        allow_framing(response.headers)
    response.headers["Content-Language"] = current_language()
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def error_page(code: PageError | str, *, client: Client | None = None, status: int = 400, **facts: Any) -> Response:
    """A page that says what went wrong and what to do next, with a way back to the portal when it is known.

    `code` is a PageError; an unknown one reads as a plain bad request, so that no internal name reaches a browser.
    """
    known = PageError(code) if code in set(PageError) else PageError.BAD_REQUEST
    title, text = TEXTS[known]
    return render_page(
        "error.html",
        client=client,
        status=status,
        code=known,
        title=gettext(title),
        text=gettext(text),
        restart_uri=restart_uri(client),
        request_id=request_id(),
        facts=facts,
    )


def restart_uri(client: Client | None) -> str:
    """Where a person starts again: the address the portal registered for that, else its home page."""
    return start_uri(client, current_deps().issuer) if client else ""
