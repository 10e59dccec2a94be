"""`POST /auth/MAG/widget/validation`: what a partner's old widget sends from its own page. Deprecated.

Another site's form by design, so it must do nothing to the browser that sends it: no cookie is read or set, no session
begins. The token is in a form that posts itself to a registered address, never in a URL.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, MethodNotAllowed, UnsupportedMediaType

from idp.domain.portals.clients import Client, Match
from idp.domain.portals.legacy_widgets import DEFAULT_NAME, is_token_name
from idp.domain.sign_in.password_triplet import Busy, Delayed, NotSignedIn, Refused, SiretClosed, TripletAttempt
from idp.http.actors import anonymous_actor, request_id
from idp.http.deps import current_deps
from idp.http.languages import current_language
from idp.http.limits import FORM
from idp.http.page_errors import PageError
from idp.http.pages import error_page, render_page
from idp.http.redirects import see_other
from idp.usecases.portals.legacy_widgets import (
    LegacyToken,
    client_answered_at,
    count_legacy_widget,
    try_legacy_widget,
)
from idp.web.sign_in.form import LONGEST_NAME, LONGEST_PASSWORD
from idp.web.sign_in.outcome_words import Words, come_back, words_for

PATH = "/auth/MAG/widget/validation"
DEPRECATION = "@1795219200"
"""RFC 9745 section 2.1: since 2026-11-21, its first day here. No day is set on which it ends, so no Sunset."""
FIELDS = ("urlOK", "urlKO", "nomJeton", "siret", "nom", "prenom", "password")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
STATUSES: dict[type[NotSignedIn], int] = {Delayed: 429, Busy: 503, SiretClosed: 200}
blueprint = Blueprint("legacy_widget", __name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """The form of an old widget."""

    url_ok: str
    url_ko: str
    token_name: str
    siret: str
    family_name: str
    given_name: str
    password: str = field(repr=False)

    @property
    def is_oversized(self) -> bool:
        """No name or password is that long: refused like a wrong one, before anything is done with it."""
        names = (self.siret, self.family_name, self.given_name)
        return any(len(text) > LONGEST_NAME for text in names) or len(self.password) > LONGEST_PASSWORD


@blueprint.after_request
def deprecated(response: Response) -> Response:
    """Every answer says that this way in is on its way out."""
    response.headers["Deprecation"] = DEPRECATION
    return response


@blueprint.route(PATH, methods=METHODS)
def validate() -> Response:
    """Answer the form at the addresses that it names, if they are one client's and the page is its own."""
    if request.method != "POST":
        raise MethodNotAllowed(valid_methods=["POST"])
    sent = read()
    client = client_answered_at(current_deps(), sent.url_ok, sent.url_ko)
    if client is None or client.legacy_widget is None:
        return error_page(PageError.UNTRUSTED_REDIRECT)
    if not client.legacy_widget.enabled:
        return error_page(PageError.WIDGET_OFF, client=client, status=403)
    if not client.legacy_widget.may_be_sent_by(request.headers.get("Origin")):
        return error_page(PageError.UNTRUSTED_REQUEST, client=client, status=403)
    return tried(client, sent)


def read() -> Sent:
    """The fields, each once; a name is what the token may be posted under.

    Raises:
        UnsupportedMediaType, BadRequest: no form of an old widget.
    """
    if request.mimetype != FORM:
        raise UnsupportedMediaType
    if any(len(request.form.getlist(name)) > 1 for name in FIELDS):
        raise BadRequest
    texts = {name: request.form.get(name, "") for name in FIELDS}
    texts["nomJeton"] = texts["nomJeton"] or DEFAULT_NAME
    if not is_token_name(texts["nomJeton"]):
        raise BadRequest
    return Sent(*texts.values())


def tried(client: Client, sent: Sent) -> Response:
    """One try, counted like those of every other form."""
    if sent.is_oversized:
        count_legacy_widget(current_deps(), client.client_id, "refused")
        return see_other(sent.url_ko)
    outcome = try_legacy_widget(current_deps(), anonymous_actor(request), attempt_of(client, sent))
    return posted(client, sent, outcome) if isinstance(outcome, LegacyToken) else not_signed_in(client, sent, outcome)


def attempt_of(client: Client, sent: Sent) -> TripletAttempt:
    """No cookie is looked at: who sends this form is not who has been here."""
    return TripletAttempt(
        siret=sent.siret,
        family_name=sent.family_name,
        given_name=sent.given_name,
        password=sent.password,
        exact=client.match is Match.EXACT,
        client_id=client.client_id,
        transaction_id="",
        locale=current_language(),
        theme=client.theme,
    )


def posted(client: Client, sent: Sent, token: LegacyToken) -> Response:
    """The token, on its way to the registered address."""
    return render_page(
        "form_post.html",
        client=client,
        form_action=[sent.url_ok],
        redirect_uri=sent.url_ok,
        members={sent.token_name: token.value},
    )


def not_signed_in(client: Client, sent: Sent, outcome: NotSignedIn) -> Response:
    """The partner learns that nobody signed in, at `urlKO`. Who must wait, or whose establishment has closed, cannot
    be helped by trying again: the person is told so here, and goes on to the same address."""
    if isinstance(outcome, Refused):
        return see_other(sent.url_ko)
    words = words_for(outcome)
    return come_back(told(client, sent, STATUSES[type(outcome)], words), words.wait)


def told(client: Client, sent: Sent, status: int, words: Words) -> Response:
    """A page for the person alone, with the way back that a refusal takes by itself."""
    return render_page(
        "error.html",
        client=client,
        status=status,
        title=words.title,
        text=words.text,
        restart_uri=sent.url_ko,
        request_id=request_id(),
    )
