"""The composition root: alone knows every floor, alone reads settings."""

from __future__ import annotations

import os

from flask import Flask

from idp.adapters.clock import Clock
from idp.adapters.couriers import Couriers
from idp.adapters.held import Held
from idp.adapters.keyed_hash import KeyedHash
from idp.adapters.logs import EventLog, silence_authlib
from idp.adapters.metrics import Metrics
from idp.adapters.outbound import Outbound
from idp.adapters.randomness import Randomness
from idp.adapters.registry_file import load_registry
from idp.adapters.sealer import Sealer, SealingKey
from idp.adapters.signer import Signer
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.portals.clients import ClientRegistry
from idp.domain.portals.themes import ThemeSet
from idp.settings import Settings, SettingsError
from idp.store.database import Database, engine_options
from idp.store.metadata import db
from idp.usecases.deps import Deps
from idp.usecases.platform.keys import ensure_keys, load_key_ring
from idp.usecases.platform.sealed_values import load_pairwise_salt


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
        registry=Held(first=lambda: first_registry(settings)),
        themes=Held(ThemeSet(digest="", themes={})),
        signer=Signer(clock),
        sealer=Sealer([SealingKey(secret.id, secret.value) for secret in settings.key_encryption_key]),
        pairwise_salt=Held(first=lambda: load_pairwise_salt(deps)),
        couriers=Couriers(),
        outbound=Outbound(settings.outbound_allow, settings.outbound_ca),
        metrics=Metrics(settings.run_directory / "metrics"),
        log=EventLog(),
    )
    return deps


def first_registry(settings: Settings) -> ClientRegistry:
    """What clients.yaml says.

    Raises:
        SettingsError: it is wrong; each problem with its line.
    """
    loaded = load_registry(settings.clients, settings.issuer, os.environ)
    if isinstance(loaded, list):
        raise SettingsError("\n".join(map(str, loaded)))
    return loaded


def ready_deps(settings: Settings) -> Deps:
    """The production doers with keys to sign with; the first start of a deployment makes them."""
    deps = build_deps(settings)
    ensure_keys(deps)
    deps.signer.swap(load_key_ring(deps))
    return deps


def create_app(settings: Settings, deps: Deps | None = None) -> Flask:
    """The WSGI application of one process."""
    deps = deps or ready_deps(settings)
    silence_authlib()
    app = Flask("idp", static_folder=None)
    app.extensions["mire.deps"] = deps
    return app
