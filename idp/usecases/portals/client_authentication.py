"""Clients proving who they are: by assertion (RFC 7523), and what of a failure is written."""

from __future__ import annotations

from idp.adapters.assertions import ReadAssertion, read_assertion
from idp.domain.platform.actors import Actor
from idp.domain.platform.audit_events import AuditEvent, AuditRecord
from idp.domain.platform.metrics import Metric
from idp.domain.portals.client_assertions import AcceptedAssertion, Audiences, check_assertion
from idp.domain.portals.client_proofs import ProofProblem, Traced, Unproven, traced, tries_of_failure
from idp.domain.portals.clients import Client, ClientAuthentication
from idp.store.platform.rate_limits import count_tries
from idp.store.platform.single_use import spend
from idp.usecases.deps import Deps
from idp.usecases.platform.audit import write_audit
from idp.usecases.portals.client_keys import fresh_client_keys
from idp.usecases.portals.clients import find_client

LONGEST_NAME = 100
"""What an unknown client calls itself is traced up to here."""
PURPOSE = "client_assertion"
SIGNED = (ClientAuthentication.PRIVATE_KEY_JWT, ClientAuthentication.SECRET_JWT)


def prove_by_assertion(deps: Deps, text: str, path: str = "/token") -> Client | Unproven:
    """The client that signed this assertion for us, now, and never before: one statement when all else is right.

    `path`: of the endpoint that was called.
    """
    assertion = read_assertion(text)
    claimed = assertion.claims.get("sub") if assertion else None
    if assertion is None or not isinstance(claimed, str):
        return Unproven("", ProofProblem.UNREADABLE)
    client = find_client(deps, claimed)
    if client is None:
        return Unproven(claimed, ProofProblem.UNKNOWN_CLIENT)
    if client.token_endpoint_auth_method not in SIGNED:
        return Unproven(claimed, ProofProblem.OTHER_METHOD)
    if client.token_endpoint_auth_method not in client.rules.client_authentication:
        return Unproven(claimed, ProofProblem.PROFILE)
    hosts = (deps.issuer, deps.mtls_issuer) if deps.mtls_issuer else (deps.issuer,)
    ours = Audiences(deps.issuer, tuple(host + at for host in hosts for at in ("/token", path)))
    accepted = check_assertion(assertion.claims, claimed, client.rules, ours, deps.clock.now(), deps.lifetimes)
    if accepted is None:
        return Unproven(claimed, ProofProblem.WRONG_ASSERTION)
    problem = _signature_problem(deps, client, assertion)
    if problem is not None:
        return Unproven(claimed, problem)
    return client if _spend(deps, claimed, accepted) else Unproven(claimed, ProofProblem.REPLAYED)


def _signature_problem(deps: Deps, client: Client, assertion: ReadAssertion) -> ProofProblem | None:
    """The client's method decides which kind of key counts, never the header: a public key is no HMAC secret."""
    only = client.token_endpoint_auth_signing_alg
    if client.token_endpoint_auth_method is ClientAuthentication.SECRET_JWT:
        known = [secret.secret.encode() for secret in client.secrets if secret.secret]
        signed = deps.assertions.verify_by_secret(assertion, known, only)
        return None if signed else ProofProblem.WRONG_SIGNATURE
    if assertion.header.get("alg") not in tuple(client.rules.assertion_algorithms):  # a header holds any JSON
        return ProofProblem.WRONG_SIGNATURE  # before any key is asked for
    keys = fresh_client_keys(deps, client, assertion.header.get("kid"))
    if keys is None:
        return ProofProblem.NO_KEYS
    among = client.rules.assertion_algorithms
    signed = deps.assertions.verify(assertion, keys, only, among=among)
    return None if signed else ProofProblem.WRONG_SIGNATURE


def record_failure(deps: Deps, actor: Actor, failure: Unproven) -> None:
    """Trace that somebody was not taken for the client that they claimed to be; a flood from one network is counted
    (the metric, and the throttle's own rows) and no longer written."""
    deps.metrics.count(Metric.CLIENT_AUTHENTICATION_FAILURES)
    facts: dict[str, str | int] = {"reason": failure.problem}
    claimed = failure.claimed[:LONGEST_NAME]
    tries = tries_of_failure(actor.address, deps.keyed_hash.of)
    with deps.transaction() as connection:
        found = traced(count_tries(connection, tries, deps.clock.now()))
        if found is Traced.NO:
            return
        if found is Traced.LAST:
            facts["further"] = "counted_only"
        record = AuditRecord(AuditEvent.CLIENT_AUTHENTICATION_FAILED, client_id=claimed, facts=facts)
        write_audit(connection, deps, actor, record)


def _spend(deps: Deps, client_id: str, assertion: AcceptedAssertion) -> bool:
    with deps.transaction() as connection:
        return spend(connection, PURPOSE, client_id, assertion.jti, assertion.expires_at)
