"""The life of an establishment, as far as signing in depends on it."""

from __future__ import annotations

from dataclasses import dataclass

from idp.domain.people.problems import FieldProblem
from idp.domain.people.siret import InvalidSiret, Siret, arbitrate, parse_siret
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.store.database import Connected
from idp.store.people.legal_units import close_establishment as write_closure
from idp.store.people.legal_units import ensure_establishment, find_establishment
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit


@dataclass(frozen=True, slots=True)
class EstablishmentClosed:
    """It is closed; its people, after the right password, are told of the successor. Nobody is moved."""


@dataclass(frozen=True, slots=True)
class EstablishmentKept:
    """Nothing changed, and why."""

    problem: FieldProblem


def close_establishment(
    deps: Deps, actor: Actor, siret_text: str, successor_text: str = ""
) -> EstablishmentClosed | EstablishmentKept:
    """Close an establishment that is known, and name what took over, if anything did."""
    with deps.transaction() as connection:
        try:
            siret = parse_siret(siret_text)
            successor = _successor(connection, siret, successor_text)
        except InvalidSiret as error:
            return EstablishmentKept(FieldProblem.of("siret", error))
        entry = find_establishment(connection, siret)
        if entry is None or entry.is_closed:
            return EstablishmentKept(FieldProblem("siret", "establishment_closed" if entry else "unknown_siret"))
        if successor:
            ensure_establishment(connection, successor, entry.label)
        write_closure(connection, siret, successor, deps.clock.now())
        facts: dict[str, str | int] = {"siret": siret, "successor": successor or ""}
        write_audit(connection, deps, actor, AuditRecord(AuditEvent.ESTABLISHMENT_CLOSED, facts=facts))
        return EstablishmentClosed()


def _successor(connection: Connected, siret: Siret, text: str) -> Siret | None:
    if not text:
        return None
    successor = parse_siret(text)
    if successor == siret:
        raise InvalidSiret(reason="own_successor")
    arbitrate(successor, known_to_registry=find_establishment(connection, successor) is not None)
    return successor
