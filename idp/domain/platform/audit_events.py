"""The closed list of what is traced. `noun.past_participle`; a test checks that each is used."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class AuditEvent(StrEnum):
    """One name per traced act; nobody invents one in a view."""

    ACCOUNT_CREATED = "account.created"
    ACCOUNT_IMPORTED = "account.imported"
    PASSWORD_CHANGED = "account.password_changed"
    ACCOUNT_STATE_CHANGED = "account.state_changed"
    IDENTITY_CHANGED = "account.identity_changed"
    ESTABLISHMENT_CLOSED = "establishment.closed"
    SIGN_IN_ACCEPTED = "sign_in.accepted"
    SIGN_IN_REFUSED = "sign_in.refused"
    SIGN_IN_DELAYED = "sign_in.delayed"
    SIGN_IN_CANCELLED = "sign_in.cancelled"
    SIGN_IN_LINK_SENT = "sign_in.link_sent"
    SIRET_CLOSED_EXPLAINED = "sign_in.siret_closed_explained"
    SIRET_ALERT_RAISED = "throttle.siret_alert_raised"
    TRANSACTION_FOREIGN_BROWSER = "transaction.foreign_browser"
    SESSION_ENDED = "session.ended"
    SIGNED_OUT = "session.signed_out"
    AUTHORIZATION_GRANTED = "authorization.granted"
    AUTHORIZATION_REVOKED = "authorization.revoked"
    CONSENT_GIVEN = "consent.given"
    CONSENT_REFUSED = "consent.refused"
    CODE_REDEEMED = "code.redeemed"
    CODE_REPLAYED = "code.replayed"
    TOKEN_REFRESHED = "token.refreshed"
    TOKEN_REVOKED = "token.revoked"
    REFRESH_REPLAYED = "token.refresh_replayed"
    CLIENT_AUTHENTICATION_FAILED = "client.authentication_failed"
    CLIENT_TOKENS_ENDED = "client.tokens_ended"
    REGISTRY_ACCEPTED = "registry.accepted"
    REGISTRY_REFUSED = "registry.refused"
    LOGOUT_DELIVERED = "logout.delivered"
    LOGOUT_NOT_DELIVERED = "logout.not_delivered"
    KEY_CREATED = "key.created"
    KEY_ACTIVATED = "key.activated"
    KEY_RETIRED = "key.retired"
    KEY_COMPROMISED = "key.compromised"
    KEYS_REWRAPPED = "key.rewrapped"
    MAIL_SENT = "mail.sent"
    MAIL_ABANDONED = "mail.abandoned"


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """What happened, to whom, through which client. `facts` never holds a password, a token or a secret."""

    event: AuditEvent
    subject: str = ""
    """The account's subject identifier, or empty."""
    client_id: str = ""
    facts: dict[str, str | int] = field(default_factory=dict)
