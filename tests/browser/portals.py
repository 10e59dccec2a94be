"""A gateway and a portal of another origin, live on loopback, for journeys in a real browser."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request

from idp.domain.people.password_hashes import cost_of
from idp.domain.portals.clients import Client, ClientAuthentication, ClientRegistry
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.browser.conftest import THEMES
from tests.browser.serving import serving, take_port
from tests.quiet import quiet_app, quiet_deps
from tests.rows import make_account

PASSWORD = "Mire2026demo"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWBuGJSstw-cM"


@dataclass(frozen=True)
class Place:
    """Where everything is."""

    deps: Deps
    issuer: str
    portal: str
    """The portal's own origin."""
    suite: str
    """Another origin of the same partner, where it sends people after its callback when asked to."""

    def start(self, **parameters: str) -> str:
        """The address by which this portal sends people to the gateway."""
        asked = {
            "client_id": "portail", "response_type": "code", "scope": "openid", "redirect_uri": f"{self.portal}/cb",
            "state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **parameters,
        }  # fmt: skip
        return f"{self.issuer}/authorize?{urlencode(asked)}"


def portal_app() -> Flask:
    """Says what came back; with `state=suite` it goes on to its other origin."""
    app = Flask("portal")

    @app.route("/cb", methods=["GET", "POST"])
    def come_back() -> Response:
        if request.values.get("state") == "suite":
            port = request.host.rpartition(":")[2]
            return redirect(f"http://suite.localhost:{port}/home", 303)  # type: ignore[return-value]
        return page(f"back: {request.values.get('error') or 'code' * ('code' in request.values)}")

    @app.get("/home")
    def home() -> Response:
        return page("home")

    @app.get("/old")
    def old_widget() -> Response:
        """A form of its own, as partners had it; whichever site shows it, it names the portal's addresses."""
        fields = "".join(
            f'<input name="{name}" value="{value}">' for name, value in request.args.items() if name != "at"
        )
        return page(f'<form method=post action="{request.args["at"]}">{fields}<button>Se connecter</button></form>')

    @app.post("/old/ok")
    def signed_in() -> Response:
        return page(f"token: {request.form['jtd'][:4]}, in the address: {request.query_string.decode()}")

    @app.get("/old/ko")
    def refused() -> Response:
        return page("refused")

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)

    return app


def page(text: str) -> Response:
    icon = "<link rel='icon' href='data:,'>"
    return Response(f"<!doctype html><html lang=fr><title>Portail</title>{icon}<p id=said>{text}</p>")


@contextlib.contextmanager
def journey(
    database: Database,
    *,
    change: Callable[[Client], Client] = lambda client: client,
    touch: Callable[[Flask], None] = id,
) -> Iterator[Place]:
    """Both sides, with MOUTIN CLAIRE known. `change` alters the client, `touch` the gateway's application."""
    gateway_port, portal_port = take_port(), take_port()
    issuer = f"http://localhost:{gateway_port.getsockname()[1]}"
    portal = f"http://portail.localhost:{portal_port.getsockname()[1]}"
    client = Client(
        "portail",
        client_name="Portail d’essai",
        redirect_uris=(f"{portal}/cb",),
        client_uri=f"{portal}/home",
        token_endpoint_auth_method=ClientAuthentication.NONE,
        theme="compte-formation",
    )
    ours = make_registry(issuer, [], []).clients
    registry = ClientRegistry("d", {**ours, "portail": change(client)})
    deps = quiet_deps(database, issuer=issuer, registry=lambda: registry, themes=lambda: THEMES)
    stored = deps.hasher.hash(PASSWORD)
    make_account(deps, password_hash=stored, password_cost=cost_of(stored))
    app = quiet_app(deps)
    touch(app)
    with serving(app, gateway_port), serving(portal_app(), portal_port):
        yield Place(deps, issuer, portal, portal.replace("portail", "suite"))


def with_suite(client: Client) -> Client:
    """The client registered its other origin."""
    port = client.redirect_uris[0].rpartition(":")[2].partition("/")[0]
    return replace(client, form_action_origins=(f"http://suite.localhost:{port}",))
