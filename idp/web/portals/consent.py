"""`/consent`: what a portal wants to learn, and the person's yes or no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from flask_babel import gettext, lazy_gettext

from idp.domain.portals.authorization_details import Detail, Details, InvalidDetails, parse_details
from idp.domain.portals.registered_clients import may_be_registered
from idp.domain.portals.scopes import OFFLINE_ACCESS, OPENID, consent_scopes
from idp.http.actors import anonymous_actor
from idp.http.csrf import BoundForm
from idp.http.deps import current_deps
from idp.http.page_errors import PageError
from idp.http.pages import error_page
from idp.http.transactions import Step, resume
from idp.usecases.portals.consents import give_consent, refuse_consent
from idp.web.portals.detail_texts import detail_text, has_text
from idp.web.sign_in.signed_in_steps import SignedInStep, open_signed_in_step, signed_in_page

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
    here = open_signed_in_step(request)
    return here if isinstance(here, Response) else consent_page(here)


@blueprint.post("/consent")
def decide() -> Response:
    """Yes or no, by the very session that was asked."""
    here = open_signed_in_step(request)
    if isinstance(here, Response):
        return here
    transaction = here.step.transaction
    if not ConsentForm(here.scope, request.form).is_ours:
        return error_page(PageError.STALE_FORM, client=here.step.client)
    write = give_consent if request.form.get("decision") == "allow" else refuse_consent
    actor = anonymous_actor(request)
    write(current_deps(), actor, transaction, here.session, scopes_of(here.step), details_of(here.step))
    return resume(transaction.id)


def scopes_of(step: Step) -> tuple[str, ...]:
    """What the request of this transaction would be granted."""
    return consent_scopes(step.transaction.request.get("scope", ""), step.client, current_deps().registry())


def details_of(step: Step) -> Details:
    """What it wants to do; it was checked when the transaction began, and the client may have lost a type since."""
    try:
        return parse_details(
            step.transaction.request.get("authorization_details", ""), step.client.authorization_details_types
        )
    except InvalidDetails:
        return ()


def host_of_unknown(step: Step) -> str:
    """Where the browser goes back to, for a client that registered itself: nobody here has looked at its name."""
    if not may_be_registered(step.client.client_id):
        return ""
    parts = urlsplit(step.transaction.request["redirect_uri"])
    return parts.netloc or f"{parts.scheme}:"


def consent_page(here: SignedInStep) -> Response:
    """The page."""
    scopes = scopes_of(here.step)
    return signed_in_page(
        "consent.html",
        here,
        ConsentForm(here.scope),
        wanted=agreed_texts(scopes, details_of(here.step)),
        lasting=OFFLINE_ACCESS in scopes,
        unknown_host=host_of_unknown(here.step),
    )


def agreed_texts(scopes: Iterable[str], details: Iterable[Detail]) -> list[str]:
    """Scopes and details in the words that people agree to."""
    texts = [SCOPE_TEXTS.get(scope) or gettext("L’accès « %(name)s »", name=scope) for scope in scopes]
    return [*texts, *(detail_text(item) for item in details if has_text(item))]
