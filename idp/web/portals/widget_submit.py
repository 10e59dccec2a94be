"""`/widget/submit` and `/widget/renew`: what the framed form sends, by script.

The same use case, the same throttles and the same words as the sign-in page. The right password gives a ticket, which
never leaves the frame: a hostile page could redeem it outside of a browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from idp.domain.platform.metrics import Metric
from idp.domain.sign_in.browser_labels import browser_label
from idp.domain.sign_in.password_triplet import Busy, Delayed, NotSignedIn, Refused, SiretClosed, TripletAttempt
from idp.http.actors import anonymous_actor
from idp.http.csrf import FIELD, FormScope, form_token
from idp.http.deps import current_deps
from idp.http.framing import (
    FramedStep,
    expired,
    frame_answer,
    open_framed_step,
    page_address,
    sent_by_frame,
    tx_of,
)
from idp.http.languages import current_language, speak
from idp.usecases.sign_in.framed import next_secret, return_try
from idp.usecases.sign_in.hand_over import Ticket, ticket_up_to
from idp.usecases.sign_in.password_triplet import try_triplet
from idp.web.sign_in.form import FIELDS, SignInForm, Typed
from idp.web.sign_in.outcome_words import come_back, words_for

blueprint = Blueprint("widget_submit", __name__)
MOST_COUNTED = 20
LONGEST_COUNT = 8
ERRORS: dict[type[NotSignedIn], tuple[int, str]] = {
    Refused: (200, "invalid_credentials"),
    Delayed: (429, "rate_limited"),
    Busy: (503, "temporarily_unavailable"),
    SiretClosed: (200, "siret_closed"),
}
"""Status and code of each outcome; `siret_closed` is for the person alone."""


@blueprint.post("/widget/renew")
def renew() -> Response:
    """Whoever still has the form before them keeps it (RGAA 13.1): the transaction lives on."""
    framed = opened()
    if isinstance(framed, Response):
        return framed
    return (
        frame_answer(status="ok")
        if framed.origin
        else at_top(framed, gettext("Ce formulaire a été désactivé. Continuez dans une page séparée."))
    )


@blueprint.post("/widget/submit")
def submit() -> Response:
    """Try what was typed."""
    framed = opened()
    if isinstance(framed, Response):
        return framed
    if not framed.origin:
        return at_top(framed, gettext("Ce formulaire a été désactivé. Continuez dans une page séparée."))
    sent = sent_by_frame(request) or {}
    typed = Typed.of({name: sent.get(name, "") for name in FIELDS})
    if not typed.is_complete:
        form = as_posted(framed, sent)
        if not form.validate():
            return to_correct(form)
    return tried(framed, typed)


def opened() -> FramedStep | Response:
    """The step of what was sent, and its language; messages that its page ignored are counted."""
    sent = sent_by_frame(request)
    if sent is None:
        return expired("sender")
    framed = open_framed_step(request, sent.get("tx", ""))
    if framed is None:
        return expired("tx")
    speak(sent.get("lang", ""))
    count_ignored(sent.get("ignored", ""))
    return framed


def count_ignored(text: str) -> None:
    """Messages that were not of the page that frames it; a page that lies about it counts a few too many."""
    if text.isascii() and text.isdigit() and len(text) < LONGEST_COUNT:
        for _message in range(min(int(text), MOST_COUNTED)):
            current_deps().metrics.count(Metric.IGNORED_MESSAGES)


def as_posted(framed: FramedStep, sent: Mapping[str, str]) -> SignInForm:
    """The form as the page would have posted it; `tx` has proved already whose it is."""
    scope = framed.step.scope
    fields = {name: sent.get(name, "") for name in FIELDS}
    fields[FIELD] = form_token(scope.scope_id, scope.browser_token, SignInForm.form_name)
    return SignInForm(scope, MultiDict(fields))


def to_correct(form: SignInForm) -> Response:
    """Nothing was tried."""
    wrong = {name: str(errors[0]) for name, errors in form.errors.items() if name in FIELDS}
    message = gettext("Un champ est à corriger.") if len(wrong) == 1 else gettext("Plusieurs champs sont à corriger.")
    return frame_answer(status="error", error="invalid_fields", fields=wrong, message=message)


def tried(framed: FramedStep, typed: Typed) -> Response:
    """One try, under a new secret whatever comes of it: what was sent cannot be sent again."""
    transaction, client = framed.transaction, framed.client
    secret = next_secret(current_deps(), transaction.id, framed.step.scope.browser_token)
    if not secret or client.widget is None:
        if open_framed_step(request, tx_of(framed.step.scope)) is None:
            return expired("tx")  # another submit of the same page was faster
        return at_top(framed, gettext("Trop d’essais dans ce cadre. Continuez dans une page séparée."))
    tx = tx_of(FormScope(transaction.id, secret))
    if typed.is_oversized:
        return told(Refused(), tx, client.client_id)
    accept = ticket_up_to(client.widget.acr_ceiling, secret)
    outcome = try_triplet(current_deps(), anonymous_actor(request), attempt_of(framed, typed), accept)
    if isinstance(outcome, Ticket):
        return frame_answer(status="ok", ticket=outcome.value, tx=tx, page=page_address(tx, client.client_id))
    if isinstance(outcome, Busy | Delayed):  # no password was looked at
        return_try(current_deps(), transaction.id, secret)
    return told(outcome, tx, client.client_id)


def attempt_of(framed: FramedStep, typed: Typed) -> TripletAttempt:
    """No cookie is looked at: neither a session nor a known device can be seen from a frame."""
    return TripletAttempt(
        siret=typed.siret,
        family_name=typed.family_name,
        given_name=typed.given_name,
        password=typed.password,
        exact=framed.step.exact,
        client_id=framed.client.client_id,
        transaction_id=framed.transaction.id,
        browser_label=browser_label(request.headers.get("User-Agent", "")),
        locale=current_language(),
        theme=framed.client.theme,
    )


def told(outcome: NotSignedIn, tx: str, client_id: str) -> Response:
    """What the person reads, and what the partner's page is told of it."""
    again: dict[str, Any] = {"tx": tx, "page": page_address(tx, client_id)}
    if isinstance(outcome, Delayed) and outcome.for_triplet:
        message = gettext(
            "Trop d’essais pour ce compte. Sur la page de connexion, un navigateur qui lui est connu n’attend pas."
        )
        return frame_answer(status="top", error="interaction_required", message=message, **again)
    words, (status, error) = words_for(outcome), ERRORS[type(outcome)]
    if words.wait:
        again["retry_after"] = words.wait
    members = {"status": "error", "error": error, "title": words.title, "message": words.text, **again}
    return come_back(frame_answer(http_status=status, **members), words.wait)


def at_top(framed: FramedStep, message: str) -> Response:
    """This frame can do no more; our own page can."""
    page = page_address(tx_of(framed.step.scope), framed.client.client_id)
    return frame_answer(status="top", error="interaction_required", message=message, page=page)
