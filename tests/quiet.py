"""Deps whose every doer is quiet: stands still, repeats itself, calls nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask

from idp.adapters.assertions import AssertionVerifier
from idp.adapters.clock import QuietClock
from idp.adapters.couriers import QuietCouriers
from idp.adapters.hasher import QuietHasher
from idp.adapters.key_sets import KeyShelf
from idp.adapters.keyed_hash import KeyedHash
from idp.adapters.logs import QuietLog
from idp.adapters.mailer import QuietMailer
from idp.adapters.metrics import QuietMetrics
from idp.adapters.outbound import QuietOutbound
from idp.adapters.randomness import QuietRandomness
from idp.adapters.sealer import QuietSealer
from idp.adapters.signer import QuietSigner
from idp.domain.people.rules import PeopleRules
from idp.domain.platform.lifetimes import Lifetimes
from idp.domain.portals.portal_rules import PortalRules
from idp.domain.portals.registry_content import make_registry
from idp.domain.portals.themes import ThemeSet
from idp.settings import Settings
from idp.store.database import Database
from idp.usecases.deps import Deps
from idp.usecases.portals.logout import tell_portals_of_replaced
from idp.wiring import create_app


def quiet_deps(database: Database, **overrides: Any) -> Deps:
    """The doers of one test; pass any of them to use another."""
    issuer = overrides.get("issuer", "https://connexion.example.fr")
    registry = make_registry(issuer, [], [])
    themes = ThemeSet(digest="", themes={})
    clock = overrides.get("clock", QuietClock())
    deps = Deps(
        issuer=issuer,
        lifetimes=Lifetimes(),
        clock=clock,
        random=QuietRandomness(),
        keyed_hash=KeyedHash([b"k" * 32]),
        database=database,
        registry=lambda: registry,
        themes=lambda: themes,
        signer=QuietSigner(clock),
        assertions=AssertionVerifier(),
        client_keys=KeyShelf(),
        sealer=QuietSealer(),
        pairwise_salt=lambda: b"s" * 32,
        couriers=QuietCouriers(),
        outbound=QuietOutbound(),
        mailer=QuietMailer(),
        metrics=QuietMetrics(),
        log=QuietLog(),
        hasher=QuietHasher(),
        people_rules=PeopleRules(test_sirens=("999000",)),
        portal_rules=PortalRules(),
        on_session_replaced=tell_portals_of_replaced,
    )
    return replace(deps, **overrides)


def quiet_settings(deps: Deps, **overrides: Any) -> Settings:
    """Settings of an application whose doers are already made: only what create_app itself looks at matters."""
    values = {
        "issuer": deps.issuer,
        "secret_key": (),
        "pepper": (),
        "key_encryption_key": (),
        "database_url": "",
        "listen": "127.0.0.1:8000",
        "ops_listen": "",
        "workers": 1,
        "threads": 4,
        "clients": Path("clients.yaml"),
        "themes": Path("themes"),
        "trusted_proxies": (),
        "mtls_issuer": deps.mtls_issuer,
        "smtp_url": "",
        "mail_from": "",
        "outbound_allow": (),
        "outbound_ca": "",
        "test_sirens": (),
        "require_pushed_authorization_requests": False,
        "userinfo_acr": "",
        "userinfo_max_age": 0,
        "password_policy": "net-entreprises",
        "bcrypt_cost": 4,
        "run_directory": Path(),
    }
    return Settings(**{**values, **overrides})


def quiet_app(deps: Deps, **settings: Any) -> Flask:
    """The whole application over these doers; its test client speaks to the issuer and asserts hygiene."""
    return create_app(quiet_settings(deps, **settings), deps)
