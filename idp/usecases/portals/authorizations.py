"""Answering an authorization request: what is next for this browser, the code, or the end without one."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace

from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import MINUTE, Instant, after
from idp.domain.portals.clients import Client
from idp.domain.portals.requests import AuthorizationRequest, Prompt
from idp.domain.portals.scopes import OFFLINE_ACCESS, scope_text
from idp.domain.portals.step_up import levels_for, strictest_age
from idp.domain.portals.subjects import client_subject
from idp.domain.sign_in.assurance import Channel
from idp.domain.sign_in.journey import Answer, Ask, Demands, Done, Next, Refuse, next_step
from idp.domain.sign_in.password_triplet import SignedIn
from idp.domain.sign_in.sessions import LiveSession
from idp.domain.sign_in.transactions import OpenTransaction
from idp.store.database import Connected
from idp.store.portals.codes import NewAuthorization, insert_authorization
from idp.store.portals.standings import Standing, find_standing, find_standing_of_session
from idp.store.sign_in.sessions import move_last_seen
from idp.store.sign_in.transactions import close_transaction
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.portals.authorization_details import allowed


@dataclass(frozen=True, slots=True)
class Granted:
    """The request is answered with this code, for the person of this session."""

    code: str = field(repr=False)
    session: LiveSession


@dataclass(frozen=True, slots=True)
class AlreadyAnswered:
    """Another tab of this transaction, or another transaction of this pushed request, was faster: one code for each."""


Outcome = Ask | Refuse | Granted | AlreadyAnswered


@dataclass(slots=True)
class Answering:
    """Answers the request of a transaction in the database transaction of the sign-in that leaves nothing to ask."""

    asked: AuthorizationRequest
    transaction_id: str
    outcome: Outcome | None = None
    """None: nobody has signed in, or the transaction was closed meanwhile."""

    @classmethod
    def of(cls, deps: Deps, asked: AuthorizationRequest, transaction_id: str) -> Answering:
        """For this request, before that database transaction."""
        _open_first(deps, asked)
        return cls(asked, transaction_id)

    def __call__(self, connection: Connected, deps: Deps, actor: Actor, signed_in: SignedIn) -> None:
        if signed_in.done is None:
            return
        standing: Standing | None = Standing(signed_in.session, frozenset(), ())
        if self.asked.client.require_consent or self.asked.details:  # else nobody asks what was agreed to
            standing = _found(connection, deps, self.asked, signed_in.done, signed_in.session_token)
        step = decide(deps, self.asked, signed_in.done, standing)
        self.outcome = _followed(connection, deps, actor, self.asked, self.transaction_id, step)


def answer_transaction(
    deps: Deps, actor: Actor, asked: AuthorizationRequest, going: OpenTransaction, session_token: str
) -> Outcome:
    """Answer the request of this transaction, or end it, or say what to ask next."""
    if not (session_token or going.done.handed_over):
        step = decide(deps, asked, going.done, None)
        if isinstance(step, Ask):  # nothing is found out of no session, and nothing written
            return step
    _open_first(deps, asked)
    with deps.transaction(durable=False) as connection:
        step = _decide(connection, deps, asked, going.done, session_token)
        return _followed(connection, deps, actor, asked, going.id, step)


def _open_first(deps: Deps, asked: AuthorizationRequest) -> None:
    """What a process opens once, on a connection of its own, and might wait for in vain while it holds another."""
    if asked.hint or asked.claims.subjects:
        deps.pairwise_salt()


def _followed(
    connection: Connected, deps: Deps, actor: Actor, asked: AuthorizationRequest, transaction_id: str, step: Next
) -> Outcome:
    match step:
        case Answer(session):
            channel = Channel.FEDCM if asked.for_browser else ""
            return _grant(connection, deps, actor, asked, session, transaction_id, channel)
        case Refuse() as refusal:
            closed = close_transaction(connection, transaction_id, deps.clock.now())
            return refusal if closed else AlreadyAnswered()
        case Ask() as asking:
            return asking


def decide_next(deps: Deps, asked: AuthorizationRequest, done: Done, session_token: str) -> Next:
    """What is next for this request in this browser: one read, and none at all for a browser without a session."""
    if not (session_token or done.handed_over):
        return decide(deps, asked, done, None)
    _open_first(deps, asked)
    with deps.read() as connection:
        return _decide(connection, deps, asked, done, session_token)


def _decide(connection: Connected, deps: Deps, asked: AuthorizationRequest, done: Done, session_token: str) -> Next:
    return decide(deps, asked, done, _found(connection, deps, asked, done, session_token))


def _found(
    connection: Connected, deps: Deps, asked: AuthorizationRequest, done: Done, session_token: str
) -> Standing | None:
    now, client_id = deps.clock.now(), asked.client.client_id
    if done.handed_over:
        return find_standing_of_session(connection, done.handed_over, client_id, now, deps.lifetimes)
    if session_token:
        return find_standing(connection, token_hash(session_token), client_id, now, deps.lifetimes)
    return None


def decide(deps: Deps, asked: AuthorizationRequest, done: Done, standing: Standing | None) -> Next:
    """The same of what was found."""
    session = standing.session if standing else None
    return next_step(demands_of(deps, asked, standing), done, session, deps.clock.now())


def demands_of(deps: Deps, asked: AuthorizationRequest, standing: Standing | None) -> Demands:
    """What request and client ask of a sign-in, of this session."""
    agreed = standing.consented_scopes if standing else frozenset()
    missing = asked.client.require_consent and not agreed.issuperset(asked.scopes)
    if asked.details and standing:
        missing = missing or any(item not in standing.consented_details for item in asked.details)
    named = [found for item in asked.resources if (found := deps.registry().resource(item))]
    required = [item.required_sign_in for item in named]
    return Demands(
        silent=Prompt.NONE in asked.prompts,
        login=Prompt.LOGIN in asked.prompts,
        select_account=Prompt.SELECT_ACCOUNT in asked.prompts,
        consent=Prompt.CONSENT in asked.prompts,
        consent_missing=missing,
        not_allowed=standing is not None and len(allowed(standing.session.siret, asked.details)) < len(asked.details),
        max_age=strictest_age([asked.max_age, *(item.max_age for item in required)]),
        essential_acrs=levels_for(asked.claims.essential_acrs, required),
        somebody_else=standing is not None and _is_somebody_else(deps, asked, standing.session.subject),
    )


def _is_somebody_else(deps: Deps, asked: AuthorizationRequest, subject: str) -> bool:
    """Whether the person meant is another: each client has its own name for a person, so names are compared, as that
    client knows them."""
    hint, wanted = asked.hint, asked.claims.subjects
    if hint and hint.subject != _known_as(deps, hint.client, subject):
        return True
    return bool(wanted) and wanted != {_known_as(deps, asked.client, subject)}


def _known_as(deps: Deps, client: Client, subject: str) -> str:
    return client_subject(client, subject, deps.pairwise_salt())


def grant_authorization(
    deps: Deps,
    actor: Actor,
    asked: AuthorizationRequest,
    session: LiveSession,
    *,
    transaction_id: str = "",
    channel: str = "",
) -> Granted | AlreadyAnswered:
    """Issue a code of 60 s to this session's person: one insert, which is code and grant, and one audit insert.

    `channel`: where the person was asked, when that is not where the session was opened.

    With a transaction, closing it comes first: whoever closes it answers. A code that a power failure undoes was not
    redeemed yet: that would be committed durably after it.
    """
    with deps.transaction(durable=False) as connection:
        return _grant(connection, deps, actor, asked, session, transaction_id, channel)


def _grant(
    connection: Connected,
    deps: Deps,
    actor: Actor,
    asked: AuthorizationRequest,
    session: LiveSession,
    transaction_id: str,
    channel: str,
) -> Granted | AlreadyAnswered:
    now, code = deps.clock.now(), deps.random.token()
    if transaction_id and not close_transaction(connection, transaction_id, now):
        return AlreadyAnswered()
    row = new_authorization(deps, asked, session, code, now, channel)
    if not insert_authorization(connection, row):
        return AlreadyAnswered()
    if session.last_seen_at <= now - deps.lifetimes.last_seen_step:
        move_last_seen(connection, session.id, now, deps.lifetimes)
    facts: dict[str, str | int] = {"authorization": row.id, "scope": row.scope, "acr": row.acr}
    who = replace(actor, role=ActorRole.PERSON, name=session.subject)
    write_audit(
        connection, deps, who, AuditRecord(AuditEvent.AUTHORIZATION_GRANTED, session.subject, row.client_id, facts)
    )
    return Granted(code, session)


def new_authorization(
    deps: Deps, asked: AuthorizationRequest, session: LiveSession, code: str, now: Instant, channel: str = ""
) -> NewAuthorization:
    """The row of this code. It is kept as long as anything that it can give: a late replay still revokes."""
    life, client_id = deps.lifetimes, asked.client.client_id
    offline = OFFLINE_ACCESS in asked.scopes
    code_expires_at = after(now, life.code)
    gives_until = after(code_expires_at, life.refresh_offline) if offline else session.expires_at
    return NewAuthorization(
        id=deps.random.token(16),
        code_hash=token_hash(code),
        client_id=client_id,
        account_id=session.account_id,
        session_id=session.id,
        sid=urlsafe_b64encode(deps.keyed_hash.of("sid", session.id, client_id)).decode()[:43],
        scope=scope_text(asked.scopes),
        redirect_uri=asked.redirect_uri,
        resource=" ".join(asked.resources),
        nonce=asked.nonce,
        code_challenge=asked.code_challenge,
        dpop_jkt=asked.dpop_jkt,
        pushed_hash=bytes.fromhex(asked.pushed) or None,
        claims_request=asked.claims.as_json(),
        details=asked.details or None,
        offline=offline,
        acr=session.acr,
        amr=" ".join(session.amr),
        channel=channel or session.channel,
        auth_time=session.auth_time,
        issued_at=now,
        code_expires_at=code_expires_at,
        expires_at=after(Instant(max(gives_until, code_expires_at)), life.access_token + MINUTE),
    )
