"""Which use case does a job of which kind. Each kind has one; a test counts them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.jobs import JobKind
from idp.domain.platform.keys import SigningAlgorithm
from idp.usecases.deps import Deps
from idp.usecases.platform.key_rotation import rotate_keys

Payload = Mapping[str, str | int]


def rotate_one_algorithm(deps: Deps, payload: Payload) -> None:
    """Let the next key of one algorithm sign, now that every verifier has it."""
    rotate_keys(deps, Actor(ActorRole.SYSTEM, "jobs"), [SigningAlgorithm(str(payload["alg"]))])


HANDLERS: Mapping[JobKind, Callable[[Deps, Payload], object]] = {
    JobKind.ROTATE_KEYS: rotate_one_algorithm,
}
