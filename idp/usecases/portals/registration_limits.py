"""How often one network may come to the registration endpoint, with or without a token."""

from __future__ import annotations

from idp.domain.platform.actors import Actor
from idp.domain.portals.client_registration import TooManyRegistrations, registration_limit, tries_of_registration
from idp.store.platform.rate_limits import count_tries
from idp.usecases.deps import Deps


def count_registration(deps: Deps, actor: Actor) -> TooManyRegistrations | None:
    """Count one request; the limit when it is one too many."""
    tries, now = tries_of_registration(actor.address, deps.keyed_hash.of), deps.clock.now()
    with deps.transaction() as connection:
        return registration_limit(count_tries(connection, tries, now), now)
