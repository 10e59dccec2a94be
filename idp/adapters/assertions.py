"""Verifying what clients sign (RFC 7515): an assertion proves a client only under a key that it is registered with."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from idp.adapters.key_ring import JWK_TYPES, Jwk
from idp.domain.platform.keys import HmacAlgorithm, SigningAlgorithm
from idp.domain.platform.plain_json import read_plain_json
from idp.domain.platform.storable import is_storable

LONGEST = 16_384
"""Characters of the longest assertion that is looked at."""
CURVES = {SigningAlgorithm.ES256: "P-256", SigningAlgorithm.EDDSA: "Ed25519"}
HASHES = {HmacAlgorithm.HS256: "sha256", HmacAlgorithm.HS384: "sha384", HmacAlgorithm.HS512: "sha512"}


@dataclass(frozen=True, slots=True)
class ReadAssertion:
    """A compact JWS taken apart; nothing in it is proven yet."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    message: bytes
    signature: bytes


def read_assertion(text: str) -> ReadAssertion | None:
    """The parts of a compact JWS whose header and payload are JSON objects, else None."""
    parts = text.encode().split(b".") if len(text) <= LONGEST else []
    if len(parts) != 3:
        return None
    header, claims, signature = _object(parts[0]), _object(parts[1]), _decode(parts[2])
    if header is None or claims is None or signature is None or "crit" in header:
        return None
    if not isinstance(header.get("alg"), str):
        return None
    if not is_storable([header, claims]):
        return None
    return ReadAssertion(header, claims, parts[0] + b"." + parts[1], signature)


class AssertionVerifier:
    """Verifies with clients' keys, each set parsed once for as long as the registry holds it."""

    def __init__(self) -> None:
        self._parsed: dict[int, tuple[Mapping[str, Any], Sequence[Jwk]]] = {}

    def verify(
        self,
        assertion: ReadAssertion,
        jwks: Mapping[str, Any] | None,
        only: str | None = None,
        *,
        among: Collection[SigningAlgorithm] = tuple(SigningAlgorithm),
    ) -> bool:
        """Whether one of these keys made the signature.

        The header names the algorithm, but it must be `among` those of the client's profile, be the client's own when
        it is registered with one, and fit the key's type: an HMAC under a public key, or `none`, never gets here
        (RFC 8725 section 2.1).
        """
        named = assertion.header.get("alg")
        if named not in tuple(among) or (only is not None and named != only):
            return False
        alg, kid = SigningAlgorithm(named), assertion.header.get("kid")
        keys = [key for key in self._keys(jwks) if isinstance(key, JWK_TYPES[alg]) and _may(key, alg)]
        if kid is not None and any(key.kid is not None for key in keys):
            keys = [key for key in keys if key.kid == kid]
        model = JWSRegistry.algorithms[alg]
        return any(model.verify(assertion.message, assertion.signature, key) for key in keys)

    def verify_by_secret(self, assertion: ReadAssertion, secrets: Iterable[bytes], only: str | None = None) -> bool:
        """Whether one of these secrets made the signature; one shorter than the algorithm's hash makes none."""
        named = assertion.header.get("alg")
        if named not in tuple(HmacAlgorithm) or (only is not None and named != only):
            return False
        least, digest = HmacAlgorithm(named).least, HASHES[HmacAlgorithm(named)]
        made = [hmac.digest(secret, assertion.message, digest) for secret in secrets if len(secret) >= least]
        return any(hmac.compare_digest(item, assertion.signature) for item in made)

    def _keys(self, jwks: Mapping[str, Any] | None) -> Sequence[Jwk]:
        if not jwks:
            return ()
        known = self._parsed.get(id(jwks))
        if known is None or known[0] is not jwks:  # an id may come back for another set after a reload
            if len(self._parsed) > 1000:
                self._parsed.clear()
            known = (jwks, tuple(KeySet.import_key_set({"keys": list(jwks["keys"])}).keys))  # type: ignore[arg-type]
            self._parsed[id(jwks)] = known
        return known[1]


def _may(key: Jwk, alg: SigningAlgorithm) -> bool:
    """Of the algorithm's own curve, and not kept for something else by its `alg` or `use` (RFC 7517 section 4)."""
    said = key.as_dict(private=False)
    fits = said.get("crv", CURVES.get(alg)) == CURVES.get(alg)
    return fits and said.get("alg", alg) == alg and said.get("use", "sig") == "sig"


def _decode(text: bytes) -> bytes | None:
    """Base64url as RFC 7515 section 2 writes it: Python ignores stray letters, padding and spare bits."""
    try:
        raw = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except Base64Error:
        return None
    return raw if urlsafe_b64encode(raw).rstrip(b"=") == text else None


def _object(text: bytes) -> dict[str, Any] | None:
    """A JSON object in UTF-8: each name once (RFC 7515 section 4, RFC 7519 section 4), and no number that is none."""
    try:
        value = read_plain_json((_decode(text) or b"").decode())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
