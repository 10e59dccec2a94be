"""Authorization details in the words of the consent page, one function a type (RFC 9396 section 12: people must be able
to understand what they agree to)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext

from idp.domain.people.siret import Siret, display_siret
from idp.domain.portals.authorization_details import Detail
from idp.domain.rights.acting_for import ACTING_FOR


def acting_for_text(detail: Detail) -> str:
    """For whom, at which e-service."""
    name = detail["e_service"]
    if "siret" in detail:
        number = display_siret(Siret(detail["siret"]))
        wanted = gettext("Agir pour l’établissement %(siret)s auprès du service « %(name)s »", siret=number, name=name)
    else:
        siren = detail["siren"]
        number = "\u00a0".join((siren[:3], siren[3:6], siren[6:]))
        wanted = gettext("Agir pour l’entreprise %(siren)s auprès du service « %(name)s »", siren=number, name=name)
    return str(wanted)


DETAIL_TEXTS: Mapping[str, Callable[[Detail], str]] = {ACTING_FOR: acting_for_text}


def has_text(detail: Detail) -> bool:
    """Whether this kind of detail still exists: people may have agreed to it long ago."""
    return detail["type"] in DETAIL_TEXTS


def detail_text(detail: Detail) -> str:
    """What this detail lets the portal do."""
    return DETAIL_TEXTS[detail["type"]](detail)
