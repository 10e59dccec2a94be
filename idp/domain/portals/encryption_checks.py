"""What encrypted answers demand of a client's other keys, said at start-up and at registration."""

from __future__ import annotations

from idp.domain.portals.encryption import ENCRYPTED, KeyManagement, encryption_key
from idp.domain.portals.registry_entries import Complaint, Entry
from idp.domain.portals.registry_surroundings import Check, Complaints, Surroundings

NEEDED = {
    KeyManagement.RSA_OAEP_256: "an RSA key of 2048 bits or more",
    KeyManagement.ECDH_ES_A256KW: "a key of P-256, P-384, P-521 or X25519",
}


def encryption_is_whole(entry: Entry, _: Surroundings) -> Complaints:
    """OpenID Connect Registration section 2: an enc is never without its alg. Ours is A256GCM, whose name may be left
    out: the default of that text is not announced here."""
    for kind in ENCRYPTED:
        alg, enc = f"{kind}_encrypted_response_alg", f"{kind}_encrypted_response_enc"
        if enc in entry.values and alg not in entry.values:
            message = f"{enc}: means nothing without {alg}; write {' or '.join(KeyManagement)} there, or take it out"
            yield Complaint(entry.line_of(enc), message)


def encryption_has_a_key(entry: Entry, _: Surroundings) -> Complaints:
    """Keys at a jwks_uri are looked at when they are needed."""
    for kind in ENCRYPTED:
        key = f"{kind}_encrypted_response_alg"
        name, line = entry.text(key), entry.line_of(key)
        if name not in tuple(KeyManagement) or "jwks_uri" in entry.values:
            continue
        if "jwks" not in entry.lines:
            yield Complaint(line, f"{key}: there is no key to encrypt to; write jwks or jwks_uri")
        elif "jwks" in entry.values and encryption_key(entry.values["jwks"], KeyManagement(name)) is None:
            needed = f"{NEEDED[KeyManagement(name)]}, with use: enc or none"
            yield Complaint(line, f"{key}: no key of jwks serves {name}; write {needed}")


ENCRYPTION_CHECKS: tuple[Check, ...] = (encryption_is_whole, encryption_has_a_key)
