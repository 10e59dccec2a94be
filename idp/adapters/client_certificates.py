"""The certificate that a client showed to our proxy (RFC 8705): whose it is, who says so, and its key.

The proxy proves that the client holds the key (nginx: `ssl_verify_client optional_no_ca`) and nothing else: everybody
can make a certificate with any name in it. So the chain is verified here.
"""

from __future__ import annotations

import re
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from idp.adapters.key_ring import Jwk
from idp.domain.platform.instants import SECOND, Instant

LONGEST = 16_384
"""Characters of the longest header that is looked at."""
ONE_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*", re.ASCII)
"""A proxy that adds its line to the client's, or passes on a chain, sends more than this: whose would be the first?"""
REMEMBERED = 500
ATTRIBUTES = {
    "EMAILADDRESS": NameOID.EMAIL_ADDRESS,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    "ORGANIZATIONIDENTIFIER": NameOID.ORGANIZATION_IDENTIFIER,
}
"""Written in names although RFC 4514 section 3 has no word for them."""
UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """One certificate; that its holder has the key is proven, nothing else."""

    certificate: x509.Certificate
    x5t_s256: str
    """base64url SHA-256 of its DER (RFC 8705 section 3.1)."""

    def is_issued_under(self, authorities: str, now: Instant) -> bool:
        """Whether one of these authorities (PEM) stands behind it, now, for a client."""
        try:
            policy = PolicyBuilder().store(_store(authorities)).time(datetime.fromtimestamp(now / SECOND, UTC))
            verifier = policy.extension_policies(ca_policy=AUTHORITY, ee_policy=CLIENT).build_client_verifier()
            verifier.verify(self.certificate, [])
        except (VerificationError, *UNREADABLE):
            return False
        return True

    def has_subject(self, name: str) -> bool:
        """Whether this RFC 4514 text names its subject: the same attributes and values in the same order."""
        try:
            return read_name(name) == self.certificate.subject
        except UNREADABLE:
            return False

    def has_alternative(self, kind: str, name: str) -> bool:
        """Whether it carries this subject alternative name: `dns`, `uri`, `ip` or `email`."""
        try:
            names = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            if kind == "ip":
                return ip_address(name) in names.get_values_for_type(x509.IPAddress)
            if kind == "dns":
                return name.lower() in [found.lower() for found in names.get_values_for_type(x509.DNSName)]
            written = names.get_values_for_type(x509.RFC822Name if kind == "email" else x509.UniformResourceIdentifier)
        except (x509.ExtensionNotFound, x509.DuplicateExtension, *UNREADABLE):
            return False
        return name in written

    def has_key_of(self, jwks: Mapping[str, Any]) -> bool:
        """Whether its key is one of this set (RFC 8705 section 2.2)."""
        try:
            keys = KeySet.import_key_set({"keys": list(jwks["keys"])}).keys
            mine = self.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return any(isinstance(key, Jwk) and key.as_der(private=False) == mine for key in keys)
        except (JoseError, KeyError, AttributeError, *UNREADABLE):
            return False


@lru_cache(REMEMBERED)
def read_certificate(header: str) -> ClientCertificate | None:
    """From a header: PEM as nginx escapes it ($ssl_client_escaped_cert), or RFC 9440's `:BASE64:`."""
    if not header or len(header) > LONGEST:
        return None
    try:
        if header.startswith(":") and header.endswith(":"):
            certificate = x509.load_der_x509_certificate(b64decode(header[1:-1], validate=True))
        elif ONE_PEM.fullmatch(pem := unquote(header)):
            certificate = x509.load_pem_x509_certificate(pem.encode())
        else:
            return None
        der = certificate.public_bytes(Encoding.DER)
    except (Base64Error, *UNREADABLE):
        return None
    return ClientCertificate(certificate, urlsafe_b64encode(sha256(der).digest()).rstrip(b"=").decode())


def read_name(text: str) -> x509.Name:
    """The name of an RFC 4514 text.

    Raises:
        ValueError: it is none.
    """
    return x509.Name.from_rfc4514_string(text, ATTRIBUTES)


def authorities_problem(pem: str) -> str:
    """Why no client can be verified against these certificates; empty: one can."""
    try:
        certificates = x509.load_pem_x509_certificates(pem.encode())
    except UNREADABLE:
        return "holds no PEM certificate that can be read"
    for certificate in certificates:
        try:
            is_authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except (x509.ExtensionNotFound, *UNREADABLE):
            is_authority = False
        if not is_authority:
            return f"holds {certificate.subject.rfc4514_string()}, which is no authority"
    return ""


@lru_cache(REMEMBERED)
def _store(authorities: str) -> Store:
    return Store(x509.load_pem_x509_certificates(authorities.encode()))


def _is_authority(_policy: Policy, _certificate: x509.Certificate, found: x509.BasicConstraints) -> None:
    if not found.ca:
        raise ValueError("not an authority")


def _may_sign_certificates(_policy: Policy, _certificate: x509.Certificate, found: x509.KeyUsage | None) -> None:
    if found is not None and not found.key_cert_sign:
        raise ValueError("may not sign certificates")


def _is_for_clients(_policy: Policy, _certificate: x509.Certificate, found: x509.ExtendedKeyUsage) -> None:
    if ExtendedKeyUsageOID.CLIENT_AUTH not in found:
        raise ValueError("not for clients")


def _is_no_authority(_policy: Policy, _certificate: x509.Certificate, found: x509.BasicConstraints | None) -> None:
    if found is not None and found.ca:
        raise ValueError("an authority is no client")


AUTHORITY = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_sign_certificates)
)
CLIENT = (
    ExtensionPolicy.permit_all()
    .require_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _is_for_clients)
    .may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_no_authority)
)
"""What private authorities issue: the Web PKI's own demands (key identifiers, alternative names) are not theirs."""
