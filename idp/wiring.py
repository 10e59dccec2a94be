"""The composition root: alone knows every floor, alone reads settings."""

from __future__ import annotations

from flask import Flask

from idp.adapters.clock import Clock
from idp.adapters.keyed_hash import KeyedHash
from idp.adapters.randomness import Randomness
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.portals.clients import ClientRegistry
from idp.settings import Settings
from idp.store.database import Database, engine_options
from idp.store.metadata import db
from idp.usecases.deps import Deps


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
    registry = ClientRegistry(digest="", clients={})
    return Deps(
        issuer=settings.issuer,
        lifetimes=Lifetimes(),
        clock=Clock(),
        random=Randomness(),
        keyed_hash=KeyedHash([secret.value for secret in settings.secret_key]),
        database=open_database(settings.database_url),
        registry=lambda: registry,
    )


def create_app(settings: Settings, deps: Deps | None = None) -> Flask:
    """The WSGI application of one process."""
    deps = deps or build_deps(settings)
    app = Flask("idp", static_folder=None)
    app.extensions["mire.deps"] = deps
    return app
