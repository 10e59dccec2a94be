"""A person with a session, partners of every kind, and codes as /authorize gives them."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from idp.adapters.clock import QuietClock
from idp.domain.platform.digests import token_hash
from idp.domain.portals.clients import (
    Client,
    ClientAuthentication,
    GrantType,
    Resource,
    SecretDigest,
    SigningAlgorithm,
    SubjectType,
)
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.store.people.accounts import accounts, people
from idp.store.people.legal_units import establishments, legal_units
from idp.store.portals.authorizations import authorizations
from idp.store.sign_in.sessions import insert_session
from idp.usecases.deps import Deps
from tests.hygiene import HygienicClient
from tests.quiet import quiet_app, quiet_deps

ISSUER = "https://connexion.example.fr"
SIRET = "99900037500017"
SECRET = "portal-secret-of-at-least-forty-three-characters"
OLD_SECRET = "portal-secret-that-is-being-replaced-by-another"
CALLBACK = "https://portail.example.fr/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ALL_SCOPES = frozenset(
    "openid profile email phone organization roles offline_access uid siret siren given_name usual_name"
    " paie.read".split()
)
EVERY_GRANT = frozenset(GrantType)
PAY_API = "https://paie.example.fr/api"
STOCK_API = "https://stock.example.fr/api"


def secret(text: str) -> SecretDigest:
    return SecretDigest(hashlib.sha256(text.encode()).digest(), "sha256")


def partner(client_id: str, **values: Any) -> Client:
    """A confidential partner with every scope and grant."""
    defaults: dict[str, Any] = {
        "redirect_uris": (CALLBACK,),
        "grant_types": EVERY_GRANT,
        "scopes": ALL_SCOPES,
        "secrets": (secret(SECRET), secret(OLD_SECRET)),
        "sector_identifier": "portail.example.fr",
    }
    return Client(client_id, **{**defaults, **values})


PARTNERS = [
    partner("portal"),
    partner("other"),
    partner("poster", token_endpoint_auth_method=ClientAuthentication.SECRET_POST),
    partner("spa", token_endpoint_auth_method=ClientAuthentication.NONE, secrets=()),
    partner("pair", subject_type=SubjectType.PAIRWISE),
    partner("telling", id_token_claims_by_scope=True),
    partner("no-refresh", grant_types=frozenset({GrantType.AUTHORIZATION_CODE})),
    partner("modest", scopes=frozenset({"openid", "email"})),
    partner("machine", default_resource=PAY_API, scopes=frozenset({"paie.read"})),
    *(
        partner(f"signed-{alg}", id_token_signed_response_alg=alg, userinfo_signed_response_alg=alg)
        for alg in SigningAlgorithm
    ),
]
RESOURCES = [
    Resource(PAY_API, "other", scopes=frozenset({"paie.read"}), clients=frozenset({"portal", "machine"})),
    Resource(STOCK_API, "other", SigningAlgorithm.RS256, clients=frozenset({"portal"})),
]


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = make_registry(ISSUER, PARTNERS, RESOURCES)
    return quiet_deps(database, registry=lambda: registry)


@pytest.fixture
def clock(deps: Deps) -> QuietClock:
    return cast(QuietClock, deps.clock)


@pytest.fixture
def web(deps: Deps) -> FlaskClient:
    app = quiet_app(deps)
    app.test_client_class = HygienicClient
    return app.test_client()


@pytest.fixture
def account_id(deps: Deps) -> int:
    """MOUTIN CLAIRE, active."""
    now = deps.clock.now()
    with deps.transaction() as connection:
        connection.execute(insert(legal_units).values(siren=SIRET[:9], label="GIP MDS"))
        connection.execute(insert(establishments).values(siret=SIRET, siren=SIRET[:9], label=""))
        connection.execute(insert(people).values(id="p1", created_at=now))
        row = insert(accounts).values(
            subject="s1", person_id="p1", siret=SIRET, family_name="Moutin", given_name="Claire",
            family_name_key="MOUTIN", given_name_key="CLAIRE", email="claire@example.fr", email_verified_at=now,
            role="administrator", state="active", valid_from=now, created_at=now, updated_at=now,
        )  # fmt: skip
        return connection.execute(row.returning(accounts.c.id)).scalar_one()


@pytest.fixture
def session_id(deps: Deps, account_id: int) -> str:
    now = deps.clock.now()
    row = {
        "id": "session-1", "token_hash": token_hash("cookie"), "account_id": account_id, "created_at": now,
        "auth_time": now, "last_seen_at": now, "acr": "eidas1", "amr": "pwd", "channel": "top",
        "browser_label": "",
        "address_prefix": "",
        "expires_at": now + deps.lifetimes.session_absolute,
    }  # fmt: skip
    with deps.transaction() as connection:
        insert_session(connection, row)
    return "session-1"


Codes = Callable[..., str]


@pytest.fixture
def give_code(deps: Deps, account_id: int, session_id: str) -> Codes:
    """A code as /authorize makes it: `give_code("portal", scope="openid")`."""
    numbers = itertools.count(1)

    def give(client_id: str = "portal", **changes: Any) -> str:
        now, number = deps.clock.now(), next(numbers)
        code = f"code-{number}"
        row = {
            "id": f"grant-{number}", "code_hash": token_hash(code), "client_id": client_id, "account_id": account_id,
            "session_id": session_id, "sid": f"sid-of-{client_id}", "scope": "openid profile email",
            "redirect_uri": CALLBACK, "nonce": "n-1", "code_challenge": CHALLENGE, "acr": "eidas1", "amr": "pwd",
            "channel": "top", "auth_time": now, "issued_at": now, "code_expires_at": now + deps.lifetimes.code,
            "expires_at": now + deps.lifetimes.code,
        }  # fmt: skip
        with deps.transaction() as connection:
            connection.execute(insert(authorizations).values({**row, **changes}))
        return code

    return give


Posts = Callable[..., Any]


def basic(client_id: str = "portal", password: str = SECRET) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{password}".encode()).decode()}


@pytest.fixture
def redeem(web: FlaskClient) -> Posts:
    """The answer of /token to a code."""

    def post(code: str, client_id: str = "portal", **changes: Any) -> Any:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
            **changes,
        }  # fmt: skip
        headers = {} if client_id == "spa" else basic(client_id)
        if client_id == "spa":
            form["client_id"] = "spa"
        return web.post("/token", data={k: v for k, v in form.items() if v is not None}, headers=headers)

    return post


@pytest.fixture
def tokens(give_code: Codes, redeem: Posts) -> Callable[..., dict[str, Any]]:
    """The tokens that a code gave: `tokens("portal", scope="openid")`."""

    def give(client_id: str = "portal", **changes: Any) -> dict[str, Any]:
        answer = redeem(give_code(client_id, **changes), client_id)
        assert answer.status_code == 200, answer.json
        return cast(dict[str, Any], answer.json)

    return give
