"""What people read of a try that came to nothing, where there is no room for all that our page says: in a partner's
frame, and after its old widget."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response
from flask_babel import gettext

from idp.domain.people.siret import Siret, display_siret
from idp.domain.platform.instants import SECOND, Instant
from idp.domain.sign_in.password_triplet import Busy, Delayed, NotSignedIn, Refused, SiretClosed
from idp.http.deps import current_deps
from idp.http.moments import duration, hour


@dataclass(frozen=True, slots=True)
class Words:
    """In the language of the running request."""

    title: str
    text: str
    wait: int = 0
    """Seconds until it is worth trying again; 0: no time helps."""


def words_for(outcome: NotSignedIn) -> Words:
    """Never which of the four was wrong, nor whether anybody was near."""
    match outcome:
        case Refused():
            text = gettext(
                "Ces quatre informations ne correspondent pas à un compte. Vérifiez le SIRET, le nom, le prénom et "
                "le mot de passe."
            )
            return Words(gettext("Connexion refusée."), text)
        case Delayed(retry_at):
            wait = seconds_until(retry_at)
            text = gettext("Revenez à %(time)s, dans %(wait)s.", time=hour(retry_at), wait=duration(wait))
            return Words(gettext("Trop d’essais."), text, wait)
        case Busy(seconds):
            text = gettext("Cet essai ne compte pas. Réessayez dans %(wait)s.", wait=duration(seconds))
            return Words(gettext("Beaucoup de personnes se connectent en ce moment."), text, seconds)
        case SiretClosed():
            return Words(gettext("Cet établissement est fermé."), _closed(outcome))


def _closed(outcome: SiretClosed) -> str:
    """Said only to who knows the password: which establishment has taken over, if any."""
    number = display_siret(Siret(outcome.siret))
    ended = str(gettext("Le SIRET %(siret)s (%(label)s) n’existe plus.", siret=number, label=outcome.label))
    if not outcome.successor_siret:
        return ended
    successor = display_siret(Siret(outcome.successor_siret))
    return ended + " " + str(gettext("Utilisez le SIRET %(successor)s.", successor=successor))


def seconds_until(instant: Instant) -> int:
    """Whole seconds, rounded up, at least one."""
    return max(1, -(-(instant - current_deps().clock.now()) // SECOND))


def come_back(response: Response, seconds: int) -> Response:
    """The same moment for programs that people read on the page."""
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    return response
