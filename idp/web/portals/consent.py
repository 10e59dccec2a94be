"""`/consent`: what a portal wants to learn, and the person's yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from flask_babel import gettext, lazy_gettext

from idp.domain.portals.registered_clients import may_be_registered
from idp.domain.portals.scopes import OPENID, consent_scopes
from idp.domain.sign_in.sessions import LiveSession
from idp.http.actors import anonymous_actor
from idp.http.cookies import session_cookie
from idp.http.csrf import BoundForm, FormScope
from idp.http.deps import current_deps
from idp.http.page_errors import PageError
from idp.http.pages import error_page, render_page
from idp.http.transactions import Step, open_step, resume
from idp.usecases.portals.consents import give_consent, refuse_consent
from idp.usecases.sign_in.sessions import find_session

blueprint = Blueprint("consent", __name__)
_ = lazy_gettext

SCOPE_TEXTS: Mapping[str, Any] = {
    OPENID: _("Un identifiant qui vous reconnaît d’une visite à l’autre"),
    "profile": _("Votre nom, votre prénom et votre langue"),
    "email": _("Votre adresse électronique"),
    "phone": _("Votre numéro de téléphone"),
    "organization": _("Votre entreprise : son nom, son SIRET et son SIREN"),
    "roles": _("Votre rôle dans cette entreprise"),
    "given_name": _("Votre prénom"),
    "usual_name": _("Votre nom"),
    "uid": _("Votre identifiant"),
    "siret": _("Le SIRET de votre établissement"),
    "siren": _("Le SIREN de votre entreprise"),
    "offline_access": _("Lire ces informations aussi en votre absence, pendant 90 jours au plus"),
}
"""Every identity scope; one of a resource is shown by its name."""


class ConsentForm(BoundForm):
    """Two buttons: `decision` is allow or refuse."""

    form_name = "consent"


@blueprint.get("/consent")
def show() -> Response:
    """Who asks, as whom one is signed in, and for what."""
    step = open_step(request)
    if isinstance(step, Response):
        return step
    session = find_session(current_deps(), session_cookie(request))
    return consent_page(step, session) if session else resume(step.transaction.id)


@blueprint.post("/consent")
def decide() -> Response:
    """Yes or no, by the very session that was asked."""
    step = open_step(request)
    if isinstance(step, Response):
        return step
    deps = current_deps()
    session = find_session(deps, session_cookie(request))
    if session is None:
        return resume(step.transaction.id)
    if not ConsentForm(form_scope(step, session), request.form).is_ours:
        return error_page(PageError.STALE_FORM, client=step.client)
    write = give_consent if request.form.get("decision") == "allow" else refuse_consent
    write(deps, anonymous_actor(request), step.transaction, session, scopes_of(step))
    return resume(step.transaction.id)


def scopes_of(step: Step) -> tuple[str, ...]:
    """What the request of this transaction would be granted."""
    return consent_scopes(step.transaction.request.get("scope", ""), step.client, current_deps().registry())


def form_scope(step: Step, session: LiveSession) -> FormScope:
    """Binds the buttons to the person they were shown to: another tab may have signed somebody else in since."""
    return FormScope(f"{step.scope.scope_id} {session.id}", step.scope.browser_token)


def host_of_unknown(step: Step) -> str:
    """Where the browser goes back to, for a client that registered itself: nobody here has looked at its name."""
    if not may_be_registered(step.client.client_id):
        return ""
    parts = urlsplit(step.transaction.request["redirect_uri"])
    return parts.netloc or f"{parts.scheme}:"


def consent_page(step: Step, session: LiveSession) -> Response:
    """The page."""
    return render_page(
        "consent.html",
        client=step.client,
        form_action=step.form_action,
        step=step,
        session=session,
        form=ConsentForm(form_scope(step, session)),
        unknown_host=host_of_unknown(step),
        wanted=[SCOPE_TEXTS.get(scope) or gettext("L’accès « %(name)s »", name=scope) for scope in scopes_of(step)],
    )
