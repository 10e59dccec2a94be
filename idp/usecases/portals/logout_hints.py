"""Reading an id_token_hint for logout."""

from __future__ import annotations

from idp.domain.platform.digests import cookieless_hash
from idp.domain.portals.logout import LogoutHint
from idp.domain.portals.subjects import client_subject
from idp.domain.sign_in.sessions import LiveSession
from idp.store.portals.logout import session_known_as
from idp.store.sign_in.sessions import find_live_session
from idp.usecases.deps import Deps
from idp.usecases.portals.clients import find_client

ID_TOKEN_TYPE = "JWT"


def read_logout_hint(deps: Deps, token: str, client_id: str) -> LogoutHint | None:
    """What an ID token of ours says, however old it is (RP-Initiated Logout 1.0 section 2), else None.

    `client_id`, when it is sent beside the hint, must be the token's own.
    """
    claims = deps.signer.verify(token, typ=ID_TOKEN_TYPE) if token else None
    if claims is None or claims.get("iss") != deps.issuer:
        return None
    audience = claims.get("aud")
    if not isinstance(audience, str) or (client_id and client_id != audience):
        return None
    client = find_client(deps, audience)
    if client is None:
        return None
    return LogoutHint(client, str(claims.get("sub", "")), str(claims.get("sid", "")))


def find_cookieless_session(deps: Deps, hint: LogoutHint) -> LiveSession | None:
    """The session that the hint's token is of, when no browser keeps it: only its portal can have it ended."""
    if not hint.sid:
        return None
    with deps.read() as connection:
        session_id = session_known_as(connection, hint.client.client_id, hint.sid)
        if not session_id:
            return None
        return find_live_session(connection, cookieless_hash(session_id), deps.clock.now(), deps.lifetimes)


def hints_at(deps: Deps, hint: LogoutHint, session: LiveSession) -> bool:
    """Whether the hint was given to the person of this session: else it could end somebody else's."""
    return hint.subject == client_subject(hint.client, session.subject, deps.pairwise_salt())
