"""How often one network may come to the registration endpoint, with or without a token."""

from __future__ import annotations

from idp.domain.platform.actors import Actor
from idp.domain.platform.limits import Limit, TooMany
from idp.usecases.deps import Deps
from idp.usecases.platform.prefix_limits import count_prefixes


def count_registration(deps: Deps, actor: Actor) -> TooMany | None:
    """Count one request; the limit when it is one too many."""
    with deps.transaction() as connection:
        return count_prefixes(connection, deps, actor, Limit.REGISTRATIONS, Limit.WIDE_REGISTRATIONS)
