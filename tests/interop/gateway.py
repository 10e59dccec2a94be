"""A running gateway with one person and the clients that a test of foreign software needs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.interop.visitor import TRIPLET
from tests.processes import fetch_when_up, idp, settings_of, started

PERSON = ("--siret=99900037500017", "--family-name=MOUTIN", "--given-name=Claire", "--email=claire@example.fr")


@contextmanager
def gateway_with(registry: str, migrated: Path, folder: Path, *, jobs: bool = False, **settings: str) -> Iterator[str]:
    """The issuer, while the gateway runs with this clients.yaml; with its job runner when asked."""
    shutil.copy(migrated, folder / "mire.sqlite3")
    (folder / "clients.yaml").write_text(registry)
    environment = settings_of(
        f"sqlite:///{folder}/mire.sqlite3",
        folder,
        **{
            "IDP_CLIENTS": str(folder / "clients.yaml"),
            "IDP_TEST_SIRENS": "999000",
            "IDP_BCRYPT_COST": "4",
            **settings,
        },
    )
    made = idp(
        environment,
        *("accounts", "create", *PERSON, "--role=declarant", "--password-stdin"),
        stdin=TRIPLET["password"],
    )
    assert made.returncode == 0, made.stderr
    with started(environment, "run"):
        fetch_when_up(f"http://{environment['IDP_LISTEN']}/health/ready")
        if not jobs:
            yield environment["IDP_ISSUER"]
            return
        with started(environment, "jobs", "run"):
            yield environment["IDP_ISSUER"]
