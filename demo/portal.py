"""One portal's application."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from babel.dates import get_timezone
from flask import Blueprint, Flask, session
from werkzeug.wrappers import Response

from demo import back_channel, mailbox, my_space, refusals, sign_in, widget
from demo.here import here, page, place
from demo.portals import PORTALS, Place, Portal
from demo.relying_party import connect
from demo.sessions import SessionStore

TIME_ZONE = "Europe/Paris"
pages = Blueprint("pages", __name__)


def create_portal(portal: Portal, place: Place) -> Flask:
    """The portal's WSGI application."""
    app = Flask("demo")
    store = SessionStore()
    app.session_interface = store
    app.extensions["portal"] = portal
    app.extensions["place"] = place
    app.extensions["store"] = store
    app.extensions["gateway"] = connect(app, portal, place)
    app.extensions["loader"] = None
    app.extensions["spent_jti"] = {}
    app.context_processor(lambda: surroundings(portal, place))
    app.add_template_filter(moment)
    app.after_request(protect)
    for room in (pages, sign_in.pages, widget.pages, my_space.pages, back_channel.pages, mailbox.pages, refusals.pages):
        app.register_blueprint(room)
    app.add_url_rule(portal.resource_path, "resource", back_channel.protected_resource)
    return app


def surroundings(portal: Portal, place: Place) -> dict[str, Any]:
    """What every template knows."""
    return {
        "portal": portal,
        "me": session.get("me"),
        "others": [(other, other.origin(place.base_port)) for other in PORTALS if other is not portal],
        "portals": [(each, each.origin(place.base_port)) for each in PORTALS],
        "issuer": place.issuer,
    }


def moment(seconds: int) -> str:
    """A time as people read it, in the zone of the gateway's pages."""
    return datetime.fromtimestamp(seconds, get_timezone(TIME_ZONE)).strftime("%d/%m/%Y à %H:%M:%S")


def protect(response: Response) -> Response:
    """No frame around it, nothing from elsewhere, no script; the page with the login widget allows the gateway's."""
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; {widget.allowed()}style-src 'self'; img-src 'self'; frame-ancestors 'none'; "
        f"base-uri 'none'; form-action 'self' {place().issuer}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@pages.get("/")
def home() -> Response:
    """The public page."""
    return page(f"{here().client_id}/home.html", loader=widget.offered())


@pages.get("/confidentialite")
def privacy() -> Response:
    """What this portal does with data: the client's policy_uri."""
    return page("legal.html", title="Confidentialité", text="Vos données restent dans la mémoire de cette machine.")


@pages.get("/conditions")
def terms() -> Response:
    """The terms of use: the client's tos_uri."""
    return page("legal.html", title="Conditions d'utilisation", text="Ce portail sert à montrer et à essayer.")


LEFT_TO_THE_PORTAL = {
    "aide": ("Aide", "Un portail explique ici comment le joindre : téléphone, horaires, formulaire."),
    "mot-de-passe-oublie": (
        "Mot de passe oublié",
        "Tous les comptes de la démonstration ont le mot de passe affiché à son démarrage.",
    ),
    "inscription": (
        "Créer un compte",
        "Les comptes de la démonstration sont affichés à son démarrage ; on n'en crée pas ici.",
    ),
    "certificat": ("Se connecter par certificat", "Un portail explique ici comment obtenir un certificat."),
}
"""Where the theme's links on the sign-in page lead."""


@pages.get("/<any(" + ",".join(f"'{name}'" for name in LEFT_TO_THE_PORTAL) + "):name>")
def explain(name: str) -> Response:
    """What the sign-in page leaves to the portal."""
    title, text = LEFT_TO_THE_PORTAL[name]
    return page("legal.html", title=title, text=text)


@pages.get("/favicon.ico")
def icon() -> Response:
    """None: browsers ask anyway."""
    return Response(status=204)
