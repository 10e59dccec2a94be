"""A client gives a token back (RFC 7009)."""

from __future__ import annotations

from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import token_hash
from idp.domain.portals.access_tokens import AccessToken, read_access_token
from idp.domain.portals.clients import Client
from idp.domain.portals.refresh_tokens import RefreshToken, read_refresh_token
from idp.domain.portals.tokens import ACCESS_TOKEN_TYPE
from idp.store.platform.single_use import revoke_jti
from idp.store.portals.grants import find_family
from idp.store.portals.spending import revoke_grant
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit


def revoke(deps: Deps, actor: Actor, client: Client, text: str) -> bool:
    """False when the token is another client's; True when it is dead now, or never was one (section 2.2)."""
    refresh_token = read_refresh_token(text)
    if refresh_token is not None:
        return _revoke_family(deps, actor, client, refresh_token)
    token = read_access_token(deps.signer.verify(text, typ=ACCESS_TOKEN_TYPE), deps.issuer, deps.clock.now())
    if token is None:
        return True
    if token.client_id != client.client_id:
        return False
    _revoke_one(deps, actor, token)
    return True


def _revoke_one(deps: Deps, actor: Actor, token: AccessToken) -> None:
    record = AuditRecord(AuditEvent.TOKEN_REVOKED, client_id=token.client_id, facts={"token": "access"})
    with deps.transaction() as connection:
        if revoke_jti(connection, token.jti, token.expires_at):
            write_audit(connection, deps, actor, record)


def _revoke_family(deps: Deps, actor: Actor, client: Client, token: RefreshToken) -> bool:
    """Section 2.1: with a refresh token the access tokens of the same grant end too. A replaced one counts as well:
    a client that lost the answer of its last refresh must still be able to sign out."""
    with deps.read() as connection:
        found = find_family(connection, token.family_id)
    if found is None:
        return True
    if found.family.client_id != client.client_id:
        return False
    newest = found.family.generation == token.generation
    if token.generation > found.family.generation or (newest and found.family.token_hash != token_hash(token.text)):
        return True  # a guess
    grant = found.grant
    facts: dict[str, str | int] = {"token": "refresh", "authorization": grant.id}
    record = AuditRecord(AuditEvent.TOKEN_REVOKED, grant.person.subject, client.client_id, facts)
    with deps.transaction() as connection:
        if revoke_grant(connection, grant.id, deps.clock.now()):
            write_audit(connection, deps, actor, record)
    return True
