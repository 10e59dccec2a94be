"""Secrets and keys of partners: read where clients.yaml says they are, kept as digests.

A machine secret has 256 bits: one SHA-256 is enough to keep it, and a slow hash would cost every token request.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from idp.adapters.client_certificates import authorities_problem
from idp.adapters.regular_files import read_regular
from idp.domain.portals.clients import ClientRegistry, SecretDigest
from idp.domain.portals.encryption import CURVES

SHORTEST = 43
"""Characters of 256 bits in base64url."""
FEWEST_DIFFERENT = 12
"""A random secret of that length has about 30 different characters; "aaaa..." and "1234512345..." have few."""
SIGN = ("P-256", "Ed25519")
MAKE_ONE = "make one with `idp clients new-secret`"


def secret_digest(secret: str) -> bytes:
    """What is kept of a machine secret."""
    return hashlib.sha256(secret.encode()).digest()


def environment_digests(registry: ClientRegistry, environment: Mapping[str, str]) -> dict[str, SecretDigest]:
    """The env: secrets as they are now, by their source: a registry taken from the database holds
    those of the process that accepted it."""
    sources = {secret.source for client in registry.clients.values() for secret in client.secrets}
    names = {source: environment.get(source.removeprefix("env:")) for source in sources if source.startswith("env:")}
    return {source: SecretDigest(secret_digest(value), source, value) for source, value in names.items() if value}


class SecretReader:
    """Reads what env: and file: name, from a folder; remembers each file it was asked for."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None) -> None:
        """Without `environment` an env: secret is only named: it may belong to another process."""
        self._folder = folder
        self._environment = environment
        self.files: set[Path] = set()

    def read(self, source: str, *, keep: bool = False) -> SecretDigest | str:
        """The digest, or a sentence that says what is wrong (and never holds the secret).

        `keep`: the secret stays beside it in memory, since somebody computes with it.
        """
        kind, _, name = source.partition(":")
        if kind == "sha256":
            return SecretDigest(bytes.fromhex(name), "sha256")
        secret, problem = self._from_environment(name) if kind == "env" else self._from_file(name)
        if secret is None:
            return problem or SecretDigest(b"", source)
        if len(secret) < SHORTEST or len(set(secret)) < FEWEST_DIFFERENT:
            return f"the secret of {source} is too short or too plain to be random; {MAKE_ONE}"
        return SecretDigest(secret_digest(secret), source, secret if keep else "")

    def key_set(self, written: Any) -> dict[str, Any] | str:
        """The client's public keys, or a sentence that says what is wrong."""
        if isinstance(written, str):
            if not written.startswith("file:"):
                return "write a JWK Set (keys: [...]) or file:PATH of one"
            text, problem = self._from_file(written.removeprefix("file:"))
            try:
                written = json.loads(text) if text is not None else None
            except ValueError:
                return "the file is not JSON; write a JWK Set in it"
            if written is None:
                return problem
        return _public_keys(written)

    def authorities(self, source: str) -> str:
        """The PEM certificates of file:PATH.

        Raises:
            ValueError: a sentence that says what is wrong.
        """
        text, problem = self._from_file(source.removeprefix("file:"))
        problem = problem if text is None else authorities_problem(text)
        if text is None or problem:
            raise ValueError(problem)
        return text

    def _from_environment(self, name: str) -> tuple[str | None, str]:
        if self._environment is None:
            return None, ""
        value = self._environment.get(name) or None
        return value, "" if value else f"the environment has no {name}; set it before the start, or use file:PATH"

    def _from_file(self, name: str) -> tuple[str | None, str]:
        path = self._folder / name
        self.files.add(path)
        try:
            return read_regular(path).decode().rstrip("\r\n"), ""
        except OSError as error:
            return None, f"{path} cannot be read ({error.strerror}); put it there, readable by the gateway"
        except UnicodeDecodeError:
            return None, f"{path} is not text; {MAKE_ONE}"


def _public_keys(written: Any) -> dict[str, Any] | str:
    if not isinstance(written, dict) or not isinstance(written.get("keys"), list) or not written["keys"]:
        return "write a JWK Set: keys, and a list of public keys under it"
    try:
        keys = KeySet.import_key_set({"keys": written["keys"]}).keys
    except (JoseError, ValueError, KeyError, TypeError):
        return "holds a key that cannot be read; write public keys RSA, EC P-256 or Ed25519 as RFC 7517 says"
    for key in keys:
        problem = _key_problem(key)
        if problem:
            return problem
    if len(keys) > 1 and len({key.kid for key in keys}) < len(keys):
        return "each key needs its own kid"
    return {"keys": written["keys"]}


def _key_problem(key: Any) -> str:
    if getattr(key, "is_private", True):
        return "holds a private or symmetric key; write the public half only, and replace that key now"
    match key:
        case RSAKey():
            bits = key.raw_value.key_size
            return "" if bits >= 2048 else f"holds an RSA key of {bits} bits; use 2048 or more"
        case ECKey() | OKPKey():
            return _curve_problem(str(key.curve_name), encrypts=key.as_dict(private=False).get("use") == "enc")
    return "holds a symmetric key; write public keys only"


def _curve_problem(curve: str, *, encrypts: bool) -> str:
    """Two curves sign; others are only for what is encrypted to the client."""
    if curve in SIGN or (encrypts and any(curve in curves for curves in CURVES.values())):
        return ""
    return f"holds a key on the curve {curve}; use P-256 or Ed25519, or write use: enc on one to encrypt to"
