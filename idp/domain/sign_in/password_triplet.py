"""What is tried at the sign-in page, and what can come of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from idp.domain.platform.instants import Instant
from idp.domain.sign_in.journey import Done
from idp.domain.sign_in.sessions import LiveSession


@dataclass(frozen=True, slots=True)
class TripletAttempt:
    """One sent form, with what the browser carried."""

    siret: str
    family_name: str
    given_name: str
    password: str = field(repr=False)
    client_id: str
    transaction_id: str
    """Checked before by `find_transaction` against the browser's cookie."""
    exact: bool = False
    """The client's `match: exact`: names as registered, accents and case included."""
    session_token: str = field(default="", repr=False)
    device_token: str = field(default="", repr=False)
    browser_label: str = ""
    locale: str = "fr"
    theme: str = "default"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The right password: set both cookies, and go on."""

    session_token: str = field(repr=False)
    device_token: str = field(repr=False)
    session: LiveSession
    """The browser's from now on."""
    done: Done | None
    """All that was done in the transaction by now; None: it was closed meanwhile, or ran out, or the session is older
    than its account allows."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not these four together; it is never said which, nor whether any account was near."""


@dataclass(frozen=True, slots=True)
class Delayed:
    """Too many tries: nothing was compared. The page says when to come back."""

    retry_at: Instant
    for_triplet: bool = False
    """It is the triplet that must wait, whatever the network; a browser that its owner has used need not."""


@dataclass(frozen=True, slots=True)
class Busy:
    """More people than the hash can serve: 503 with Retry-After; the try was not counted."""

    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class SiretClosed:
    """The right password at an establishment that has closed; said only to who knows the password."""

    siret: str
    successor_siret: str
    """Empty when the registry names none."""
    label: str
    """The closed establishment's name."""


NotSignedIn = Refused | Delayed | Busy | SiretClosed
SignInOutcome = SignedIn | NotSignedIn
