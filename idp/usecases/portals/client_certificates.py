"""Clients proving who they are by certificate (RFC 8705 section 2). Nothing is read from the database."""

from __future__ import annotations

from idp.adapters.client_certificates import ClientCertificate, read_certificate
from idp.domain.portals.client_proofs import ProofProblem, Unproven
from idp.domain.portals.clients import Client, ClientAuthentication
from idp.usecases.deps import Deps
from idp.usecases.portals.client_keys import client_keys_where


def prove_by_certificate(deps: Deps, client: Client, header: str) -> Client | Unproven:
    """The client if the certificate of this header, which our proxy wrote, is its own."""
    certificate = read_certificate(header) if deps.mtls_issuer else None
    if certificate is None:
        return Unproven(client.client_id, ProofProblem.NO_CERTIFICATE)
    if client.token_endpoint_auth_method is ClientAuthentication.SELF_SIGNED_TLS:
        problem = _key_problem(deps, client, certificate)
    else:
        problem = _name_problem(deps, client, certificate)
    return client if problem is None else Unproven(client.client_id, problem)


def _key_problem(deps: Deps, client: Client, certificate: ClientCertificate) -> ProofProblem | None:
    """Section 2.2: the key is one that the client registered; what the certificate says counts for nothing. A new key
    is looked for at the client's jwks_uri, since a certificate names no kid."""
    keys = client_keys_where(deps, client, certificate.has_key_of)
    if keys is None:
        return ProofProblem.NO_KEYS
    return None if certificate.has_key_of(keys) else ProofProblem.WRONG_CERTIFICATE


def _name_problem(deps: Deps, client: Client, certificate: ClientCertificate) -> ProofProblem | None:
    """Section 2.1: its own authority stands behind the certificate, and then it carries the one registered name."""
    if not certificate.is_issued_under(client.tls_client_auth_ca, deps.clock.now()):
        return ProofProblem.UNTRUSTED_CERTIFICATE
    named = [certificate.has_subject(client.tls_client_auth_subject_dn)] if client.tls_client_auth_subject_dn else []
    named += [certificate.has_alternative(kind, name) for kind, name in client.tls_client_auth_names.items() if name]
    return None if named == [True] else ProofProblem.WRONG_CERTIFICATE
