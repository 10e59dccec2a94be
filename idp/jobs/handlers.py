"""Which use case does a job of which kind. Each kind has one; a test counts them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.jobs import JobKind
from idp.domain.platform.keys import SigningAlgorithm
from idp.usecases.deps import Deps
from idp.usecases.platform.key_rotation import rotate_keys
from idp.usecases.portals.client_logos import fetch_logo
from idp.usecases.portals.logout import end_outlived_sessions, tell_portals_of_replaced

Payload = Mapping[str, str | int]


def rotate_one_algorithm(deps: Deps, payload: Payload) -> None:
    """Let the next key of one algorithm sign, now that every verifier has it."""
    rotate_keys(deps, Actor(ActorRole.SYSTEM, "jobs"), [SigningAlgorithm(str(payload["alg"]))])


def cut_off_account(deps: Deps, payload: Payload) -> None:
    """End what an account's `valid_from` has outlived, and tell the portals."""
    end_outlived_sessions(deps, Actor(ActorRole.SYSTEM, "jobs"), str(payload["subject"]))


def tell_of_replaced_session(deps: Deps, payload: Payload) -> None:
    """Tell the portals of a session that ended because someone else signed in in its browser."""
    actor = Actor(ActorRole.SYSTEM, "jobs")
    tell_portals_of_replaced(deps, actor, str(payload["subject"]), str(payload["session"]))


def fetch_client_logo(deps: Deps, payload: Payload) -> None:
    """Get the logo of a client that registered itself."""
    fetch_logo(deps, str(payload["client_id"]))


HANDLERS: Mapping[JobKind, Callable[[Deps, Payload], object]] = {
    JobKind.ROTATE_KEYS: rotate_one_algorithm,
    JobKind.CUT_OFF_ACCOUNT: cut_off_account,
    JobKind.SESSION_REPLACED: tell_of_replaced_session,
    JobKind.FETCH_LOGO: fetch_client_logo,
}
