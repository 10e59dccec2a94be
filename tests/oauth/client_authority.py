"""Authorities and client certificates made on the spot, with none of the gateway's code."""

from __future__ import annotations

import base64
import datetime
import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

DAY = datetime.timedelta(days=1)
FOR_CLIENTS = ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True)
class Shown:
    """A certificate that a client holds the key of."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def header(self) -> dict[str, str]:
        """As nginx writes $ssl_client_escaped_cert."""
        return {"X-Client-Certificate": quote(self.pem, safe="")}

    @property
    def rfc9440(self) -> dict[str, str]:
        der = self.certificate.public_bytes(Encoding.DER)
        return {"X-Client-Certificate": f":{base64.b64encode(der).decode()}:"}

    @property
    def x5t(self) -> str:
        digest = hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def jwk(self) -> dict[str, Any]:
        numbers = self.key.public_key().public_numbers()
        x, y = (base64.urlsafe_b64encode(part.to_bytes(32)).rstrip(b"=").decode() for part in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def issue(self, subject: str = "CN=portail,O=Exemple,C=FR", **changes: Any) -> Shown:
        """A certificate under this authority."""
        return issue(subject, self, **changes)


def issue(
    subject: str,
    issuer: Shown | None,
    *,
    now: float,
    names: list[x509.GeneralName] | None = None,
    usage: x509.ObjectIdentifier | None = FOR_CLIENTS,
    begins: int = -1,
    days: int = 30,
    authority: bool = False,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Shown:
    """A certificate; without an issuer it signs itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC)
    name = x509.Name.from_rfc4514_string(subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment + begins * DAY)
        .not_valid_after(moment + (begins + days) * DAY)
    )
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(True, None), True)
    elif usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    return Shown(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def new_authority(now: float, name: str = "CN=Exemple CA") -> Shown:
    return issue(name, None, now=now, authority=True, days=3650)


SERVER_ONLY = ExtendedKeyUsageOID.SERVER_AUTH
