"""Three sites on loopback: the gateway, a partner with a back end, and an attacker."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from flask import Flask

from idp.adapters.clock import QuietClock
from idp.domain.people.password_hashes import cost_of
from idp.domain.portals.clients import Client, ClientAuthentication, ClientRegistry, SecretDigest
from idp.domain.portals.registry_content import make_registry
from idp.domain.portals.themes import Theme, ThemeSet
from idp.domain.portals.widgets import Widget
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.browser.conftest import THEMES
from tests.browser.serving import serving, take_port
from tests.quiet import quiet_app, quiet_deps
from tests.rows import make_account
from tests.widget.attacker import Attacker, attacker_app
from tests.widget.relying_party import CALLBACK, RelyingParty, partner_app
from tests.widget.wire import Wire

PASSWORD = "Mire2026demo"
SECRET = "partner-secret-of-at-least-forty-three-characters"


@dataclass(frozen=True)
class Place:
    """Where everything is."""

    deps: Deps
    wire: Wire
    issuer: str
    partner: RelyingParty
    second: RelyingParty
    """Another partner, of another site."""
    attacker: Attacker

    @property
    def clock(self) -> QuietClock:
        return cast(QuietClock, self.deps.clock)

    @property
    def other_origin(self) -> str:
        """The partner's other registered origin, served by the same pages."""
        return self.partner.origin.replace("portail", "espace")


def partner_client(origins: tuple[str, ...], client_id: str) -> Client:
    """A confidential partner."""
    return Client(
        client_id,
        client_name="Portail d’essai",
        redirect_uris=(origins[0] + CALLBACK,),
        token_endpoint_auth_method=ClientAuthentication.SECRET_BASIC,
        secrets=(SecretDigest(hashlib.sha256(SECRET.encode()).digest(), "sha256"),),
        widget=Widget(origins),
    )


def with_widget(**changes: Any) -> Callable[[Client], Client]:
    """The same partner, whose widget is another."""
    return lambda client: replace(client, widget=replace(cast(Widget, client.widget), **changes))


Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def without_header(name: str, part: str = "") -> Callable[[Flask], None]:
    """The gateway with a defence less, for controls: a header of its answers, or only a part of it that matches."""

    def touch(app: Flask) -> None:
        guarded: Application = app.wsgi_app

        def bare(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                kept = [(key, re.sub(part or ".*", "", value)) for key, value in headers if key.lower() == name]
                others = [(key, value) for key, value in headers if key.lower() != name]
                return start_response(status, [*others, *(pair for pair in kept if pair[1])], *rest)

            return guarded(environ, start)

        app.wsgi_app = bare  # type: ignore[method-assign]

    return touch


@contextlib.contextmanager
def three_sites(
    database: Database,
    *,
    change: Callable[[Client], Client] = lambda client: client,
    touch: Callable[[Flask], None] = id,
    themes: Mapping[str, Theme] = THEMES.themes,
) -> Iterator[Place]:
    """All of them, with MOUTIN CLAIRE known. `change` alters the first partner, `touch` the gateway's application;
    `themes` may still be added to."""
    gateway_port, partner_port, second_port, attacker_port = (take_port() for _ in range(4))
    names = ("localhost", "portail.localhost", "autre.localhost", "evil.localhost")
    ports = (gateway_port, partner_port, second_port, attacker_port)
    issuer, partner, second, evil = (
        f"http://{name}:{port.getsockname()[1]}" for name, port in zip(names, ports, strict=True)
    )
    clients = {
        "portail": change(partner_client((partner, partner.replace("portail", "espace")), "portail")),
        "autre": partner_client((second,), "autre"),
    }
    registry = ClientRegistry("d", {**make_registry(issuer, [], []).clients, **clients})
    deps = quiet_deps(database, issuer=issuer, registry=lambda: registry, themes=lambda: ThemeSet("d", themes))
    stored = deps.hasher.hash(PASSWORD)
    make_account(deps, password_hash=stored, password_cost=cost_of(stored))
    app = quiet_app(deps)
    touch(app)
    wire = Wire(app.wsgi_app)
    app.wsgi_app = wire  # type: ignore[method-assign]
    parties = [
        RelyingParty(issuer, origin, client_id, SECRET, lambda: deps.clock.now() // 1000)
        for origin, client_id in ((partner, "portail"), (second, "autre"))
    ]
    parties[0].asks["widget_origin"] = partner
    attacker = Attacker(evil)
    with contextlib.ExitStack() as stack:
        stack.enter_context(serving(app, gateway_port))
        stack.enter_context(serving(partner_app(parties[0]), partner_port))
        stack.enter_context(serving(partner_app(parties[1]), second_port))
        stack.enter_context(serving(attacker_app(attacker), attacker_port))
        yield Place(deps, wire, issuer, parties[0], parties[1], attacker)
