"""Whoever presents a token, or asks for a bound one, shows a key (RFC 9449) or a certificate (RFC 8705).

One statement for a proof, which counts once on every node; none for whoever shows nothing.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field, replace
from enum import StrEnum

from idp.adapters.assertions import read_assertion
from idp.adapters.client_certificates import read_certificate
from idp.adapters.dpop_keys import verified_key
from idp.domain.portals.clients import Client
from idp.domain.portals.confirmations import NO_CONFIRMATION, Confirmation
from idp.domain.portals.dpop_proofs import (
    ONE_PROOF,
    AcceptedProof,
    Demanded,
    ProofFault,
    check_proof,
    normalised,
    proof_key,
)
from idp.store.platform.single_use import spend
from idp.usecases.deps import Deps

PURPOSE, NONCE = "dpop_proof", "dpop_nonce"


@dataclass(frozen=True, slots=True)
class Presentation:
    """What a request shows beside its credential or its token."""

    method: str
    path: str
    """Of the endpoint, below the issuer."""
    proof: str = field(default="", repr=False)
    """The DPoP header; empty: none was sent."""
    scheme: str = ""
    """Under which its access token came, in lower case."""
    certificate: str = field(default="", repr=False)
    """As our proxy wrote it; empty: none was shown."""

    @property
    def carries_nonce(self) -> bool:
        """Whether the proof says a nonce, right or wrong."""
        proof = read_assertion(self.proof) if ONE_PROOF.fullmatch(self.proof) else None
        return proof is not None and "nonce" in proof.claims


def show(deps: Deps, client: Client, shown: Presentation, access_token: str = "") -> Confirmation | ProofFault:
    """The key that this request proves; NO_CONFIRMATION when it tries nothing."""
    if not shown.proof:
        return _by_certificate(deps, client, shown) if shown.certificate else NO_CONFIRMATION
    proof = read_assertion(shown.proof) if ONE_PROOF.fullmatch(shown.proof) else None
    jwk = proof_key(proof.header) if proof else None
    if proof is None or jwk is None:
        return ProofFault.INVALID
    demanded = Demanded(shown.method, _addresses(deps, shown.path), access_token)
    accepted = check_proof(proof.claims, demanded, deps.clock.now(), deps.lifetimes)
    if accepted is None:
        return ProofFault.INVALID
    if not nonce_holds(deps, accepted.nonce, demanded=client.require_dpop_nonce):
        return ProofFault.NONCE
    key = verified_key(proof, jwk)
    if key is None or not _spend(deps, key.jkt, accepted):
        return ProofFault.INVALID
    certificate = _by_certificate(deps, client, shown) if shown.certificate else NO_CONFIRMATION
    return replace(certificate, jkt=key.jkt)


def _by_certificate(deps: Deps, client: Client, shown: Presentation) -> Confirmation:
    """What its tokens are bound to, of a client that is registered for it, or that must be bound and proves no key."""
    wanted = client.tls_client_certificate_bound_access_tokens
    if wanted or (client.rules.sender_constrained and not shown.proof):
        return Confirmation(x5t_s256=_thumbprint(deps, shown))
    return NO_CONFIRMATION


def _thumbprint(deps: Deps, shown: Presentation) -> str:
    certificate = read_certificate(shown.certificate) if deps.mtls_issuer else None
    return certificate.x5t_s256 if certificate else ""


def _addresses(deps: Deps, path: str) -> frozenset[str]:
    """Of one endpoint; with mutual TLS it has two."""
    return frozenset(normalised(origin + path) for origin in (deps.issuer, deps.mtls_issuer) if origin)


def refuses(
    deps: Deps, client: Client, bound: Confirmation, shown: Presentation, access_token: str
) -> ProofFault | None:
    """Why this access token does not count from whoever presents it; None: it does (RFC 9449 section 7).

    A bound token never counts under the Bearer scheme, nor an unbound one under DPoP: no downgrade, either way.
    """
    if (shown.scheme == "dpop") != bool(bound.jkt):
        return ProofFault.TOKEN
    if bound.x5t_s256 and bound.x5t_s256 != _thumbprint(deps, shown):  # RFC 8705 section 3
        return ProofFault.TOKEN
    if not bound.jkt:
        return None
    proven = show(deps, client, shown, access_token)
    if isinstance(proven, ProofFault):
        return proven
    if not proven.jkt:
        return ProofFault.INVALID
    return None if bound.jkt == proven.jkt else ProofFault.TOKEN


class Lacking(StrEnum):
    """What the client's tokens must be bound to and was not shown."""

    DPOP = "dpop"
    CERTIFICATE = "certificate"
    ANY = "any"


def lacking(client: Client, proven: Confirmation) -> Lacking | None:
    """What is missing before this client may have tokens."""
    if client.dpop_bound_access_tokens and not proven.jkt:  # RFC 9449 section 5.2
        return Lacking.DPOP
    if client.tls_client_certificate_bound_access_tokens and not proven.x5t_s256:  # RFC 8705 section 3.4
        return Lacking.CERTIFICATE
    return Lacking.ANY if client.rules.sender_constrained and proven == NO_CONFIRMATION else None


def new_nonce(deps: Deps) -> str:
    """What a proof may say for this while and the next (section 8): every node makes the same, none keeps any."""
    number = deps.clock.now() // deps.lifetimes.dpop_nonce
    return _written(deps.keyed_hash.of(NONCE, str(number)))


def _written(nonce: bytes) -> str:
    return urlsafe_b64encode(nonce).rstrip(b"=").decode()


def nonce_holds(deps: Deps, nonce: str, *, demanded: bool) -> bool:
    """Whether it is ours and fresh; a proof without any will do where none is demanded."""
    if not nonce:
        return not demanded
    try:
        value = urlsafe_b64decode(nonce + "=" * (-len(nonce) % 4))
    except (Base64Error, ValueError):
        return False
    if _written(value) != nonce:  # one spelling only: the decoder leaves out what is no base64url
        return False
    number = deps.clock.now() // deps.lifetimes.dpop_nonce
    return any(deps.keyed_hash.matches(value, NONCE, str(number - back)) for back in (0, 1))


def _spend(deps: Deps, jkt: str, proof: AcceptedProof) -> bool:
    with deps.single_write() as connection:
        return spend(connection, PURPOSE, jkt, proof.jti, proof.expires_at)
