"""Under which name a client knows a person (OpenID Connect Core section 8)."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

from idp.domain.portals.clients import Client, SubjectType


def client_subject(client: Client, subject: str, pairwise_salt: bytes) -> str:
    """`sub` for this client: the account's own subject, or for a pairwise client one that only its sector shares.

    Pairwise subjects depend on the salt alone, so they last as long as it does: it is never rotated.
    """
    if client.subject_type is SubjectType.PUBLIC:
        return subject
    message = f"{client.sector_identifier}\n{subject}".encode()  # neither a host nor a subject holds a line feed
    return urlsafe_b64encode(hmac.digest(pairwise_salt, message, "sha256")).rstrip(b"=").decode()
