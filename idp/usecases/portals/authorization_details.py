"""What the policy of each type of authorization details says of one person (RFC 9396 section 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from idp.domain.portals.authorization_details import Detail, Details, narrowed
from idp.domain.portals.clients import Client
from idp.domain.portals.grants import Grant
from idp.domain.rights.acting_for import ACTING_FOR
from idp.usecases.rights.acting_for import may_act_for

Policy = Callable[[str, Detail], bool]
"""Whether the person whose account is of this SIRET may have this detail granted, now."""
POLICIES: Mapping[str, Policy] = {ACTING_FOR: may_act_for}


def allowed(siret: str, details: Sequence[Detail]) -> Details:
    """Those that this person may have now: asked before the consent, and again whenever a token is given."""
    return tuple(item for item in details if POLICIES[item["type"]](siret, item))


def given_details(client: Client, grant: Grant, wanted: Details) -> Details | None:
    """What a token of this grant carries: all of it that policy still allows, or exactly what is wanted; None: too much
    is wanted (section 6.1), now."""
    held = narrowed(grant.details, wanted, client.authorization_details_types)
    given = held and allowed(grant.person.siret, held)
    return None if wanted and given != held else given
