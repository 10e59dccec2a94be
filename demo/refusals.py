"""What went wrong, as one sentence in the portal's own dress."""

from __future__ import annotations

import logging

import requests
from authlib.integrations.flask_client import OAuthError
from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Blueprint, session
from joserfc.errors import JoseError
from werkzeug.wrappers import Response

from demo.here import here, problem
from demo.tokens import Refused

log = logging.getLogger("demo")
pages = Blueprint("refusals", __name__)

CANNOT_REACH = "Le service de connexion ne répond pas. Réessayez dans un instant."


@pages.app_errorhandler(OAuthError)
@pages.app_errorhandler(OAuth2Error)
def answered_with_an_error(error: OAuthError) -> Response:
    """The gateway, or the person there, said no; a dead refresh token means that the session there has ended."""
    log.info("%s: the gateway answered %s", here().client_id, error.error)
    if error.error == "access_denied":
        return problem("Vous avez annulé la connexion.", 200)
    if error.error == "invalid_grant" and "me" in session:
        session.clear()
        return problem("Votre session est terminée. Connectez-vous à nouveau.", 401)
    if error.error in ("login_required", "interaction_required", "consent_required"):
        return problem("Vous n'êtes pas connecté.", 200)
    return problem("La connexion n'a pas abouti. Recommencez depuis ce portail.", 400)


@pages.app_errorhandler(Refused)
@pages.app_errorhandler(JoseError)
def not_believed(error: Exception) -> Response:
    """A token that does not hold."""
    log.warning("%s: refused: %s", here().client_id, error)
    return problem("La réponse du service de connexion n'a pas pu être vérifiée.", 400)


@pages.app_errorhandler(requests.RequestException)
def unreachable(error: Exception) -> Response:
    """The gateway does not answer."""
    log.warning("%s: %s", here().client_id, error)
    return problem(CANNOT_REACH, 503)


@pages.app_errorhandler(404)
def not_found(error: Exception) -> Response:
    """No such page."""
    return problem("Cette page n'existe pas.", 404)
