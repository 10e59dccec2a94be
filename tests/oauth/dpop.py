"""A client's DPoP key and the proofs it makes (RFC 9449 section 4.2), with none of the gateway's code."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

NUMBERS = itertools.count(1)


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hashed(text: str) -> str:
    return encoded(hashlib.sha256(text.encode()).digest())


class ProofMaker:
    """One P-256 key and the clock of its owner, in seconds."""

    def __init__(self, now: float, issuer: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.now, self.issuer = now, issuer
        numbers = self.key.public_key().public_numbers()
        self.jwk = {
            "kty": "EC",
            "crv": "P-256",
            "x": encoded(numbers.x.to_bytes(32)),
            "y": encoded(numbers.y.to_bytes(32)),
        }

    @property
    def private(self) -> str:
        return encoded(self.key.private_numbers().private_value.to_bytes(32))

    @property
    def jkt(self) -> str:
        """RFC 7638."""
        return hashed(json.dumps(self.jwk, sort_keys=True, separators=(",", ":")))

    def proof(
        self, path: str = "/token", method: str = "POST", *, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """A proof for this endpoint; a claim or header that becomes None is left out."""
        claims = {
            "jti": f"proof-{next(NUMBERS)}",
            "htm": method,
            "htu": self.issuer + path,
            "iat": int(self.now),
            **changes,
        }
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk, **(header or {})}
        parts = [{name: value for name, value in part.items() if value is not None} for part in (head, claims)]
        message = ".".join(encoded(json.dumps(part).encode()) for part in parts)
        r, s = decode_dss_signature(self.key.sign(message.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{message}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"

    def at_userinfo(self, token: str, **changes: Any) -> dict[str, str]:
        """The headers under which this token opens userinfo."""
        proof = self.proof("/userinfo", "GET", **{"ath": hashed(token), **changes})
        return {"Authorization": f"DPoP {token}", "DPoP": proof}
