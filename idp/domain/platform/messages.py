"""The closed list of what is written to people. One mail, one name, one template per language."""

from __future__ import annotations

from enum import StrEnum


class Message(StrEnum):
    """One name per mail; `idp/jobs/mail/NAME.fr.txt` and `NAME.en.txt` hold its words."""

    SIGN_IN_DELAYED = "sign_in_delayed"
    """Someone is trying this account's door: a link that lets its owner pass. Facts: link, given_name, family_name."""
    SIRET_ALERT = "siret_alert"
    """Many names are being tried at an establishment. Facts: siret, given_name, family_name of an administrator."""
    PASSWORD_CHANGED = "password_changed"
    """Facts: given_name, family_name."""
