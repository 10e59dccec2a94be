"""Rows as the journeys leave them, for tests that begin in the middle."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from idp.domain.platform.digests import token_hash
from idp.domain.sign_in.sessions import LiveSession
from idp.store.people.accounts import accounts, people
from idp.store.people.legal_units import establishments, legal_units
from idp.store.portals.authorizations import authorizations
from idp.store.sign_in.sessions import find_live_session, insert_session
from idp.usecases.deps import Deps

SIRET = "99900037500017"


def make_account(deps: Deps, name: str = "Moutin", *, siret: str = SIRET, **columns: Any) -> int:
    """An active account without a password, whose subject is its name."""
    now = deps.clock.now()
    row = {
        "subject": name, "person_id": name, "siret": siret, "family_name": name, "given_name": "Claire",
        "family_name_key": name.upper(), "given_name_key": "CLAIRE", "email": f"{name.lower()}@example.fr",
        "role": "administrator", "state": "active", "valid_from": now, "created_at": now, "updated_at": now,
    }  # fmt: skip
    with deps.transaction() as connection:
        if not connection.execute(establishments.select().where(establishments.c.siret == siret)).first():
            connection.execute(insert(legal_units).values(siren=siret[:9], label="GIP"))
            connection.execute(insert(establishments).values(siret=siret, siren=siret[:9], label="GIP"))
        connection.execute(insert(people).values(id=name, created_at=now))
        made = insert(accounts).values(row | columns).returning(accounts.c.id)
        return int(connection.execute(made).scalar_one())


def make_session(deps: Deps, account_id: int, name: str = "session") -> LiveSession:
    """A session whose id and cookie are both `name`."""
    now = deps.clock.now()
    row = {
        "id": name, "token_hash": token_hash(name), "account_id": account_id, "created_at": now, "auth_time": now,
        "last_seen_at": now, "acr": "eidas1", "amr": "pwd", "channel": "top", "browser_label": "", "address_prefix": "",
        "expires_at": now + deps.lifetimes.session_absolute,
    }  # fmt: skip
    with deps.transaction() as connection:
        insert_session(connection, row)
        found = find_live_session(connection, token_hash(name), now, deps.lifetimes)
    assert found is not None
    return found


def make_authorization(deps: Deps, session: LiveSession, client_id: str, **columns: Any) -> str:
    """An authorization of this session for this client; its id and its code are the same text."""
    now = deps.clock.now()
    name = str(columns.pop("id", f"{session.id}-{client_id}"))
    row = {
        "id": name, "code_hash": token_hash(name), "client_id": client_id, "account_id": session.account_id,
        "session_id": session.id, "sid": f"sid-{name}", "scope": "openid", "redirect_uri": "https://p.example.fr/cb",
        "acr": "eidas1", "amr": "pwd", "channel": "top", "auth_time": session.auth_time, "issued_at": now,
        "code_expires_at": now + deps.lifetimes.code, "expires_at": now + deps.lifetimes.refresh_offline,
    }  # fmt: skip
    with deps.transaction() as connection:
        connection.execute(insert(authorizations).values(row | columns))
    return name


def find_session_of(deps: Deps, name: str) -> LiveSession:
    """The session that `make_session` made under this name, in any process."""
    with deps.read() as connection:
        found = find_live_session(connection, token_hash(name), deps.clock.now(), deps.lifetimes)
    assert found is not None
    return found
