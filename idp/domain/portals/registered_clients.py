"""Names of clients that registered themselves."""

from __future__ import annotations

import re

NAME = re.compile(r"reg\.[A-Za-z0-9_-]{22}", re.ASCII)
LONGEST_ORIGIN = 255


def registered_name(random: str) -> str:
    """The identifier made of 16 random bytes in base64url. No entry of clients.yaml is ever taken for one by chance."""
    return f"reg.{random}"


def may_be_registered(client_id: str) -> bool:
    """Whether an identifier has the form of ours: only then is it worth a look in the database."""
    return NAME.fullmatch(client_id) is not None


def logo_path(client_id: str, digest: str) -> str:
    """Where we serve our copy of a client's logo; the digest makes each copy an address of its own."""
    return f"/clients/{client_id}/logo?v={digest[:16]}"
