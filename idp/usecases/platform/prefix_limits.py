"""How much one network may have kept for it, or try, before it must wait."""

from __future__ import annotations

from idp.domain.platform.actors import Actor
from idp.domain.platform.address_prefixes import WIDE, address_prefix
from idp.domain.platform.limits import PURPOSES, Limit, TooMany, Try, too_many
from idp.store.database import Connected
from idp.store.platform.rate_limits import count_tries
from idp.usecases.deps import Deps


def count_prefixes(connection: Connected, deps: Deps, actor: Actor, narrow: Limit, wide: Limit) -> TooMany | None:
    """Count one more of this network; the limit when it is one too many. One statement."""
    prefixes = {narrow: address_prefix(actor.address), wide: address_prefix(actor.address, WIDE)}
    tries = [Try(limit, deps.keyed_hash.of(PURPOSES[limit], prefix)) for limit, prefix in prefixes.items()]
    now = deps.clock.now()
    return too_many(count_tries(connection, tries, now), now)


def count_frame(connection: Connected, deps: Deps, actor: Actor) -> TooMany | None:
    """Count one more form shown in a page, for a request that its client has pushed."""
    return count_prefixes(connection, deps, actor, Limit.FRAMES, Limit.WIDE_FRAMES)


def count_stored_request(connection: Connected, deps: Deps, actor: Actor) -> TooMany | None:
    """Count one more request kept for somebody who has proven nothing: nobody fills a table from one network."""
    return count_prefixes(connection, deps, actor, Limit.REQUESTS, Limit.WIDE_REQUESTS)
