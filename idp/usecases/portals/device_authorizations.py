"""Device authorizations (RFC 8628): asked by a device, answered by a person in a browser, fetched by polling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import after
from idp.domain.platform.limits import TooMany, too_many
from idp.domain.portals.clients import Client
from idp.domain.portals.device_codes import (
    ALPHABET,
    DEVICE_PATH,
    INTERVAL,
    LENGTH,
    SLOWER,
    DeviceAuthorization,
    DeviceStatus,
    PollRefusal,
    read_user_code,
    tries_of_code,
)
from idp.domain.portals.requests import AuthorizationRequest, Prompt
from idp.domain.portals.scopes import OFFLINE_ACCESS, scope_text
from idp.domain.sign_in.sessions import LiveSession
from idp.store.platform.rate_limits import count_tries
from idp.store.portals.codes import insert_authorization
from idp.store.portals.device_authorizations import (
    answer,
    bind_transaction,
    find_by_device_code,
    find_of_transaction,
    find_pending,
    insert_device_authorization,
    note_poll,
)
from idp.store.sign_in.transactions import TransactionRow, close_transaction, insert_transaction
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.platform.prefix_limits import count_stored_request
from idp.usecases.portals.authorizations import new_authorization

USER_CODE = "device.user_code"


@dataclass(frozen=True, slots=True)
class DeviceCodes:
    """What a device is given: the code that it keeps, and the one that it shows."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)
    expires_in: int
    interval: int


def begin_device(
    deps: Deps, actor: Actor, client: Client, scopes: Sequence[str], resources: Sequence[str]
) -> DeviceCodes | TooMany:
    """New codes, good for ten minutes (section 3.2); a public client's count for its network."""
    now, device_code = deps.clock.now(), deps.random.token()
    user_code = new_user_code(deps)
    ends = after(now, deps.lifetimes.device_code)
    row = {
        "id": deps.random.token(16),
        "device_hash": token_hash(device_code),
        "user_hash": deps.keyed_hash.of(USER_CODE, user_code),
        "client_id": client.client_id,
        "scope": scope_text(scopes),
        "resource": " ".join(resources),
        "status": DeviceStatus.PENDING,
        "interval": INTERVAL,
        "polled_at": now - INTERVAL,
        "code_expires_at": ends,
        "expires_at": after(ends, deps.lifetimes.device_code),
    }
    with deps.transaction() if client.is_public else deps.single_write() as connection:
        limit = count_stored_request(connection, deps, actor) if client.is_public else None
        if limit is not None:
            return limit
        insert_device_authorization(connection, row)
    return DeviceCodes(device_code, user_code, deps.lifetimes.device_code, INTERVAL)


def new_user_code(deps: Deps) -> str:
    """Eight letters, each as likely as any: 43 characters of 64 kinds are 256 bits, far more than the modulus needs."""
    number = int.from_bytes(deps.random.token().encode(), "big")
    letters = []
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "".join(letters)


def find_device(deps: Deps, actor: Actor, typed: str, browser_token: str) -> DeviceAuthorization | TooMany | None:
    """What waits under this code; each look counts (section 5.1)."""
    now, code = deps.clock.now(), read_user_code(typed)
    tries = tries_of_code(actor.address, browser_token, deps.keyed_hash.of)
    with deps.single_write() as connection:
        limit = too_many(count_tries(connection, tries, now), now)
    if limit or not code:
        return limit
    with deps.read() as connection:
        return find_pending(connection, deps.keyed_hash.of(USER_CODE, code), now)


def begin_device_sign_in(deps: Deps, device: DeviceAuthorization, browser_token: str, ui_locales: str) -> str:
    """The transaction in which this browser's person answers; "" when it was answered meanwhile."""
    now = deps.clock.now()
    asked = {"client_id": device.client_id, "scope": device.scope, "redirect_uri": deps.issuer + DEVICE_PATH}
    row = TransactionRow(
        id=deps.random.token(),
        browser_hash=token_hash(browser_token),
        client_id=device.client_id,
        request={**asked, "ui_locales": ui_locales},
        done={},
        tries=0,
        created_at=now,
        closed_at=None,
        expires_at=after(now, deps.lifetimes.transaction),
    )
    with deps.transaction() as connection:
        if not bind_transaction(connection, device.id, row.id):
            return ""
        insert_transaction(connection, row)
    return row.id


def device_of(deps: Deps, transaction_id: str) -> DeviceAuthorization | None:
    """What this transaction is to answer, while it waits."""
    with deps.read() as connection:
        return find_of_transaction(connection, transaction_id, deps.clock.now())


def request_of(deps: Deps, device: DeviceAuthorization, client: Client) -> AuthorizationRequest:
    """The same as an authorization request, so that every demand of a sign-in holds."""
    scopes = tuple(device.scope.split())
    return AuthorizationRequest(
        client=client,
        redirect_uri=deps.issuer + DEVICE_PATH,
        scopes=scopes,
        resources=tuple(device.resource.split()),
        prompts=frozenset({Prompt.CONSENT} if OFFLINE_ACCESS in scopes else ()),
        max_age=client.default_max_age,
        acr_values=client.default_acr_values,
    )


def approve_device(
    deps: Deps, actor: Actor, device: DeviceAuthorization, client: Client, session: LiveSession, transaction_id: str
) -> bool:
    """The person's yes: a grant whose code is the device's; False when it was answered meanwhile."""
    now = deps.clock.now()
    made = new_authorization(deps, request_of(deps, device, client), session, "", now)
    row = replace(
        made,
        code_hash=device.device_hash,
        code_expires_at=device.code_expires_at,
        expires_at=max(made.expires_at, after(device.code_expires_at, deps.lifetimes.access_token)),
    )
    who = replace(actor, role=ActorRole.PERSON, name=session.subject)
    facts: dict[str, str | int] = {"authorization": row.id, "scope": row.scope, "acr": row.acr}
    record = AuditRecord(AuditEvent.DEVICE_APPROVED, session.subject, row.client_id, facts)
    with deps.transaction() as connection:
        closed = close_transaction(connection, transaction_id, now)
        if not closed or not answer(connection, device.id, DeviceStatus.APPROVED):
            return False
        insert_authorization(connection, row)
        write_audit(connection, deps, who, record)
    return True


def deny_device(deps: Deps, actor: Actor, device: DeviceAuthorization, transaction_id: str = "") -> bool:
    """The person's no, or a demand that was not met."""
    with deps.transaction() as connection:
        if transaction_id:
            close_transaction(connection, transaction_id, deps.clock.now())
        denied = answer(connection, device.id, DeviceStatus.DENIED)
        if denied:
            write_audit(connection, deps, actor, AuditRecord(AuditEvent.DEVICE_DENIED, client_id=device.client_id))
    return denied


def poll_device(deps: Deps, client: Client, device_code: str) -> PollRefusal | None:
    """What this poll is told; None: the grant is there to be fetched (section 3.5)."""
    now = deps.clock.now()
    with deps.read() as connection:
        device = find_by_device_code(connection, token_hash(device_code))
    refusal = device.refusal(client.client_id, now) if device else PollRefusal.INVALID_GRANT
    if device and refusal in (PollRefusal.AUTHORIZATION_PENDING, PollRefusal.SLOW_DOWN):
        with deps.single_write() as connection:
            note_poll(connection, device.id, now, SLOWER if refusal is PollRefusal.SLOW_DOWN else 0)
    return refusal
