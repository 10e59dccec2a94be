"""E-mail addresses, as far as their shape goes: only a message that arrives proves one."""

from __future__ import annotations

import re
import unicodedata

from idp.domain.platform.errors import DomainError

EMAIL_LENGTH = 254

_ADDRESS = re.compile(
    r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]"
)


class InvalidEmail(DomainError):
    """Not the shape of a mailbox (RFC 5321 section 4.1.2, without quoted local parts)."""

    code = "invalid_email"


def parse_email(text: str) -> str:
    """The address typed as `text`: NFC, trimmed, its domain in lower case.

    Raises:
        InvalidEmail: it is no mailbox.
    """
    address = unicodedata.normalize("NFC", text).strip()
    if len(address) > EMAIL_LENGTH or ".." in address or not _ADDRESS.fullmatch(address):
        raise InvalidEmail()
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"
