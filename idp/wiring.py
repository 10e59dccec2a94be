"""The composition root: alone knows every floor, alone reads settings."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from wsgiref.types import WSGIApplication

from flask import Flask

from idp.adapters.assertions import AssertionVerifier
from idp.adapters.clock import Clock
from idp.adapters.couriers import Couriers
from idp.adapters.hasher import build_hasher
from idp.adapters.held import Held
from idp.adapters.key_sets import KeyShelf
from idp.adapters.keyed_hash import KeyedHash
from idp.adapters.logs import EventLog, silence_authlib
from idp.adapters.machine_secrets import environment_digests
from idp.adapters.mailer import Mailer
from idp.adapters.metrics import Metrics, QuietMetrics
from idp.adapters.outbound import Outbound
from idp.adapters.password_hashes import Pepper
from idp.adapters.randomness import Randomness
from idp.adapters.registry_source import RegistrySource, ThemeSource
from idp.adapters.sealer import CannotOpen, Sealer, SealingKey
from idp.adapters.signer import Signer
from idp.adapters.theme_files import load_themes
from idp.adapters.ticker import Ticker
from idp.api.operations import operations_app
from idp.domain.people.passwords import POLICIES, PolicyName
from idp.domain.people.rules import PeopleRules
from idp.domain.people.siret import TEST_RANGE
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.portals.clients import ClientRegistry
from idp.domain.portals.portal_rules import PortalRules
from idp.domain.portals.registry_content import make_registry, with_secrets
from idp.domain.portals.step_up import RequiredSignIn
from idp.domain.portals.themes import ThemeSet
from idp.domain.sign_in.assurance import Acr
from idp.http import counting, health, hygiene
from idp.http.application import Application
from idp.jobs.watch import EVERY_SECONDS, SYSTEM, Watch, Watched
from idp.oauth import blueprint as oauth_door
from idp.settings import Settings, SettingsError
from idp.store.database import Database, StoreUnavailable, engine_options
from idp.store.metadata import db
from idp.store.schema_version import is_current
from idp.usecases.deps import Deps
from idp.usecases.platform.keys import ensure_keys, load_key_ring
from idp.usecases.platform.sealed_values import load_pairwise_salt
from idp.usecases.portals.logout import tell_portals_of_replaced
from idp.usecases.portals.registries import accept_registry, last_good_registry
from idp.web import blueprint as web_door
from idp.web import preview
from idp.web.samples import dressed

DOORS: tuple[Callable[[Flask, Deps], None], ...] = (
    counting.register,
    health.register,
    oauth_door.register,
    web_door.register,
)
"""`register` of each door's blueprint.py."""


def open_database(url: str) -> Database:
    """The database at this URL. Flask-SQLAlchemy makes the engine; nothing else of it is used."""
    carrier = Flask("idp.store")
    carrier.config["SQLALCHEMY_DATABASE_URI"] = url
    carrier.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url)
    db.init_app(carrier)
    with carrier.app_context():
        return Database(db.engine)


def build_deps(settings: Settings) -> Deps:
    """The production doers."""
    clock = Clock()
    deps = Deps(
        issuer=settings.issuer,
        lifetimes=Lifetimes(),
        clock=clock,
        random=Randomness(),
        keyed_hash=KeyedHash([secret.value for secret in settings.secret_key]),
        database=open_database(settings.database_url),
        registry=Held(first=lambda: first_registry(deps, settings)),
        themes=Held(first=lambda: first_themes(settings)),
        signer=Signer(clock),
        assertions=AssertionVerifier(),
        client_keys=KeyShelf(),
        sealer=Sealer([SealingKey(secret.id, secret.value) for secret in settings.key_encryption_key]),
        pairwise_salt=Held(first=lambda: load_pairwise_salt(deps)),
        couriers=Couriers(),
        outbound=outbound_of(settings),
        mailer=mailer_of(settings),
        metrics=Metrics(settings.run_directory / "metrics"),
        log=EventLog(),
        hasher=build_hasher(
            [Pepper(secret.id, secret.value) for secret in settings.pepper],
            settings.bcrypt_cost,
            settings.run_directory,
            sharers=settings.workers,
            most_places=settings.threads // 2,
        ),
        people_rules=people_rules(settings),
        mtls_issuer=settings.mtls_issuer,
        portal_rules=portal_rules_of(settings),
        on_session_replaced=tell_portals_of_replaced,
    )
    return deps


def portal_rules_of(settings: Settings) -> PortalRules:
    """What is demanded of every portal."""
    acr = Acr(settings.userinfo_acr) if settings.userinfo_acr else None
    required = RequiredSignIn(acr, settings.userinfo_max_age or None)
    return PortalRules(settings.require_pushed_authorization_requests, required)


def mailer_of(settings: Settings) -> Mailer:
    """How mails leave.

    Raises:
        SettingsError: IDP_SMTP_URL or IDP_MAIL_FROM cannot be understood.
    """
    try:
        return Mailer(settings.smtp_url, settings.mail_from, settings.outbound_ca)
    except ValueError as error:
        raise SettingsError(f"{error}.") from None


def outbound_of(settings: Settings) -> Outbound:
    """How partners are called.

    Raises:
        SettingsError: IDP_OUTBOUND_ALLOW or IDP_OUTBOUND_CA cannot be read.
    """
    try:
        return Outbound(settings.outbound_allow, settings.outbound_ca)
    except ValueError as error:
        raise SettingsError(f"IDP_OUTBOUND_ALLOW must hold host:port or CIDR items: {error}.") from None
    except OSError:
        raise SettingsError(f"IDP_OUTBOUND_CA={settings.outbound_ca} is no readable file of certificates.") from None


def registry_source(settings: Settings) -> RegistrySource:
    """clients.yaml with the secrets of this process's environment."""
    return RegistrySource(settings.clients, settings.issuer, os.environ, settings.themes)


def people_rules(settings: Settings) -> PeopleRules:
    """What the settings demand of accounts. Test companies are at home on a gateway that only this machine reaches."""
    at_home = (TEST_RANGE,) if settings.is_loopback else ()
    return PeopleRules(POLICIES[PolicyName(settings.password_policy)], settings.test_sirens or at_home)


def first_registry(deps: Deps, settings: Settings) -> ClientRegistry:
    """What clients.yaml says; when it is broken, what was accepted last.

    Raises:
        SettingsError: it is broken and nothing was ever accepted; each problem with its line.
    """
    loaded = registry_source(settings).read()
    if isinstance(loaded, ClientRegistry):
        return loaded
    last_good = last_good_registry(deps)
    if last_good is None:
        raise SettingsError("\n".join(map(str, loaded)))
    return with_secrets(last_good, environment_digests(last_good, os.environ), settings.issuer)


def first_themes(settings: Settings) -> ThemeSet:
    """The themes that are right; whoever asks for another gets `default`."""
    return load_themes(settings.themes, loopback=settings.is_loopback).themes


def ready_deps(settings: Settings) -> Deps:
    """The production doers with keys to sign with and a registry; the first start of a deployment makes the keys.

    A worker that starts again while the database is away serves what it can, and gets its keys when it is back.
    """
    deps = build_deps(settings)
    try:
        ensure_keys(deps)
        deps.signer.swap(load_key_ring(deps))
        deps.registry()
    except StoreUnavailable:
        logging.getLogger("mire").error("The database cannot be reached; started without keys.")
    return deps


def start_watching(settings: Settings, deps: Deps) -> Ticker:
    """Start the one background thread of this process that looks at clients.yaml, the themes and the keys."""
    assert isinstance(deps.registry, Held)
    assert isinstance(deps.themes, Held)
    watched = Watched(
        registry_source(settings).look,
        ThemeSource(settings.themes, loopback=settings.is_loopback).look,
        deps.registry.swap,
        deps.themes.swap,
    )
    watch = Watch(deps, watched, host=socket.gethostname(), pid=os.getpid())
    ticker = Ticker("watch", EVERY_SECONDS, watch.tick)
    ticker.start()
    return ticker


def check_start(settings: Settings) -> None:
    """Everything that would stop a worker, said once by the parent.

    Raises:
        SettingsError: the database is absent or not migrated, its keys are sealed under a key that is not given, or
            clients.yaml or a theme is broken at a deployment's first start.
    """
    deps = build_deps(settings)
    try:
        if not is_current(deps.database):
            raise SettingsError("The database does not have the newest schema: run `idp db upgrade`.")
        ensure_keys(deps)
        load_key_ring(deps)
        check_registry(deps, settings)
    except StoreUnavailable:
        raise SettingsError("IDP_DATABASE_URL: the database cannot be reached or written.") from None
    except CannotOpen as error:
        raise SettingsError(
            f"IDP_KEY_ENCRYPTION_KEY lacks the version {error.facts['key_id']!r}, under which keys are sealed."
        ) from None
    finally:
        deps.database.close()


def check_registry(deps: Deps, settings: Settings) -> None:
    """Keep a good registry as last good. Only a deployment's first start stops at a broken file: one that runs
    already must be able to start its workers again.

    Raises:
        SettingsError: clients.yaml or a theme is broken, and nothing was ever accepted.
    """
    is_first = last_good_registry(deps) is None
    themes = load_themes(settings.themes, loopback=settings.is_loopback)
    if is_first and themes.problems:
        raise SettingsError("\n".join(map(str, themes.problems)))
    loaded = registry_source(settings).read()
    if isinstance(loaded, ClientRegistry):
        accept_registry(deps, SYSTEM, loaded)
    elif is_first:
        raise SettingsError("\n".join(map(str, loaded)))


def create_app(settings: Settings, deps: Deps | None = None) -> Flask:
    """The WSGI application of one process."""
    if deps is None:
        deps = ready_deps(settings)
        start_watching(settings, deps)
    silence_authlib()
    app = Application("idp", static_folder=None, template_folder="web/templates")
    app.extensions["mire.deps"] = deps
    hygiene.register(app, deps, trusted_proxies=settings.trusted_proxies, by_socket=settings.listen.startswith("unix:"))
    for door in DOORS:
        door(app, deps)
    return app


def create_preview_app(themes: Path, issuer: str, nowhere: Path) -> Flask:
    """Every page in every theme, with made-up people, for whoever writes a theme.

    The themes are read again for each page. `nowhere` is an empty folder: nothing is kept.
    """
    secrets = {f"IDP_{name}": f"a:{Randomness().token(32)}" for name in ("SECRET_KEY", "PEPPER", "KEY_ENCRYPTION_KEY")}
    places = {"IDP_DATABASE_URL": f"sqlite:///{nowhere}/none.sqlite3", "IDP_RUN_DIRECTORY": str(nowhere)}
    settings = Settings.from_environment({"IDP_ISSUER": issuer, "IDP_THEMES": str(themes), **secrets, **places})
    now = partial(load_themes, themes, loopback=True)
    built = build_deps(settings)
    built.metrics.close()
    deps = replace(
        built,
        registry=lambda: make_registry(issuer, [dressed(name) for name in now().themes.themes], []),
        themes=lambda: now().themes,
        metrics=QuietMetrics(),
    )
    app = create_app(settings, deps)
    preview.register(app, lambda: (list(now().themes.themes), [str(problem) for problem in now().problems]))
    return app


def create_operations_app(settings: Settings) -> WSGIApplication:
    """The application of the operations process."""
    return operations_app(build_deps(settings))
