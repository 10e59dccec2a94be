"""`/sign-in`: the form, what comes of it, and the pages that say so."""

from __future__ import annotations

from flask import Flask, Response

from idp.domain.people.siret import Siret, display_siret, parse_siret
from idp.domain.sign_in.browser_labels import browser_label
from idp.domain.sign_in.password_triplet import (
    Busy,
    Delayed,
    Refused,
    SignedIn,
    SignInOutcome,
    SiretClosed,
    TripletAttempt,
)
from idp.http.actors import anonymous_actor
from idp.http.cookies import (
    device_cookie,
    has_seen_us,
    session_cookie,
    set_device_cookie,
    set_seen_cookie,
    set_session_cookie,
)
from idp.http.csrf import form_token, is_ours
from idp.http.deps import current_deps, current_request
from idp.http.languages import current_language
from idp.http.page_errors import PageError
from idp.http.pages import error_page, render_page, render_ready_page
from idp.http.transactions import NextAnswer, Step, go_on, next_answer, open_step
from idp.usecases.sign_in.password_triplet import sign_in_by_triplet
from idp.web.sign_in.cancel import cancel_token
from idp.web.sign_in.form import SignInForm, Typed, prefilled
from idp.web.sign_in.outcome_words import come_back, seconds_until
from idp.web.sign_in.remembered import Remembered, forget, read_remembered, remember


def register(app: Flask) -> None:
    """Add the page."""
    app.add_url_rule("/sign-in", "sign_in", show, methods=["GET"])
    app.add_url_rule("/sign-in", "sign_in_posted", send, methods=["POST"])


def show() -> Response:
    """The form, filled with what the portal hints at or this device remembers."""
    request = current_request()
    step = open_step(request)
    if isinstance(step, Response):
        return step
    hint = request.args.get("siret", "") or step.transaction.request.get("login_hint", "")
    values = prefilled(hint, read_remembered(request))
    return form_page(step, SignInForm(step.scope, **values)) if values else blank_page(step)


def send() -> Response:
    """Try what was typed."""
    request = current_request()
    step = open_step(request)
    if isinstance(step, Response):
        return step
    if not is_ours(step.scope, SignInForm.form_name, request.form):
        return error_page(PageError.STALE_FORM, client=step.client)
    typed = Typed.of(request.form)
    if not typed.is_complete:
        form = sent_form(step)
        if not form.validate():
            return form_page(step, form)
    if typed.is_oversized:
        return answer(step, typed, Refused())
    following, attempt = next_answer(step), attempt_of(step, typed)
    then = following.then if following else None
    outcome = sign_in_by_triplet(current_deps(), anonymous_actor(request), attempt, then)
    return answer(step, typed, outcome, following)


def attempt_of(step: Step, typed: Typed) -> TripletAttempt:
    """What the use case needs of the form and of the browser that sent it."""
    request = current_request()
    return TripletAttempt(
        siret=typed.siret,
        family_name=typed.family_name,
        given_name=typed.given_name,
        password=typed.password,
        exact=step.exact,
        client_id=step.client.client_id,
        transaction_id=step.transaction.id,
        session_token=session_cookie(request),
        device_token=device_cookie(request),
        browser_label=browser_label(request.headers.get("User-Agent", "")),
        locale=current_language(),
        theme=step.client.theme,
    )


def answer(step: Step, typed: Typed, outcome: SignInOutcome, following: NextAnswer | None = None) -> Response:
    """The page, or the way on, that belongs to this outcome."""
    match outcome:
        case SignedIn():
            return signed_in(step, typed, outcome, following)
        case Refused():
            return form_page(step, sent_form(step), notice="refused")
        case Delayed(retry_at):
            wait = seconds_until(retry_at)
            page = form_page(step, sent_form(step), status=429, notice="delayed", wait=wait, retry_at=retry_at)
            return come_back(page, wait)
        case Busy(seconds):
            return come_back(form_page(step, sent_form(step), status=503, notice="busy", wait=seconds), seconds)
        case SiretClosed():
            return closed_page(step, outcome)


def sent_form(step: Step) -> SignInForm:
    """The form as it was sent."""
    return SignInForm(step.scope, current_request().form)


def signed_in(step: Step, typed: Typed, outcome: SignedIn, following: NextAnswer | None) -> Response:
    """The session and the known device are this browser's; what is next is not for this page to say."""
    request, response = current_request(), go_on(step, following)
    set_session_cookie(response, outcome.session_token)
    set_device_cookie(response, outcome.device_token)
    if not has_seen_us(request):
        set_seen_cookie(response)
    if typed.remember:
        remember(response, Remembered(parse_siret(typed.siret), typed.family_name, typed.given_name))
    elif read_remembered(request):
        forget(response)
    return response


def form_page(step: Step, form: SignInForm, *, status: int = 200, notice: str = "", **facts: int) -> Response:
    """The form; everything typed is kept but the password."""
    return render_page(
        "sign_in.html",
        client=step.client,
        status=status,
        form_action=step.form_action,
        step=step,
        form=form,
        form_token=form.form_token.current_token,
        notice=notice,
        facts=facts,
    )


def blank_page(step: Step) -> Response:
    """The form as most people meet it: nothing is filled in, and only the tokens are their own."""
    return render_ready_page(
        "sign_in.html",
        {
            "form_token": form_token(step.scope.scope_id, step.scope.browser_token, SignInForm.form_name),
            "cancelling": cancel_token(step),
            "query": step.query,
        },
        client=step.client,
        form_action=step.form_action,
        context=lambda: {"step": step, "form": SignInForm(step.scope), "notice": "", "facts": {}},
    )


def closed_page(step: Step, outcome: SiretClosed) -> Response:
    """The right password at a closed establishment: which one has taken over, if any. Nothing merges."""
    return render_page(
        "siret_closed.html",
        client=step.client,
        form_action=step.form_action,
        step=step,
        label=outcome.label,
        closed=display_siret(Siret(outcome.siret)),
        successor=display_siret(Siret(outcome.successor_siret)) if outcome.successor_siret else "",
        successor_siret=outcome.successor_siret,
    )
